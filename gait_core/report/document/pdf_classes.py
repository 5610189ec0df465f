"""The pages of a PDF report with what promoted models said: two columns of cards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gait_core.drawing.pdf_canvas import MM, Sheet
from gait_core.drawing.style import LIGHT
from gait_core.report.document.pdf_blocks import (
    BODY,
    SMALL,
    Block,
    Cell,
    Column,
    beside,
    heading,
    paragraph,
    stacked,
    table,
)
from gait_core.report.document.report_data import ClassCard

__all__ = ["class_blocks"]

_GAP: Final = 7.0 * MM
_SHARE: Final = 16.0 * MM
_BAR: Final = 34.0 * MM


def class_blocks(sheet: Sheet, cards: Sequence[ClassCard], note: str, width: float) -> list[Block]:
    """Set the cards of one page, two beside each other.

    Parameters
    ----------
    sheet : Sheet
    cards : sequence of ClassCard
    note : str
        How to read them.
    width : float
        Of the page without its margins, points.

    Returns
    -------
    list of Block
        From top to bottom.
    """
    half = (width - _GAP) / 2
    under = paragraph(sheet, note, width, size=SMALL, colour=LIGHT.muted)
    blocks = [stacked(heading(sheet, "What the trained models say"), under, gap=2.0)]
    for first in range(0, len(cards), 2):
        pair = [_card(sheet, card, half) for card in cards[first : first + 2]]
        blocks.append(beside([(number * (half + _GAP), block) for number, block in enumerate(pair)]))
    return blocks


def _card(sheet: Sheet, card: ClassCard, width: float) -> Block:
    parts = [
        paragraph(sheet, card.title, width, size=SMALL, colour=LIGHT.accent),
        paragraph(sheet, card.sentence, width, size=10.2, bold=True, leading=1.25),
    ]
    if card.trained_on:
        parts.append(paragraph(sheet, card.trained_on, width, size=SMALL, colour=LIGHT.muted, leading=1.3))
    if card.rows:
        parts.append(_probabilities(sheet, card, width))
    parts += [paragraph(sheet, reason, width, size=SMALL, leading=1.3) for reason in card.reasons]
    return stacked(*parts, gap=2.0)


def _probabilities(sheet: Sheet, card: ClassCard, width: float) -> Block:
    columns = [
        Column(title="Class", width=width - _BAR - _SHARE),
        Column(title="", width=_BAR),
        Column(title="Probability", width=_SHARE, right=True),
    ]
    colour = LIGHT.muted if card.abstains else LIGHT.text
    rows = [
        [
            Cell(text=row.label, colour=colour, size=BODY - 1.0),
            Cell(drawing=row.drawing),
            Cell(text=row.probability, colour=colour, size=BODY - 1.0),
        ]
        for row in card.rows
    ]
    return table(sheet, columns, rows, row_height=12.0)
