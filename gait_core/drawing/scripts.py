"""Puts letters of right-to-left scripts into the order and the shapes in which they are drawn.

HTML needs none of this: a browser knows scripts. A PDF draws one letter after the other, as it is told. Short names and
labels come out right; the full bidirectional algorithm (Unicode Annex 9) is not attempted.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

__all__ = ["as_drawn"]

_ALEF: Final = frozenset("\u0622\u0623\u0625\u0627")
_LAM: Final = "\u0644"
_PAIRS: Final = str.maketrans("()[]{}<>«»", ")(][}{><»«")


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
    runs = _runs(text)
    drawn = [(_shaped(piece)[::-1].translate(_PAIRS) if right else piece) for right, piece in runs]
    # A line that begins in such a script is read from the right as a whole.
    return "".join(reversed(drawn) if runs[0][0] else drawn)


def _runs(text: str) -> list[tuple[bool, str]]:
    """Return pieces of one direction; what has none belongs to its neighbours when they agree, else to the line."""
    strong: list[bool | None] = []
    for character in text:
        kind = unicodedata.bidirectional(character)
        # Digits are written from the left inside a word from the right, too.
        right = kind in ("R", "AL", "NSM")
        strong.append(True if right else False if kind in ("L", "EN", "AN") else None)
    line = next((direction for direction in strong if direction is not None), False)
    for number, direction in enumerate(strong):
        if direction is None:
            before = next((one for one in reversed(strong[:number]) if one is not None), line)
            after = next((one for one in strong[number:] if one is not None), line)
            strong[number] = before if before == after else line
    runs: list[tuple[bool, str]] = []
    for direction, character in zip(strong, text, strict=True):
        if runs and runs[-1][0] == bool(direction):
            runs[-1] = (bool(direction), runs[-1][1] + character)
        else:
            runs.append((bool(direction), character))
    return runs


@cache
def _forms() -> Mapping[tuple[str, str], str]:
    """Return (form, letters) → the one character that draws it, from the Unicode data themselves."""
    found: dict[tuple[str, str], str] = {}
    for code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFF00)):
        form, *letters = unicodedata.decomposition(chr(code)).split() or [""]
        if form in ("<initial>", "<medial>", "<final>", "<isolated>"):
            key = form[1:-1], "".join(chr(int(letter, 16)) for letter in letters)
            found.setdefault(key, chr(code))
    return found


def _shaped(text: str) -> str:
    """Return Arabic letters in the forms that join them; other letters stay."""
    letters: list[str] = []
    for character in text:
        if letters and letters[-1] == _LAM and character in _ALEF:
            letters[-1] += character
        else:
            letters.append(character)
    forms = _forms()
    marks = {number for number, letter in enumerate(letters) if unicodedata.bidirectional(letter[0]) == "NSM"}
    drawn = []
    for number, letter in enumerate(letters):
        before = next((letters[k] for k in range(number - 1, -1, -1) if k not in marks), "")
        after = next((letters[k] for k in range(number + 1, len(letters)) if k not in marks), "")
        joins_back = ("initial", before) in forms and ("final", letter) in forms
        joins_on = ("initial", letter) in forms and ("final", after) in forms
        form = {(True, True): "medial", (True, False): "final", (False, True): "initial"}.get(
            (joins_back, joins_on), "isolated"
        )
        drawn.append(forms.get((form, letter), letter))
    return "".join(drawn)
