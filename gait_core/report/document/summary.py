"""The summary of a report: what was recorded, measured and compared, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from gait_core.phrases import joined, plural
from gait_core.report.document.recording import FEW_STRIDES, recording_state

if TYPE_CHECKING:
    from gait_core.baseline.findings import BaselineComparison
    from gait_core.gait.measurement import Measurement
    from gait_core.gait.parameters.parameter import Parameter, Summary
    from gait_core.gait.parameters.reference import ReferenceRange
from gait_core.report.document.words import number, position, unit_word

__all__ = ["summary_sentences"]


_MOST_NAMED: Final = 2


_DOUBTS: Final[Mapping[str, str]] = {
    "other_person": "Check first that this is the same person: the proportions of the body do not fit.",
    "mixed_baseline": "The earlier walks may show several people; check them first.",
    "in_baseline": "The baseline was made from this very recording, so that it fits by necessity.",
}


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
