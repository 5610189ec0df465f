"""The error of a pose model, as numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["HARMONICS", "LEVEL_GROUPS", "PHASE_BINS", "SHIPPED_NOISE", "NoiseModel"]

Array = NDArray[np.float64]

SHIPPED_NOISE: Final = Path(__file__).with_name("noise_mediapipe_full.json")
"""The model that is shipped; `gait_core.workflows.from_scratch` makes it."""
HARMONICS: Final = 3
"""Harmonics of the gait cycle in the error that repeats with it."""
PHASE_BINS: Final = 20
"""Parts of the near side's gait cycle between which size and rate of errors differ."""

LEVEL_GROUPS: Final = 6
"""Head, trunk, near leg, far leg, near arm, far arm: parts whose errors grow and shrink together."""

_ARRAYS: Final = (
    "bias",
    "phase_bias",
    "walk_course",
    "person_share",
    "motion",
    "motion_memory_s",
    "motion_scale",
    "confusion_rate_hz",
    "white",
    "confidence_mean",
    "confidence_sd",
    "world_bias",
    "world_sd",
    "level_mean",
    "level_sd",
    "gust_sd",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class NoiseModel:
    """Error of a pose model, in the walker's own frame.

    Landmarks are in canonical order: the rows named "left" hold the side near the camera. Image errors are
    shares of body height, along the walking direction and downwards.

    Attributes
    ----------
    bias : ndarray, shape (33, 2)
        Mean error.
    phase_bias : ndarray, shape (33, 2, 6)
        Error that repeats with the gait cycle: cosine and sine of three harmonics of the phase of that side.
    walk_course : ndarray, shape (k, 66 × 7)
        Directions and sizes (1 SD) in which the mean error and what of it repeats with the gait cycle differ from walk
        to walk: for every landmark and axis a constant, then cosine and sine of three harmonics.
    person_share : ndarray, shape (k,)
        Share of the variance of each that stays with the person.
    motion : ndarray, shape (m, 66)
        Directions and sizes (1 SD) of the error that drifts within a walk.
    motion_memory_s : ndarray, shape (m,)
        Time after which the autocorrelation of each has fallen to 1/e, s.
    white : ndarray, shape (w, 66)
        Directions and sizes (1 SD) of what changes from frame to frame.
    motion_scale : ndarray, shape (20,)
        By how much the error of the legs within a walk is larger or smaller in each twentieth of the near side's cycle.
    confusion_rate_hz : ndarray, shape (20,)
        How often the legs begin to be taken for each other in each twentieth of the near side's cycle, per second
        spent there.
    confusions : tuple of (part, near, far)
        Such spells as they were seen: the part in which they began, and frame by frame (at `confusion_step_s`)
        how far the near and the far leg lay towards the other one, 0 to 1.
    confusion_step_s : float
        Time between those frames, s.
    dropout_rate_hz, dropout_duration_s : float
        How often the pose is lost, and for how long.
    confidence_mean, confidence_sd : ndarray, shape (33,)
        Visibility.
    world_bias, world_sd : ndarray, shape (33, 3)
        Mean and SD of the error of the world coordinates, along the walking direction, down, away, m.
    level_mean, level_sd : ndarray, shape (6,)
        Mean and SD between walks of the log size of the errors of each group of `LEVEL_GROUPS`.
    level_common_sd : float
        SD between walks of what all groups share of it.
    gust_sd : ndarray, shape (6,)
        SD of the log size within a walk.
    source : str
        What it was fitted to.
    """

    bias: Array
    phase_bias: Array
    walk_course: Array
    person_share: Array
    motion: Array
    motion_memory_s: Array
    white: Array
    motion_scale: Array
    confusion_rate_hz: Array
    confusions: tuple[tuple[int, tuple[float, ...], tuple[float, ...]], ...]
    confusion_step_s: float
    dropout_rate_hz: float
    dropout_duration_s: float
    confidence_mean: Array
    confidence_sd: Array
    world_bias: Array
    world_sd: Array
    level_mean: Array = field(default_factory=lambda: np.zeros(LEVEL_GROUPS))
    level_sd: Array = field(default_factory=lambda: np.zeros(LEVEL_GROUPS))
    level_common_sd: float = 0.0
    gust_sd: Array = field(default_factory=lambda: np.zeros(LEVEL_GROUPS))
    source: str = ""

    @classmethod
    def default(cls) -> NoiseModel:
        """Return the model fitted to the full pose model on rendered walks, as shipped."""
        return _shipped()

    @classmethod
    def none(cls) -> NoiseModel:
        """Return a model without any error."""
        zero = np.zeros
        return cls(
            bias=zero((33, 2)),
            phase_bias=zero((33, 2, 2 * HARMONICS)),
            walk_course=zero((0, 66 * (1 + 2 * HARMONICS))),
            person_share=zero(0),
            motion=zero((0, 66)),
            motion_memory_s=zero(0),
            white=zero((0, 66)),
            motion_scale=np.ones(PHASE_BINS),
            confusion_rate_hz=zero(PHASE_BINS),
            confusions=(),
            confusion_step_s=1.0 / 30.0,
            dropout_rate_hz=0.0,
            dropout_duration_s=0.1,
            confidence_mean=np.ones(33),
            confidence_sd=zero(33),
            world_bias=zero((33, 3)),
            world_sd=zero((33, 3)),
            source="no error",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-serialisable values."""
        values = {known.name: getattr(self, known.name) for known in fields(self)}
        return {
            name: value.round(6).tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        arrays = {name: np.asarray(values[name], dtype=float) for name in _ARRAYS if name in values}
        arrays["walk_course"] = arrays["walk_course"].reshape(-1, 66 * (1 + 2 * HARMONICS))
        arrays["motion"] = arrays["motion"].reshape(-1, 66)
        arrays["white"] = arrays["white"].reshape(-1, 66)
        seen = tuple((int(part), tuple(near), tuple(far)) for part, near, far in values["confusions"])
        return cls(**{**values, **arrays, "confusions": seen})


@cache
def _shipped() -> NoiseModel:
    return NoiseModel.from_dict(json.loads(SHIPPED_NOISE.read_text(encoding="utf-8")))
