"""Which values a parameter can have at all, and intervals that keep to them.

The interval of a mean is widened for few values (see `statistics.interval`) and can then reach below a time of 0 or
above 100 % of the cycle. The mean cannot lie there, so that cutting such an interval costs no coverage.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from gait_core.gait.parameters.parameter import Summary

__all__ = ["cut_note", "possible_range", "within"]

_ANY: Final = (-math.inf, math.inf)
_NOT_NEGATIVE: Final = (0.0, math.inf)
_SIGNED_LENGTHS: Final = ("step_length", "walk_ratio")
"""Negative where one foot does not pass the other; where it did in every step, their mean is not below 0."""


def possible_range(name: str, unit: str, lowest: float = -math.inf) -> tuple[float, float]:
    """Return the lowest and the highest value that a parameter can have, in its unit.

    Parameters
    ----------
    name : str
        Of the parameter, for example ``knee_rom_deg``.
    unit : str
        As `Parameter` keeps it.
    lowest : float
        Lowest single value of the walk.

    Returns
    -------
    tuple of float
        Infinite where there is no limit: an angle has none, but its range is not negative.
    """
    if unit == "%":
        return 0.0, 100.0
    if unit == "deg":
        return _NOT_NEGATIVE if name.endswith("_rom_deg") else _ANY
    return _ANY if name.startswith(_SIGNED_LENGTHS) and lowest < 0.0 else _NOT_NEGATIVE


def within(summary: Summary | None, possible: tuple[float, float]) -> Summary | None:
    """Return the summary with its interval clipped to what is possible, or unchanged when nothing has to be clipped.

    Returns
    -------
    Summary or None
        None when `summary` is None.

    References
    ----------
    Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13 (an interval should preserve the range).
    """
    if summary is None or summary.ci_low is None or summary.ci_high is None:
        return summary
    low, high = max(summary.ci_low, possible[0]), min(summary.ci_high, possible[1])
    return summary if (low, high) == (summary.ci_low, summary.ci_high) else replace(summary, ci_low=low, ci_high=high)


def cut_note(possible: tuple[float, float], unit: str) -> str:
    """Return the sentence that says why an interval was cut.

    Returns
    -------
    str
        One sentence with the possible range and its unit.
    """
    low, high = (f"{limit:g} {unit}".strip() for limit in possible)
    where = f"{low}, the lowest possible value" if math.isinf(possible[1]) else f"the possible values, {low} to {high}"
    return f"The interval is cut at {where}: few values that differ much make it very wide."
