"""Writes a report as one HTML file that needs nothing else: no network, no scripts, no other files."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Final

from gait_core.drawing.fonts import web_fonts_css
from gait_core.drawing.shapes import Drawing
from gait_core.drawing.style import LIGHT, LOOKS
from gait_core.drawing.svg import to_svg
from gait_core.report.document.report_data import Report
from gait_core.storage.report_seal import sealed_html
from gait_core.workspace import write_atomic

__all__ = ["STATE_LEVELS", "brand_drawing", "key_words", "mark_drawing", "render_html", "write_html"]

_TEMPLATE: Final = Path(__file__).with_name("report.html.j2")
STATE_LEVELS: Final = {"good": "normal", "poor": "watch", "unusable": "alert"}


def key_words(report: Report) -> str:
    """Return how to read the values on their scale.

    Returns
    -------
    str
        Two sentences, and one more where a reference is drawn; empty without values.
    """
    if not report.parameters:
        return ""
    band = " Band: reference." if any(row.reference for row in report.parameters) else ""
    return f"Dot: mean of both sides, with its interval. Small triangles: left above, right below.{band}"


def mark_drawing(level: str) -> Drawing:
    """Return the mark of a level alone.

    Returns
    -------
    Drawing
        10 × 10 points.
    """
    drawing = Drawing(width=10.0, height=10.0, title=LOOKS[level].word)
    drawing.marker(LOOKS[level].shape, 5.0, 5.0, 7.6, LIGHT.level(level), LIGHT.paper)
    return drawing


def brand_drawing() -> Drawing:
    """Return the logo of Gait Studio.

    Returns
    -------
    Drawing
        32 × 32 points.
    """
    drawing = Drawing(width=32.0, height=32.0, title="Gait Studio")
    drawing.rectangle(0.0, 0.0, 32.0, 32.0, LIGHT.accent, radius=8.0)
    drawing.line([5, 9, 13, 17.5, 22, 27.5], [20, 16, 9.5, 22.5, 12, 18], LIGHT.paper, 2.8)
    return drawing


def render_html(report: Report) -> str:
    """Render the report as HTML; every text is escaped.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
        One page that loads nothing: fonts, drawings and images are embedded.
    """
    from jinja2 import Environment
    from markupsafe import Markup

    environment = Environment(autoescape=True, trim_blocks=True)
    environment.globals["svg"] = lambda drawing: Markup(to_svg(drawing))
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    half = (len(report.ranges) + 1) // 2
    values = {
        "r": report,
        "colours": LIGHT.to_dict(),
        "mark": Markup(to_svg(brand_drawing())),
        "level_mark": Markup(to_svg(mark_drawing(report.verdict.level))),
        "level_colour": LIGHT.level(report.verdict.level),
        "marks": {state: Markup(to_svg(mark_drawing(level))) for state, level in STATE_LEVELS.items()},
        "halves": [rows for rows in (report.ranges[:half], report.ranges[half:]) if rows],
        "pictures": [base64.b64encode(frame.jpeg).decode() for frame in report.evidence],
        "has_reference": any(row.reference for row in report.parameters),
        "key_words": key_words(report),
    }
    # The characters that are used are known only once it is written.
    text = template.render(**values, fonts="")
    return template.render(**values, fonts=Markup(web_fonts_css(text)))


def write_html(report: Report, path: Path) -> None:
    """Write the report as one HTML file, atomically and with its seal.

    Parameters
    ----------
    report : Report
    path : Path

    Raises
    ------
    StorageError
        When the place is read-only or full.
    """
    write_atomic(path, sealed_html(render_html(report).encode("utf-8", "replace")))
