"""Names of columns that mean something in a table: written in any case, and missed with a hint at what was meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Final

__all__ = ["ORDERS", "POINT", "did_you_mean", "has_points", "misspelt", "usual_name"]

ORDERS: Final = (
    *("time_s", "time_ms", "time", "timestamp_s", "timestamp"),
    *("index", "number", "stride", "step", "cycle", "frame"),
)
"""Columns by which the lines of a series are put in order."""

POINT: Final = re.compile(r"p(\d{3})_(\w+)")
"""A point of a gait cycle: ``p000_deg``."""

_KEYS: Final = frozenset({"video", "subject", "label", "split", "walk", "side", "channel", *ORDERS})
_LIKE_POINT: Final = re.compile(r"p?_?\d{1,3}([_ %].*)?", re.IGNORECASE)
_SERIES_OF_POINTS: Final = 50
_ALIKE: Final = 0.75


def usual_name(name: str) -> str:
    """Return the name of a column as it is known: ``Subject`` as ``subject``, ``P000_Deg`` as ``p000_deg``.

    Columns without a meaning of their own, such as parameters and covariates, keep their names.

    Returns
    -------
    str
    """
    lower = name.casefold()
    if lower in _KEYS:
        return lower
    if POINT.fullmatch(lower):
        number, _, unit = name.partition("_")
        return f"{number.lower()}_{'deg' if unit.casefold() == 'deg' else unit}"
    return name


def has_points(header: Sequence[str]) -> bool:
    """Return whether columns are points of gait cycles, or many columns that are numbered as if they were.

    Returns
    -------
    bool
    """
    if any(POINT.fullmatch(name) for name in header):
        return True
    numbered = [name for name in header if _LIKE_POINT.fullmatch(name)]
    if not {"side", "channel"} & set(header):  # parameters may be numbered, points begin with p
        numbered = [name for name in numbered if name[0] in "pP"]
    return len(numbered) >= _SERIES_OF_POINTS


def misspelt(wanted: str, header: Sequence[str]) -> str | None:
    """Return the column that looks most like one that is missing; None where none does.

    Returns
    -------
    str or None
    """
    others = {name.casefold(): name for name in header if name not in _KEYS and not _LIKE_POINT.fullmatch(name)}
    found = difflib.get_close_matches(wanted, list(others), n=1, cutoff=_ALIKE)
    return others[found[0]] if found else None


def did_you_mean(missing: Sequence[str], header: Sequence[str]) -> str:
    """Return the hint for columns that are missing: which column may be meant, empty where none looks like one.

    Returns
    -------
    str
        ``Did you mean channel by 'chanel'? Rename it.`` with a blank behind it.
    """
    meant = [f"{name} by {found!r}" for name in missing if (found := misspelt(name, header))]
    return f"Did you mean {' and '.join(meant)}? Rename it. " if meant else ""
