"""Confidence intervals by the bootstrap over subjects: rows of one subject are drawn together or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Interval", "draw_subjects", "interval_of", "weighted_auc"]

LEVEL: Final = 0.95
_CELLS_AT_ONCE: Final = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A figure with its 95 % confidence interval.

    Attributes
    ----------
    mean : float
        The figure itself; NaN where it is not defined, such as the AUC of a single class.
    ci_low, ci_high : float
    """

    mean: float
    ci_low: float
    ci_high: float

    def to_dict(self) -> dict[str, float | None]:
        """Return the numbers for JSON, None for NaN."""
        return {name: value if np.isfinite(value) else None for name, value in vars(self).items()}


def draw_subjects(class_of: NDArray[np.int64], resamples: int, seed: int) -> NDArray[np.float64]:
    """Draw subjects with replacement.

    Parameters
    ----------
    class_of : ndarray of int, shape (n_subjects,)
        The class of each subject; as many of each class are drawn as there are. All alike where subjects have several.
    resamples : int
    seed : int

    Returns
    -------
    ndarray of float64, shape (resamples, n_subjects)
        How often each subject was drawn.

    References
    ----------
    Davison, A. C., Hinkley, D. V. (1997). Bootstrap Methods and their Application, chapter 3.8. Cambridge.
    """
    order = np.random.default_rng(seed)
    counts = np.zeros((resamples, len(class_of)))
    for number in np.unique(class_of):
        members = np.flatnonzero(class_of == number)
        drawn = order.multinomial(len(members), np.full(len(members), 1 / len(members)), size=resamples)
        counts[:, members] = drawn
    return counts


def interval_of(value: float, drawn: NDArray[np.float64]) -> Interval:
    """Return a figure with the percentiles of its resampled values, NaN among them left out.

    Returns
    -------
    Interval
    """
    known = drawn[np.isfinite(drawn)]
    if not len(known) or not np.isfinite(value):
        return Interval(mean=float(value), ci_low=float("nan"), ci_high=float("nan"))
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(mean=float(value), ci_low=float(low), ci_high=float(high))


def weighted_auc(
    scores: NDArray[np.float64], positive: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the area under the ROC curve for many weightings of the same rows at once.

    Parameters
    ----------
    scores : ndarray, shape (n,)
    positive : ndarray of bool, shape (n,)
    weights : ndarray, shape (m, n)
        How often each row counts.

    Returns
    -------
    ndarray of float64, shape (m,)
        Share of pairs in which the positive row has the higher score, ties counted half; NaN without a pair.
    """
    values, group = np.unique(scores, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(len(values)))
    found = [_auc_of(part[:, order], positive[order], starts) for part in _pieces(weights)]
    return np.concatenate(found) if found else np.empty(0)


def _auc_of(weights: NDArray[np.float64], positive: NDArray[np.bool_], starts: NDArray[np.intp]) -> NDArray[np.float64]:
    positives = np.add.reduceat(weights * positive, starts, axis=1)
    negatives = np.add.reduceat(weights * ~positive, starts, axis=1)
    below = np.cumsum(negatives, axis=1) - negatives
    pairs = positives.sum(axis=1) * negatives.sum(axis=1)
    won = (positives * (below + negatives / 2)).sum(axis=1)
    return np.where(pairs > 0, won / np.where(pairs > 0, pairs, 1.0), np.nan)


def _pieces(weights: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    step = max(1, _CELLS_AT_ONCE // max(1, weights.shape[1]))
    for start in range(0, len(weights), step):
        yield weights[start : start + step]
