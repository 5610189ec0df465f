"""The feature sequence of a walk: what the autoencoder sees, with its angles, quality and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.cache import ArrayCache, Entry
from gait_core.config import FeatureSettings, digest_of
from gait_core.errors import WalkRefused, WalkWarning
from gait_core.gait.angles import SIDES, joint_angles
from gait_core.gait.body import check_orientation, leg_length_px
from gait_core.gait.channels import FEATURE_NAMES, JOINTS, ROWS, channels, joint_label
from gait_core.gait.perspective import oscillation, remove_parallax, scale_px
from gait_core.gait.quality import LEG, assess, missing_leg_share, stride_time_s
from gait_core.gait.signals import Signals, condition
from gait_core.gait.swaps import repair_leg_swaps
from gait_core.gait.view import Segment, View, look
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track

__all__ = [
    "FEATURES_VERSION",
    "FEATURE_NAMES",
    "JOINTS",
    "SHORTEST_WALK_S",
    "GaitFeatures",
    "compute_features",
    "features_of",
    "joint_label",
]

FEATURES_VERSION: Final = 3
"""Raised whenever the same track would give other features; part of the cache address."""
SHORTEST_WALK_S: Final = 1.0
PELVIS_HIGHPASS_HZ: Final = 0.7
PATHS: Final = tuple(f"{side}_{part}" for side in SIDES for part in ("ankle", "heel", "foot_index"))


@dataclass(frozen=True, kw_only=True, eq=False)
class GaitFeatures:
    """Features, angles and quality of one walk on a fixed-rate grid.

    Attributes
    ----------
    values : ndarray, shape (n, n_features), float32
        Channels of `FEATURE_NAMES`; NaN where missing and outside the walking segments used.
    time_s : ndarray, shape (n,), float64
        Even grid, s.
    walking : ndarray, shape (n,), bool
        Samples inside the segments used.
    filled : ndarray, shape (n,), bool
        Samples in which a leg or trunk landmark was interpolated over a short gap.
    segments : tuple of Segment
        All passes, those from the other side marked as not used.
    visible_side : {"left", "right"}
        Side nearer to the camera in the segments used.
    leg_length_px : float
        Thigh plus shank of the near leg, median over the walk, px.
    angles : mapping of str to ndarray, shape (n,), float32
        ``trunk``, ``left_knee`` … in degrees, both sides, in all segments; NaN elsewhere.
    paths : mapping of str to ndarray, shape (n, 2), float32
        ``left_heel``, ``right_foot_index`` … relative to the middle of the hips, forward and up, in leg lengths.
    quality : mapping
        Figures for people: ``walking_s``, ``detection_rate``, ``cadence_estimate_spm`` …
    warnings : tuple of WalkWarning
    """

    values: NDArray[np.float32]
    time_s: NDArray[np.float64]
    walking: NDArray[np.bool_]
    filled: NDArray[np.bool_]
    segments: tuple[Segment, ...]
    visible_side: str
    leg_length_px: float
    angles: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    paths: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    quality: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[WalkWarning, ...] = ()

    @property
    def blocking(self) -> tuple[WalkWarning, ...]:
        """Warnings under which a score would mislead."""
        return tuple(warning for warning in self.warnings if warning.blocking)

    @property
    def rate_hz(self) -> float:
        """Samples per second."""
        return float((len(self.time_s) - 1) / (self.time_s[-1] - self.time_s[0]))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to be stored: few, because each becomes a file."""
        return {
            "values": self.values,
            "time_s": self.time_s,
            "flags": np.stack([self.walking, self.filled]),
            "angles": np.stack(list(self.angles.values())),
            "paths": np.stack(list(self.paths.values())),
        }

    def to_meta(self) -> dict[str, Any]:
        """Return what is stored beside the arrays."""
        return {
            "segments": [segment.to_dict() for segment in self.segments],
            "visible_side": self.visible_side,
            "leg_length_px": self.leg_length_px,
            "angle_names": list(self.angles),
            "path_names": list(self.paths),
            "quality": dict(self.quality),
            "warnings": [warning.to_dict() for warning in self.warnings],
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any]) -> Self:
        """Build from what `to_arrays` and `to_meta` gave."""
        return cls(
            values=arrays["values"],
            time_s=arrays["time_s"],
            walking=arrays["flags"][0],
            filled=arrays["flags"][1],
            segments=tuple(Segment.from_dict(segment) for segment in meta["segments"]),
            visible_side=meta["visible_side"],
            leg_length_px=meta["leg_length_px"],
            angles=dict(zip(meta["angle_names"], arrays["angles"], strict=True)),
            paths=dict(zip(meta["path_names"], arrays["paths"], strict=True)),
            quality=meta["quality"],
            warnings=tuple(WalkWarning(**warning) for warning in meta["warnings"]),
        )


def compute_features(track: Track, settings: FeatureSettings | None = None, *, side: str | None = None) -> GaitFeatures:
    """Turn landmarks into the feature sequence.

    Parameters
    ----------
    track : Track
        Landmarks of one walk.
    settings : FeatureSettings, optional
        Rate, filter, gap rule, windows.
    side : {"left", "right"}, optional
        Side of the body wanted where the walk shows both (passes to and fro); the side seen longer by default.

    Returns
    -------
    GaitFeatures

    Raises
    ------
    WalkRefused
        No person, upside down, sideways, legs out of the picture, or less than one second of walking.
    """
    settings = settings or FeatureSettings()
    _check_person(track)
    check_orientation(track)
    repair = repair_leg_swaps(track, leg_length_px(track.position)) if settings.repair_swaps else None
    track = repair.track if repair is not None else track
    view = look(track, settings.rate_hz, edge_trim_s=settings.edge_trim_s, max_gap_s=settings.max_gap_s)
    near, segments = _choose_side(view.segments, side)
    used = [segment for segment in segments if segment.used]
    _check_walk(track, view, used, near, settings)
    signals = condition(track, [INDEX[name] for name in ROWS], settings)
    features = _assemble(track, signals, view, segments, near)
    quality, warnings = assess(track, view, segments, near, _separation(features), _hidden(features), settings)
    quality["swapped_frames"] = [] if repair is None else np.flatnonzero(repair.swapped).tolist()
    quality["blended_frames"] = [] if repair is None else np.flatnonzero(repair.blended).tolist()
    quality["filled_share"] = float(features.filled[features.walking].mean())
    quality["complete_share"] = float(np.isfinite(features.values[features.walking]).all(axis=1).mean())
    return replace(features, quality=quality, warnings=warnings)


def features_of(
    track: Track, settings: FeatureSettings, *, cache: ArrayCache | None, address: str, side: str | None = None
) -> tuple[GaitFeatures, bool]:
    """Return the features of a track, from the cache where they are there, and whether they were.

    Parameters
    ----------
    track : Track
        Landmarks of one walk.
    settings : FeatureSettings
    cache : ArrayCache or None
        None computes without storing.
    address : str
        Cache key of the track.
    side : {"left", "right"}, optional
        As for `compute_features`.

    Raises
    ------
    WalkRefused
        As for `compute_features`; a refusal is not stored.
    """
    if cache is None:
        return compute_features(track, settings, side=side), False

    def compute() -> Entry:
        features = compute_features(track, settings, side=side)
        return Entry(arrays=features.to_arrays(), meta=features.to_meta())

    key = digest_of([address, settings.to_dict(), side, FEATURES_VERSION])
    entry, cached = cache.get_or_compute("features", key, compute)
    return GaitFeatures.from_arrays(entry.arrays, entry.meta), cached


def _check_person(track: Track) -> None:
    if len(track) < 2:
        raise WalkRefused(
            f"Expected a video with a walk, but got {len(track)} frame{'' if len(track) == 1 else 's'}.",
            "Record at least four seconds of walking.",
        )
    if track.detected.sum() < 2:
        raise WalkRefused(
            "Expected a person in the picture, but none was found.",
            "Film one person from the side, whole body in the picture, not smaller than a third of its height, upright "
            "and in good light.",
        )


def _choose_side(segments: tuple[Segment, ...], side: str | None) -> tuple[str, tuple[Segment, ...]]:
    """Return the near side and the segments, those that show the other side marked as not used."""
    seen = {name: sum(s.duration_s for s in segments if s.visible_side == name) for name in SIDES}
    near = side if side is not None and seen[side] >= SHORTEST_WALK_S else max(seen, key=lambda name: seen[name])
    return near, tuple(replace(segment, used=segment.visible_side == near) for segment in segments)


def _check_walk(track: Track, view: View, used: list[Segment], near: str, settings: FeatureSettings) -> None:
    walking_s = sum(segment.duration_s for segment in used)
    missing = missing_leg_share(track, used, near, settings.min_confidence)
    if missing > 0.6:
        raise WalkRefused(
            "Expected both legs in the picture down to the feet, but the leg nearer to the camera is cut off or hidden "
            f"in {missing:.0%} of the frames.",
            "Film the whole body with some floor below the feet.",
        )
    if walking_s >= SHORTEST_WALK_S:
        return
    reason = f"Expected at least {SHORTEST_WALK_S:g} s of walking across the picture, but found {walking_s:.1f} s."
    if view.view_deg > 50:
        raise WalkRefused(
            f"{reason} The person seems to be filmed from the front or the back.",
            "Film from the side, with the camera at right angles to the walking direction.",
        )
    if track.detection_rate < 0.5:
        raise WalkRefused(
            f"{reason} A person was found in only {track.detection_rate:.0%} of the frames.",
            "Film the whole body upright, from the side, in good light, at least a third of the picture's height.",
        )
    raise WalkRefused(reason, "Film from the side while the person walks past, at least four steps.")


def _assemble(track: Track, signals: Signals, view: View, segments: tuple[Segment, ...], near: str) -> GaitFeatures:
    count = len(signals.time_s)
    column = {name: number for number, name in enumerate(ROWS)}
    values = np.full((count, len(FEATURE_NAMES)), np.nan, dtype=np.float32)
    walking = np.zeros(count, dtype=bool)
    angles: dict[str, NDArray[np.float32]] = {}
    paths: dict[str, NDArray[np.float32]] = {}
    mid_hip = signals.position[:, [column["left_hip"], column["right_hip"]]].mean(axis=1)
    bounce = -oscillation(mid_hip[:, 1], signals.rate_hz, PELVIS_HIGHPASS_HZ)
    leg_px = []
    for segment in segments:
        span = slice(segment.start, segment.stop)
        here = signals.position[span]
        scale = scale_px(here, column, segment.visible_side, segment.duration_s)
        turned = (here - mid_hip[span, None]) * (segment.direction, -1.0) / scale[:, None, None]
        if not view.camera_moves:
            apart = turned[:, column["left_ankle"], 0] - turned[:, column["right_ankle"], 0]
            travel = segment.direction * (mid_hip[span, 0] - track.width_px / 2) / scale
            stride_s = stride_time_s(apart, signals.rate_hz)
            turned[:, :, 0] = remove_parallax(turned[:, :, 0], travel, signals.time_s[span], stride_s)
        points = {name: turned[:, column[name]] for name in ROWS}
        found = joint_angles(points)
        for name, curve in found.items():
            angles.setdefault(name, np.full(count, np.nan, dtype=np.float32))[span] = curve
        for name in PATHS:
            paths.setdefault(name, np.full((count, 2), np.nan, dtype=np.float32))[span] = points[name]
        if segment.used:
            walking[span] = True
            values[span] = channels(points, found, bounce[span] / scale, near)
            leg_px.append(scale)
    if not np.isfinite(np.concatenate(leg_px)).any():
        raise WalkRefused(
            "Expected hip, knee, ankle and shoulder of the nearer side in the picture together, but they never are.",
            "Film the whole body, free of furniture and other people.",
        )
    legs = [column[f"{side}_{name}"] for side in SIDES for name in LEG]
    return GaitFeatures(
        values=values,
        time_s=signals.time_s,
        walking=walking,
        filled=signals.filled[:, legs].any(axis=1) & walking,
        segments=segments,
        visible_side=near,
        leg_length_px=float(np.nanmedian(np.concatenate(leg_px))),
        angles=angles,
        paths=paths,
    )


def _hidden(features: GaitFeatures) -> dict[str, float]:
    """Return the share of walking samples in which each part of the body is missing, named for people."""
    missing = np.isnan(features.values[features.walking])
    return {
        joint_label(joint, features.visible_side): float(missing[:, columns].any(axis=1).mean())
        for joint, columns in JOINTS.items()
    }


def _separation(features: GaitFeatures) -> NDArray[np.float64]:
    near, far = (FEATURE_NAMES.index(f"{place}_ankle_forward_leg") for place in ("near", "far"))
    return (features.values[:, near] - features.values[:, far]).astype(np.float64)
