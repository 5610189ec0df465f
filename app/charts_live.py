"""Charts that change every two seconds: small drawings of lines that are exchanged in place, without a flicker.

Streamlit takes a Plotly chart away and builds a new one whenever its data change; an image stays in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import streamlit as st

from app.components import note
from app.theme import palette

__all__ = ["Line", "drawing", "show"]

_HEIGHT: Final = 214
_LEFT: Final = 46
_RIGHT: Final = 10
_TOP: Final = 34
_LETTER: Final = 7.0
"""Mean width of a letter of the legend, px."""
_BOTTOM: Final = 40
_DASHES: Final = {"solid": "", "dot": "2 4", "dash": "8 5", "longdash": "14 5"}
_LEAST_SPAN_S: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: its name, its values (None where nothing was read), its colour as a token of the theme."""

    label: str
    values: Sequence[float | None]
    token: str = "accent"
    dash: str = "solid"

    @property
    def measured(self) -> bool:
        """True when at least one value is there."""
        return any(value is not None for value in self.values)


def show(svg: str, sentence: str) -> None:
    """Draw a chart and, below it, what it shows."""
    st.image(svg, width="stretch", alt=sentence)
    note(sentence)


def drawing(
    seconds_ago: Sequence[float],
    lines: Sequence[Line],
    *,
    title: str,
    top: float,
    width: int = 760,
    limit: float | None = None,
) -> str:
    """Return a chart of the last minutes as SVG.

    Parameters
    ----------
    seconds_ago : sequence of float, s
        One per value; 0 is now and stands at the right.
    lines : sequence of Line
    title : str
        What the vertical axis shows, with its unit.
    top : float
        Upper end of the vertical axis, in its unit.
    width : int, px
        Width for which it is drawn; it grows and shrinks with its place.
    limit : float, optional
        Value of a dashed line across.
    """
    span_s = max([_LEAST_SPAN_S, *seconds_ago])
    inner = width - _LEFT - _RIGHT
    floor, height = _HEIGHT - _BOTTOM, _HEIGHT - _BOTTOM - _TOP

    def x_of(ago_s: float) -> float:
        return _LEFT + inner * (1 - ago_s / span_s)

    def y_of(value: float) -> float:
        return floor - height * min(max(value / top, 0.0), 1.0) if top > 0 else floor

    parts = [_grid_line(y_of(top * share), width, f"{top * share:.{_digits(top)}f}") for share in (0, 0.5, 1)]
    for share in (1.0, 0.75, 0.5, 0.25, 0.0):
        anchor = "middle" if 0 < share < 1 else "end" if share == 0 else "start"
        parts.append(_text(x_of(span_s * share), floor + 17, f"{span_s * share:.0f}", anchor))
    parts.append(_text(_LEFT + inner / 2, floor + 34, "Seconds ago (s)", "middle"))
    if limit is not None and limit <= top:
        parts.append(_stroke(f"M{_LEFT} {y_of(limit):.1f}H{width - _RIGHT}", "alert", "8 5", 1.5))
    drawn = [line for line in lines if line.measured]
    for line in drawn:
        points = zip(seconds_ago, line.values, strict=True)
        path = _path([None if value is None else (x_of(ago_s), y_of(value)) for ago_s, value in points])
        parts.append(_stroke(path, line.token, _DASHES[line.dash], 2.4))
    parts.append(_legend(title, drawn))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" font-family="Helvetica,Arial,sans-serif" '
        f'width="{width}" height="{_HEIGHT}" viewBox="0 0 {width} {_HEIGHT}">{"".join(parts)}</svg>'
    )


def _digits(top: float) -> int:
    return 0 if top >= 10 else 1 if top >= 2 else 2


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """Return the path through the points; a gap where nothing was read, a short mark for a lone point."""
    commands, pen_down = [], False
    for point in points:
        if point is None:
            pen_down = False
            continue
        commands.append(f"{'L' if pen_down else 'M'}{point[0]:.1f} {point[1]:.1f}" + ("" if pen_down else "h.1"))
        pen_down = True
    return "".join(commands)


def _stroke(path: str, token: str, dashes: str, thickness: float) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<path d="{path}" fill="none" stroke="{getattr(palette(), token)}" stroke-width="{thickness}" '
        f'stroke-linejoin="round" stroke-linecap="round"{dashed}/>'
    )


def _grid_line(y: float, width: int, label: str) -> str:
    line = _stroke(f"M{_LEFT} {y:.1f}H{width - _RIGHT}", "line", "", 1)
    return line + _text(_LEFT - 8, y + 4, label, "end")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="13" '
        f'fill="{palette().muted}">{escape(text)}</text>'
    )


def _legend(title: str, lines: Sequence[Line]) -> str:
    """Return the title, and beside it the names of the lines where there are several."""
    parts = [_text(2, 14, title, "start")]
    x = _LETTER * len(title) + 26
    for line in lines if len(lines) > 1 else ():
        parts.append(_stroke(f"M{x:.0f} 10h28", line.token, _DASHES[line.dash], 2.4))
        parts.append(_text(x + 36, 14, line.label, "start"))
        x += 36 + _LETTER * len(line.label) + 26
    return "".join(parts)
