"""What a series of values of one person, such as stride times, is summarised by; the label plays no part.

Outliers
    A value further than five standard deviations from the median of the series is left out: turns, pauses and missed
    steps, not the variability itself. The standard deviation is estimated robustly, by the larger of 1.4826 × median
    absolute deviation and interquartile range / 1.349 (a series with two frequent values would make the first 0); at
    least 0.5 % of the median, so that an even series does not lose its ordinary values.
Differences and autocorrelation
    Only between values that followed each other before outliers were left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST_VALUES", "SUMMARIES", "inliers", "summary", "summary_names"]

FEWEST_VALUES: Final = 10
"""A series with fewer values after outliers is left out."""

SUMMARIES: Final[Mapping[str, str]] = {
    "mean": "mean",
    "sd": "standard deviation",
    "cv": "coefficient of variation, %",
    "masd": "median absolute difference between successive values",
    "q05": "5th percentile",
    "q25": "25th percentile",
    "median": "median",
    "q75": "75th percentile",
    "q95": "95th percentile",
    "trend": "slope of the least-squares line over the series, from its beginning to its end",
    "lag1": "autocorrelation at lag 1, -1 to 1",
}
"""Feature → what it is; those without a unit of their own have that of the series."""

_OWN_UNITS: Final = {"cv": "pct", "lag1": ""}
_UNIT: Final = re.compile(r"(.+)_(s|ms|hz|px|m|cm|mm|deg|pct|mps|spm|n|nm|w)")
_FENCE: Final = 5.0
_MAD_TO_SD: Final = 1.4826
_IQR_TO_SD: Final = 1.349
_SMALLEST_SHARE: Final = 0.005


def summary_names(column: str) -> tuple[str, ...]:
    """Return the names of the features of a column: ``right_stride_time_s`` → ``right_stride_time_mean_s`` ….

    Returns
    -------
    tuple of str
    """
    match = _UNIT.fullmatch(column)
    stem, unit = (match[1], match[2]) if match else (column, "")
    return tuple("_".join(part for part in (stem, key, _OWN_UNITS.get(key, unit)) if part) for key in SUMMARIES)


def inliers(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which values of a series are kept, shape (n,); NaN is not.

    Returns
    -------
    ndarray, shape (n,), bool
    """
    finite = np.isfinite(values)
    if not finite.any():
        return finite
    middle = float(np.median(values[finite]))
    q25, q75 = np.percentile(values[finite], [25, 75])
    deviation = max(_MAD_TO_SD * float(np.median(np.abs(values[finite] - middle))), float(q75 - q25) / _IQR_TO_SD)
    away = np.abs(np.where(finite, values, np.inf) - middle)
    return away <= _FENCE * max(deviation, _SMALLEST_SHARE * abs(middle))


def summary(values: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Summarise one series.

    Parameters
    ----------
    values : ndarray, shape (n,)
        In order of time; NaN where missing.

    Returns
    -------
    ndarray, shape (n_summaries,), or None
        In the order of `SUMMARIES`; None when fewer than `FEWEST_VALUES` are left.

    References
    ----------
    Hausdorff 1998, Mov Disord 13:428 (stride-time variability in Parkinson's and Huntington's disease);
    Hausdorff 2000, J Appl Physiol 88:2045 (amyotrophic lateral sclerosis).
    """
    keep = inliers(values)
    kept = values[keep]
    if len(kept) < FEWEST_VALUES:
        return None
    place = np.flatnonzero(keep)
    follow = np.diff(place) == 1
    differences = np.abs(np.diff(kept))[follow]
    mean, sd = float(kept.mean()), float(kept.std(ddof=1))
    q05, q25, median, q75, q95 = np.percentile(kept, [5, 25, 50, 75, 95]).tolist()
    share = place / max(1, len(values) - 1)
    found = {
        "mean": mean,
        "sd": sd,
        "cv": 100.0 * sd / abs(mean) if mean else 0.0,
        "masd": float(np.median(differences)) if len(differences) else 0.0,
        "q05": q05,
        "q25": q25,
        "median": median,
        "q75": q75,
        "q95": q95,
        "trend": float(np.polyfit(share, kept, 1)[0]),
        "lag1": _lag1(kept, follow),
    }
    return np.array([found[key] for key in SUMMARIES])


def _lag1(kept: NDArray[np.float64], follow: NDArray[np.bool_]) -> float:
    away = kept - kept.mean()
    spread = float((away**2).mean())
    if spread <= 0.0 or not follow.any():
        return 0.0
    return float(np.clip((away[:-1] * away[1:])[follow].mean() / spread, -1.0, 1.0))
