"""Reasons to refuse or to doubt a walk that decoding and detection show."""

from __future__ import annotations

import numpy as np

from gait_core.errors import VideoError, WalkRefused, WalkWarning
from gait_core.phrases import percent
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track
from gait_core.video.info import VideoInfo

__all__ = ["MIN_DETECTION_RATE", "MIN_DURATION_S", "refuse_unusable", "warnings_of"]

MIN_DURATION_S = 1.0
MIN_DETECTION_RATE = 0.2
_LOW_DETECTION_RATE = 0.8
_LOW_FRAME_RATE_HZ = 20.0
_LOW_CONFIDENCE = 0.6
_CUT_OFF_SHARE = 0.3
_SEVERAL_PEOPLE_SHARE = 0.15
_SEVERAL_PEOPLE_SAMPLES = 2
_LEGS = slice(INDEX["left_hip"], INDEX["right_foot_index"] + 1)
_ANKLES = [INDEX["left_ankle"], INDEX["right_ankle"]]


def refuse_unusable(track: Track, info: VideoInfo) -> None:
    """Raise when no gait can be measured from a track.

    Raises
    ------
    VideoError
        When no frame could be decoded.
    WalkRefused
        When the video is too short or shows no person.
    """
    frames = len(track)
    if frames == 0:
        raise VideoError(
            f"Expected frames in {info.name}, but not one frame can be decoded: the file is damaged or cut off.",
            "Copy it from the camera again.",
        )
    if frames == 1:
        raise WalkRefused(
            f"Expected a walk in {info.name}, but it holds a single frame.", "Record a walk of a few seconds."
        )
    # The last frame is shown for as long as the others, so it counts as well.
    duration_s = track.duration_s * frames / (frames - 1)
    if duration_s < MIN_DURATION_S:
        raise WalkRefused(
            f"Expected at least {MIN_DURATION_S:g} s of video in {info.name}, but only {duration_s:.2f} s can be read.",
            "Record the person over several steps.",
        )
    if track.detection_rate < MIN_DETECTION_RATE:
        found = (
            "in none of the frames" if not track.detected.any() else f"in only {percent(track.detection_rate)} of them"
        )
        raise WalkRefused(
            f"Expected a walking person, but no person was found in {info.name} ({found}).",
            "Record one person from the side, whole body in the frame, in good light.",
        )


def warnings_of(track: Track, info: VideoInfo) -> tuple[WalkWarning, ...]:
    """Return the reasons to doubt a track that is usable.

    Returns
    -------
    tuple of WalkWarning
        At most one each about damaged or missing frames, the share of frames with a person, several people, frame rate,
        uneven frame rate, and the legs; empty where nothing is wrong.
    """
    found = (
        _broken_frames(track, info),
        _low_detection(track),
        _several_people(track),
        _frame_rate(info),
        _variable_rate(info),
        _legs_cut_off(track) or _low_confidence(track),
    )
    return tuple(warning for warning in found if warning is not None)


def _broken_frames(track: Track, info: VideoInfo) -> WalkWarning | None:
    broken = int(track.info.get("frames_broken", 0))
    missing = max(0, info.frames_declared - info.frame_count)
    if not broken and not missing:
        return None
    parts = []
    if broken:
        parts.append(f"{broken} damaged frame{'s were' if broken > 1 else ' was'} skipped")
    if missing:
        parts.append(f"the file is cut off: {missing} of {info.frames_declared} frames are missing")
    text = " and ".join(parts)
    return WalkWarning(
        code="broken_frames", message=f"{text[0].upper()}{text[1:]}. Copy the video from the camera again."
    )


def _low_detection(track: Track) -> WalkWarning | None:
    if track.detection_rate >= _LOW_DETECTION_RATE:
        return None
    return WalkWarning(
        code="low_detection",
        message=f"The person was found in only {percent(track.detection_rate)} of the frames. "
        "Keep the whole body in the frame and the light even.",
    )


def _several_people(track: Track) -> WalkWarning | None:
    if track.info.get("others_share"):
        return WalkWarning(
            code="person_followed",
            message=f"Several people are in the frame; the {track.info['person']} one at the start was followed and "
            f"found in {percent(track.detection_rate)} of the frames. Check the overlay, or record one person alone.",
        )
    share = track.info.get("people_max_share")
    several = sum(count >= 2 for _, count in track.info.get("people", ()))
    # One sample alone may be a shadow or a reflection.
    if share is None or share < _SEVERAL_PEOPLE_SHARE or several < _SEVERAL_PEOPLE_SAMPLES:
        return None
    return WalkWarning(
        code="several_people",
        message=f"More than one person is in {percent(share)} of the sampled frames; the landmarks may jump between "
        "them. Record one person alone.",
    )


def _frame_rate(info: VideoInfo) -> WalkWarning | None:
    if info.frame_rate_hz >= _LOW_FRAME_RATE_HZ:
        return None
    return WalkWarning(
        code="low_frame_rate",
        message=f"The video has {info.frame_rate_hz:.1f} frames a second; below {_LOW_FRAME_RATE_HZ:g} the times of "
        "the steps are uncertain. Record with 30 or more.",
    )


def _variable_rate(info: VideoInfo) -> WalkWarning | None:
    if not info.variable_frame_rate:
        return None
    return WalkWarning(
        code="variable_frame_rate",
        message="The frame rate varies; the time stamps of the file are used. A fixed rate is more exact.",
    )


def _legs_cut_off(track: Track) -> WalkWarning | None:
    # The model invents what it cannot see: it puts the feet below the edge of the image.
    found = below = 0
    for part in track.parts():
        ankles = part.position[part.detected][:, _ANKLES, 1]
        found += ankles.size
        below += int(np.count_nonzero(ankles > track.height_px))
    share = below / found if found else 0.0
    if share < _CUT_OFF_SHARE:
        return None
    return WalkWarning(
        code="legs_cut_off",
        message=f"In {percent(share)} of the frames the feet lie below the edge of the image, so their position is a "
        "guess. Record the whole body, feet included.",
        blocking=True,
    )


def _low_confidence(track: Track) -> WalkWarning | None:
    found, total = 0, 0.0
    for part in track.parts():
        legs = part.confidence[part.detected, _LEGS]
        found += legs.size
        total += float(legs.sum(dtype=np.float64))
    mean = total / found if found else 0.0
    if mean >= _LOW_CONFIDENCE:
        return None
    return WalkWarning(
        code="low_confidence",
        message=f"The legs are seen with a confidence of only {mean:.2f} on average. "
        "Make sure that hips, knees and feet are in the frame and not covered.",
    )
