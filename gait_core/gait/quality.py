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
from gait_core.gait.continuity import hole_s, repeated_share, still_s
from gait_core.gait.gaps import trusted
from gait_core.gait.rhythm import stride_time_s
from gait_core.gait.view import Segment, View
from gait_core.gait.walk_warnings import warnings_from
from gait_core.phrases import percent
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track

__all__ = ["LEG", "assess", "foot_confidence", "leg_confidence", "missing_leg_share"]

LEG: Final = ("hip", "knee", "ankle", "heel", "foot_index")
MOST_HIDDEN_SHARE: Final = 0.3


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


def foot_confidence(track: Track, segments: Sequence[Segment], side: str) -> float:
    """Return the mean confidence of the heel or the toe while walking, whichever is seen worse, in [0, 1].

    Parameters
    ----------
    track : Track
    segments : sequence of Segment
        The passes in which the person walks.
    side : {"left", "right"}

    Returns
    -------
    float
    """
    rows = [INDEX[f"{side}_{name}"] for name in ("heel", "foot_index")]
    confidence = track.confidence[_frames_in(track, segments) & track.detected][:, rows]
    return float(confidence.mean(axis=0).min()) if confidence.size else 0.0


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
    hole = hole_s(walk.found, segments)
    quality: dict[str, Any] = {
        "walking_s": walking_s,
        "other_side_s": sum(segment.duration_s for segment in segments if not segment.used),
        "detection_rate": track.detection_rate,
        "frame_rate_hz": _analysed_rate_hz(track, used),
        "near_leg_confidence": leg_confidence(track, used, near),
        "far_leg_confidence": leg_confidence(track, used, far),
        "missing_leg_share": missing_leg_share(track, used, near, settings.min_confidence),
        "unseen_leg_share": missing_leg_share(walk.found, used, near, settings.min_confidence),
        "near_foot_confidence": foot_confidence(track, used, near),
        "far_foot_confidence": foot_confidence(track, used, far),
        "still_s": still_s(walk.found, segments),
        "repeated_share": repeated_share(walk.found),
        "hole_s": hole,
        "frames_in_hole": hole is not None and bool(((track.time_s > hole[0]) & (track.time_s < hole[1])).any()),
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
    found = warnings_from(quality, view, near)
    parts = [f"{name} ({percent(share)})" for name, share in hidden.items() if share > MOST_HIDDEN_SHARE]
    if parts and not {"legs_out_of_frame", "legs_too_fast"} & {warning.code for warning in found}:
        text = f"Hidden for part of the walk, which is then left out: {', '.join(parts)}; keep the whole body in view."
        found.append(WalkWarning(code="parts_hidden", message=text))
    return quality, tuple(found)


def _analysed_rate_hz(track: Track, segments: Sequence[Segment]) -> float:
    """Return the frames with a person per second of walking: dropped frames count as missing."""
    frames = int((_frames_in(track, segments) & track.detected).sum())
    return frames / sum(segment.duration_s + 1.0 / track.frame_rate_hz for segment in segments)
