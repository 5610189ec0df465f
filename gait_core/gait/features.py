"""The feature sequence of a walk: what the autoencoder sees, with its quality and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.cache import ArrayCache, Entry
from gait_core.config import FeatureSettings, digest_of
from gait_core.errors import WalkWarning
from gait_core.gait.channels import FEATURE_NAMES, JOINTS, channels, joint_label
from gait_core.gait.cleaned_walk import CleanedWalk, clean_walk
from gait_core.gait.kinematics import compute_kinematics
from gait_core.gait.quality import assess
from gait_core.gait.view import Segment
from gait_core.pose.track import Track

__all__ = [
    "FEATURES_VERSION",
    "FEATURE_NAMES",
    "JOINTS",
    "GaitFeatures",
    "compute_features",
    "features_of",
    "joint_label",
]

FEATURES_VERSION: Final = 12
"""Raised whenever the same track would give other features; part of the cache address."""


@dataclass(frozen=True, kw_only=True, eq=False)
class GaitFeatures:
    """Features and quality of one walk on a fixed-rate grid.

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
        }

    def to_meta(self) -> dict[str, Any]:
        """Return what is stored beside the arrays."""
        return {
            "segments": [segment.to_dict() for segment in self.segments],
            "visible_side": self.visible_side,
            "leg_length_px": self.leg_length_px,
            "quality": dict(self.quality),
            "warnings": [warning.to_dict() for warning in self.warnings],
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any]) -> Self:
        """Build from the output of `to_arrays` and `to_meta`."""
        return cls(
            values=arrays["values"],
            time_s=arrays["time_s"],
            walking=arrays["flags"][0],
            filled=arrays["flags"][1],
            segments=tuple(Segment.from_dict(segment) for segment in meta["segments"]),
            visible_side=meta["visible_side"],
            leg_length_px=meta["leg_length_px"],
            quality=meta["quality"],
            warnings=tuple(WalkWarning(**warning) for warning in meta["warnings"]),
        )


def compute_features(
    walk: Track | CleanedWalk, settings: FeatureSettings | None = None, *, side: str | None = None
) -> GaitFeatures:
    """Turn landmarks into the feature sequence.

    Parameters
    ----------
    walk : Track or CleanedWalk
        Landmarks of one walk, as found or as `clean_walk` left them.
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
        No person, upside down, sideways, legs out of the frame, or less than one second of walking.
    """
    settings = settings or FeatureSettings()
    walk = clean_walk(walk, settings)
    motion = compute_kinematics(walk, settings, side=side)
    near = motion.visible_side
    values = np.full((len(motion.time_s), len(FEATURE_NAMES)), np.nan, dtype=np.float32)
    walking = motion.walking
    values[walking] = channels(motion.points, motion.angles, motion.bounce, near)[walking]
    features = GaitFeatures(
        values=values,
        time_s=motion.time_s,
        walking=walking,
        filled=(motion.filled["left"] | motion.filled["right"]) & walking,
        segments=motion.segments,
        visible_side=near,
        leg_length_px=motion.leg_length_px,
    )
    quality, warnings = assess(
        walk, motion.view, motion.segments, near, _separation(features), _hidden(features), settings
    )
    swap = motion.cleaned.swap
    quality["swapped_frames"] = np.flatnonzero(swap.swapped).tolist()
    quality["blended_frames"] = np.flatnonzero(swap.blended).tolist()
    quality["filled_share"] = float(features.filled[walking].mean())
    quality["complete_share"] = float(np.isfinite(values[walking]).all(axis=1).mean())
    return replace(features, quality=quality, warnings=warnings)


def features_of(
    track: Track, settings: FeatureSettings, *, cache: ArrayCache | None, address: str, side: str | None = None
) -> tuple[GaitFeatures, CleanedWalk | None]:
    """Return the features of a track, from the cache where they are there.

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

    Returns
    -------
    features : GaitFeatures
    cleaned : CleanedWalk or None
        What they were computed from, to be measured as well; None where they came from the cache.

    Raises
    ------
    WalkRefused
        As for `compute_features`; a refusal is not stored.
    """
    cleaned: CleanedWalk | None = None

    def compute() -> GaitFeatures:
        nonlocal cleaned
        cleaned = clean_walk(track, settings)
        return compute_features(cleaned, settings, side=side)

    def to_store() -> Entry:
        features = compute()
        return Entry(arrays=features.to_arrays(), meta=features.to_meta())

    if cache is None:
        return compute(), cleaned
    key = digest_of([address, settings.to_dict(), side, FEATURES_VERSION])
    entry, _ = cache.get_or_compute("features", key, to_store)
    return GaitFeatures.from_arrays(entry.arrays, entry.meta), cleaned


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
