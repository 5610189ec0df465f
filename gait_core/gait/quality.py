"""How far a walk can be trusted: figures for people, and warnings that withhold a level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.config import FeatureSettings
from gait_core.errors import WalkWarning
from gait_core.gait.body import body_height_px
from gait_core.gait.camera_tilt import camera_tilt_deg
from gait_core.gait.cleaned_walk import CleanedWalk
from gait_core.gait.gaps import trusted
from gait_core.gait.rhythm import stride_time_s
from gait_core.gait.view import Segment, View
from gait_core.phrases import percent
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track

__all__ = ["LEG", "assess", "leg_confidence", "missing_leg_share"]

LEG: Final = ("hip", "knee", "ankle", "heel", "foot_index")
LOWEST_RATE_HZ: Final = 20.0
FEWEST_STRIDES: Final = 2.0
WIDEST_VIEW_DEG: Final = 45.0
MOST_PEOPLE_SHARE: Final = 0.2
MOST_HIDDEN_SHARE: Final = 0.3
MOST_MISSING_SHARE: Final = 0.25
MOST_TILT_DEG: Final = 4.0
SHORT_WALK_S: Final = 3.0
"""Walking in which slow steps leave no rhythm to be found, s: two strides of 1.5 s."""


_PEOPLE_TEXT: Final = "The pose seems to have passed from one person to another; film one person alone."


def _frames_in(track: Track, segments: Sequence[Segment]) -> NDArray[np.bool_]:
    """Return the frames of the video that lie in the segments."""
    inside = np.zeros(len(track), dtype=bool)
    for segment in segments:
        inside |= (track.time_s >= segment.start_s - 1e-6) & (track.time_s <= segment.end_s + 1e-6)
    return inside


def leg_confidence(track: Track, segments: Sequence[Segment], side: str) -> float:
    """Return the mean confidence of the landmarks of one leg while walking, in [0, 1].

    Parameters
    ----------
    track : Track
        Landmarks of the walk.
    segments : sequence of Segment
        The passes in which the person walks.
    side : {"left", "right"}
        Which leg.

    Returns
    -------
    float
        Mean confidence in [0, 1].
    """
    rows = [INDEX[f"{side}_{name}"] for name in LEG]
    confidence = track.confidence[_frames_in(track, segments)][:, rows]
    return float(confidence.mean()) if confidence.size else 0.0


def missing_leg_share(track: Track, segments: Sequence[Segment], side: str, min_confidence: float) -> float:
    """Return the share of frames in which a leg is cut off or hidden.

    Parameters
    ----------
    track : Track
    segments : sequence of Segment
        Where to look; all frames with a person when empty.
    side : {"left", "right"}
    min_confidence : float
        Confidence below which a landmark counts as missing.

    Returns
    -------
    float
        Share of frames in which a landmark of the leg, from hip to toe, cannot be trusted, in [0, 1].
    """
    inside = _frames_in(track, segments) if segments else track.detected
    rows = [INDEX[f"{side}_{name}"] for name in LEG]
    seen = trusted(track, min_confidence)[inside][:, rows]
    return float(1.0 - seen.all(axis=1).mean()) if len(seen) else 0.0


def assess(
    walk: CleanedWalk,
    view: View,
    segments: Sequence[Segment],
    near: str,
    separation: NDArray[np.float64],
    hidden: Mapping[str, float],
    settings: FeatureSettings,
) -> tuple[dict[str, Any], tuple[WalkWarning, ...]]:
    """Return the quality figures of a walk and the warnings that follow from them.

    Parameters
    ----------
    walk : CleanedWalk
    view : View
    segments : sequence of Segment
        All passes.
    near : {"left", "right"}
        Visible side.
    separation : ndarray, shape (n,)
        Near ankle minus far ankle along the walking direction, leg lengths; NaN outside walking.
    hidden : mapping of str to float
        Part of the body → share of the walk in which it is missing.
    settings : FeatureSettings

    Returns
    -------
    figures : dict of str to object
        For example ``walking_s``, ``detection_rate`` and ``cadence_estimate_spm``.
    warnings : tuple of WalkWarning
    """
    track = walk.cleaned.track
    used = [segment for segment in segments if segment.used]
    far = "left" if near == "right" else "right"
    inside = _frames_in(track, used) & track.detected
    walking_s = sum(segment.duration_s for segment in used)
    stride_s = stride_time_s(separation, settings.rate_hz)
    quality: dict[str, Any] = {
        "walking_s": walking_s,
        "other_side_s": sum(segment.duration_s for segment in segments if not segment.used),
        "detection_rate": track.detection_rate,
        "frame_rate_hz": _analysed_rate_hz(track, used),
        "near_leg_confidence": leg_confidence(track, used, near),
        "far_leg_confidence": leg_confidence(track, used, far),
        "missing_leg_share": missing_leg_share(track, used, near, settings.min_confidence),
        "unseen_leg_share": missing_leg_share(walk.found, used, near, settings.min_confidence),
        "time_scale": float(track.info.get("time_scale", 1.0)),
        "speed_ratio": view.speed_ratio,
        "view_deg": view.view_deg,
        "camera_moves": view.camera_moves,
        "camera_tilt_deg": None if view.camera_moves else camera_tilt_deg(track, segments),
        "depth_agreement": view.depth_agreement,
        "body_height_share": body_height_px(track.position[inside]) / track.height_px,
        "people_share": float(track.info.get("people_share") or track.info.get("people_max_share") or 0.0),
        "stride_time_estimate_s": stride_s,
        "cadence_estimate_spm": None if stride_s is None else 120.0 / stride_s,
        "strides_estimate": None if stride_s is None else walking_s / stride_s,
    }
    found = _warnings(quality, view, near)
    parts = [f"{name} ({percent(share)})" for name, share in hidden.items() if share > MOST_HIDDEN_SHARE]
    if parts and not {"legs_out_of_frame", "legs_too_fast"} & {warning.code for warning in found}:
        text = f"Hidden for part of the walk, which is then left out: {', '.join(parts)}; keep the whole body in view."
        found.append(WalkWarning(code="parts_hidden", message=text))
    return quality, tuple(found)


def legs_too_fast(missing: float, unseen: float) -> bool:
    """Return whether legs are missing because they moved too fast to be followed, and not because they were hidden.

    Parameters
    ----------
    missing : float
        Share of frames without a leg after cleaning, in [0, 1].
    unseen : float
        The same before cleaning: what the pose model itself did not see.
    """
    return missing > MOST_MISSING_SHARE and unseen <= 0.5 * missing


def too_fast_sentence(missing: float, time_scale: float) -> str:
    """Say that the legs are too fast; `time_scale` is not 1 where a frame rate was given."""
    found = f"In {percent(missing)} of the frames the legs, in full view, move too fast from one frame to the next"
    if time_scale != 1.0:
        return (
            f"{found}: with the frame rate given, everything is {1.0 / time_scale:.3g} times as fast as in the video."
        )
    return f"{found}: the steps are too fast for the frames that were analysed."


def too_fast_remedy(time_scale: float) -> str:
    """Say what to do about legs that are too fast."""
    if time_scale != 1.0:
        return "Check the true frame rate, or leave it out."
    return (
        "Record with more frames a second, and analyse all of them (profile accurate); check that it is no time lapse."
    )


def _no_rhythm(walking_s: float, time_scale: float) -> str:
    if walking_s < SHORT_WALK_S:
        return (
            f"No regular rhythm of steps was found in {walking_s:.1f} s of walking; have the person walk farther "
            "through the frame."
        )
    found = f"No regular rhythm of steps was found, although there are {walking_s:.1f} s of walking."
    if time_scale != 1.0:
        return f"{found} Check the true frame rate that was given."
    return f"{found} Is it slow motion? Then give its true frame rate. Or the legs of another person are seen as well."


def _analysed_rate_hz(track: Track, segments: Sequence[Segment]) -> float:
    """Return the frames with a person per second of walking: dropped frames count as missing."""
    frames = int((_frames_in(track, segments) & track.detected).sum())
    return frames / sum(segment.duration_s + 1.0 / track.frame_rate_hz for segment in segments)


def _warnings(quality: dict[str, Any], view: View, near: str) -> list[WalkWarning]:
    far = "left" if near == "right" else "right"
    tilt_deg = abs(quality["camera_tilt_deg"] or 0.0)
    found: list[tuple[bool, str, str, bool]] = [
        (
            quality["frame_rate_hz"] < LOWEST_RATE_HZ,
            "low_frame_rate",
            f"Only {quality['frame_rate_hz']:.0f} frames a second could be used; record with at least 25, better 60.",
            True,
        ),
        (
            legs_too_fast(quality["missing_leg_share"], quality["unseen_leg_share"]),
            "legs_too_fast",
            f"{too_fast_sentence(quality['missing_leg_share'], quality['time_scale'])} "
            f"{too_fast_remedy(quality['time_scale'])}",
            True,
        ),
        (
            view.speed_ratio is not None,
            "playing_speed",
            f"The person becomes {view.speed_ratio or 0.0:.1f} times as fast from one moment to the next while the "
            "steps stay as long: the playback speed changes, as in a slow-motion ramp. Cut the video to a part with "
            "one speed, and give its true frame rate.",
            True,
        ),
        (
            quality["missing_leg_share"] > MOST_MISSING_SHARE
            and not legs_too_fast(quality["missing_leg_share"], quality["unseen_leg_share"]),
            "legs_out_of_frame",
            f"The {near} leg is cut off or hidden in {percent(quality['missing_leg_share'])} of the frames; film the "
            "whole body with some floor below the feet.",
            True,
        ),
        (
            view.view_deg > WIDEST_VIEW_DEG,
            "not_side_view",
            f"The walk is seen about {view.view_deg:.0f} degrees away from the side; set the camera at right angles "
            "to the walking direction.",
            True,
        ),
        (
            quality["people_share"] > MOST_PEOPLE_SHARE or view.sudden_turn or view.jump,
            "several_people",
            _PEOPLE_TEXT
            if view.sudden_turn or view.jump
            else f"Another person is in {percent(quality['people_share'])} of the frames looked at; film one person "
            "alone.",
            True,
        ),
        (
            view.depth_agreement < 0.5,
            "side_uncertain",
            f"By its direction the walk shows the {near} side, but the pose model sees it the other way round; "
            "check whether the video is mirrored or rotated.",
            True,
        ),
        (
            view.moves_backwards,
            "walks_backwards",
            "The person moves against the direction of the feet; walking backwards cannot be compared with walking "
            "forwards.",
            True,
        ),
        (
            quality["near_leg_confidence"] < 0.6,
            "low_leg_confidence",
            f"The {near} leg is hard to see (confidence {quality['near_leg_confidence']:.2f}); use better light "
            "and clothes that stand out from the background.",
            False,
        ),
        (
            quality["far_leg_confidence"] < 0.5,
            "far_leg_uncertain",
            f"The {far} leg is often hidden (confidence {quality['far_leg_confidence']:.2f}); read its values with "
            "care or film the other side as well.",
            False,
        ),
        (
            quality["strides_estimate"] is not None and quality["strides_estimate"] < FEWEST_STRIDES,
            "few_strides",
            "Fewer than two strides were seen; have the person walk farther through the frame.",
            False,
        ),
        (
            quality["strides_estimate"] is None
            and view.speed_ratio is None
            and not legs_too_fast(quality["missing_leg_share"], quality["unseen_leg_share"]),
            "no_rhythm",
            _no_rhythm(quality["walking_s"], quality["time_scale"]),
            True,
        ),
        (
            quality["other_side_s"] > 0.5,
            "both_sides",
            "The walk was seen from both sides. Steps, times and curves come from all passes; the scale, and any "
            f"comparison with a baseline, from the {quality['walking_s']:.1f} s seen from the {near} only.",
            False,
        ),
        (
            tilt_deg > MOST_TILT_DEG,
            "camera_tilted",
            f"The path of the hips slopes by {tilt_deg:.0f} degrees across the image: the camera is tilted, or the "
            "floor slopes. Angles against the vertical, such as the lean of the trunk, are off by as much; level the "
            "camera.",
            False,
        ),
        (
            quality["body_height_share"] < 0.25,
            "small_person",
            f"The person fills only {percent(quality['body_height_share'])} of the frame's height; film from nearer.",
            False,
        ),
    ]
    return [WalkWarning(code=code, message=text, blocking=blocking) for seen, code, text, blocking in found if seen]
