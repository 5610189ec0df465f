"""The charts of the report: joint curves over the stride, and values against their reference range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.drawing.shapes import Drawing
from gait_core.drawing.style import LIGHT
from gait_core.phrases import plural

__all__ = ["FEWEST_FOR_SD", "CurvePanel", "Span", "curve_drawing", "legend_drawing", "span_drawing"]

_PALETTE: Final = LIGHT
_MOST_STRIDES: Final = 40
"""Individual strides drawn per panel; more would only make the grey denser."""
_TOP: Final = 30.0
_BOTTOM: Final = 20.0
_SHARE: Final = 0.2
"""Half the length of the axis of a value, as a share of the value, where nothing lies further away."""
FEWEST_FOR_SD: Final = 3
"""Fewest strides of a side for which their spread is drawn."""
_SIDE_LABEL: Final = 14.0
_TICKS: Final = 19.0
_GAP: Final = 9.0
_BETWEEN: Final = 14.0


@dataclass(frozen=True, kw_only=True, eq=False)
class CurvePanel:
    """One joint of one side over the stride.

    Attributes
    ----------
    name : str
        Joint, for display.
    direction : str
        What upwards means, for example ``bends``.
    side : str
        For people, for example ``Left``.
    strides : ndarray, shape (n_strides, 101)
        Degrees at 0 to 100 % of the stride; NaN where missing.
    band_mean, band_sd : ndarray, shape (101,), or None
        Baseline, degrees.
    foot_off_pct : float or None
        Mean foot off, % of the stride.
    range_deg : float or None
        Mean range of movement of the strides, degrees.
    away_deg : float or None
        Distance of the mean curve from the baseline, degrees.
    """

    name: str
    direction: str
    side: str
    strides: NDArray[np.float64]
    band_mean: NDArray[np.float64] | None = None
    band_sd: NDArray[np.float64] | None = None
    foot_off_pct: float | None = None
    range_deg: float | None = None
    away_deg: float | None = None

    def extent(self) -> tuple[float, float] | None:
        """Return the lowest and the highest value that is drawn, degrees."""
        values = [self.strides.ravel()]
        if self.band_mean is not None and self.band_sd is not None:
            values += [self.band_mean - self.band_sd, self.band_mean + self.band_sd]
        finite = np.concatenate(values)
        finite = finite[np.isfinite(finite)]
        return (float(finite.min()), float(finite.max())) if finite.size else None


def _column_statistics(strides: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    known = np.isfinite(strides)
    count = known.sum(axis=0)
    filled = np.where(known, strides, 0.0)
    mean = np.where(count > 0, filled.sum(axis=0) / np.maximum(count, 1), np.nan)
    squares = np.where(known, (filled - np.where(count > 0, mean, 0.0)) ** 2, 0.0).sum(axis=0)
    return mean, np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)


def curve_drawing(rows: Sequence[Sequence[CurvePanel]], *, width: float, height: float) -> Drawing:
    """Draw small multiples: one row per side, one column per joint, the joints on a common scale.

    Parameters
    ----------
    rows : sequence of sequences of CurvePanel
        The same joints in every row.
    width, height : float
        Points.

    Returns
    -------
    Drawing
        With the range of every curve in its description.
    """
    described = [f"{panel.side} {panel.name.lower()}: {_range_words(panel)}." for row in rows for panel in row]
    drawing = Drawing(
        width=width,
        height=height,
        title="Joint angles over one stride, left and right.",
        description=" ".join(described),
    )
    columns = len(rows[0])
    plot_width = (width - _SIDE_LABEL - columns * _TICKS - (columns - 1) * _GAP) / columns
    plot_height = (height - _TOP - _BOTTOM - _BETWEEN * (len(rows) - 1)) / len(rows)
    for column in range(columns):
        left = _SIDE_LABEL + _TICKS + column * (plot_width + _TICKS + _GAP)
        panels = [row[column] for row in rows]
        drawing.text(left, 8.0, panels[0].name, 9.0, _PALETTE.text, bold=True)
        drawing.text(left, 17.5, f"up: {panels[0].direction} (°)", 7.0, _PALETTE.muted)
        scale = _scale([extent for panel in panels if (extent := panel.extent())])
        for number, panel in enumerate(panels):
            top = _TOP + number * (plot_height + _BETWEEN)
            frame = _Frame(left=left, top=top, width=plot_width, height=plot_height, low=scale[0], high=scale[1])
            _draw_panel(drawing, panel, frame, scale[2], labelled=number == len(rows) - 1)
    for number, row in enumerate(rows):
        middle = _TOP + number * (plot_height + _BETWEEN) + plot_height / 2
        drawing.text(8.0, middle, row[0].side, 9.0, _PALETTE.text, bold=True, anchor="middle", turned=True)
    return drawing


@dataclass(frozen=True, kw_only=True)
class _Frame:
    left: float
    top: float
    width: float
    height: float
    low: float
    high: float

    def x(self, pct: float | NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self.left + np.asarray(pct) / 100.0 * self.width)

    def y(self, value: float | NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self.top + (self.high - np.asarray(value)) / (self.high - self.low) * self.height)


def _scale(extents: Sequence[tuple[float, float]]) -> tuple[float, float, list[float]]:
    """Return the ends and the ticks of an axis in degrees, at least 20° long."""
    low, high = (min(e[0] for e in extents), max(e[1] for e in extents)) if extents else (0.0, 20.0)
    if high - low < 20.0:
        middle = (low + high) / 2
        low, high = middle - 10.0, middle + 10.0
    step = next((s for s in (10.0, 20.0, 30.0, 60.0) if (high - low) / s <= 4.5), 90.0)
    low, high = low - 0.04 * (high - low), high + 0.04 * (high - low)
    first = math.ceil(low / step)
    return low, high, [step * k for k in range(first, math.floor(high / step) + 1)]


def _draw_panel(drawing: Drawing, panel: CurvePanel, frame: _Frame, ticks: Sequence[float], *, labelled: bool) -> None:
    p, pct = _PALETTE, np.arange(panel.strides.shape[1], dtype=float)
    right, bottom = frame.left + frame.width, frame.top + frame.height
    for tick in ticks if panel.extent() is not None else ():
        y = float(frame.y(tick))
        drawing.line([frame.left, right], [y, y], p.line, 0.7 if tick == 0 else 0.4)
        drawing.text(frame.left - 3.5, y + 2.3, f"{tick:.0f}".replace("-", "−"), 7.0, p.muted, anchor="end")
    if panel.band_mean is not None and panel.band_sd is not None:
        drawing.area(
            frame.x(pct),
            frame.y(panel.band_mean - panel.band_sd),
            frame.y(panel.band_mean + panel.band_sd),
            p.band,
        )
    if panel.foot_off_pct is not None and panel.extent() is not None:
        x = float(frame.x(panel.foot_off_pct))
        drawing.line([x, x], [frame.top, bottom], p.muted, 0.5, dash=(1.2, 1.8))
    for stride in panel.strides[:_MOST_STRIDES, ::2]:
        drawing.line(frame.x(pct[::2]), frame.y(stride), p.faint, 0.45, opacity=0.75)
    mean, sd = _column_statistics(panel.strides)
    if np.isfinite(mean).any():
        for edge in (mean - sd, mean + sd) if len(panel.strides) >= FEWEST_FOR_SD else ():
            drawing.line(frame.x(pct), frame.y(edge), p.accent, 0.5, dash=(2.0, 1.6))
        drawing.line(frame.x(pct), frame.y(mean), p.accent, 1.5)
        away = f" · {panel.away_deg:.1f}° off" if panel.away_deg is not None else ""
        moves = f"moves {panel.range_deg:.0f}°" if panel.range_deg is not None else ""
        drawing.text(right, frame.top - 2.0, f"{moves}{away}", 6.8, p.muted, anchor="end")
    else:
        middle = (frame.left + right) / 2
        drawing.text(middle, (frame.top + bottom) / 2, "not measured", 7.5, p.muted, anchor="middle")
    drawing.line([frame.left, right], [bottom, bottom], p.faint, 0.6)
    if labelled:
        for value, anchor in ((0, "start"), (50, "middle"), (100, "end")):
            drawing.text(float(frame.x(value)), bottom + 8.5, f"{value}", 7.0, p.muted, anchor=anchor)
        drawing.text((frame.left + right) / 2, bottom + 17.0, "% of the stride", 7.0, p.muted, anchor="middle")


def _range_words(panel: CurvePanel) -> str:
    span = panel.range_deg
    if span is None:
        return "not measured"
    count = len(panel.strides)
    return f"moves through {span:.0f} degrees, mean of {plural(count, 'stride')}"


def legend_drawing(*, with_spread: bool, with_band: bool, width: float = 516.0) -> Drawing:
    """Draw the legend of the curves, without what they do not show.

    Parameters
    ----------
    with_spread : bool
        The curves show mean ± SD.
    with_band : bool
        They show the person's own baseline.
    width : float
        Points.

    Returns
    -------
    Drawing
        One line, 12 points high.
    """
    p = _PALETTE
    drawing = Drawing(width=width, height=12.0, title="Legend of the curves")
    x = _SIDE_LABEL + _TICKS

    def word(text: str, wide: float) -> None:
        nonlocal x
        drawing.text(x + 18.0, 8.6, text, 7.4, p.muted)
        x += 18.0 + wide

    drawing.line([x, x + 14.0], [6.0, 6.0], p.accent, 1.5)
    word("mean", 30.0)
    if with_spread:
        drawing.line([x, x + 14.0], [6.0, 6.0], p.accent, 0.6, dash=(2.0, 1.6))
        word("mean ± SD", 48.0)
    drawing.line([x, x + 14.0], [6.0, 6.0], p.faint, 0.7)
    word("single strides", 56.0)
    drawing.line([x + 7.0, x + 7.0], [1.5, 10.5], p.muted, 0.6, dash=(1.2, 1.8))
    word("foot leaves the floor", 82.0)
    if with_band:
        drawing.rectangle(x, 2.0, 14.0, 8.0, p.band)
        word("own baseline, mean ± SD", 92.0)
    return drawing


@dataclass(frozen=True, kw_only=True)
class Span:
    """One value on its scale.

    Attributes
    ----------
    mean, ci_low, ci_high : float or None
        Over both sides.
    left, right : float or None
        Per side.
    reference_low, reference_high : float or None
    label : str
        Name of the parameter, for display.
    """

    mean: float | None
    ci_low: float | None
    ci_high: float | None
    left: float | None
    right: float | None
    reference_low: float | None
    reference_high: float | None
    label: str

    def values(self) -> list[float]:
        """Return all values that are known."""
        return [
            value
            for name, value in vars(self).items()
            if name != "label" and value is not None and math.isfinite(value)
        ]

    def scale(self) -> tuple[float, float]:
        """Return the ends of the axis: the same share of the value in every line, so that lines can be compared."""
        known = self.values()
        low, high = min(known), max(known)
        centre = self.mean if self.mean is not None and math.isfinite(self.mean) else (low + high) / 2
        half = max(1.1 * (high - centre), 1.1 * (centre - low), _SHARE * abs(centre), 1e-9)
        return centre - half, centre + half


def span_drawing(span: Span, *, width: float = 128.0, height: float = 15.0) -> Drawing:
    """Draw one value on its scale.

    The reference range is a band; the mean stands on the line with its interval, left above and right below it.

    Parameters
    ----------
    span : Span
    width, height : float
        Points.

    Returns
    -------
    Drawing
        The bare line where no value is known.
    """
    p = _PALETTE
    drawing = Drawing(width=width, height=height, title=f"{span.label} on its scale")
    known = span.values()
    middle = height / 2
    drawing.line([0.0, width], [middle, middle], p.line, 0.6)
    if not known:
        return drawing
    low, high = span.scale()

    def x(value: float) -> float:
        return 5.0 + (value - low) / (high - low) * (width - 10.0)

    if span.reference_low is not None and span.reference_high is not None:
        start, end = x(span.reference_low), x(span.reference_high)
        drawing.rectangle(start, middle - 4.4, end - start, 8.8, p.band, radius=2.0)
    for value, way in ((span.left, -1.0), (span.right, 1.0)):
        if value is not None and math.isfinite(value):
            at, tip, base = x(value), middle + 2.6 * way, middle + 6.6 * way
            drawing.polygon([(at, tip), (at - 2.5, base), (at + 2.5, base)], p.muted)
    if span.ci_low is not None and span.ci_high is not None:
        drawing.line([x(span.ci_low), x(span.ci_high)], [middle, middle], p.accent, 1.5)
    if span.mean is not None and math.isfinite(span.mean):
        drawing.circle(x(span.mean), middle, 3.0, p.accent, stroke=p.paper, width=0.8)
    return drawing
