"""Joint angles of a measured walk over the stride, and the values that are read from them."""

from __future__ import annotations

from typing import Final

import streamlit as st

from app import charts, charts_gait
from app.components import empty, note, rows
from app.views.measure_walk import WalkView
from gait_core.gait.curves import CURVES
from gait_core.gait.measurement import Measurement
from gait_core.gait.parameters.parameter import Parameter, Summary
from gait_core.report.document.words import difference, interval, number, unit_word

__all__ = ["key_rows", "render"]

_SHOW: Final = {"both": "Left and right", "left": "Left", "right": "Right"}


def render(view: WalkView) -> None:
    """Draw the tab."""
    measurement = view.measurement
    if not measurement.strides:
        empty("No joint angles over the stride", "They need one complete stride, so at least four steps.")
        return
    chosen = st.segmented_control(
        "Show", list(_SHOW), default="both", format_func=_SHOW.__getitem__, key="curve_sides", required=True
    )
    sides = ("left", "right") if chosen == "both" else (str(chosen),)
    bands = view.comparison.bands if view.comparison is not None else {}
    _legend(sides, with_band=bool(bands))
    pairs = list(CURVES)
    for first in range(0, len(pairs), 2):
        with st.container(key=f"stack_curves_{first}"):
            for place, name in zip(st.columns(2, gap="large"), pairs[first : first + 2], strict=False):
                with place:
                    figure, sentence = charts_gait.stride_chart(name, measurement.curves, bands, sides)
                    charts.show(figure, sentence, key=f"curve_{name}")
    if not bands:
        note("Analyse this walk against a baseline to see the usual range of each angle behind the curves.")
    _ranges(measurement)
    _keys(measurement)


def _legend(sides: tuple[str, ...], *, with_band: bool) -> None:
    """Draw one key for all charts."""
    parts = []
    for side in sides:
        look = charts_gait.SIDES[side]
        style = "dashed" if look.dash == "dash" else "solid"
        parts.append(
            f'<span><i style="border-top:3px {style} {charts_gait.side_colour(side)}"></i>'
            f"{side.capitalize()}, mean ± SD</span>"
        )
    parts.append('<span><i style="border-top:2px solid var(--gs-faint)"></i>single strides</span>')
    if with_band:
        parts.append('<span><i class="band"></i>baseline, mean ± SD (dotted)</span>')
    parts.append('<span><b aria-hidden="true">▲</b>foot off</span>')
    st.html(f'<p class="gs-legend">{"".join(parts)}</p>')


def _ranges(measurement: Measurement) -> None:
    st.subheader("Range of motion", anchor=False)
    found = [
        measurement.key_values[f"{name}_rom_deg"] for name in CURVES if f"{name}_rom_deg" in measurement.key_values
    ]
    _table([(CURVES[parameter.name.removesuffix("_rom_deg")][1], parameter) for parameter in found], "Range of motion")


def key_rows(measurement: Measurement, name: str) -> list[tuple[str, Parameter]]:
    """Return label and parameter of every key value of a curve, without the range."""
    own = [
        parameter
        for key, parameter in measurement.key_values.items()
        if key.startswith(f"{name}_") and not key.endswith("_rom_deg")
    ]
    label = CURVES[name][1]
    return [(parameter.label.removeprefix(f"{label}, ").capitalize(), parameter) for parameter in own]


def _keys(measurement: Measurement) -> None:
    st.subheader("Key values", anchor=False)
    name = st.segmented_control(
        "Joint", list(CURVES), default="knee", format_func=str.capitalize, key="curve_keys", required=True
    )
    _table(key_rows(measurement, str(name)), f"Key values of the {name}")
    note("Bending forward, bending the knee, toes up and swinging forward are positive. Times are % of the gait cycle.")


def _table(found: list[tuple[str, Parameter]], caption: str) -> None:
    body = [
        [
            label,
            _value(parameter.left, parameter.unit),
            _value(parameter.right, parameter.unit),
            _difference(parameter),
            _value(parameter.both, parameter.unit),
            _between(parameter.both, parameter.unit),
            str(parameter.both.n if parameter.both else 0),
        ]
        for label, parameter in found
    ]
    columns = [
        ("Value", "t"),
        ("Left", "n"),
        ("Right", "n"),
        ("Left − right", "n"),
        ("Both", "n"),
        ("95 % interval", "n"),
        ("n", "n"),
    ]
    rows(columns, body, caption)


def _with_unit(text: str, unit: str) -> str:
    return text if text == "–" or not text else f"{text}°" if unit == "deg" else f"{text} {unit_word(unit)}"


def _value(summary: Summary | None, unit: str) -> str:
    return _with_unit(number(summary.mean if summary is not None else None, unit), unit)


def _between(summary: Summary | None, unit: str) -> str:
    if summary is None:
        return "–"
    return _with_unit(interval(summary.ci_low, summary.ci_high, unit), unit) or "–"


def _difference(parameter: Parameter) -> str:
    found = parameter.asymmetry
    if found is None or "difference" not in found:
        return "withheld"
    left, right = (side.mean if side is not None else None for side in (parameter.left, parameter.right))
    return _with_unit(difference(left, right, parameter.unit), parameter.unit)
