"""The checks of a report: what about the recording limits what can be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from gait_core.errors import WalkWarning
from gait_core.gait.check import NO_DOUBT
from gait_core.gait.gate import CHECK_OF
from gait_core.phrases import joined, plural
from gait_core.report.document.recording import recording_checks
from gait_core.report.document.report_data import CheckRow
from gait_core.report.document.words import (
    clean_text,
)

if TYPE_CHECKING:
    pass
from gait_core.gait.measurement import Measurement

__all__ = ["check_rows"]


_MOST_CHECKS: Final = 4


_DOUBTS: Final[Mapping[str, str]] = {
    "other_person": "Same person?",
    "mixed_baseline": "Baseline of one person?",
    "in_baseline": "Part of the baseline",
}


def check_rows(measurement: Measurement, doubts: Sequence[WalkWarning] = ()) -> tuple[tuple[CheckRow, ...], str]:
    """Return what limits the recording.

    Parameters
    ----------
    measurement : Measurement
    doubts : sequence of WalkWarning
        What stands beside a verdict; those that the measurement does not state come before all others.

    Returns
    -------
    rows : tuple of CheckRow
        At most four: first the doubts that the measurement itself does not raise, then its own; in both groups
        ``unusable`` before ``poor``.
    rest : str
        How many more there are, what is good and what was not judged; may be empty.
    """
    found = recording_checks(measurement)
    beside = _beside_the_verdict(measurement, doubts)
    bad = [
        CheckRow(
            label=clean_text(check.label, 32),
            state=check.state,
            sentence=clean_text(check.sentence, 190),
            advice=clean_text(check.advice, 115),
        )
        for check in found
        if check.state in ("poor", "unusable")
    ]
    told = {row.sentence for row in bad}
    for warning in measurement.warnings:
        sentence = clean_text(warning.message, 190)
        if sentence not in told and not _is_told(warning.code, measurement):
            state = "unusable" if warning.blocking else "good" if warning.code in NO_DOUBT else "poor"
            bad.append(CheckRow(label=_code_words(warning.code), state=state, sentence=sentence))
    bad.sort(key=lambda row: row.state != "unusable")
    good = [check.label.lower() for check in found if check.state == "good"]
    unknown = [check.label.lower() for check in found if check.state == "not_measured"]
    bad = [*beside, *bad]
    more = len(bad) - _MOST_CHECKS
    parts = [
        f"And {plural(more, 'further remark')}, shown in Gait Studio." if more > 0 else "",
        f"Good: {joined(good)}." if good else "",
        f"Not judged: {joined(unknown)}." if unknown else "",
    ]
    return tuple(bad[:_MOST_CHECKS]), clean_text(" ".join(part for part in parts if part), 250)


_TOLD_ELSEWHERE: Final = ("no_scale", "markers")


def _beside_the_verdict(measurement: Measurement, doubts: Sequence[WalkWarning]) -> list[CheckRow]:
    codes = {warning.code for warning in measurement.warnings}
    codes |= {f"{check.state}_{check.name}" for check in measurement.checks}
    rows = [
        CheckRow(
            label=_DOUBTS.get(doubt.code) or _code_words(doubt.code),
            state="unusable" if doubt.blocking else "poor",
            sentence=clean_text(doubt.message, 230),
        )
        for doubt in doubts
        if doubt.code not in codes
    ]
    return sorted(rows, key=lambda row: row.state != "unusable")


def _is_told(code: str, measurement: Measurement) -> bool:
    wanted = CHECK_OF.get(code)
    told = any(check.name == wanted and check.state in ("poor", "unusable") for check in measurement.checks)
    return told or code in _TOLD_ELSEWHERE


def _code_words(code: str) -> str:
    return clean_text(code.replace("_", " ").capitalize(), 32)
