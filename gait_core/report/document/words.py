"""Numbers, names and the three sentences of the report, in words that a patient understands."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gait_core.gait.change import shown_difference
from gait_core.phrases import joined, plural
from gait_core.report.document.recording import FEW_STRIDES, recording_state

if TYPE_CHECKING:
    from gait_core.baseline.findings import BaselineComparison
    from gait_core.gait.measurement import Measurement
    from gait_core.gait.parameters.parameter import Parameter, Summary
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
    "summary_sentences",
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
_MOST_NAMED: Final = 2
_DOUBTS: Final[Mapping[str, str]] = {
    "other_person": "Check first that this is the same person: the proportions of the body do not fit.",
    "mixed_baseline": "The earlier walks may show several people; check them first.",
    "in_baseline": "The baseline was made from this very recording, so that it fits by necessity.",
}


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


def summary_sentences(
    measurement: Measurement,
    baseline: BaselineComparison | None,
    references: Mapping[str, ReferenceRange],
    marked: Sequence[str],
    changed: Sequence[str],
) -> tuple[str, str, str]:
    """Sum the walk up in words that a patient understands.

    Parameters
    ----------
    measurement : Measurement
    baseline : BaselineComparison or None
    references : mapping of str to ReferenceRange
    marked : sequence of str
        Parts of the body that deviate, most first.
    changed : sequence of str
        Values that changed by more than usual.

    Returns
    -------
    recorded, measured, compared : str
        What was filmed, what was measured, and what it means; each may be more than one sentence.
    """
    return _recorded(measurement), _measured(measurement, references), _compared(baseline, marked, changed)


def _recorded(measurement: Measurement) -> str:
    count = {side: sum(stride.side == side for stride in measurement.strides) for side in ("left", "right")}
    total = sum(count.values())
    what = f"The video, filmed from the {measurement.visible_side} side,"
    if measurement.from_markers:
        what = "The recording with markers"
    seen = f"{what} shows {plural(total, 'full stride')}"
    state = recording_state(measurement)
    if not total:
        refused = any(warning.blocking for warning in measurement.warnings)
        refused = refused or any(check.state == "unusable" for check in measurement.checks)
        why = ": the recording is not good enough" if refused else "; a longer walk has to be filmed"
        return f"The video shows no complete stride, so the steps could not be measured{why}."
    if state == "unusable":
        return f"{seen}, but the recording is not good enough to judge the walk."
    if min(count.values()) == 0:
        unseen = min(count, key=lambda side: count[side])
        return f"{seen}, but none of the {unseen} foot; film a longer way."
    if total < FEW_STRIDES:
        return f"{seen}; that is few, so the values below are rough."
    if state == "poor":
        return f"{seen}; the recording has weaknesses, so read the values with some care."
    return f"{seen}, and the recording is good enough to rely on the values below."


def _value_phrase(summary: Summary, unit: str) -> str:
    text = f"{number(summary.mean, unit)} {unit_word(unit)}".strip()
    if summary.ci_low is None or summary.ci_high is None:
        return text
    low, high = number(summary.ci_low, unit), number(summary.ci_high, unit)
    return text if low == high else f"{text} (probably between {low} and {high})"


def _measured(measurement: Measurement, references: Mapping[str, ReferenceRange]) -> str:
    found = measurement.parameters
    speed = found.get("walking_speed_mps")
    cadence = found.get("cadence_spm")
    parts = []
    if speed is not None and speed.both is not None:
        parts.append(f"the person walked at {_value_phrase(speed.both, speed.unit)}")
    if cadence is not None and cadence.both is not None:
        text = f"{number(cadence.both.mean, cadence.unit)} steps a minute"
        parts.append(f"taking {text}" if parts else f"the person took {text}")
    if not parts:
        return "Speed and rhythm of the steps could not be measured from this video."
    text = ", ".join(parts)
    for parameter, what in ((speed, "the speed"), (cadence, "the cadence")):
        text += _judged(parameter, what, references)
    if speed is None or speed.both is None:
        given = measurement.scale is not None
        text += (
            "; speed and lengths need a complete stride"
            if given
            else "; no scale was given, so speed and lengths are not in metres"
        )
    return f"{text[0].upper()}{text[1:]}."


def _judged(parameter: Parameter | None, what: str, references: Mapping[str, ReferenceRange]) -> str:
    """Say where a value lies against its reference; nothing where there is none."""
    reference = references.get(parameter.name) if parameter is not None else None
    where = position(parameter.both.mean if parameter is not None and parameter.both is not None else None, reference)
    return f"; {what} is {where} the usual range of {reference.people}" if reference is not None and where else ""


def _compared(baseline: BaselineComparison | None, marked: Sequence[str], changed: Sequence[str]) -> str:
    if baseline is None:
        return "No earlier walks of this person are stored, so this report cannot say whether the walk has changed."
    codes = {warning.code for warning in baseline.warnings}
    said = _said_of_level(baseline, marked, changed)
    doubts = [sentence for code, sentence in _DOUBTS.items() if code in codes]
    return " ".join([said, *doubts])


def _said_of_level(baseline: BaselineComparison, marked: Sequence[str], changed: Sequence[str]) -> str:
    walks = plural(baseline.n_walks, "earlier walk") if baseline.n_walks else "earlier walks"
    if baseline.level is None:
        return (
            f"Whether the walk has changed since the {walks} is left open, because the two cannot be compared fairly."
        )
    most = f", most of all at the {joined(marked[:_MOST_NAMED])}" if marked else ""
    named = joined([*changed[:3], plural(len(changed) - 3, "other value")] if len(changed) > 3 else changed)
    if baseline.level == "normal":
        but = f"; only {named} changed by more than usual" if changed else " and no value changed by more than usual"
        return f"Compared with the {walks} of this person, the walk looks as usual{but}."
    how = "unusual" if baseline.level == "watch" else "clearly different"
    also = f"; {named} changed by more than usual" if changed else ""
    again = ", so film another walk before drawing a conclusion" if baseline.level == "watch" else ""
    return f"Compared with the {walks} of this person, the walk looks {how}{most}{also}{again}."
