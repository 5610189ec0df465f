"""Writes a report as a PDF of two A4 pages, more where models were applied, with its fonts inside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gait_core.drawing.pdf_canvas import MM, PAGE_HEIGHT, PAGE_WIDTH, Sheet
from gait_core.drawing.style import LIGHT
from gait_core.report.document.evidence import ASPECT
from gait_core.report.document.html import STATE_LEVELS, brand_drawing, key_words, mark_drawing
from gait_core.report.document.pdf_blocks import (
    BODY,
    SMALL,
    Block,
    Cell,
    Column,
    beside,
    drawn,
    fact_strip,
    heading,
    lines,
    paragraph,
    stacked,
    table,
)
from gait_core.report.document.pdf_classes import class_blocks
from gait_core.report.document.report_data import ChangeRow, CheckRow, Fact, ParameterRow, RangeRow, Report
from gait_core.storage.report_seal import sealed_pdf
from gait_core.workspace import write_atomic

__all__ = ["render_pdf", "write_pdf"]

_LEFT: Final = 14.0 * MM
_WIDTH: Final = PAGE_WIDTH - 2 * _LEFT
_TOP: Final = 12.0 * MM
_BOTTOM: Final = 14.0 * MM
_GAP: Final = 4.0 * MM
_MOST_EXTRA: Final = 5.0 * MM
_HALF: Final = (_WIDTH - 7.0 * MM) / 2
_DIM: Final = 8.0
_LEAST_PICTURE: Final = 26.0 * MM


def write_pdf(report: Report, path: Path) -> None:
    """Write the report as a PDF, atomically and with its seal.

    Parameters
    ----------
    report : Report
    path : Path

    Raises
    ------
    StorageError
        When the place is read-only or full.
    """
    write_atomic(path, sealed_pdf(render_pdf(report)))


def render_pdf(report: Report) -> bytes:
    """Render the report as a PDF.

    Parameters
    ----------
    report : Report

    Returns
    -------
    bytes
        `Report.pages` A4 pages; the same report gives the same bytes.
    """
    sheet = Sheet(title=report.title, subject=report.subject, language=report.language)
    _fill(
        [
            _header(sheet, report),
            fact_strip(sheet, report.facts, _WIDTH),
            _summary(sheet, report),
            _values(sheet, report),
            _quality(sheet, report),
        ],
    )
    _footer(sheet, report.disclaimer, "", f"1 of {report.pages}")
    sheet.next_page()
    _fill(_second_page(sheet, report))
    _footer(sheet, report.subject, report.date, f"2 of {report.pages}")
    for page, cards in enumerate(report.class_pages, start=3):
        sheet.next_page()
        _fill(class_blocks(sheet, cards, report.classes_note, _WIDTH))
        _footer(sheet, report.subject, report.date, f"{page} of {report.pages}")
    return sheet.finish()


def _fill(blocks: Sequence[Block]) -> float:
    """Draw blocks from top to bottom, the remaining space shared between them, and return where they end."""
    room = PAGE_HEIGHT - _TOP - _BOTTOM - sum(block.height for block in blocks)
    gap = min(max(room / max(len(blocks) - 1, 1), 0.0), _GAP + _MOST_EXTRA)
    y = _TOP
    for block in blocks:
        block.draw(_LEFT, y)
        y += block.height + gap
    return y - gap


def _footer(sheet: Sheet, left: str, middle: str, right: str) -> None:
    y = PAGE_HEIGHT - 10.4 * MM
    sheet.rule(_LEFT, _LEFT + _WIDTH, y, LIGHT.line, 0.6)
    text = f"{left}   ·   {middle}" if middle else left
    sheet.text(_LEFT, y + 9.0, sheet.fitted(text, 7.6, 0.85 * _WIDTH), 7.6, LIGHT.muted)
    sheet.text(_LEFT + _WIDTH, y + 9.0, right, 7.6, LIGHT.muted, anchor="end")


def _header(sheet: Sheet, report: Report) -> Block:
    right_width = 66.0 * MM
    left_width = _WIDTH - right_width - 8.0 * MM
    name = paragraph(
        sheet, report.subject, left_width, size=13.0 if report.long_name else 19.0, bold=True, leading=1.14
    )
    under = sheet.fitted(f"{report.date} · {report.walk}", BODY, left_width)
    meaning = paragraph(
        sheet, report.verdict.meaning, right_width, size=8.2, colour=LIGHT.muted, leading=1.28, align="end", even=True
    )
    height = 19.0 + name.height + 15.0

    def draw(x: float, y: float) -> None:
        sheet.drawing(brand_drawing(), x, y, 14.0)
        sheet.text(x + 19.0, y + 10.4, "Gait report", 9.0, LIGHT.accent, bold=True)
        name.draw(x, y + 19.0)
        sheet.text(x, y + height - 3.0, under, BODY, LIGHT.muted)
        top = y + height - meaning.height - 2.0
        meaning.draw(x + _WIDTH - right_width, top)
        word, colour = report.verdict.word, LIGHT.level(report.verdict.level)
        wide = sheet.width(word, 15.0, bold=True)
        sheet.text(x + _WIDTH, top - 5.0, word, 15.0, colour, bold=True, anchor="end")
        sheet.drawing(mark_drawing(report.verdict.level), x + _WIDTH - wide - 17.0, top - 15.8, 12.0)

    return Block(height=height, draw=draw)


def _summary(sheet: Sheet, report: Report) -> Block:
    left, gap = 82.0 * MM, 7.0 * MM
    right = _WIDTH - left - gap
    said = [paragraph(sheet, text, left, size=11.2, leading=1.4, even=True) for text in report.summary]
    words = stacked(heading(sheet, "In short"), stacked(*said, gap=6.4))
    caption = paragraph(sheet, report.body_caption, right, size=SMALL, colour=LIGHT.muted)
    figure = stacked(heading(sheet, report.body_map.title), drawn(sheet, report.body_map, right), caption, gap=2.0)
    return beside([(0.0, words), (left + gap, figure)])


def _values(sheet: Sheet, report: Report) -> Block:
    has_reference = any(row.reference for row in report.parameters)
    columns = [
        Column(title="Value", width=42.0 * MM),
        Column(title="Left", width=12.0 * MM, right=True),
        Column(title="Right", width=12.0 * MM, right=True),
        Column(title="Both", width=14.0 * MM, right=True),
        Column(title="", width=20.0 * MM),
        Column(title="95 % interval", width=22.0 * MM),
        Column(title="On its scale", width=36.0 * MM),
        Column(title="Reference" if has_reference else "", width=24.0 * MM),
    ]
    rows = [_value_cells(row) for row in report.parameters]
    content = [table(sheet, columns, rows, row_height=16.6)]
    if not rows:
        content = [paragraph(sheet, "No value could be measured from this video.", _WIDTH)]
    notes = paragraph(
        sheet, " ".join((key_words(report), *report.parameter_notes)).strip(), _WIDTH, size=SMALL, colour=LIGHT.muted
    )
    return stacked(heading(sheet, "Key values"), *content, notes, gap=2.0)


def _value_cells(row: ParameterRow) -> list[Cell]:
    cells = [
        Cell(text=row.label),
        Cell(text=row.left),
        Cell(text=row.right),
        Cell(text=row.mean, bold=True),
        Cell(text=row.unit, colour=LIGHT.muted, size=_DIM),
        Cell(text=row.interval or "too few strides", colour=LIGHT.muted, size=_DIM),
        Cell(drawing=row.drawing),
    ]
    out = row.position not in ("", "within")
    text = f"{row.position} {row.reference}" if out else row.reference
    cells.append(Cell(text=text, colour=LIGHT.text if out else LIGHT.muted, bold=out, size=_DIM))
    return cells


def _quality(sheet: Sheet, report: Report) -> Block:
    parts = [heading(sheet, "Quality of the recording")]
    for first in range(0, len(report.checks), 2):
        pair = report.checks[first : first + 2]
        blocks = [_check(sheet, check, _HALF) for check in pair]
        parts.append(beside([(number * (_HALF + 7.0 * MM), block) for number, block in enumerate(blocks)]))
    parts.append(paragraph(sheet, report.checks_good, _WIDTH, size=SMALL, colour=LIGHT.muted))
    return stacked(*parts, gap=2.4)


def _check(sheet: Sheet, check: CheckRow, width: float) -> Block:
    indent, size = 4.6 * MM, 8.2
    label = check.label if check.label.endswith("?") else f"{check.label}."
    begin = sheet.width(f"{label} ", size, bold=True)
    text = paragraph(sheet, check.sentence, width - indent, size=size, leading=1.3, first=begin)
    advice = paragraph(sheet, check.advice, width - indent, size=size, colour=LIGHT.muted, leading=1.3)

    def draw(x: float, y: float) -> None:
        sheet.drawing(mark_drawing(STATE_LEVELS[check.state]), x, y + 0.6, 9.0)
        sheet.text(x + indent, y + size, label, size, LIGHT.text, bold=True)
        text.draw(x + indent, y)
        advice.draw(x + indent, y + text.height)

    return Block(height=max(text.height, 1.3 * size) + advice.height, draw=draw)


def _second_page(sheet: Sheet, report: Report) -> list[Block]:
    note = paragraph(sheet, report.curves_note, _WIDTH, size=SMALL, colour=LIGHT.muted)
    curves = stacked(
        heading(sheet, "How the joints move over one stride"),
        drawn(sheet, report.curves, _WIDTH),
        drawn(sheet, report.curves_legend, _WIDTH),
        note,
        gap=1.5,
    )
    blocks = [curves, _table(sheet, report)]
    wide_seal = 84.0 * MM
    methods = stacked(
        heading(sheet, "How it was measured"), lines(sheet, report.methods, _WIDTH - wide_seal - 6.0 * MM)
    )
    seal = (*report.seal, Fact(label="This report", value=report.digest))
    sealed = stacked(heading(sheet, "Seal"), lines(sheet, seal, wide_seal))
    last = beside([(0.0, methods), (_WIDTH - wide_seal, sealed)])
    room = PAGE_HEIGHT - _TOP - _BOTTOM - sum(block.height for block in (*blocks, last)) - 3 * _GAP
    return [*blocks, _images(sheet, report, room), last]


def _table(sheet: Sheet, report: Report) -> Block:
    note = paragraph(sheet, report.table_note, _WIDTH, size=SMALL, colour=LIGHT.muted)
    if report.changes:
        return stacked(heading(sheet, "What has changed"), _changes(sheet, report.changes), note, gap=2.0)
    if not report.ranges:
        return note
    half = (len(report.ranges) + 1) // 2
    halves = [_ranges(sheet, rows) for rows in (report.ranges[:half], report.ranges[half:]) if rows]
    pair = beside([(number * (_HALF + 7.0 * MM), block) for number, block in enumerate(halves)])
    return stacked(heading(sheet, "Joint angles"), pair, note, gap=2.0)


def _changes(sheet: Sheet, changes: Sequence[ChangeRow]) -> Block:
    columns = [
        Column(title="Value", width=50.0 * MM),
        Column(title="", width=20.0 * MM),
        Column(title="Baseline", width=15.0 * MM, right=True),
        Column(title="This walk", width=16.0 * MM, right=True),
        Column(title="Difference", width=18.0 * MM, right=True),
        Column(title="Needed", width=15.0 * MM, right=True),
        Column(title="From", width=16.0 * MM),
        Column(title="Verdict", width=32.0 * MM),
    ]
    rows = [
        [
            Cell(text=row.label),
            Cell(text=row.unit, colour=LIGHT.muted, size=_DIM),
            Cell(text=row.baseline),
            Cell(text=row.visit, bold=True),
            Cell(text=row.difference),
            Cell(text=row.needed),
            Cell(text=row.source, colour=LIGHT.muted, size=_DIM),
            Cell(text=row.verdict, colour=LIGHT.accent if row.real else LIGHT.muted, bold=bool(row.real), size=_DIM),
        ]
        for row in changes
    ]
    return table(sheet, columns, rows, row_height=14.4)


def _ranges(sheet: Sheet, rows: Sequence[RangeRow]) -> Block:
    number = 16.0 * MM
    columns = [
        Column(title="Angle", width=_HALF - 2 * number),
        Column(title="Left", width=number, right=True),
        Column(title="Right", width=number, right=True),
    ]
    return table(
        sheet,
        columns,
        [[Cell(text=row.label), Cell(text=row.left), Cell(text=row.right)] for row in rows],
        row_height=14.4,
    )


def _images(sheet: Sheet, report: Report, room: float) -> Block:
    """Set the images as large as the page allows."""
    title = heading(sheet, "Images of the walk")
    note = paragraph(sheet, report.evidence_note, _WIDTH, size=SMALL, colour=LIGHT.muted)
    if not report.evidence:
        return stacked(title, note)
    gap, caption = 4.0 * MM, 15.0
    column = (_WIDTH - 3 * gap) / 4
    height = max(_LEAST_PICTURE, min(column / ASPECT, room - title.height - note.height - caption))
    # A smaller image keeps its shape: head and feet have to be seen.
    width = min(column, ASPECT * height)

    def draw(x: float, y: float) -> None:
        for number, frame in enumerate(report.evidence):
            left = x + number * (column + gap)
            sheet.pixels(frame.jpeg, left, y, width, height)
            shown = sheet.fitted(frame.title, 8.0, column - sheet.width(f" {frame.detail}", 8.0))
            sheet.text(left, y + height + 9.6, shown, 8.0, LIGHT.text)
            sheet.text(left + sheet.width(f"{shown} ", 8.0), y + height + 9.6, frame.detail, 8.0, LIGHT.muted)

    return stacked(title, Block(height=height + caption, draw=draw), note)
