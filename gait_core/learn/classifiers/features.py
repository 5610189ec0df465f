"""Rows as vectors of one length, for classifiers that do not know time: curves, windows, parameters and clips."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.classifiers.protocol import SampleShape
from gait_core.learn.datasets.samples import Samples
from gait_core.walks.clips import SUMMARY_SHAPE

__all__ = ["Scaling", "feature_count", "feature_scaling", "feature_vectors"]

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
    """Return how many values `feature_vectors` gives for each row.

    Returns
    -------
    int
    """
    return sum(_block_sizes(shape))


def feature_scaling(features: NDArray[np.float64], shape: SampleShape) -> Scaling:
    """Return a scaling after which each block of features counts alike, however many values it has.

    Otherwise 600 points of curves would leave nothing to say for a dozen differences between the sides.

    Parameters
    ----------
    features : ndarray, shape (n, n_features)
        Of the training, from `feature_vectors`.
    shape : SampleShape

    Returns
    -------
    Scaling
    """
    scaling = Scaling.of(features)
    factors = [np.full(size, np.sqrt(size)) for size in _block_sizes(shape)]
    return Scaling(mean=scaling.mean, deviation=scaling.deviation * np.concatenate(factors))


def feature_vectors(samples: Samples, shape: SampleShape) -> NDArray[np.float64]:
    """Return a vector for each row; padding never has a part in it.

    Curves are aligned by the gait cycle, so their points can be compared one by one: the vector holds the points, then
    range, minimum, maximum and the timing of both. Windows begin anywhere in the stride; only what does not depend on
    their start describes them: mean, standard deviation, minimum, maximum, and mean absolute first and second
    difference. Parameters stay as they are, and so does the summary of a clip. Where channels have sides, a last block
    holds the absolute difference between left and right of each of these; of the points the root mean square is taken.

    Parameters
    ----------
    samples : Samples
    shape : SampleShape
        Of the training: a curve of another number of points is brought to its number by linear interpolation.

    Returns
    -------
    ndarray, shape (n, `feature_count(shape)`)
    """
    left, right = _pairs(shape.channels)
    if shape.kind == "parameters":
        values = samples.values[:, :1, :].astype(np.float64)
        blocks = [values]
    elif shape.kind == "clips":
        values = samples.values.astype(np.float64)
        blocks = [values]
    elif shape.kind == "windows":
        values = np.stack([_window(row[:length]) for row, length in _rows(samples)])
        blocks = [values]
    else:
        curves = np.stack([_resampled(row[:length], shape.n_steps) for row, length in _rows(samples)])
        values = _curve_summary(curves)
        blocks = [curves, values]
    asymmetry = [np.abs(values[:, :, left] - values[:, :, right])]
    if shape.kind == "curves":
        squares = (blocks[0][:, :, left] - blocks[0][:, :, right]) ** 2
        asymmetry.append(np.sqrt(squares.mean(axis=1, keepdims=True)))
    return np.concatenate([block.reshape(len(samples), -1) for block in (*blocks, *asymmetry)], axis=1)


def _block_sizes(shape: SampleShape) -> list[int]:
    channels, pairs = len(shape.channels), len(_pairs(shape.channels)[0])
    if shape.kind == "parameters":
        sizes = [channels, pairs]
    elif shape.kind == "clips":
        sizes = [prod(SUMMARY_SHAPE) * channels]
    elif shape.kind == "windows":
        sizes = [_WINDOW_FEATURES * channels, _WINDOW_FEATURES * pairs]
    else:
        sizes = [shape.n_steps * channels, _CURVE_FEATURES * channels, (_CURVE_FEATURES + 1) * pairs]
    return [size for size in sizes if size]


def _pairs(channels: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """Return the places of the left channels that have a counterpart, and of their counterparts."""
    left = [number for number, name in enumerate(channels) if _counterpart(name) in channels]
    return left, [channels.index(_counterpart(channels[number])) for number in left]


def _counterpart(name: str) -> str:
    return f"right_{name.removeprefix('left_')}" if name.startswith("left_") else ""


def _curve_summary(curves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return range, minimum, maximum and the timing of both as a share of the curve, shape (n, 5, n_channels)."""
    low, high = curves.min(axis=1), curves.max(axis=1)
    share = 1.0 / max(1, curves.shape[1] - 1)
    return np.stack([high - low, low, high, share * curves.argmin(axis=1), share * curves.argmax(axis=1)], axis=1)


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
    return np.stack(parts)
