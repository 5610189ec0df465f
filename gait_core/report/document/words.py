"""Numbers, names and the three sentences of the report, in words that a patient understands."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gait_core.gait.change import shown_difference

if TYPE_CHECKING:
    from gait_core.gait.parameters.reference import ReferenceRange

__all__ = [
    "DISCLAIMER",
    "VERDICTS",
    "clean_text",
    "day",
    "difference",
    "interval",
    "number",
    "position",
    "signed",
    "unit_word",
]

DISCLAIMER: Final = "Decision support, not a medical device."
VERDICTS: Final[Mapping[str, tuple[str, str]]] = {
    "normal": ("Normal", "Within what this person’s own earlier walks showed."),
    "watch": ("Watch", "Unusual for this person. Film another walk before drawing a conclusion."),
    "alert": ("Alert", "Far outside what this person’s own earlier walks showed."),
    "withheld": ("Withheld", "A verdict would mislead here; the recording says why."),
    "none": ("No baseline", "There are no earlier walks of this person to compare with."),
}
_DIGITS: Final[Mapping[str, int]] = {
    "s": 2,
    "%": 1,
    "m": 2,
    "m/s": 2,
    "steps/min": 0,
    "deg": 0,
    "": 2,
}
_UNITS: Final[Mapping[str, str]] = {"deg": "°", "leg": "leg lengths", "leg/s": "leg lengths/s"}
_DASH: Final = "–"
_JOINERS: Final = "\u200c\u200d"
"""Parts of the spelling of some scripts, unlike the other characters that cannot be seen."""


_SENTENCE_END: Final = re.compile(r"[.?!](?= )")
_BEFORE_UNIT: Final = re.compile(r"(?<=\d) (?=(?:%|°|m|cm|mm|px|s|ms|Hz|m/s)(?!\w))")


def clean_text(text: object, limit: int = 60) -> str:
    """Make a text from outside safe to print on one line.

    Parameters
    ----------
    text : object
        Anything; its `str` is taken.
    limit : int
        Most characters; what is longer ends in ``…`` after a sentence, or after a word.

    Returns
    -------
    str
        Without line breaks, control characters, and invisible characters, such as those that reverse the direction of
        the text.
    """
    plain = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in str(text))
    plain = "".join(c for c in plain if c in _JOINERS or unicodedata.category(c) not in ("Cs", "Cf", "Co", "Cn"))
    plain = unicodedata.normalize("NFC", " ".join(plain.split()))
    # A number and its unit stay on one line.
    plain = _BEFORE_UNIT.sub("\u00a0", plain)
    return plain if len(plain) <= limit else _cut(plain, limit)


def _cut(plain: str, limit: int) -> str:
    """Return the beginning of a text: whole sentences where most of it is, else whole words where it has several."""
    start = plain[: limit - 2]
    ends = [found.end() for found in _SENTENCE_END.finditer(start)]
    if ends and ends[-1] > limit // 2:
        return f"{start[: ends[-1]].rstrip()} …"
    start = plain[: limit - 1]
    words = start[: start.rfind(" ")] if start.rfind(" ") > limit // 2 else start
    return words.rstrip(" ,;:") + "…"


def unit_word(unit: str) -> str:
    """Return a unit as people write it.

    Returns
    -------
    str
        For example ``°`` for ``deg``; most units stay as they are.
    """
    return _UNITS.get(unit, unit)


def number(value: float | None, unit: str = "", digits: int | None = None) -> str:
    """Format a value for people.

    Parameters
    ----------
    value : float or None
    unit : str
        Decides the decimals; not printed.
    digits : int, optional
        Decimals, instead of those that suit the unit.

    Returns
    -------
    str
        With a minus sign instead of a hyphen, and never −0; a dash for None, NaN and infinity.
    """
    if value is None or not math.isfinite(value):
        return _DASH
    places = digits if digits is not None else _places(unit)
    text = f"{value:.{places}f}"
    text = text.lstrip("-") if float(text) == 0 else text
    return text.replace("-", "−")


def _places(unit: str) -> int:
    return _DIGITS.get(unit, 4 if "(" in unit else 2)


def signed(value: float | None, unit: str = "") -> str:
    """Format a difference with its sign.

    Parameters
    ----------
    value : float or None
    unit : str
        Decides the decimals; not printed.

    Returns
    -------
    str
        As of `number`, with a plus in front where it is above 0.
    """
    return _with_plus(number(value, unit))


def difference(now: float | None, before: float | None, unit: str = "", digits: int | None = None) -> str:
    """Format by how much a value differs from another that stands beside it.

    Parameters
    ----------
    now, before : float or None
    unit : str
        Decides the decimals; not printed.
    digits : int, optional
        Decimals, instead of those that suit the unit.

    Returns
    -------
    str
        The difference of both as `number` shows them, with its sign; a dash where one is missing.
    """
    if now is None or before is None or not (math.isfinite(now) and math.isfinite(before)):
        return _DASH
    places = digits if digits is not None else _places(unit)
    return _with_plus(number(shown_difference(now, before, places), digits=places))


def _with_plus(text: str) -> str:
    return text if text == _DASH or text.startswith("−") or float(text) == 0 else f"+{text}"


def interval(low: float | None, high: float | None, unit: str = "") -> str:
    """Format an interval.

    Parameters
    ----------
    low, high : float or None
    unit : str
        Decides the decimals; not printed.

    Returns
    -------
    str
        For example ``1.20–1.31``, or ``−3 to 5`` where it begins below 0; empty where an end is missing.
    """
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    separator = " to " if low < 0 else "–"
    return f"{number(low, unit)}{separator}{number(high, unit)}"


def position(value: float | None, reference: ReferenceRange | None) -> str:
    """Return where a value lies against its reference range.

    Returns
    -------
    str
        ``below``, ``within`` (the ends included) or ``above``; empty where the value or the range is missing.
    """
    if value is None or reference is None or not math.isfinite(value):
        return ""
    return "below" if value < reference.low else "above" if value > reference.high else "within"


def day(seconds: float) -> str:
    """Return a day in words.

    Parameters
    ----------
    seconds : float
        Since 1970, s.

    Returns
    -------
    str
        In the time zone of this machine, for example ``3 May 2026``.
    """
    moment = datetime.fromtimestamp(seconds, UTC).astimezone()
    return f"{moment.day} {moment:%B %Y}"
