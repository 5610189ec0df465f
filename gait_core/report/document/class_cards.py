"""What promoted models said of a walk, as a report states it: apart from the level, in which they have no part."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gait_core.drawing.shapes import Drawing
from gait_core.drawing.style import LIGHT
from gait_core.learn.model_verdicts import OF_GROUPS, class_name, trained_on, verdict
from gait_core.report.document.report_data import ClassCard, ClassRow
from gait_core.report.document.words import clean_text

__all__ = ["class_cards"]

_MOST_ROWS: Final = 9
_MOST_REASONS: Final = 3
_BAR_WIDTH: Final = 110.0
_BAR_HEIGHT: Final = 8.0


def class_cards(classified: Sequence[Mapping[str, Any]]) -> tuple[tuple[ClassCard, ...], str]:
    """Return what each promoted model said, and how to read it.

    Parameters
    ----------
    classified : sequence of mapping
        See `gait_core.baseline.analyses.AnalysisSummary.classified`.

    Returns
    -------
    cards : tuple of ClassCard
    note : str
        Empty where no model was applied.
    """
    if not classified:
        return (), ""
    return tuple(_card(said) for said in classified), OF_GROUPS


def _card(said: Mapping[str, Any]) -> ClassCard:
    abstains = bool(said.get("abstained"))
    reasons = [clean_text(f"It abstains: {reason}.", 160) for reason in said.get("reasons", ())]
    if len(reasons) > _MOST_REASONS:
        reasons[_MOST_REASONS - 1 :] = [f"And {len(reasons) - _MOST_REASONS + 1} further reasons."]
    return ClassCard(
        title=clean_text(said.get("title") or said.get("name") or "A model", 44),
        sentence=clean_text(verdict(said), 230),
        trained_on=clean_text(trained_on(said), 200),
        abstains=abstains,
        rows=_rows(said.get("probabilities") or {}, abstains),
        reasons=tuple(reasons),
    )


def _rows(probabilities: Mapping[str, Any], abstains: bool) -> tuple[ClassRow, ...]:
    """Return the classes, the likeliest first; grey where the model abstains from them."""
    ordered = sorted(((str(name), float(share)) for name, share in probabilities.items()), key=lambda one: -one[1])
    if len(ordered) > _MOST_ROWS:
        left = ordered[_MOST_ROWS - 1 :]
        ordered[_MOST_ROWS - 1 :] = [(f"{len(left)} further classes", sum(share for _, share in left))]
    return tuple(
        ClassRow(label=_name(name), probability=_percent(share), drawing=_bar(name, share, abstains))
        for name, share in ordered
    )


def _bar(name: str, share: float, abstains: bool) -> Drawing:
    drawing = Drawing(width=_BAR_WIDTH, height=_BAR_HEIGHT, title=f"Probability of {_name(name)}: {_percent(share)}")
    drawing.rectangle(0.0, 1.0, _BAR_WIDTH, _BAR_HEIGHT - 2.0, LIGHT.body_far, radius=2.0)
    filled = _BAR_WIDTH * min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    if filled >= 1.0:
        colour = LIGHT.faint if abstains else LIGHT.accent
        drawing.rectangle(0.0, 1.0, filled, _BAR_HEIGHT - 2.0, colour, radius=min(2.0, filled / 2))
    return drawing


def _name(name: str) -> str:
    return clean_text(class_name(name), 32)


def _percent(share: float | None) -> str:
    return "–" if share is None or not math.isfinite(share) else clean_text(f"{100 * share:.0f} %")
