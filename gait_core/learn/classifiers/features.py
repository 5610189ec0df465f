"""Rows as vectors of one length, for classifiers that do not know time: curves, windows and parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.classifiers.protocol import SampleShape
from gait_core.learn.datasets.samples import Samples

__all__ = ["Scaling", "feature_count", "feature_vectors"]

_CURVE_FEATURES: Final = 5
_WINDOW_FEATURES: Final = 6


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaling:
    """Brings each column to mean 0 and standard deviation 1 over the rows of the training.

    Attributes
    ----------
    mean, deviation : ndarray, shape (n_columns,)
        A column that never changes has deviation 1 and becomes 0.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    @classmethod
    def of(cls, rows: NDArray[Any]) -> Self:
        """Return the scaling of rows, shape (n, n_columns)."""
        mean = rows.mean(axis=0, dtype=np.float64)
        deviation = rows.std(axis=0, dtype=np.float64)
        constant = deviation <= 1e-9 * np.maximum(1.0, np.abs(mean))
        return cls(mean=mean, deviation=np.where(constant, 1.0, deviation))

    def __call__(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        """Return rows in units of the scaling, shape (…, n_columns)."""
        scaled: NDArray[np.float64] = (rows - self.mean) / self.deviation
        return scaled


def feature_count(shape: SampleShape) -> int:
    """Return how many values `feature_vectors` gives for each row."""
    by_channel = {
        "parameters": 1,
        "curves": shape.n_steps + _CURVE_FEATURES,
        "windows": _WINDOW_FEATURES,
    }[shape.kind]
    return by_channel * len(shape.channels)


def feature_vectors(samples: Samples, shape: SampleShape) -> NDArray[np.float64]:
    """Return a vector for each row; padding never has a part in it.

    Curves are aligned by the gait cycle, so their points can be compared one by one: the vector holds the points, then
    range, minimum, maximum and the timing of both. Windows begin anywhere in the stride; only what does not depend on
    their start describes them: mean, standard deviation, minimum, maximum, and mean absolute first and second
    difference. Parameters stay as they are.

    Parameters
    ----------
    samples : Samples
    shape : SampleShape
        Of the training: a curve of another number of points is brought to its number by linear interpolation.

    Returns
    -------
    ndarray, shape (n, `feature_count(shape)`)
    """
    if shape.kind == "parameters":
        return samples.values[:, 0, :].astype(np.float64)
    if shape.kind == "windows":
        return np.stack([_window(row[:length]) for row, length in _rows(samples)])
    curves = np.stack([_resampled(row[:length], shape.n_steps) for row, length in _rows(samples)])
    low, high = curves.min(axis=1), curves.max(axis=1)
    timing = 1.0 / max(1, shape.n_steps - 1)
    low_at, high_at = curves.argmin(axis=1) * timing, curves.argmax(axis=1) * timing
    return np.concatenate([curves.reshape(len(curves), -1), high - low, low, high, low_at, high_at], axis=1)


def _rows(samples: Samples) -> Any:
    return zip(samples.values.astype(np.float64), samples.lengths.tolist(), strict=True)


def _resampled(row: NDArray[np.float64], n_steps: int) -> NDArray[np.float64]:
    if len(row) == n_steps:
        return row
    old, new = np.linspace(0.0, 1.0, len(row)), np.linspace(0.0, 1.0, n_steps)
    return np.stack([np.interp(new, old, column) for column in row.T], axis=1)


def _window(row: NDArray[np.float64]) -> NDArray[np.float64]:
    parts = [row.mean(axis=0), row.std(axis=0), row.min(axis=0), row.max(axis=0)]
    for order in (1, 2):
        change = np.abs(np.diff(row, n=order, axis=0))
        parts.append(change.mean(axis=0) if len(change) else np.zeros(row.shape[1]))
    return np.concatenate(parts)
