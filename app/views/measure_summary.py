"""A measured walk in one view: what it says in plain words, the main values, and all of them in tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import streamlit as st

from app.components import box, empty, note, rows, say
from app.views.measure_walk import WalkView
from gait_core.gait.change import REAL
from gait_core.gait.measurement import Measurement
from gait_core.gait.parameters.parameter import Parameter, Summary
from gait_core.gait.parameters.reference import REFERENCES
from gait_core.gait.parameters.symmetry import FORMULAS
from gait_core.phrases import plural
from gait_core.report.document.body_section import marked_parts
from gait_core.report.document.rows import change_phrase, chosen_changes
from gait_core.report.document.summary import summary_sentences
from gait_core.report.document.words import interval, number, signed, unit_word

__all__ = ["Tile", "render", "tile_of", "value_table"]

_TILES: Final[tuple[tuple[str, ...], ...]] = (
    ("walking_speed_mps", "walking_speed_leg_per_s"),
    ("cadence_spm",),
    ("step_time_s",),
    ("step_length_m", "step_length_leg"),
    ("stance_pct",),
    ("double_support_pct",),
)
"""Values of the tiles; the first of each group that was measured is shown."""
_NAMES: Final = ("Walking speed", "Cadence", "Step time", "Step length", "Stance", "Double support")
_COLUMNS: Final = (
    ("Value", "name"),
    ("Left", "n"),
    ("Right", "n"),
    ("Both", "n"),
    ("n", "n"),
    ("Measuring error", "n"),
    ("SD (CV)", "n"),
    ("Asymmetry", "n"),
)
_IF_KNOWN: Final = ("Measuring error", "SD (CV)", "Asymmetry")
_OF_STEPS: Final = ("cadence", "step_", "walk_ratio")
_WITHHELD: Final = ("No interval", "Asymmetry is withheld", "Variability")
"""How the library begins a sentence on something that is withheld."""


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One main value: its name, the value with its unit, and lines below it."""

    name: str
    value: str
    lines: tuple[str, ...]


def render(view: WalkView) -> None:
    """Draw the tab."""
    measurement = view.measurement
    _sentences(view)
    _tiles([tile_of(measurement, names, label) for names, label in zip(_TILES, _NAMES, strict=True)])
    _notes(measurement)
    if not measurement.parameters:
        empty("No values", "No complete step was seen. The tab “Quality” says what to do better next time.")
        return
    with st.expander("All values, left and right", icon=":material/table:"):
        _table(measurement)
    with st.expander("Stride by stride", icon=":material/list:"):
        _strides(measurement)


def _sentences(view: WalkView) -> None:
    comparison = view.comparison
    changed = [
        change_phrase(change)
        for change in (chosen_changes(comparison.changes) if comparison is not None else ())
        if change.verdict == REAL
    ]
    texts = summary_sentences(view.measurement, comparison, REFERENCES, marked_parts(comparison), changed)
    say(" ".join(texts[:2]))
    note(texts[2] if comparison is not None else "This walk was not compared with a baseline; see the tab “Change”.")


def _unit_count(name: str, count: int) -> str:
    return plural(count, "step" if name.startswith(_OF_STEPS) else "stride")


def tile_of(measurement: Measurement, names: Sequence[str], label: str) -> Tile:
    """Return what a tile says.

    Parameters
    ----------
    measurement : Measurement
    names : sequence of str
        Parameters, best first; the first that was measured is shown.
    label : str
        For people, where none was measured.
    """
    parameter = next((measurement.parameters[name] for name in names if name in measurement.parameters), None)
    if parameter is None or parameter.both is None:
        missing = "step" if names[0].startswith(_OF_STEPS) else "stride"
        return Tile(name=label, value="withheld", lines=(f"No complete {missing} was seen.",))
    unit, both = parameter.unit, parameter.both
    between = interval(both.ci_low, both.ci_high, unit)
    count = _unit_count(parameter.name, both.n)
    fewest = measurement.settings.fewest_strides_interval
    lines = [f"95 % interval {between} · {count}" if between else f"{count}; no interval below {fewest}"]
    if parameter.left is not None or parameter.right is not None:
        lines.append(f"left {_side(parameter.left, unit)} · right {_side(parameter.right, unit)}")
    reference = REFERENCES.get(parameter.name)
    if reference is not None:
        lines.append(f"reference {interval(reference.low, reference.high, unit)}")
    if parameter.name != names[0]:
        lines.append("no metres: see “Metres” above")
    return Tile(name=parameter.label, value=f"{number(both.mean, unit)} {unit_word(unit)}".strip(), lines=tuple(lines))


def _side(summary: Summary | None, unit: str) -> str:
    return f"{number(summary.mean, unit)} (n {summary.n})" if summary is not None else "not seen"


def _tiles(tiles: Sequence[Tile]) -> None:
    cells = "".join(
        f'<div><div class="k">{escape(tile.name)}</div><div class="v">{escape(tile.value)}</div>'
        + "".join(f'<div class="s">{escape(line)}</div>' for line in tile.lines)
        + "</div>"
        for tile in tiles
    )
    st.html(f'<div class="gs-facts gs-tiles">{cells}</div>')


def _notes(measurement: Measurement) -> None:
    """Say what to mind, what is withheld and why, and what the references are."""
    found = measurement.parameters
    shown = [found[name] for names in _TILES for name in names if name in found]
    doubts = [text for parameter in shown for text in parameter.notes if not text.startswith(_WITHHELD)]
    doubts += [one.message for one in measurement.warnings if not one.blocking and one.code != "no_scale"]
    for text in dict.fromkeys(doubts):
        box("Please note", text, "warn")
    sources = [
        f"Reference for {parameter.label.lower()}: 95 % of {reference.population} ({reference.source}); for the other "
        "values no reference was found that could be checked against its source."
        for parameter in shown
        if (reference := REFERENCES.get(parameter.name)) is not None
    ]
    step = found.get("step_time_s")
    withheld = [text for text in (step.notes if step is not None else ()) if text.startswith(_WITHHELD)]
    if withheld or sources:
        note(" ".join(dict.fromkeys([*withheld, *sources])))


def value_table(measurement: Measurement) -> tuple[list[tuple[str, str]], list[list[str]]]:
    """Return the table of all spatiotemporal parameters.

    Returns
    -------
    columns : list of (title, class)
        Without those that are known of no value.
    rows : list of list of str
        Cells as HTML.
    """
    whole = [_row(parameter) for parameter in measurement.parameters.values()]
    # That nothing is known is said by the note above, or by the values themselves.
    kept = [
        place
        for place, (title, _) in enumerate(_COLUMNS)
        if title not in _IF_KNOWN or any(row[place] not in ("–", "withheld") for row in whole)
    ]
    return [_COLUMNS[place] for place in kept], [[row[place] for place in kept] for row in whole]


def _row(parameter: Parameter) -> list[str]:
    unit, both = unit_word(parameter.unit), parameter.both
    spread = "withheld"
    if both is not None and both.sd is not None:
        spread = _below(number(both.sd, parameter.unit), f"({both.cv_pct:.1f} %)" if both.cv_pct is not None else "")
    index = (parameter.asymmetry or {}).get("robinson_pct")
    sided = parameter.left is not None or parameter.right is not None
    return [
        escape(f"{parameter.label} ({unit})" if unit else parameter.label),
        _cell(parameter.left, parameter.unit),
        _cell(parameter.right, parameter.unit),
        _cell(both, parameter.unit),
        str(both.n if both is not None else 0),
        f"± {number(2.0 * both.error_sd, parameter.unit)}" if both is not None and both.error_sd is not None else "–",
        spread,
        f"{signed(index, '%')} %" if index is not None else "withheld" if sided else "–",
    ]


def _cell(summary: Summary | None, unit: str) -> str:
    """Return a mean with its interval below it as HTML."""
    if summary is None:
        return "–"
    return _below(number(summary.mean, unit), interval(summary.ci_low, summary.ci_high, unit))


def _below(value: str, more: str) -> str:
    return f'{value}<br><span class="dim">{more}</span>' if more else value


def _table(measurement: Measurement) -> None:
    columns, body = value_table(measurement)
    rows(columns, body, "All spatiotemporal values", html_columns=range(len(columns)))
    settings = measurement.settings
    note(
        "Below each mean is its 95 % interval, by bootstrap over steps or strides, shown from "
        f"{settings.fewest_strides_interval} of a kind: how far the mean may lie from that of many more. The measuring "
        "error is what the camera adds (2 SD): how far the times of events and the places of landmarks usually lie "
        "from the truth; an error of the scale is not in it. Asymmetry is shown from "
        f"{settings.fewest_strides_asymmetry} of each side; SD and CV from "
        f"{settings.fewest_strides_variability}. Asymmetry is {FORMULAS['robinson_pct']}. "
        "A step is named after the foot that lands."
    )


def _strides(measurement: Measurement) -> None:
    body = [
        [
            str(count),
            stride.side,
            "near" if stride.near else "far",
            f"{stride.start_s:.2f}",
            f"{stride.duration_s:.2f}",
            f"{stride.foot_off_pct:.1f}",
            f"{stride.confidence:.2f}",
        ]
        for count, stride in enumerate(measurement.strides, start=1)
    ]
    columns = [
        ("Stride", "n"),
        ("Foot", "t"),
        ("To the camera", "t"),
        ("Begins (s)", "n"),
        ("Lasts (s)", "n"),
        ("Stance (%)", "n"),
        ("Confidence", "n"),
    ]
    rows(columns, body, "Every stride")
    note("Confidence is that of the landmarks around the least certain event of the stride, from 0 to 1.")
