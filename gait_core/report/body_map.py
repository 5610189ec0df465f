"""The body map: where a walk deviates, on a drawing that a patient understands.

Every mark is shown by colour, by shape and in words, so that nothing depends on seeing colours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gait_core.baseline.part_levels import part_level
from gait_core.drawing.shapes import Drawing, Point
from gait_core.drawing.style import DARK, LIGHT, LOOKS, Palette
from gait_core.drawing.svg import to_svg
from gait_core.report.body_figure import ANCHORS, Figure

__all__ = ["PartNote", "body_drawing", "body_map_svg", "deviation_notes"]

_WIDTH: Final = 308.0
_HEIGHT: Final = 234.0
_LEGEND: Final = 20.0
_GAP: Final = 12.0
_LINE: Final = 9.6
_LABEL: Final = 22.0


@dataclass(frozen=True, kw_only=True)
class PartNote:
    """What is stated about one part of the body.

    Attributes
    ----------
    level : str
        ``normal``, ``watch``, ``alert``, ``withheld``, or ``measured`` where nothing is judged; decides shape and
        colour of the mark.
    text : str
        In words, for example ``clearly different (2.8)``.
    labelled : bool
        The words stand beside the figure; without it the mark alone.
    """

    level: str
    text: str
    labelled: bool = True


def deviation_notes(
    deviations: Mapping[str, float], level_of: Callable[[float], str] = part_level
) -> dict[str, PartNote]:
    """Return what to say about each part of the body.

    Parameters
    ----------
    deviations : mapping of str to float
        Part of the body (``right knee``, ``trunk`` …) → deviation, 1 is typical; NaN where it is not known.
    level_of : callable
        Deviation → ``normal``, ``watch``, ``alert`` or ``withheld``.

    Returns
    -------
    dict of str to PartNote
        Part → its level and that level in words with the deviation. Parts at ``watch`` and ``alert`` are labelled; NaN
        is ``withheld``.
    """
    notes = {}
    for part, value in deviations.items():
        level = level_of(value) if math.isfinite(value) else "withheld"
        figure = f" ({value:.1f})" if math.isfinite(value) else ""
        notes[part] = PartNote(level=level, text=f"{LOOKS[level].part}{figure}", labelled=level in ("watch", "alert"))
    return notes


def body_map_svg(
    deviations: Mapping[str, float],
    *,
    level_of: Callable[[float], str] = part_level,
    title: str,
    dark: bool = False,
    near: str = "right",
) -> str:
    """Return the body map as an SVG element.

    Parameters
    ----------
    deviations : mapping of str to float
        As `deviation_notes` takes them.
    level_of : callable
        Deviation → ``normal``, ``watch``, ``alert`` or ``withheld``.
    title : str
        What is seen; spoken by a screen reader. Escaped.
    dark : bool
        On a dark ground.
    near : {"left", "right"}
        Side of the body nearer to the camera; the figure shows that side.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    return to_svg(body_drawing(deviation_notes(deviations, level_of), title=title, near=near, dark=dark))


def body_drawing(notes: Mapping[str, PartNote], *, title: str, near: str = "right", dark: bool = False) -> Drawing:
    """Draw the figure with its marks, the words beside it and the legend below.

    Parameters
    ----------
    notes : mapping of str to PartNote
        Parts that the figure does not have are mentioned in the description only.
    title : str
    near : {"left", "right"}
    dark : bool

    Returns
    -------
    Drawing
        Without the legend where there are no notes, or some are ``measured`` and not judged.
    """
    palette = DARK if dark else LIGHT
    judged = bool(notes) and all(note.level != "measured" for note in notes.values())
    height = _HEIGHT if judged else _HEIGHT - _LEGEND
    drawing = Drawing(width=_WIDTH, height=height, title=title, description=_spoken(notes))
    figure = Figure(left=(_WIDTH - Figure.WIDTH) / 2, top=0.0, mirrored=near == "left")
    figure.draw(drawing, palette)
    places = {part: figure.place(ANCHORS[key]) for part in notes if (key := _key(part, near)) in ANCHORS}
    marked = sorted((part for part in places), key=lambda part: notes[part].level in ("watch", "alert"))
    for part in marked:
        if notes[part].level in ("watch", "alert"):
            _halo(drawing, places[part], palette.level(notes[part].level))
    _labels(drawing, {part: places[part] for part in marked if notes[part].labelled}, notes, palette)
    for part in marked:
        note = notes[part]
        size = {"watch": 8.5, "alert": 8.5}.get(note.level, 5.2)
        drawing.marker(LOOKS[note.level].shape, *places[part], size, palette.level(note.level), palette.paper)
    if judged:
        _legend(drawing, [notes[part].level for part in places], palette)
    return drawing


def _key(part: str, near: str) -> str:
    """Turn ``right_knee`` into ``near knee`` or ``far knee``."""
    words = part.replace("_", " ").strip().lower()
    side, _, rest = words.partition(" ")
    if side in ("left", "right"):
        return f"{'near' if side == near else 'far'} {'ankle and foot' if rest == 'ankle' else rest}"
    return words


def _spoken(notes: Mapping[str, PartNote]) -> str:
    order = sorted(
        notes, key=lambda part: ("alert", "watch", "normal", "measured", "withheld").index(notes[part].level)
    )
    return " ".join(f"{part.replace('_', ' ').capitalize()}: {notes[part].text}." for part in order)


def _halo(drawing: Drawing, at: Point, colour: str) -> None:
    before = len(drawing.shapes)
    drawing.circle(*at, 13.0, colour)
    shape = drawing.shapes[before]
    drawing.shapes[before] = type(shape)(**{**vars(shape), "opacity": 0.16})


def _labels(drawing: Drawing, places: Mapping[str, Point], notes: Mapping[str, PartNote], palette: Palette) -> None:
    """Write the words in two columns, each joined to its mark by a thin line."""
    middle = _WIDTH / 2
    columns: dict[bool, list[str]] = {False: [], True: []}
    for part in sorted(places, key=lambda part: places[part][1]):
        x = places[part][0]
        right = x > middle if abs(x - middle) > 9.5 else len(columns[True]) < len(columns[False])
        columns[right].append(part)
    for right, parts in columns.items():
        tops = _spread([places[part][1] for part in parts])
        edge = middle + (Figure.WIDTH / 2 + _GAP) * (1 if right else -1)
        away = 1 if right else -1
        for part, top in zip(parts, tops, strict=True):
            x, y = places[part]
            drawing.line([x, edge - 9.0 * away, edge - 3.0 * away], [y, top, top], palette.faint, 0.6)
            anchor = "start" if right else "end"
            name = part.replace("_", " ").capitalize()
            drawing.text(edge, top + 1.0, name, 8.6, palette.text, bold=True, anchor=anchor)
            colour = palette.level(notes[part].level)
            drawing.text(edge, top + 1.0 + _LINE, notes[part].text, 8.0, colour, anchor=anchor)


def _spread(wanted: Sequence[float]) -> list[float]:
    """Return heights near the wanted ones, rising, at least one label apart and inside the image."""
    tops: list[float] = []
    for value in wanted:
        tops.append(max(value, tops[-1] + _LABEL if tops else 8.0))
    lowest = _HEIGHT - 40.0
    for number in range(len(tops) - 1, -1, -1):
        tops[number] = min(tops[number], lowest - _LABEL * (len(tops) - 1 - number))
    return tops


def _legend(drawing: Drawing, levels: Sequence[str], palette: Palette) -> None:
    judged = any(level != "withheld" for level in levels)
    shown = ["normal", "watch", "alert"] if judged else []
    shown += ["withheld"] if "withheld" in levels or not judged else []
    widths = [20.0 + 3.7 * len(LOOKS[level].part) for level in shown]
    x = (_WIDTH - sum(widths)) / 2
    y = _HEIGHT - 8.0
    for level, width in zip(shown, widths, strict=True):
        drawing.marker(LOOKS[level].shape, x + 4.0, y - 2.6, 6.2, palette.level(level), palette.paper)
        drawing.text(x + 10.5, y, LOOKS[level].part, 8.0, palette.muted)
        x += width
