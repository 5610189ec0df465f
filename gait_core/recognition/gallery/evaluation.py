"""How well distances tell people apart: ranks (`rank_k`, `rank_curve`, `rank_by_view`) and `mean_average_precision`.

Ties count against the model: an entry of another person at the same distance is ranked first. So no figure depends on
the order of the gallery, and a model that gives every walk the same embedding scores nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gait_core.errors import InputError
from gait_core.recognition.gallery.verification import (
    EqualErrorRate,
    Labels,
    RocCurve,
    VerificationPairs,
    checked_distances,
    equal_error_rate,
    roc_curve,
    verification_pairs,
)

__all__ = [
    "EqualErrorRate",
    "MeanPrecision",
    "RankCurve",
    "RanksByView",
    "RocCurve",
    "VerificationPairs",
    "comparable_pairs",
    "equal_error_rate",
    "mean_average_precision",
    "rank_by_view",
    "rank_curve",
    "rank_k",
    "roc_curve",
    "verification_pairs",
]


@dataclass(frozen=True, kw_only=True, eq=False)
class RankCurve:
    """Cumulative match characteristic.

    Attributes
    ----------
    rates : ndarray, shape (n_gallery,)
        Share of the probes whose person is among the nearest 1, 2, … entries.
    probes : int
        Probes that were counted.
    left_out : int
        Probes without a comparable entry of the same person, which no model could match.
    """

    rates: NDArray[np.float64]
    probes: int
    left_out: int


@dataclass(frozen=True, kw_only=True, eq=False)
class RanksByView:
    """Rank of each pair of views.

    Attributes
    ----------
    probe_views, gallery_views : tuple of str
    rates : ndarray, shape (n_probe_views, n_gallery_views)
        NaN for identical views and where no probe could be counted.
    mean : float
        Over the gallery views of each probe view, then over the probe views.
    """

    probe_views: tuple[str, ...]
    gallery_views: tuple[str, ...]
    rates: NDArray[np.float64]
    mean: float


@dataclass(frozen=True, kw_only=True)
class MeanPrecision:
    """Figures of the whole ranking, not only of its top.

    Attributes
    ----------
    mean_average_precision : float
        Mean over the probes of the precision at each entry of the right person.
    mean_inverse_negative_penalty : float
        Mean over the probes of the right entries by the place of the last of them.
    probes, left_out : int
        As in `RankCurve`.
    """

    mean_average_precision: float
    mean_inverse_negative_penalty: float
    probes: int
    left_out: int


def comparable_pairs(
    probe_sequences: Labels,
    gallery_sequences: Labels,
    probe_views: Labels | None = None,
    gallery_views: Labels | None = None,
) -> NDArray[np.bool_]:
    """Return which pairs may be compared: not a sequence with itself and, where views are given, not the same view.

    Parameters
    ----------
    probe_sequences, gallery_sequences : sequence
        What identifies each sequence, such as its path or digest.
    probe_views, gallery_views : sequence, optional
        View of each sequence. Leave out to compare within a view as well.

    Returns
    -------
    ndarray of bool, shape (n_probe, n_gallery)

    Raises
    ------
    InputError
        When only one side has views.
    """
    allowed = np.asarray(probe_sequences)[:, None] != np.asarray(gallery_sequences)[None, :]
    if (probe_views is None) != (gallery_views is None):
        raise InputError("Expected views of both sides or of neither, but got one.", "Give both, or leave out both.")
    if probe_views is not None and gallery_views is not None:
        allowed &= np.asarray(probe_views)[:, None] != np.asarray(gallery_views)[None, :]
    return np.asarray(allowed, dtype=bool)


def rank_k(
    distances: ArrayLike,
    probe_ids: Labels,
    gallery_ids: Labels,
    k: int,
    *,
    comparable: ArrayLike | None = None,
) -> float:
    """Return the share of the probes whose person is among the `k` nearest entries.

    Parameters
    ----------
    distances : array_like, shape (n_probe, n_gallery)
    probe_ids, gallery_ids : sequence
        Person of each row and column.
    k : int
        From 1.
    comparable : array_like of bool, shape (n_probe, n_gallery), optional
        From `comparable_pairs`; default: all.

    Returns
    -------
    float
        In [0, 1]; see `rank_curve` for the probes that cannot be counted.

    Raises
    ------
    InputError
        When shapes do not fit, a distance is NaN, `k` is below 1, or no probe has anything to be matched with.
    """
    if k < 1:
        raise InputError(f"Expected k from 1, but got {k}.", "Give 1 for the nearest entry.")
    rates = rank_curve(distances, probe_ids, gallery_ids, comparable=comparable).rates
    return float(rates[min(k, len(rates)) - 1])


def rank_curve(
    distances: ArrayLike,
    probe_ids: Labels,
    gallery_ids: Labels,
    *,
    comparable: ArrayLike | None = None,
) -> RankCurve:
    """Return the cumulative match characteristic; arguments and errors as of `rank_k`, without `k`.

    Returns
    -------
    RankCurve
        Its last rate is 1, because every probe that counts has a match.

    References
    ----------
    Phillips, P. J., Grother, P., Micheals, R. (2011). Evaluation methods in face recognition. In: Handbook of Face
    Recognition, chapter 21. Springer.
    """
    values, same, allowed = _checked(distances, probe_ids, gallery_ids, comparable)
    right, wrong = same & allowed, ~same & allowed
    counted = _counted(right)
    nearest = np.min(values, axis=1, initial=np.inf, where=right)[counted]
    before = np.sum(wrong[counted] & (values[counted] <= nearest[:, None]), axis=1)
    hits = np.bincount(before, minlength=values.shape[1])[: values.shape[1]]
    return RankCurve(rates=np.cumsum(hits) / counted.sum(), probes=int(counted.sum()), left_out=int((~counted).sum()))


def rank_by_view(
    distances: ArrayLike,
    probe_ids: Labels,
    gallery_ids: Labels,
    probe_views: Labels,
    gallery_views: Labels,
    k: int = 1,
    *,
    comparable: ArrayLike | None = None,
) -> RanksByView:
    """Return rank `k` for every probe view against every other gallery view, as the published tables state it.

    Parameters
    ----------
    distances, probe_ids, gallery_ids, k, comparable
        As of `rank_k`.
    probe_views, gallery_views : sequence
        View of each row and column.

    Returns
    -------
    RanksByView

    Raises
    ------
    InputError
        As of `rank_k`, and when no pair of different views can be counted.

    References
    ----------
    Yu, S., Tan, D., Tan, T. (2006). A framework for evaluating the effect of view angle, clothing and carrying
    condition on gait recognition. ICPR, 441-444.
    """
    values, same, allowed = _checked(distances, probe_ids, gallery_ids, comparable)
    if (len(probe_views), len(gallery_views)) != values.shape:
        raise InputError(
            f"Expected a view for each of {values.shape[0]} probes and {values.shape[1]} entries, but got "
            f"{len(probe_views)} and {len(gallery_views)}.",
            "Give one view per row and per column.",
        )
    row_ids, column_ids = _ids(probe_ids, gallery_ids)
    row_view, column_view = _ids(probe_views, gallery_views)
    rows, columns = np.unique(row_view), np.unique(column_view)
    rates = np.full((len(rows), len(columns)), np.nan)
    for i, j in np.ndindex(rates.shape):
        at, to = np.flatnonzero(row_view == rows[i]), np.flatnonzero(column_view == columns[j])
        cell = np.ix_(at, to)
        if rows[i] != columns[j] and (same[cell] & allowed[cell]).any():
            rates[i, j] = rank_k(values[cell], row_ids[at], column_ids[to], k, comparable=allowed[cell])
    known = [row[np.isfinite(row)].mean() for row in rates if np.isfinite(row).any()]
    if not known:
        raise _nothing_to_match()
    return RanksByView(
        probe_views=tuple(rows.tolist()), gallery_views=tuple(columns.tolist()), rates=rates, mean=float(np.mean(known))
    )


def mean_average_precision(
    distances: ArrayLike,
    probe_ids: Labels,
    gallery_ids: Labels,
    *,
    comparable: ArrayLike | None = None,
) -> MeanPrecision:
    """Return mean average precision and mean inverse negative penalty; arguments (no `k`) and errors as of `rank_k`.

    Returns
    -------
    MeanPrecision
        Both figures lie above 0 and reach 1 when each probe has all its matches before any other person.

    References
    ----------
    Zheng, L. et al. (2015). Scalable person re-identification: a benchmark. ICCV, 1116-1124.
    Ye, M. et al. (2022). Deep learning for person re-identification: a survey and outlook. IEEE TPAMI 44(6), 2872-2893.
    """
    values, same, allowed = _checked(distances, probe_ids, gallery_ids, comparable)
    counted = _counted(same & allowed)
    precisions, penalties = [], []
    for row in np.flatnonzero(counted):
        known = allowed[row]
        # At equal distance another person comes first.
        right = same[row, known][np.lexsort((same[row, known], values[row, known]))]
        places = np.flatnonzero(right) + 1
        found = np.arange(1, len(places) + 1) / places
        precisions.append(found.mean())
        penalties.append(found[-1])
    return MeanPrecision(
        mean_average_precision=float(np.mean(precisions)),
        mean_inverse_negative_penalty=float(np.mean(penalties)),
        probes=int(counted.sum()),
        left_out=int((~counted).sum()),
    )


def _ids(probe_ids: Labels, gallery_ids: Labels) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    rows, columns = (np.asarray([str(name) for name in ids], dtype=np.str_) for ids in (probe_ids, gallery_ids))
    return rows, columns


def _checked(
    distances: ArrayLike, probe_ids: Labels, gallery_ids: Labels, comparable: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return distances, which pairs are of one person, and which count."""
    values, allowed = checked_distances(distances, len(probe_ids), len(gallery_ids), comparable)
    rows, columns = _ids(probe_ids, gallery_ids)
    return values, np.asarray(rows[:, None] == columns[None, :]), allowed


def _counted(right: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which probes have a match in the gallery."""
    counted = right.any(axis=1)
    if not counted.any():
        raise _nothing_to_match()
    return np.asarray(counted)


def _nothing_to_match() -> InputError:
    return InputError(
        "Expected a probe with another walk of the same person in the gallery, but there is none.",
        "Enrol at least one walk of each person, other than the probe itself.",
    )
