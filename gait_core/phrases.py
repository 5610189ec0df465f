"""Counts, shares and lists in words, for messages and pages alike."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence

__all__ = ["joined", "one_spelling", "percent", "plural"]


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun.

    Parameters
    ----------
    count : int
    one : str
        The noun for a count of 1.
    many : str, optional
        For all other counts; default: `one` with an *s*.

    Returns
    -------
    str
        For example ``3 walks``.
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def percent(share: float | None, digits: int = 0) -> str:
    """Return a share as a percentage.

    Parameters
    ----------
    share : float or None
        In [0, 1].
    digits : int
        Decimals.

    Returns
    -------
    str
        For example ``95 %``; a dash where the share is not known.
    """
    return "–" if share is None or not math.isfinite(share) else f"{100 * share:.{digits}f} %"


def joined(names: Sequence[str]) -> str:
    """Return names as a list in words.

    Returns
    -------
    str
        For example ``hip, knee and ankle``; empty without names.
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def one_spelling(name: str) -> str:
    """Return a name in the one way in which it is stored, of the several that look alike.

    Parameters
    ----------
    name : str
        As typed; an accent may be a character of its own, as file names of macOS have it.

    Returns
    -------
    str
        In Unicode's composed form (NFC), with single spaces, none at the ends.
    """
    return unicodedata.normalize("NFC", " ".join(name.split()))
