"""The walking figure of the body map: a person in mid-stride, seen from the side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gait_core.drawing.shapes import Drawing, Path, Point
from gait_core.drawing.style import Palette

__all__ = ["ANCHORS", "Figure"]

_HIP_TO_TOE: Final[Mapping[str, tuple[Point, ...]]] = {
    "near": ((54.0, 108.0), (72.0, 147.0), (84.0, 187.0), (80.0, 195.0), (98.5, 189.5)),
    "far": ((53.0, 108.0), (50.0, 150.0), (22.0, 177.0), (14.0, 180.0), (27.5, 196.0)),
}
"""Hip, knee, ankle, heel and toe of a figure that faces right."""
_ARMS: Final[Mapping[str, tuple[Point, ...]]] = {
    "near": ((57.0, 54.0), (42.0, 82.0), (46.0, 110.0)),
    "far": ((59.0, 54.0), (75.0, 80.0), (93.0, 99.0)),
}
"""Shoulder, elbow and hand."""
_TRUNK: Final[tuple[tuple[str, tuple[Point, ...]], ...]] = (
    ("M", ((56.0, 43.5),)),
    ("C", ((65.0, 43.5), (69.5, 50.0), (70.0, 60.0))),
    ("C", ((70.5, 74.0), (67.5, 84.0), (67.0, 96.0))),
    ("C", ((66.8, 106.0), (64.0, 117.0), (54.0, 118.0))),
    ("C", ((43.5, 118.0), (40.5, 108.0), (42.5, 98.0))),
    ("C", ((44.5, 86.0), (44.0, 76.0), (43.6, 62.0))),
    ("C", ((43.3, 50.0), (48.0, 43.5), (56.0, 43.5))),
    ("Z", ()),
)
_HEAD: Final[tuple[tuple[str, tuple[Point, ...]], ...]] = (
    ("M", ((61.5, 5.0),)),
    ("C", ((70.0, 5.0), (75.0, 11.0), (75.0, 18.5))),
    ("C", ((75.0, 20.5), (77.6, 22.6), (77.2, 24.0))),
    ("C", ((76.9, 25.0), (75.3, 24.8), (75.0, 26.0))),
    ("C", ((74.4, 30.5), (70.5, 34.0), (65.0, 34.0))),
    ("C", ((54.5, 34.0), (48.0, 27.5), (48.0, 19.0))),
    ("C", ((48.0, 11.0), (53.5, 5.0), (61.5, 5.0))),
    ("Z", ()),
)

ANCHORS: Final[Mapping[str, Point]] = {
    "head": (61.5, 19.0),
    "trunk": (58.5, 70.0),
    "pelvis": (52.0, 97.0),
    "near hip": (57.0, 114.0),
    "far hip": (47.0, 119.0),
    "near knee": (72.0, 147.0),
    "far knee": (49.5, 150.0),
    "near ankle and foot": (84.5, 187.0),
    "far ankle and foot": (21.5, 178.0),
    "near step": (104.0, 201.0),
    "far step": (33.0, 201.0),
    "near arm": (42.0, 82.0),
    "far arm": (75.0, 80.0),
}
"""Part of the body → where its mark is placed on a figure that faces right."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure at a place of a drawing.

    Attributes
    ----------
    left, top : float
        Upper left corner, points.
    mirrored : bool
        Faces left.
    """

    WIDTH = 112.0
    HEIGHT = 206.0

    left: float
    top: float
    mirrored: bool = False

    def place(self, point: Point) -> Point:
        """Return where a point of the figure lies in the drawing."""
        x, y = point
        return self.left + (self.WIDTH - x if self.mirrored else x), self.top + y

    def draw(self, drawing: Drawing, palette: Palette) -> None:
        """Draw the figure and the floor."""
        floor = self.top + 202.0
        drawing.line([self.left - 8.0, self.left + self.WIDTH + 8.0], [floor, floor], palette.line, 0.8)
        self._limb(drawing, _ARMS["far"], (7.0, 5.0, 3.8), palette.body_far)
        self._leg(drawing, "far", palette.body_far)
        for outline in (_TRUNK, _HEAD):
            self._outline(drawing, outline, palette.body)
        self._limb(drawing, ((56.0, 50.5), (59.0, 30.0)), (9.6, 5.6), palette.body)
        # A rim of the ground keeps a limb apart from what it crosses.
        self._limb(drawing, _HIP_TO_TOE["near"][:3], (11.4, 9.9, 6.9), palette.paper)
        self._leg(drawing, "near", palette.body)
        self._limb(drawing, _ARMS["near"], (8.2, 6.6, 5.2), palette.paper)
        self._limb(drawing, _ARMS["near"], (7.2, 5.2, 3.8), palette.body)

    def _leg(self, drawing: Drawing, side: str, colour: str) -> None:
        hip, knee, ankle, heel, toe = _HIP_TO_TOE[side]
        self._limb(drawing, (hip, knee, ankle), (12.0, 8.6, 5.6), colour)
        self._limb(drawing, (ankle, heel, toe), (5.6, 4.6, 3.2), colour)
        self._limb(drawing, (ankle, toe), (5.0, 3.2), colour)

    def _limb(self, drawing: Drawing, points: Sequence[Point], radii: Sequence[float], colour: str) -> None:
        placed = [self.place(point) for point in points]
        for number in range(len(placed) - 1):
            ends, widths = placed[number : number + 2], radii[number : number + 2]
            drawing.polygon(_capsule(ends[0], ends[1], widths[0], widths[1]), colour)

    def _outline(self, drawing: Drawing, steps: Sequence[tuple[str, tuple[Point, ...]]], colour: str) -> None:
        placed = tuple((letter, tuple(self.place(point) for point in points)) for letter, points in steps)
        drawing.shapes.append(Path(steps=placed, fill=colour))


def _capsule(start: Point, end: Point, start_radius: float, end_radius: float) -> list[Point]:
    """Return the outline of two circles and the tapering piece between them."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = max(float(np.hypot(dx, dy)), 1e-6)
    heading = float(np.arctan2(dy, dx))
    # The straight sides touch both circles; they lean towards the smaller one.
    lean = float(np.arccos(np.clip((start_radius - end_radius) / length, -1.0, 1.0)))
    around_end = heading + np.linspace(-lean, lean, 14)
    around_start = heading + np.linspace(lean, 2.0 * np.pi - lean, 14)
    return [
        *((end[0] + end_radius * np.cos(a), end[1] + end_radius * np.sin(a)) for a in around_end),
        *((start[0] + start_radius * np.cos(a), start[1] + start_radius * np.sin(a)) for a in around_start),
    ]
