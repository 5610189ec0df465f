"""A drawing made of a few vector shapes, rendered identically in HTML and PDF.

Units are points, the origin is top left and y points down, as in SVG.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Drawing", "Path", "Point", "Shape", "Text"]

Point: TypeAlias = tuple[float, float]

_ROUND: Final = 0.5523
"""Length of the handles of a Bézier curve that looks like a quarter of a circle."""


@dataclass(frozen=True, kw_only=True)
class Path:
    """A line or an area.

    Attributes
    ----------
    steps : tuple of (letter, points)
        ``M`` and ``L`` with one point, ``C`` with three, ``Z`` with none.
    fill, stroke : str or None
        Colours.
    width : float
        Of the stroke, points.
    dash : tuple of float
        Lengths of strokes and gaps, points; empty for a whole line.
    opacity : float
        In [0, 1].
    """

    steps: tuple[tuple[str, tuple[Point, ...]], ...]
    fill: str | None = None
    stroke: str | None = None
    width: float = 1.0
    dash: tuple[float, ...] = ()
    opacity: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Text:
    """One line of text.

    Attributes
    ----------
    x, y : float
        Anchor on the base line.
    text : str
    size : float
        Points.
    colour : str
    bold : bool
    anchor : {"start", "middle", "end"}
    turned : bool
        Runs upwards.
    """

    x: float
    y: float
    text: str
    size: float
    colour: str
    bold: bool = False
    anchor: str = "start"
    turned: bool = False


Shape: TypeAlias = Path | Text


@dataclass(kw_only=True)
class Drawing:
    """Shapes, bottom first, with the text for screen readers.

    Attributes
    ----------
    width, height : float
        Points.
    title, description : str
        What is seen.
    shapes : list of Shape
    """

    width: float
    height: float
    title: str
    description: str = ""
    shapes: list[Shape] = field(default_factory=list)

    def line(
        self,
        x: ArrayLike,
        y: ArrayLike,
        colour: str,
        width: float = 1.0,
        *,
        dash: tuple[float, ...] = (),
        opacity: float = 1.0,
    ) -> None:
        """Add a line through points; it breaks where one is missing."""
        steps: list[tuple[str, tuple[Point, ...]]] = []
        pen_down = False
        for px, py in zip(np.atleast_1d(x).astype(float), np.atleast_1d(y).astype(float), strict=True):
            if not (np.isfinite(px) and np.isfinite(py)):
                pen_down = False
                continue
            steps.append(("L" if pen_down else "M", ((float(px), float(py)),)))
            pen_down = True
        if steps:
            self.shapes.append(Path(steps=tuple(steps), stroke=colour, width=width, dash=dash, opacity=opacity))

    def area(self, x: ArrayLike, low: ArrayLike, high: ArrayLike, colour: str, *, opacity: float = 1.0) -> None:
        """Add the area between two curves over the same x; columns with a missing value are left out."""
        columns = np.stack([np.asarray(x, float), np.asarray(low, float), np.asarray(high, float)])
        columns = columns[:, np.isfinite(columns).all(axis=0)]
        if columns.shape[1] > 1:
            there = list(zip(columns[0], columns[2], strict=True))
            back = list(zip(columns[0][::-1], columns[1][::-1], strict=True))
            self.polygon([*there, *back], colour, opacity=opacity)

    def polygon(
        self,
        points: Sequence[Point],
        fill: str | None,
        *,
        stroke: str | None = None,
        width: float = 1.0,
        opacity: float = 1.0,
    ) -> None:
        """Add a closed shape with straight sides."""
        steps = [("M" if i == 0 else "L", ((float(x), float(y)),)) for i, (x, y) in enumerate(points)]
        self.shapes.append(Path(steps=(*steps, ("Z", ())), fill=fill, stroke=stroke, width=width, opacity=opacity))

    def rectangle(
        self, x: float, y: float, width: float, height: float, fill: str | None, *, radius: float = 0.0
    ) -> None:
        """Add a rectangle, its corners rounded when asked for."""
        if radius <= 0:
            self.polygon([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], fill)
            return
        r = min(radius, width / 2, height / 2)
        k, right, bottom = r * (1 - _ROUND), x + width, y + height
        steps: tuple[tuple[str, tuple[Point, ...]], ...] = (
            ("M", ((x + r, y),)),
            ("L", ((right - r, y),)),
            ("C", ((right - k, y), (right, y + k), (right, y + r))),
            ("L", ((right, bottom - r),)),
            ("C", ((right, bottom - k), (right - k, bottom), (right - r, bottom))),
            ("L", ((x + r, bottom),)),
            ("C", ((x + k, bottom), (x, bottom - k), (x, bottom - r))),
            ("L", ((x, y + r),)),
            ("C", ((x, y + k), (x + k, y), (x + r, y))),
            ("Z", ()),
        )
        self.shapes.append(Path(steps=steps, fill=fill))

    def circle(
        self, x: float, y: float, radius: float, fill: str | None, *, stroke: str | None = None, width: float = 1.0
    ) -> None:
        """Add a circle."""
        k = radius * _ROUND
        steps: tuple[tuple[str, tuple[Point, ...]], ...] = (
            ("M", ((x + radius, y),)),
            ("C", ((x + radius, y + k), (x + k, y + radius), (x, y + radius))),
            ("C", ((x - k, y + radius), (x - radius, y + k), (x - radius, y))),
            ("C", ((x - radius, y - k), (x - k, y - radius), (x, y - radius))),
            ("C", ((x + k, y - radius), (x + radius, y - k), (x + radius, y))),
            ("Z", ()),
        )
        self.shapes.append(Path(steps=steps, fill=fill, stroke=stroke, width=width))

    def marker(self, shape: str, x: float, y: float, size: float, colour: str, ground: str) -> None:
        """Add the mark of a level: circle, triangle, diamond or ring, `size` points across, rimmed."""
        half = size / 2
        if shape == "triangle":
            points = [(x, y - 1.1 * half), (x + 1.1 * half, y + 0.85 * half), (x - 1.1 * half, y + 0.85 * half)]
            self.polygon(points, colour, stroke=ground, width=0.16 * size)
        elif shape == "diamond":
            points = [(x, y - 1.25 * half), (x + 1.25 * half, y), (x, y + 1.25 * half), (x - 1.25 * half, y)]
            self.polygon(points, colour, stroke=ground, width=0.16 * size)
        elif shape == "ring":
            self.circle(x, y, 0.8 * half, ground, stroke=colour, width=0.2 * size)
        else:
            self.circle(x, y, 0.9 * half, colour, stroke=ground, width=0.16 * size)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        colour: str,
        *,
        bold: bool = False,
        anchor: str = "start",
        turned: bool = False,
    ) -> None:
        """Add one line of text."""
        self.shapes.append(Text(x=x, y=y, text=text, size=size, colour=colour, bold=bold, anchor=anchor, turned=turned))
