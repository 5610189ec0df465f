"""How far left and right differ, by the published indices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

__all__ = ["FORMULAS", "asymmetry"]

FORMULAS: Final[Mapping[str, str]] = {
    "difference": "left − right, in the unit of the parameter",
    "robinson_pct": "100 · (left − right) / (½ · (left + right)), Robinson 1987",
    "ratio": "left / right",
    "log_ratio_pct": "100 · |ln(left / right)|, Plotnik 2007",
}
"""Index → how it is computed, to be printed beside the value."""


def asymmetry(left: float, right: float, *, ratio_scale: bool = True) -> dict[str, float]:
    """Compare left and right.

    Parameters
    ----------
    left, right : float
        Means of one parameter, in the same unit.
    ratio_scale : bool
        False for a value whose zero is a convention (an angle): only the difference has a meaning.

    Returns
    -------
    dict of str to float
        Keys of `FORMULAS`; 0 % and a ratio of 1 mean equal sides. Indices that are not defined for these values
        (a side that is not positive) are left out.

    References
    ----------
    Robinson, Herzog & Nigg 1987, J Manipulative Physiol Ther 10:172 (symmetry index). Plotnik, Giladi & Hausdorff
    2007, Exp Brain Res 181:561 (logarithm of the ratio, for swing times: shorter over longer, absolute value).
    """
    found = {"difference": left - right}
    if ratio_scale and left > 0.0 and right > 0.0:
        found["robinson_pct"] = 100.0 * (left - right) / (0.5 * (left + right))
        found["ratio"] = left / right
        found["log_ratio_pct"] = 100.0 * abs(math.log(left / right))
    return found
