"""The pieces of a page: each knows its height before it is drawn, so that a page can be filled evenly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gait_core.drawing.pdf_canvas import MM, Sheet
from gait_core.drawing.shapes import Drawing
from gait_core.drawing.style import LIGHT
from gait_core.report.document.report_data import Fact

__all__ = [
    "BODY",
    "SMALL",
    "Block",
    "Cell",
    "Column",
    "beside",
    "drawn",
    "fact_strip",
    "heading",
    "lines",
    "paragraph",
    "stacked",
    "table",
]

BODY: Final = 9.4
SMALL: Final = 7.8
_HEADING: Final = 10.4


@dataclass(frozen=True, kw_only=True)
class Block:
    """Something on a page.

    Attributes
    ----------
    height : float
        Points.
    draw : callable
        Draws it, given the left edge and the top.
    """

    height: float
    draw: Callable[[float, float], None]


def paragraph(
    sheet: Sheet,
    text: str,
    width: float,
    *,
    size: float = BODY,
    colour: str = LIGHT.text,
    bold: bool = False,
    leading: float = 1.36,
    align: str = "start",
    first: float = 0.0,
    even: bool = False,
) -> Block:
    """Set a text, broken into lines.

    Parameters
    ----------
    sheet : Sheet
        Measures the text, and is drawn on later.
    text : str
    width : float
        Longest line, points.
    size : float
        Of the font, points.
    colour : str
    bold : bool
    leading : float
        Distance from line to line, as a multiple of `size`.
    align : {"start", "end"}
    first : float
        Where the first line begins, points from the left edge; for ``start`` alone.
    even : bool
        Make the lines about equally long, without more of them.

    Returns
    -------
    Block
        As high as its lines.
    """
    wrapped = sheet.wrap(text, size, width, bold=bold, first=first)
    if even:
        narrower = (sheet.wrap(text, size, width * (1.0 - 0.02 * k), bold=bold) for k in range(20))
        wrapped = [even for even in narrower if len(even) == len(wrapped)][-1]
    step = size * leading

    def draw(x: float, y: float) -> None:
        for number, line in enumerate(wrapped):
            at = x + width if align == "end" else x + (first if number == 0 else 0.0)
            sheet.text(at, y + number * step + size, line, size, colour, bold=bold, anchor=align)

    return Block(height=len(wrapped) * step, draw=draw)


def heading(sheet: Sheet, text: str) -> Block:
    """Set a heading.

    Returns
    -------
    Block
        The heading and the space below it.
    """

    def draw(x: float, y: float) -> None:
        sheet.text(x, y + _HEADING, text, _HEADING, LIGHT.accent, bold=True)

    return Block(height=_HEADING * 1.62, draw=draw)


def drawn(sheet: Sheet, drawing: Drawing, width: float) -> Block:
    """Place a drawing.

    Parameters
    ----------
    sheet : Sheet
        To draw on.
    drawing : Drawing
    width : float
        To which the drawing is scaled, points.

    Returns
    -------
    Block
        As high as the scaled drawing.
    """

    def draw(x: float, y: float) -> None:
        sheet.drawing(drawing, x, y, width)

    return Block(height=drawing.height * width / drawing.width, draw=draw)


def stacked(*blocks: Block, gap: float = 0.0) -> Block:
    """Put blocks below each other.

    Parameters
    ----------
    *blocks : Block
        From top to bottom.
    gap : float
        Between two blocks, points.

    Returns
    -------
    Block
    """

    def draw(x: float, y: float) -> None:
        for block in blocks:
            block.draw(x, y)
            y += block.height + gap

    return Block(height=sum(block.height for block in blocks) + gap * max(len(blocks) - 1, 0), draw=draw)


def beside(pairs: Sequence[tuple[float, Block]]) -> Block:
    """Put blocks beside each other.

    Parameters
    ----------
    pairs : sequence of (float, Block)
        Distance of the block from the left edge, points, and the block.

    Returns
    -------
    Block
        As high as the highest.
    """

    def draw(x: float, y: float) -> None:
        for away, block in pairs:
            block.draw(x + away, y)

    return Block(height=max((block.height for _, block in pairs), default=0.0), draw=draw)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a table: a text, or a drawing."""

    text: str = ""
    colour: str = LIGHT.text
    bold: bool = False
    size: float = BODY
    drawing: Drawing | None = None


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table: its heading, its width in points, and how its texts are aligned."""

    title: str
    width: float
    right: bool = False


def table(sheet: Sheet, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, row_height: float) -> Block:
    """Set a table with thin rules; a text that does not fit its column is cut.

    Parameters
    ----------
    sheet : Sheet
        To draw on.
    columns : sequence of Column
    rows : sequence of sequences of Cell
        One cell per column.
    row_height : float
        Points.

    Returns
    -------
    Block
        The header and the rows.
    """
    width = sum(column.width for column in columns)
    head = 13.0
    inset = 2.4 * MM

    def place(x: float, column: Column, text: str, y: float, cell: Cell) -> None:
        room = column.width - (inset if column is not columns[-1] else 0.0)
        shown = sheet.fitted(text, cell.size, room, bold=cell.bold)
        at = x + (room if column.right else 0.0)
        sheet.text(at, y, shown, cell.size, cell.colour, bold=cell.bold, anchor="end" if column.right else "start")

    def draw(x: float, y: float) -> None:
        title = Cell(colour=LIGHT.muted, size=7.8)
        edge = x
        for column in columns:
            place(edge, column, column.title, y + 8.0, title)
            edge += column.width
        sheet.rule(x, x + width, y + head, LIGHT.faint, 0.7)
        for number, row in enumerate(rows):
            top = y + head + number * row_height
            edge = x
            for column, cell in zip(columns, row, strict=True):
                if cell.drawing is not None:
                    room = column.width - inset
                    high = cell.drawing.height * room / cell.drawing.width
                    sheet.drawing(cell.drawing, edge, top + (row_height - high) / 2, room)
                else:
                    place(edge, column, cell.text, top + row_height / 2 + 3.2, cell)
                edge += column.width
            if number < len(rows) - 1:
                sheet.rule(x, x + width, top + row_height, LIGHT.line, 0.5)

    return Block(height=head + row_height * len(rows), draw=draw)


def fact_strip(sheet: Sheet, facts: Sequence[Fact], width: float) -> Block:
    """Set short facts in a row between two rules.

    Parameters
    ----------
    sheet : Sheet
        To draw on.
    facts : sequence of Fact
        Share the width equally; a text that is too long is cut.
    width : float
        Points.

    Returns
    -------
    Block
        13 mm high.
    """
    each, height = width / max(len(facts), 1), 13.0 * MM

    def draw(x: float, y: float) -> None:
        sheet.rule(x, x + width, y, LIGHT.line, 0.7)
        sheet.rule(x, x + width, y + height, LIGHT.line, 0.7)
        for number, fact in enumerate(facts):
            left = x + number * each + (2.6 * MM if number else 0.0)
            room = each - 4.0 * MM
            if number:
                sheet.upright_rule(x + number * each, y, y + height, LIGHT.line, 0.7)
            sheet.text(left, y + 11.0, fact.label, 7.6, LIGHT.muted)
            sheet.text(left, y + 22.5, sheet.fitted(fact.value, 10.2, room, bold=True), 10.2, LIGHT.text, bold=True)
            sheet.text(left, y + 32.0, sheet.fitted(fact.detail, 7.6, room), 7.6, LIGHT.muted)

    return Block(height=height, draw=draw)


def lines(sheet: Sheet, facts: Sequence[Fact], width: float, *, label: float = 13.0 * MM) -> Block:
    """Set facts as a list in small print.

    Parameters
    ----------
    sheet : Sheet
        To draw on.
    facts : sequence of Fact
        Label and value; the detail is left out.
    width : float
        Of the list, points.
    label : float
        Of the column of labels at the left, points.

    Returns
    -------
    Block
        As high as all texts.
    """
    size, leading = 7.2, 1.28
    room = width - label - 1.5 * MM
    # A hash fits a line when it is set a little smaller, and is easier to compare on one.
    whole = [len(fact.value) == 64 and " " not in fact.value for fact in facts]
    sizes = [
        min(size, 0.99 * size * room / sheet.width(fact.value, size)) if one_line else size
        for fact, one_line in zip(facts, whole, strict=True)
    ]
    texts = [
        paragraph(sheet, fact.value, room, size=own, leading=leading * size / own)
        for fact, own in zip(facts, sizes, strict=True)
    ]

    def draw(x: float, y: float) -> None:
        for fact, text in zip(facts, texts, strict=True):
            sheet.text(x, y + size, fact.label, size, LIGHT.muted)
            text.draw(x + label + 1.5 * MM, y)
            y += text.height

    return Block(height=sum(text.height for text in texts), draw=draw)
