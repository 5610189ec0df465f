"""The quality gate of a walk with markers: no camera, no light, no image, but samples, labels and axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from gait_core.config import FeatureSettings
from gait_core.errors import WalkWarning
from gait_core.gait.check import Check, check_of, graded, no_better
from gait_core.gait.gate import BODY_SEEN, SIDE_VIEW_DEG, walk_length
from gait_core.gait.image_checks import RATE_HZ, mean_rate_hz
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.quality import leg_confidence
from gait_core.phrases import percent
from gait_core.pose.track import Track

__all__ = ["marker_gate"]

_CHECK_OF: Final[Mapping[str, str]] = {
    "not_side_view": "view_angle",
    "camera_tilted": "view_angle",
    "low_frame_rate": "frame_rate",
    "variable_frame_rate": "frame_rate",
    "legs_too_fast": "frame_rate",
    "time_gap": "frame_rate",
    "unusable_frame_rate": "frame_rate",
    "legs_out_of_frame": "body_in_frame",
    "low_leg_confidence": "body_in_frame",
    "far_leg_uncertain": "body_in_frame",
    "several_people": "body_in_frame",
    "pose_jumps": "body_in_frame",
    "frames_missing": "frame_rate",
    "person_missing": "body_in_frame",
    "few_strides": "walk_length",
    "no_rhythm": "walk_length",
    "steps_missed": "walk_length",
    "no_stride": "walk_length",
}


def marker_gate(track: Track, motion: Kinematics, warnings: Sequence[WalkWarning] = ()) -> tuple[Check, ...]:
    """Judge the recording of a walk with markers.

    Parameters
    ----------
    track : Track
        The markers, seen from the side.
    motion : Kinematics
    warnings : sequence of WalkWarning
        In words of markers; a check is never better than its warnings.

    Returns
    -------
    tuple of Check
        Direction of walking, sampling rate, markers of the legs, length of the walk; under the names that the checks
        of a video have.
    """
    checks = (_direction(motion), _rate(track), _legs(track, motion), _length(motion))
    return tuple(no_better(check, warnings, _CHECK_OF) for check in checks)


def _direction(motion: Kinematics) -> Check:
    angle = motion.view.view_deg
    return check_of("view_angle", "Direction of walking", "°")(
        graded(angle, SIDE_VIEW_DEG),
        angle,
        f"The body faces about {angle:.0f}° away from the direction in which it walks.",
        "Check the direction of walking, and the labels of left and right.",
    )


def _rate(track: Track) -> Check:
    rate = mean_rate_hz(track)
    return check_of("frame_rate", "Sampling rate", "Hz")(
        graded(rate, RATE_HZ),
        rate,
        f"{rate:.0f} samples a second were used.",
        "Record with at least 25 samples a second, better 100.",
    )


def _legs(track: Track, motion: Kinematics) -> Check:
    lowest = FeatureSettings().min_confidence
    share = float(np.mean([leg_confidence(track, motion.used, side) for side in ("left", "right")]))
    return check_of("body_in_frame", "Markers of the legs", "%")(
        graded(share, BODY_SEEN) if share >= lowest else "unusable",
        100.0 * share,
        f"{percent(share)} of the markers of both legs are there.",
        "Fill the gaps in the program that recorded them.",
    )


def _length(motion: Kinematics) -> Check:
    return walk_length(
        motion, advice="Record a longer walk, or several passes.", no_rhythm="Check the times and the labels."
    )
