"""Whether two walks are of one person, from their distance: `verification_pairs`, `roc_curve`, `equal_error_rate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gait_core.errors import InputError
from gait_core.learn.intervals import LEVEL, Interval, draw_subjects, interval_of

__all__ = [
    "EqualErrorRate",
    "Labels",
    "RocCurve",
    "VerificationPairs",
    "checked_distances",
    "equal_error_rate",
    "roc_curve",
    "verification_pairs",
]

Labels: TypeAlias = Sequence[Any] | NDArray[Any]
"""One label per row or column; compared as text."""
_MOST_STEPS: Final = 4096
"""Thresholds among which the bootstrap looks for the equal error rate."""


@dataclass(frozen=True, kw_only=True, eq=False)
class VerificationPairs:
    """Pairs of walks, each with its distance.

    Attributes
    ----------
    distance : ndarray of float64, shape (n_pairs,)
    first, second : ndarray of int, shape (n_pairs,)
        Person of either walk, as an index into `subjects`.
    subjects : tuple of str
    """

    distance: NDArray[np.float64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    subjects: tuple[str, ...]

    @property
    def genuine(self) -> NDArray[np.bool_]:
        """Which pairs are two walks of one person."""
        return np.asarray(self.first == self.second)


@dataclass(frozen=True, kw_only=True, eq=False)
class RocCurve:
    """Rates at every distance at which they change; a pair is accepted at a distance up to the threshold.

    Attributes
    ----------
    threshold : ndarray, shape (n,)
        Rising, from minus infinity (nothing is accepted).
    false_accept : ndarray, shape (n,)
        Share of the pairs of two people that are accepted.
    true_accept : ndarray, shape (n,)
        Share of the pairs of one person that are accepted.
    """

    threshold: NDArray[np.float64]
    false_accept: NDArray[np.float64]
    true_accept: NDArray[np.float64]

    @property
    def area(self) -> float:
        """Area under the curve: how often a pair of one person is nearer than a pair of two."""
        return float(np.trapezoid(self.true_accept, self.false_accept))


@dataclass(frozen=True, kw_only=True)
class EqualErrorRate:
    """Error at the threshold where as many of the same person are rejected as of others are accepted, in shares.

    Attributes
    ----------
    rate : Interval
        With its 95 % interval over the people.
    threshold : float
    subjects : int
        People of whom there is a pair.
    genuine_pairs, impostor_pairs : int
    """

    rate: Interval
    threshold: float
    subjects: int
    genuine_pairs: int
    impostor_pairs: int


def verification_pairs(
    distances: ArrayLike,
    probe_ids: Labels,
    gallery_ids: Labels | None = None,
    *,
    comparable: ArrayLike | None = None,
) -> VerificationPairs:
    """Return the pairs of walks that can be compared.

    Parameters
    ----------
    distances : array_like, shape (n_probe, n_gallery)
    probe_ids : sequence
        Person of each row.
    gallery_ids : sequence, optional
        Person of each column. Leave out where rows and columns are the same walks: each pair then counts once, and no
        walk is paired with itself.
    comparable : array_like of bool, shape (n_probe, n_gallery), optional
        From `gait_core.recognition.gallery.evaluation.comparable_pairs`; default: all.

    Returns
    -------
    VerificationPairs

    Raises
    ------
    InputError
        When shapes do not fit or a distance is NaN.
    """
    columns = probe_ids if gallery_ids is None else gallery_ids
    values, allowed = checked_distances(distances, len(probe_ids), len(columns), comparable)
    if gallery_ids is None:
        allowed = np.triu(allowed, 1)
    names, index = np.unique([str(name) for name in (*probe_ids, *columns)], return_inverse=True)
    rows, others = np.nonzero(allowed)
    return VerificationPairs(
        distance=values[rows, others],
        first=index[rows].astype(np.int64),
        second=index[len(probe_ids) + others].astype(np.int64),
        subjects=tuple(names.tolist()),
    )


def checked_distances(
    distances: ArrayLike, rows: int, columns: int, comparable: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return distances and which of them count.

    Parameters
    ----------
    distances : array_like, shape (rows, columns)
    rows, columns : int
        Number of probes and of gallery entries.
    comparable : array_like of bool, shape (rows, columns), or None
        Pairs that may be compared; None for all.

    Returns
    -------
    distances : ndarray of float64, shape (rows, columns)
        NaN at most in pairs that do not count.
    comparable : ndarray of bool, shape (rows, columns)

    Raises
    ------
    InputError
        When a shape is another than (rows, columns), or a distance that counts is NaN.
    """
    values = np.asarray(distances, dtype=np.float64)
    allowed = np.ones(values.shape, dtype=bool) if comparable is None else np.asarray(comparable, dtype=bool)
    if values.shape != (rows, columns) or allowed.shape != values.shape:
        raise InputError(
            f"Expected distances of shape {(rows, columns)}, one row per probe and one column per entry, but got "
            f"{values.shape} with {allowed.shape} to compare.",
            "Give one person per row and per column.",
        )
    if np.isnan(values[allowed]).any():
        raise InputError("Expected distances, but some are NaN.", "Embed the sequences again; check the weights.")
    return values, allowed


def roc_curve(pairs: VerificationPairs) -> RocCurve:
    """Return the receiver operating characteristic.

    Parameters
    ----------
    pairs : VerificationPairs

    Returns
    -------
    RocCurve
        One point per distinct distance, after a first one at which nothing is accepted; both rates rise from 0 to 1.

    Raises
    ------
    InputError
        When there is no pair of one person, or none of two.
    """
    _check_both_kinds(pairs)
    threshold, step = np.unique(pairs.distance, return_inverse=True)
    accepted = _accepted(pairs, step, len(threshold), np.ones(len(pairs.distance)))
    return RocCurve(threshold=np.concatenate([[-np.inf], threshold]), false_accept=accepted[0], true_accept=accepted[1])


def equal_error_rate(pairs: VerificationPairs, *, resamples: int = 1000, seed: int = 0) -> EqualErrorRate:
    """Return the equal error rate with its interval.

    People are drawn with replacement, with all their walks: the walks of one person are alike, so pairs are no
    independent trials. A pair of one person counts as often as that person was drawn, a pair of two people as often as
    the product. Where no error was seen, drawing again sees none either; the upper limit is then that of Clopper and
    Pearson for no error among as many trials as there are people.

    Parameters
    ----------
    pairs : VerificationPairs
    resamples : int
    seed : int

    Returns
    -------
    EqualErrorRate

    Raises
    ------
    InputError
        As of `roc_curve`.

    References
    ----------
    Bolle, R. M., Ratha, N. K., Pankanti, S. (2004). Error analysis of pattern recognition systems: the subsets
    bootstrap. Computer Vision and Image Understanding 93(1), 1-33.
    Clopper, C. J., Pearson, E. S. (1934). The use of confidence or fiducial limits illustrated in the case of the
    binomial. Biometrika 26(4), 404-413.
    """
    curve = roc_curve(pairs)
    rate, place = _crossing(curve.false_accept, curve.true_accept)
    edges = curve.threshold[1:]
    if len(edges) > _MOST_STEPS:
        edges = np.unique(np.quantile(edges, np.linspace(0, 1, _MOST_STEPS)))
    step = np.searchsorted(edges, pairs.distance)
    present = np.unique(pairs.first[pairs.genuine])
    drawn = np.full(resamples, np.nan)
    counts = draw_subjects(np.zeros(len(pairs.subjects), dtype=np.int64), resamples, seed)
    for number, count in enumerate(counts):
        weights = np.where(pairs.genuine, count[pairs.first], count[pairs.first] * count[pairs.second])
        if weights[pairs.genuine].any() and weights[~pairs.genuine].any():
            drawn[number], _ = _crossing(*_accepted(pairs, step, len(edges), weights))
    interval = interval_of(rate, drawn)
    if rate == 0.0:
        interval = Interval(mean=0.0, ci_low=0.0, ci_high=1.0 - ((1 - LEVEL) / 2) ** (1 / len(present)))
    return EqualErrorRate(
        rate=interval,
        threshold=float(curve.threshold[place]),
        subjects=len(np.unique([pairs.first, pairs.second])),
        genuine_pairs=int(pairs.genuine.sum()),
        impostor_pairs=int((~pairs.genuine).sum()),
    )


def _accepted(
    pairs: VerificationPairs, step: NDArray[np.intp], steps: int, weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return false and true accepts up to each step, beginning with none."""
    rates = []
    for wanted in (~pairs.genuine, pairs.genuine):
        total = np.cumsum(np.bincount(step[wanted], weights[wanted], steps))
        rates.append(np.concatenate([[0.0], total / total[-1]]))
    return rates[0], rates[1]


def _crossing(false_accept: NDArray[np.float64], true_accept: NDArray[np.float64]) -> tuple[float, int]:
    """Return the rate at which both errors are equal, between the steps along a line, and the step that reaches it."""
    apart = false_accept - (1.0 - true_accept)
    after = int(np.argmax(apart >= 0.0))
    share = -apart[after - 1] / (apart[after] - apart[after - 1])
    return float(false_accept[after - 1] + share * (false_accept[after] - false_accept[after - 1])), after


def _check_both_kinds(pairs: VerificationPairs) -> None:
    genuine = int(pairs.genuine.sum())
    if genuine in (0, len(pairs.distance)):
        raise InputError(
            f"Expected pairs of one person and of two, but got {genuine} and {len(pairs.distance) - genuine}.",
            "Give at least two people, one of them with two walks.",
        )
