"""What is odd in a walk with markers, in words of markers: there is no camera that could be set up better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from gait_core.errors import WalkRefused, WalkWarning
from gait_core.markers.mocap_walk import MocapWalk
from gait_core.phrases import percent

__all__ = ["refusal_of", "warnings_of"]

_OF_IMAGES: Final = frozenset(
    {
        "parts_hidden",
        "feet_unseen",
        "frames_repeated",
        "too_many_repeated",
        "image_frozen",
        "playing_speed",
        "side_uncertain",
        "small_person",
    }
)
"""Warnings that judge a camera or a pose model, and say nothing of markers."""
_FILL: Final = "fill the gaps in the program that recorded them."
_JUMP: Final = (
    "The markers jump from one place to another: samples are missing or held there, or labels are exchanged. Check the "
    "recording."
)
_CHECK: Final = (
    "Check that the person walks in it, that left and right are not confused, and that times, unit of length and "
    "direction of walking are right."
)


def warnings_of(warnings: Sequence[WalkWarning], quality: Mapping[str, Any], near: str) -> list[WalkWarning]:
    """Return the warnings that hold of markers as well, in words of markers.

    Parameters
    ----------
    warnings : sequence of WalkWarning
        As given for the view from the side.
    quality : mapping of str to object
        The figures that they follow from, see `gait_core.gait.quality.assess`.
    near : {"left", "right"}
        Nearer side.

    Returns
    -------
    list of WalkWarning
        Codes and effects as before.
    """
    texts = _texts(quality, near)
    return [
        WalkWarning(code=one.code, message=texts.get(one.code, one.message), blocking=one.blocking)
        for one in warnings
        if one.code not in _OF_IMAGES
    ]


def _texts(quality: Mapping[str, Any], near: str) -> dict[str, str]:
    far = "left" if near == "right" else "right"
    missing = percent(quality["missing_leg_share"])
    return {
        "low_frame_rate": f"Only {quality['frame_rate_hz']:.0f} samples a second could be used; record with at least "
        "25, better 100.",
        "legs_too_fast": f"In {missing} of the samples the legs move too fast from one sample to the next; check the "
        "times, and the labels of the markers.",
        "legs_out_of_frame": f"Markers of the {near} leg are missing in {missing} of the walk; {_FILL}",
        "low_leg_confidence": f"Markers of the {near} leg are missing in "
        f"{percent(1.0 - quality['near_leg_confidence'])} of the walk; {_FILL}",
        "far_leg_uncertain": f"Markers of the {far} leg are missing in {percent(1.0 - quality['far_leg_confidence'])} "
        f"of the walk; {_FILL}",
        "not_side_view": f"The body faces about {quality['view_deg']:.0f} degrees away from the direction in which it "
        "walks; check the direction of walking, and the labels of left and right.",
        "pose_jumps": _JUMP,
        "several_people": _JUMP,
        "person_missing": f"All markers are missing {_span(quality.get('hole_s'))}; strides across that time are left "
        f"out. To get them, {_FILL}",
        "frames_missing": f"The file has no samples {_span(quality.get('hole_s'))}; strides across that time are left "
        "out.",
        "few_strides": "Fewer than two strides were recorded; record a longer walk.",
        "no_rhythm": f"No regular rhythm of steps was found in {quality['walking_s']:.1f} s of walking; check the "
        "times, and the labels of left and right.",
        "camera_tilted": f"The path of the hips slopes by {abs(quality['camera_tilt_deg'] or 0.0):.0f} degrees: the "
        "floor slopes, or the axes of the laboratory are tilted. Angles against the vertical are off by as much.",
    }


def _span(hole_s: Sequence[float] | None) -> str:
    return f"from {hole_s[0]:.1f} to {hole_s[1]:.1f} s" if hole_s else ""


def refusal_of(walk: MocapWalk, file_name: str) -> WalkRefused:
    """Say why nothing can be measured in a recording.

    Parameters
    ----------
    walk : MocapWalk
    file_name : str

    Returns
    -------
    WalkRefused
    """
    hips = (walk.points_m["left_hip"] + walk.points_m["right_hip"]) / 2
    ankles = (walk.points_m["left_ankle"] + walk.points_m["right_ankle"]) / 2
    body = (hips - ankles)[np.isfinite(hips - ankles).all(axis=1)]
    if len(body) and np.mean(body[:, 1] <= np.hypot(body[:, 0], body[:, 2])) > 0.5:
        return WalkRefused(
            f"Expected an upright person, but in most samples of {file_name} the hips are not above the ankles.",
            "Check which axis points up.",
        )
    known = hips[np.isfinite(hips).all(axis=1)]
    way_m = float(np.ptp(known[:, 0])) if len(known) else 0.0
    lasts_s = float(walk.time_s[-1] - walk.time_s[0])
    return WalkRefused(
        f"Expected at least 1 s of walking, but found less in {file_name}: within {lasts_s:.1f} s the hips move over "
        f"{way_m:.1f} m in the direction of walking.",
        _CHECK,
    )
