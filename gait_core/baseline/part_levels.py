"""When the deviation of one part of the body is named, and how it is graded."""

from __future__ import annotations

import math
from typing import Final

__all__ = ["PART_LIMITS", "part_level"]

PART_LIMITS: Final = (1.5, 2.5)
"""Lowest deviations of a part of the body, 1 = typical, at which it is marked as somewhat and as clearly different."""


def part_level(deviation: float) -> str:
    """Return the level of one part of the body.

    Parameters
    ----------
    deviation : float
        In units of what is typical of the person; NaN where it is not known.

    Returns
    -------
    str
    """
    if not math.isfinite(deviation):
        return "withheld"
    return "alert" if deviation >= PART_LIMITS[1] else "watch" if deviation >= PART_LIMITS[0] else "normal"
