"""What a report contains, before it is laid out: plain texts, numbers as texts, drawings and images."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gait_core.drawing.shapes import Drawing

__all__ = [
    "ChangeRow",
    "CheckRow",
    "ClassCard",
    "ClassRow",
    "EvidenceFrame",
    "Fact",
    "ParameterRow",
    "RangeRow",
    "Report",
    "Verdict",
]

_LONG_NAME: Final = 26
_CARDS_PER_PAGE: Final = 4


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A short label and what it says."""

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the comparison with the baseline came to.

    Attributes
    ----------
    level : str
        ``normal``, ``watch``, ``alert`` or ``withheld``; the last also without a baseline.
    word, meaning : str
        For people.
    """

    level: str
    word: str
    meaning: str


@dataclass(frozen=True, kw_only=True)
class ParameterRow:
    """One line of the table of values.

    Attributes
    ----------
    label, unit : str
    left, right, mean : str
        A dash where there is none.
    interval, reference, position : str
        ``1.20–1.31``; empty where there is none. `position`: ``below``, ``within`` or ``above`` the reference.
    drawing : Drawing
        The values on their scale.
    """

    label: str
    unit: str
    left: str
    right: str
    mean: str
    interval: str
    reference: str
    position: str
    drawing: Drawing


@dataclass(frozen=True, kw_only=True)
class CheckRow:
    """One thing about the recording; `state` is ``good``, ``poor`` or ``unusable``."""

    label: str
    state: str
    sentence: str
    advice: str = ""


@dataclass(frozen=True, kw_only=True)
class ChangeRow:
    """One line of the table of changes; `real` marks a change beyond the usual spread, None one that is not known."""

    label: str
    unit: str
    baseline: str
    visit: str
    difference: str
    needed: str
    source: str
    verdict: str
    real: bool | None


@dataclass(frozen=True, kw_only=True)
class RangeRow:
    """One line of the table of joint angles, shown where there is no baseline to compare with."""

    label: str
    left: str
    right: str


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassRow:
    """One class of one model, with a bar for its probability."""

    label: str
    probability: str
    drawing: Drawing


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassCard:
    """What one promoted model said.

    Attributes
    ----------
    title : str
        Name of the model.
    sentence : str
        The class with its probability, or that it abstains, or why it could not be applied.
    trained_on : str
        What the model is and what it learned from; empty where that is not known.
    abstains : bool
    rows : tuple of ClassRow
        The likeliest class first; empty where there are no probabilities.
    reasons : tuple of str
        Why it abstains.
    """

    title: str
    sentence: str
    trained_on: str
    abstains: bool
    rows: tuple[ClassRow, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class EvidenceFrame:
    """One image of the walk; `jpeg` is the file."""

    title: str
    detail: str
    jpeg: bytes


@dataclass(frozen=True, kw_only=True, eq=False)
class Report:
    """One report of one walk.

    Attributes
    ----------
    subject, walk, date : str
        Pseudonym, name of the video, day of the measurement.
    language : str
        For screen readers.
    facts : tuple of Fact
        The strip under the heading.
    verdict : Verdict
    summary : tuple of str
        Three short paragraphs.
    disclaimer : str
    body_map : Drawing
    body_caption : str
    parameters : tuple of ParameterRow
    parameter_notes : tuple of str
        What is withheld and why, where metres and reference values come from.
    checks : tuple of CheckRow
        What limits the recording, worst first.
    checks_good : str
        The rest in one sentence.
    curves, curves_legend : Drawing
    curves_note : str
    changes : tuple of ChangeRow
        Empty without a baseline.
    ranges : tuple of RangeRow
        Empty with a baseline.
    table_note : str
        Under either table.
    evidence : tuple of EvidenceFrame
    evidence_note : str
    methods : tuple of Fact
    seal : tuple of Fact
        Hashes and versions; the hash of the report itself is `digest`.
    classes : tuple of ClassCard
        What promoted models said, on pages of their own; empty where none was applied.
    classes_note : str
        How to read it.
    """

    subject: str
    walk: str
    date: str
    language: str = "en-GB"
    facts: tuple[Fact, ...]
    verdict: Verdict
    summary: tuple[str, ...]
    disclaimer: str
    body_map: Drawing
    body_caption: str
    parameters: tuple[ParameterRow, ...]
    parameter_notes: tuple[str, ...]
    checks: tuple[CheckRow, ...]
    checks_good: str
    curves: Drawing
    curves_legend: Drawing
    curves_note: str
    changes: tuple[ChangeRow, ...]
    ranges: tuple[RangeRow, ...]
    table_note: str
    evidence: tuple[EvidenceFrame, ...]
    evidence_note: str
    methods: tuple[Fact, ...]
    seal: tuple[Fact, ...]
    classes: tuple[ClassCard, ...] = ()
    classes_note: str = ""

    @property
    def pages(self) -> int:
        """Pages that it fills."""
        return 2 + len(self.class_pages)

    @property
    def class_pages(self) -> tuple[tuple[ClassCard, ...], ...]:
        """What promoted models said, page by page."""
        starts = range(0, len(self.classes), _CARDS_PER_PAGE)
        return tuple(self.classes[start : start + _CARDS_PER_PAGE] for start in starts)

    @property
    def long_name(self) -> bool:
        """The pseudonym needs smaller print to stay on two lines."""
        return len(self.subject) > _LONG_NAME

    @property
    def title(self) -> str:
        """Title of the document."""
        return f"Gait report: {self.subject}, {self.date}"

    @property
    def digest(self) -> str:
        """SHA-256 over everything that the report says and shows, as JSON with sorted keys."""
        content = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON; an image is its SHA-256."""
        return {name: _plain(value) for name, value in vars(self).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, EvidenceFrame):
        return {"title": value.title, "detail": value.detail, "jpeg": hashlib.sha256(value.jpeg).hexdigest()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Drawing):
        return {"title": value.title, "description": value.description, "shapes": _plain(value.shapes)}
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(item) for name, item in vars(value).items()}
    return round(float(value), 3) if isinstance(value, float) else value
