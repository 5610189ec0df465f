"""The settings of each stage of the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gait_core.config.base import Settings, digest_of
from gait_core.errors import SettingsError

__all__ = [
    "DECODINGS",
    "EVENT_METHODS",
    "PRECISIONS",
    "FeatureSettings",
    "MeasureSettings",
    "PoseSettings",
    "ThresholdSettings",
]

PERSONS: Final = ("auto", "largest", "leftmost", "rightmost")
"""Whom to follow where several people are in view, the default first."""

PRECISIONS: Final = ("f32", "bf16", "auto")
"""Arithmetic of the pose model; ``auto`` takes bf16 where the CPU supports it."""

DECODINGS: Final = ("measure", "display")
"""How landmarks are read from what the pose model gives."""

EVENT_METHODS: Final = ("coordinate", "velocity", "foot_velocity")
"""Rules that find gait events, the default first."""


@dataclass(frozen=True, kw_only=True)
class PoseSettings(Settings):
    """What decides the landmarks that a video gives.

    Attributes
    ----------
    engine : str
        What runs the pose model: ``auto`` takes the fastest that works here, other names are those of
        `gait_core.pose.engines`, which checks them.
    precision : {"f32", "bf16", "auto"}
        Arithmetic of the pose model; MediaPipe knows f32 only.
    variant : {"lite", "full", "heavy"}
        Pose model.
    detection_confidence, presence_confidence, tracking_confidence : float
        Thresholds of the engine, in [0, 1].
    target_fps : float or None
        Highest frame rate analysed, Hz; a faster video is thinned by time. None keeps every frame.
    max_side_px : int or None
        Longer image side after resizing, px; a smaller video is left as it is.
    person : {"auto", "largest", "leftmost", "rightmost"}
        Whom to follow of the people in the frame at the start; ``auto`` leaves it to the pose model.
    skip_loop_filter : bool
        Decode without the filter that smooths block edges: faster, the frame a little coarser.
    decoding : {"measure", "display"}
        ``measure`` reads the heat maps at their own peaks, without smoothing, and keeps all peaks of the legs, so that
        the whole walk decides between them; ``display`` gives what MediaPipe shows live. The engine MediaPipe knows
        only its own.
    """

    engine: str = "auto"
    precision: str = "f32"
    variant: str = "full"
    detection_confidence: float = 0.5
    presence_confidence: float = 0.5
    tracking_confidence: float = 0.5
    target_fps: float | None = 30.0
    max_side_px: int | None = 960
    person: str = "auto"
    skip_loop_filter: bool = False
    decoding: str = "measure"

    _ranges = {
        "detection_confidence": (0.0, 1.0),
        "presence_confidence": (0.0, 1.0),
        "tracking_confidence": (0.0, 1.0),
        "target_fps": (5.0, 1000.0),
        "max_side_px": (128, 8192),
    }
    _choices = {
        "precision": PRECISIONS,
        "variant": ("lite", "full", "heavy"),
        "person": PERSONS,
        "skip_loop_filter": (False, True),
        "decoding": DECODINGS,
    }
    _words = ("engine",)

    def digest(self) -> str:
        """Return a stable digest; what does not touch the landmarks is not in it."""
        values = self.to_dict()
        if self.person == "auto":
            del values["person"]
        if not self.skip_loop_filter:
            del values["skip_loop_filter"]
        if self.decoding == "display" or self.engine == "mediapipe":
            del values["decoding"]  # as before the choice existed
        if self.engine == "mediapipe":  # its cache key predates the setting and leaves it out
            del values["precision"]
        return digest_of(values)


@dataclass(frozen=True, kw_only=True)
class FeatureSettings(Settings):
    """How landmarks become the feature sequence.

    Attributes
    ----------
    rate_hz : float
        Fixed rate to which every walk is resampled, Hz.
    cutoff_hz : float
        Corner of the zero-lag low-pass filter, Hz.
    max_gap_s : float
        Longest gap that is interpolated, s; longer ones stay missing.
    max_arm_gap_s : float
        The same for elbows and wrists, which move slowly and evenly, s.
    min_confidence : float
        Landmarks below this confidence count as missing.
    window_s, hop_s : float
        Length and distance of the sliding windows, s.
    edge_trim_s : float
        Part dropped at both ends of a walking segment, s.
    repair_swaps : bool
        Put right frames in which the pose model exchanged the legs; False undoes it.
    """

    rate_hz: float = 25.0
    cutoff_hz: float = 6.0
    max_gap_s: float = 0.12
    max_arm_gap_s: float = 0.3
    min_confidence: float = 0.3
    window_s: float = 1.28
    hop_s: float = 0.08
    edge_trim_s: float = 0.1
    repair_swaps: bool = True

    _ranges = {
        "rate_hz": (15.0, 240.0),
        "cutoff_hz": (2.0, 20.0),
        "max_gap_s": (0.0, 1.0),
        "max_arm_gap_s": (0.0, 1.0),
        "min_confidence": (0.0, 1.0),
        "window_s": (0.4, 5.0),
        "hop_s": (0.02, 2.0),
        "edge_trim_s": (0.0, 2.0),
    }

    @property
    def window_frames(self) -> int:
        """Frames in one window."""
        return round(self.window_s * self.rate_hz)

    @property
    def hop_frames(self) -> int:
        """Frames between the starts of two windows, at least 1."""
        return max(1, round(self.hop_s * self.rate_hz))


@dataclass(frozen=True, kw_only=True)
class ThresholdSettings(Settings):
    """How the limits between normal, watch and alert are set.

    Attributes
    ----------
    method : {"conformal", "mean_sd", "percentile"}
        ``conformal``: a stated rate of false alarms; ``mean_sd``: mean + k·SD of the validation
        scores; ``percentile``: percentiles of the validation scores.
    watch_rate, alert_rate : float
        Stated share of normal walks over the limit (``conformal``).
    watch_k, alert_k : float
        Multiples of the SD (``mean_sd``).
    watch_percentile, alert_percentile : float
        Percentiles (``percentile``).
    """

    method: str = "conformal"
    watch_rate: float = 0.05
    alert_rate: float = 0.01
    watch_k: float = 2.0
    alert_k: float = 3.0
    watch_percentile: float = 95.0
    alert_percentile: float = 99.0

    _ranges = {
        "watch_rate": (0.0005, 0.5),
        "alert_rate": (0.0005, 0.5),
        "watch_k": (0.0, 20.0),
        "alert_k": (0.0, 20.0),
        "watch_percentile": (50.0, 100.0),
        "alert_percentile": (50.0, 100.0),
    }
    _choices = {"method": ("conformal", "mean_sd", "percentile")}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.alert_rate > self.watch_rate:
            raise SettingsError(
                f"Expected alert_rate at most watch_rate ({self.watch_rate:g}), but got {self.alert_rate:g}.",
                "An alert has to be rarer than a watch.",
            )
        for low, high in (("watch_k", "alert_k"), ("watch_percentile", "alert_percentile")):
            if getattr(self, high) < getattr(self, low):
                raise SettingsError(
                    f"Expected {high} at least {low} ({getattr(self, low):g}), but got {getattr(self, high):g}.",
                    "The limit of an alert has to lie above that of a watch.",
                )


@dataclass(frozen=True, kw_only=True)
class MeasureSettings(Settings):
    """How gait events, parameters and curves are computed from landmarks.

    Attributes
    ----------
    event_method : {"coordinate", "velocity", "foot_velocity"}
        Rule that finds initial contact and foot off, see `gait_core.gait.events.methods`.
    rate_hz : float
        Fixed rate to which the landmarks are resampled, Hz.
    cutoff_hz : float
        Corner of the zero-lag low-pass filter, Hz.
    edge_ignore_s : float
        Events nearer than this to the ends of a pass are left out, s.
    confidence_level : float
        Of the intervals.
    resamples : int
        Bootstrap resamples.
    fewest_strides_interval : int
        Strides of a side from which an interval is shown.
    fewest_strides_asymmetry : int
        Strides of each side from which asymmetry is shown.
    fewest_strides_variability : int
        Strides from which SD and CV are shown.
    seed : int
        Of the bootstrap.
    """

    event_method: str = "coordinate"
    rate_hz: float = 100.0
    cutoff_hz: float = 6.0
    edge_ignore_s: float = 0.0
    confidence_level: float = 0.95
    resamples: int = 2000
    fewest_strides_interval: int = 3
    fewest_strides_asymmetry: int = 10
    fewest_strides_variability: int = 50
    seed: int = 0

    _ranges = {
        "rate_hz": (50.0, 240.0),
        "cutoff_hz": (2.0, 20.0),
        "edge_ignore_s": (0.0, 2.0),
        "confidence_level": (0.5, 0.999),
        "resamples": (100, 100_000),
        "fewest_strides_interval": (2, 1000),
        "fewest_strides_asymmetry": (1, 1000),
        "fewest_strides_variability": (2, 10_000),
        "seed": (0, 2**31 - 1),
    }
    _choices = {"event_method": EVENT_METHODS}
