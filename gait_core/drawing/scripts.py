"""Puts letters of right-to-left scripts into the order and the shapes in which they are drawn.

HTML needs none of this: a browser knows scripts. A PDF draws one letter after the other, as it is told.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from arabic_reshaper import ArabicReshaper

__all__ = ["as_drawn"]

_OPENING: Final = re.escape("([{<«‹")
_CLOSING: Final = re.escape(")]}>»›")
_INSIDE: Final = "\ufffc"
"""Placed beside each bracket, on the side of what it encloses, while a line is reordered: it has no direction of its
own, so it goes where its bracket goes."""


def as_drawn(text: str) -> str:
    """Return a line of text as its letters stand from left to right.

    Parameters
    ----------
    text : str
        In the order in which it is read.

    Returns
    -------
    str
        The same text where no letter belongs to a right-to-left script.
    """
    if not any(unicodedata.bidirectional(character) in ("R", "AL") for character in text):
        return text
    return _ordered(_reshaper().reshape(text))


def _ordered(text: str) -> str:
    """Return the characters in the order of Unicode Annex 9, brackets turned where they are read from the right.

    The library applies the rules up to L2; rule L4, which turns brackets, is left to those who draw. A bracket is read
    from the right exactly where it and its companion have changed places.
    """
    from bidi import get_display
    from bidi.mirror import MIRRORED

    marked = re.sub(f"[{_OPENING}]", rf"\g<0>{_INSIDE}", text.replace(_INSIDE, ""))
    marked = re.sub(f"[{_CLOSING}]", rf"{_INSIDE}\g<0>", marked)
    kept, turned = (
        f"([{_OPENING}]){_INSIDE}|{_INSIDE}([{_CLOSING}])",
        f"{_INSIDE}([{_OPENING}])|([{_CLOSING}]){_INSIDE}",
    )

    def bracket(found: re.Match[str]) -> str:
        return found[1] or found[2] or MIRRORED[found[3] or found[4]]

    return re.sub(f"{kept}|{turned}", bracket, get_display(marked))


@cache
def _reshaper() -> ArabicReshaper:
    """Return what joins Arabic letters; vowel signs stay, and no ligature is used that the typefaces lack."""
    from arabic_reshaper import ArabicReshaper

    return ArabicReshaper({"delete_harakat": False, "ARABIC LIGATURE ALLAH": False})
