"""The quality gate: what about the video limits what can be measured, and what to do better next time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from gait_core.config import FeatureSettings
from gait_core.errors import WalkWarning
from gait_core.gait.channels import ROWS, other_side
from gait_core.gait.check import NO_DOUBT, Check, check_of, graded, no_better
from gait_core.gait.colours import inverted_colours
from gait_core.gait.gaps import PICTURE_MARGIN, trusted
from gait_core.gait.image_checks import NOT_MEASURED, camera, frame_rate, lighting, motion_blur, person_size
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.rhythm import stride_time_s
from gait_core.gait.walk_warnings import SHORT_WALK_S
from gait_core.phrases import percent
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track

__all__ = [
    "BODY_SEEN",
    "CHECK_OF",
    "SIDE_VIEW_DEG",
    "Check",
    "frame_warnings",
    "further_warnings",
    "quality_gate",
    "walk_length",
]

SIDE_VIEW_DEG: Final = (20.0, 45.0)
BODY_SEEN: Final = (0.9, 0.75)
STRIDES: Final = (2.0, 1.0)
OTHERS: Final = (0.0, 0.2)
CHECK_OF: Final[Mapping[str, str]] = {
    "not_side_view": "view_angle",
    "side_uncertain": "view_angle",
    "camera_tilted": "view_angle",
    "low_confidence": "lighting",
    "low_leg_confidence": "lighting",
    "low_frame_rate": "frame_rate",
    "variable_frame_rate": "frame_rate",
    "legs_cut_off": "body_in_frame",
    "legs_out_of_frame": "body_in_frame",
    "feet_unseen": "body_in_frame",
    "parts_hidden": "body_in_frame",
    "low_detection": "body_in_frame",
    "several_people": "people",
    "pose_jumps": "people",
    "frames_missing": "frame_rate",
    "frames_repeated": "frame_rate",
    "too_many_repeated": "frame_rate",
    "person_missing": "body_in_frame",
    "small_person": "person_size",
    "few_strides": "walk_length",
    "no_rhythm": "walk_length",
    "legs_too_fast": "frame_rate",
    "playing_speed": "frame_rate",
    "time_gap": "frame_rate",
    "image_frozen": "frame_rate",
    "unusable_frame_rate": "frame_rate",
    "person_followed": "people",
    "camera_moved": "camera_motion",
    "steps_missed": "walk_length",
    "no_stride": "walk_length",
    "unusable_lighting": "lighting",
    "colours_inverted": "lighting",
    "unusable_motion_blur": "motion_blur",
    "unusable_person_size": "person_size",
}
"""Code of a warning → check that it belongs to."""


def quality_gate(track: Track, motion: Kinematics | None, warnings: Sequence[WalkWarning] = ()) -> tuple[Check, ...]:
    """Judge the video of a walk before anything is scored.

    Parameters
    ----------
    track : Track
        Landmarks as found. Light, blur and camera motion come from ``frame_quality`` in its ``info``, which landmarks
        cached by an earlier version lack; these checks then say so.
    motion : Kinematics or None
        None when the walk was refused.
    warnings : sequence of WalkWarning
        What extraction and features warn of; a check is never better than its warnings.

    Returns
    -------
    tuple of Check
        View angle, lighting, frame rate, motion blur, body in the frame, people, camera, size of the person, length
        of the walk; last, that footwear and clothing are not judged.
    """
    checks = (
        _view_angle(motion),
        lighting(track),
        frame_rate(track),
        motion_blur(track),
        _body_in_frame(track, motion),
        _people(track, motion),
        camera(track, motion),
        person_size(track),
        _walk_length(motion),
    )
    return (*(no_better(check, warnings, CHECK_OF) for check in checks), _FOOTWEAR)


def frame_warnings(track: Track) -> tuple[WalkWarning, ...]:
    """Return what about the image forbids a score: too dark, too blurred, too small, too few frames, a negative.

    Parameters
    ----------
    track : Track
        Landmarks as found; nothing is said of what was not measured.

    Returns
    -------
    tuple of WalkWarning
        Blocking warnings; empty when the image is good enough or was not rated.
    """
    checks = (lighting(track), motion_blur(track), person_size(track), frame_rate(track))
    unusable = tuple(
        WalkWarning(code=f"unusable_{check.name}", message=f"{check.sentence} {check.advice}".strip(), blocking=True)
        for check in checks
        if check.state == "unusable"
    )
    return (*unusable, *inverted_colours(track))


def further_warnings(
    checks: Sequence[Check], found: Sequence[WalkWarning], known: Sequence[WalkWarning]
) -> tuple[WalkWarning, ...]:
    """Return what was measured and has not been warned of yet, to be shown beside the level.

    Parameters
    ----------
    checks : sequence of Check
        Of the measurement.
    found : sequence of WalkWarning
        Of the measurement.
    known : sequence of WalkWarning
        Those that stand beside the verdict already.

    Returns
    -------
    tuple of WalkWarning
        A check that makes the walk unusable blocks.
    """
    codes = {warning.code for warning in known}
    further = [one for one in found if one.code not in codes and one.code not in NO_DOUBT]
    told = {CHECK_OF.get(one.code) for one in (*known, *further)}
    further += [
        WalkWarning(
            code=f"{check.state}_{check.name}",
            message=f"{check.sentence} {check.advice}".strip(),
            blocking=check.state == "unusable",
        )
        for check in checks
        if check.state in ("poor", "unusable") and check.name not in told
    ]
    return tuple(further)


_FOOTWEAR: Final = Check(
    name="footwear_clothing",
    label="Footwear and clothing",
    state="not_measured",
    figure=None,
    unit="",
    sentence="Footwear and clothing are not judged.",
    advice="Wear the same shoes and close-fitting clothes at every visit.",
)


def _view_angle(motion: Kinematics | None) -> Check:
    make = check_of("view_angle", "View angle", "°")
    if motion is None:
        return make("not_measured", None, "Not measured: no walking was found.")
    angle = motion.view.view_deg
    return make(
        graded(angle, SIDE_VIEW_DEG),
        angle,
        f"The walk is seen about {angle:.0f}° away from the side.",
        "Set the camera at right angles to the walking direction.",
    )


def _body_in_frame(track: Track, motion: Kinematics | None) -> Check:
    make = check_of("body_in_frame", "Whole body in the frame", "%")
    inside = track.detected.copy()
    if motion is not None:
        walking = np.zeros(len(track), dtype=bool)
        for segment in motion.used:
            walking |= (track.time_s >= segment.start_s - 1e-6) & (track.time_s <= segment.end_s + 1e-6)
        inside &= walking
    if not inside.any():
        return make("unusable", 0.0, "No person was found.", "Film one person from the side, whole body in the frame.")
    size = np.array([track.width_px, track.height_px])
    position = track.position[inside][:, [INDEX[name] for name in ROWS]]
    margin = PICTURE_MARGIN * float(size.max())
    whole = ((position >= -margin) & (position <= size + margin)).all(axis=(1, 2))
    if motion is not None:
        # The far leg is hidden once a step, which is no fault of the frame, nor is what cleaning left out (0).
        near = [INDEX[f"{motion.visible_side}_{name}"] for name in ("hip", "knee", "ankle", "heel", "foot_index")]
        seen = trusted(track, FeatureSettings().min_confidence) | (track.confidence == 0.0)
        whole &= seen[inside][:, near].all(axis=1)
    share = float(whole.mean())
    return make(
        graded(share, BODY_SEEN),
        100.0 * share,
        f"The whole body is visible in {percent(share)} of the frames.",
        "Film from farther away, with floor below the feet and nothing in front of the person.",
    )


def _people(track: Track, motion: Kinematics | None) -> Check:
    make = check_of("people", "One person alone", "%")
    advice = "Film one person alone, or choose whom to follow."
    if motion is not None and motion.view.jump_s is None and motion.view.sudden_turn:
        return make("unusable", None, "The pose seems to have passed from one person to another.", advice)
    chosen = track.info.get("person")
    share = track.info.get("others_share" if chosen else "people_max_share")
    if share is None:
        return make("not_measured", None, NOT_MEASURED)
    if share <= OTHERS[0]:
        return make("good", 0.0, "No other person was seen.")
    found = f"Another person is in {percent(share)} of the frames looked at"
    if chosen:
        return make("poor", 100.0 * share, f"{found}; the {chosen} one at the start was followed.", advice)
    return make(graded(share, OTHERS), 100.0 * share, f"{found}.", advice)


_OF_LENGTH: Final = check_of("walk_length", "Length of the walk", "strides")


def _walk_length(motion: Kinematics | None) -> Check:
    advice = "Have the person walk farther through the frame, or record several passes."
    if motion is None:
        return _OF_LENGTH("unusable", 0.0, "No walking that can be measured was found.", advice)
    no_rhythm = "Give the true frame rate of slow motion; film one person alone."
    if motion.view.speed_ratio is not None:
        no_rhythm = "Film at one playback speed."
    return walk_length(motion, advice=advice, no_rhythm=no_rhythm)


def walk_length(motion: Kinematics, *, advice: str, no_rhythm: str) -> Check:
    """Judge by the number of strides whether a walk is long enough.

    Parameters
    ----------
    motion : Kinematics
    advice : str
        What to do about a walk that is too short.
    no_rhythm : str
        What to do where a walk that is long enough has no rhythm of steps.

    Returns
    -------
    Check
    """
    near = motion.visible_side
    apart = motion.points[f"{near}_ankle"][:, 0] - motion.points[f"{other_side(near)}_ankle"][:, 0]
    stride_s = stride_time_s(np.where(motion.walking, apart, np.nan), motion.rate_hz)
    walking_s = sum(segment.duration_s for segment in motion.used)
    if stride_s is None:
        if motion.view.speed_ratio is not None or walking_s >= SHORT_WALK_S:
            advice = no_rhythm
        return _OF_LENGTH(
            "poor", None, f"In {walking_s:.1f} s of walking no regular rhythm of steps was found.", advice
        )
    strides = walking_s / stride_s
    found = f"{walking_s:.1f} s of walking, about {strides:.1f} strides of each leg."
    return _OF_LENGTH(graded(strides, STRIDES), strides, f"{found} Means are steady from about 10 strides.", advice)
