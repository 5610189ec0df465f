"""Agreement between two methods that measured the same things."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError

__all__ = ["BlandAltman", "Icc", "bland_altman", "icc", "mae", "rmse"]

FEWEST_PAIRS: Final = 3
Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class BlandAltman:
    """Bias and limits of agreement of pairs, in the unit of the values.

    Attributes
    ----------
    n : int
        Pairs.
    bias : float
        Mean of measured − reference.
    bias_low, bias_high : float
        Interval of the bias.
    sd : float
        Of the differences.
    lower, upper : float
        Limits of agreement: 95 % of differences are expected between them.
    lower_low, lower_high, upper_low, upper_high : float
        Intervals of the limits.
    """

    n: int
    bias: float
    bias_low: float
    bias_high: float
    sd: float
    lower: float
    lower_low: float
    lower_high: float
    upper: float
    upper_low: float
    upper_high: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Icc:
    """Intraclass correlation of single measurements with its interval.

    Attributes
    ----------
    form : {"2,1", "3,1"}
        Absolute agreement (a constant bias counts) or consistency (it does not).
    value, low, high : float
    n : int
        Pairs.
    """

    form: str
    value: float
    low: float
    high: float
    n: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)


def _pairs(measured: Array, reference: Array) -> tuple[Array, Array]:
    measured, reference = np.asarray(measured, dtype=float), np.asarray(reference, dtype=float)
    if measured.shape != reference.shape or measured.ndim != 1:
        raise InputError(
            f"Expected as many measured as reference values, but got {measured.shape} and {reference.shape}.",
            "Pair the values first.",
        )
    whole = np.isfinite(measured) & np.isfinite(reference)
    return measured[whole], reference[whole]


def rmse(measured: Array, reference: Array, *, without_offset: bool = False) -> float:
    """Return the root mean square difference; NaN without pairs.

    Parameters
    ----------
    measured, reference : ndarray, shape (n,)
        Pairs with a missing value are left out.
    without_offset : bool
        Take the mean difference out first, so that only the course counts.

    Returns
    -------
    float
    """
    measured, reference = _pairs(measured, reference)
    if not len(measured):
        return float("nan")
    difference = measured - reference
    return float(np.sqrt(np.mean((difference - (difference.mean() if without_offset else 0.0)) ** 2)))


def mae(measured: Array, reference: Array) -> float:
    """Return the mean absolute difference; NaN without pairs.

    Returns
    -------
    float
    """
    measured, reference = _pairs(measured, reference)
    return float(np.abs(measured - reference).mean()) if len(measured) else float("nan")


def bland_altman(measured: Array, reference: Array, *, confidence_level: float = 0.95) -> BlandAltman | None:
    """Compute bias and limits of agreement, or None below three pairs.

    The strides of one walk are treated as independent pairs: the limits state what to expect of single strides of this
    walk, not of other people.

    Parameters
    ----------
    measured, reference : ndarray, shape (n,)
    confidence_level : float
        Of the intervals; the limits themselves are always ±1.96 SD.

    Returns
    -------
    BlandAltman or None

    References
    ----------
    Bland & Altman 1986, Lancet 327:307. Bland & Altman 1999, Stat Methods Med Res 8:135 (variance of the limits).
    """
    from scipy.stats import t

    measured, reference = _pairs(measured, reference)
    n = len(measured)
    if n < FEWEST_PAIRS:
        return None
    difference = measured - reference
    bias, sd = float(difference.mean()), float(difference.std(ddof=1))
    z = 1.959964
    quantile = float(t.ppf(0.5 + confidence_level / 2, n - 1))
    of_bias = quantile * sd / np.sqrt(n)
    of_limit = quantile * sd * np.sqrt(1.0 / n + z**2 / (2.0 * (n - 1)))
    lower, upper = bias - z * sd, bias + z * sd
    return BlandAltman(
        n=n,
        bias=bias,
        bias_low=float(bias - of_bias),
        bias_high=float(bias + of_bias),
        sd=sd,
        lower=lower,
        lower_low=float(lower - of_limit),
        lower_high=float(lower + of_limit),
        upper=upper,
        upper_low=float(upper - of_limit),
        upper_high=float(upper + of_limit),
    )


def icc(values: Array, form: str = "2,1", *, confidence_level: float = 0.95) -> Icc | None:
    """Compute an intraclass correlation of single measurements.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        One row per thing measured, one column per method; rows with a missing value are left out.
    form : {"2,1", "3,1"}
        Two-way random effects, absolute agreement; or two-way mixed effects, consistency.
    confidence_level : float

    Returns
    -------
    Icc or None
        None below three rows, or when nothing differs between the rows and nothing between the columns.

    References
    ----------
    Shrout & Fleiss 1979, Psychol Bull 86:420. McGraw & Wong 1996, Psychol Methods 1:30 (intervals).
    """
    if form not in ("2,1", "3,1"):
        raise InputError(f"Expected form '2,1' or '3,1', but got {form!r}.", "Choose one of them.")
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values).all(axis=1)]
    n, k = values.shape
    if n < FEWEST_PAIRS or k < 2 or not np.ptp(values) > 0.0:
        return None
    rows, columns, rest = _mean_squares(values)
    # Methods that agree but for a constant leave no residual; a trace of it keeps the ratios below finite.
    rest = max(rest, 1e-12 * max(rows, columns))
    bottom = rows + (k - 1) * rest + (k * (columns - rest) / n if form == "2,1" else 0.0)
    if bottom <= 0.0:
        return None
    value = float((rows - rest) / bottom)
    interval = _absolute_interval if form == "2,1" else _consistency_interval
    low, high = interval(rows, columns, rest, n, k, 0.5 + confidence_level / 2)
    return Icc(form=form, value=value, low=low, high=high, n=n)


def _mean_squares(values: Array) -> tuple[float, float, float]:
    """Return the mean squares of rows, of columns and of the rest."""
    n, k = values.shape
    grand = values.mean()
    by_row, by_column = values.mean(axis=1, keepdims=True), values.mean(axis=0, keepdims=True)
    rows = k * float(((by_row - grand) ** 2).sum()) / (n - 1)
    columns = n * float(((by_column - grand) ** 2).sum()) / (k - 1)
    rest = float(((values - by_row - by_column + grand) ** 2).sum()) / ((n - 1) * (k - 1))
    return rows, columns, rest


def _consistency_interval(
    rows: float, _columns: float, rest: float, n: int, k: int, quantile: float
) -> tuple[float, float]:
    from scipy.stats import f

    ratio, freedom = rows / rest, (n - 1) * (k - 1)
    low = ratio / float(f.ppf(quantile, n - 1, freedom))
    high = ratio * float(f.ppf(quantile, freedom, n - 1))
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _absolute_interval(
    rows: float, columns: float, rest: float, n: int, k: int, quantile: float
) -> tuple[float, float]:
    from scipy.stats import f

    value = (rows - rest) / (rows + (k - 1) * rest + k * (columns - rest) / n)
    ratio = columns / rest
    part = n * (1 + (k - 1) * value) - k * value
    freedom = (k - 1) * (n - 1) * (k * value * ratio + part) ** 2
    freedom /= (n - 1) * k**2 * value**2 * ratio**2 + part**2
    spread = k * columns + (k * n - k - n) * rest
    below, above = float(f.ppf(quantile, n - 1, freedom)), float(f.ppf(quantile, freedom, n - 1))
    low = n * (rows - below * rest) / (below * spread + n * rows)
    high = n * (above * rows - rest) / (spread + n * above * rows)
    return float(low), float(high)
