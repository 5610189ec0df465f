"""Charts of a walk against the baseline: where in the stride it deviates, how far, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import words
from app.charts import Chart, blank
from app.charts_gait import CYCLE, SIDES, side_colour, tint
from app.theme import palette
from gait_core.gait.change import CANNOT_TELL, REAL, Change
from gait_core.gait.curves import CURVES
from gait_core.gait.deviation import PHASES, phase_at

__all__ = ["change_bars", "map_bars", "phase_map", "z_map"]

Key = tuple[str, str]
Array = NDArray[np.float64]


def phase_map(profiles: Mapping[str, Array]) -> Chart:
    """Draw which part of the body deviates at which moment of the stride; 1 is typical."""
    known = {part: values for part, values in profiles.items() if np.isfinite(values).any()}
    grid = np.array(list(known.values())) if known else np.full((0, 101), np.nan)
    p = palette()
    labels = [words.joint_name(part).capitalize() for part in known]
    figure = _cycle_map(
        labels,
        grid,
        colours=p.ramp,
        limits=(0.0, max(3.0, float(np.nanmax(grid)) if grid.size else 3.0)),
        title="times<br>typical",
        hover="%{y} at %{x} %: %{z:.1f} times typical<extra></extra>",
    )
    if not known:
        return figure, "No part of the body could be compared over a stride."
    row, column = divmod(int(np.nanargmax(grid)), grid.shape[1])
    tint = "Brighter" if p.name == "dark" else "Darker"
    return figure, (
        f"{tint} means further from this person's own walks. Most: {labels[row].lower()}, "
        f"{grid[row, column]:.1f} times typical in {phase_at(column)}."
    )


def z_map(z: Mapping[Key, Array]) -> Chart:
    """Draw by how many SD between walks each joint angle lies off the baseline; the sign shows the direction."""
    p = palette()
    labels = [f"{side.capitalize()} {name}" if name != "trunk" else f"Trunk, {side} strides" for name, side in z]
    grid = np.array(list(z.values())) if z else np.full((0, 101), np.nan)
    widest = max(3.0, float(np.nanmax(np.abs(grid))) if grid.size else 3.0)
    low, high = ("#7FB2F0", "#E7AC53") if p.name == "dark" else ("#2B5C9E", "#9A5700")
    figure = _cycle_map(
        labels,
        grid,
        colours=(low, p.surface, high),
        limits=(-widest, widest),
        title="SD",
        hover="%{y} at %{x} %: %{z:+.1f} SD<extra></extra>",
    )
    if not z:
        return figure, "There is no baseline of at least two walks to take z-scores from."
    row, column = divmod(int(np.nanargmax(np.abs(grid))), grid.shape[1])
    value = grid[row, column]
    return figure, (
        f"Blue is less, brown more than in the baseline, in SD between its walks. Furthest: {labels[row].lower()}, "
        f"{abs(value):.1f} SD {'more' if value > 0 else 'less'} than usual in {phase_at(column)}."
    )


def _cycle_map(
    labels: Sequence[str], grid: Array, *, colours: Sequence[str], limits: tuple[float, float], title: str, hover: str
) -> Any:
    """Draw rows over the gait cycle, with the phases named on top and parted by thin lines."""
    p = palette()
    figure = blank(130 + 27 * len(labels), "Gait cycle (%)", "", margin={"l": 8, "r": 12, "t": 56, "b": 8})
    figure.add_heatmap(
        z=grid,
        x=CYCLE,
        y=list(labels),
        colorscale=[[i / (len(colours) - 1), colour] for i, colour in enumerate(colours)],
        zmin=limits[0],
        zmax=limits[1],
        ygap=2,
        hovertemplate=hover,
        colorbar={
            "title": {"text": title, "font": {"size": 13, "color": p.muted}},
            "thickness": 10,
            "outlinewidth": 0,
            "tickfont": {"color": p.muted},
        },
    )
    for phase in PHASES:
        if phase.start_pct > 0:
            figure.add_vline(x=phase.start_pct, line={"color": p.muted, "width": 1, "dash": "dot"})
        if phase.end_pct - phase.start_pct >= 5:  # initial contact lasts 2 %: there is no space for its name
            figure.add_annotation(
                x=(phase.start_pct + phase.end_pct) / 2,
                y=1,
                yref="paper",
                yanchor="bottom",
                showarrow=False,
                text=phase.label.replace(" ", "<br>"),
                font={"color": p.muted, "size": 12},
            )
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    figure.update_xaxes(showgrid=False, range=[0, 100], dtick=20)
    return figure


def map_bars(map_deg: Mapping[Key, float]) -> Chart:
    """Draw the sagittal movement analysis profile: how far each curve lies from the baseline's mean, both sides."""
    names = [name for name in CURVES if any(key[0] == name for key in map_deg)]
    figure = blank(300, "", "Distance from the baseline (°, RMS)")
    for side in SIDES:
        values = [map_deg.get((name, side), float("nan")) for name in names]
        figure.add_bar(
            x=[name.capitalize() for name in names],
            y=values,
            name=side.capitalize(),
            text=[f"{value:.1f}" if np.isfinite(value) else "" for value in values],
            textposition="outside",
            cliponaxis=False,
            marker={
                "color": side_colour(side),
                "pattern": {"shape": "/" if side == "right" else "", "fillmode": "replace", "solidity": 0.6},
            },
            hovertemplate="%{x}: %{y:.1f}°<extra>" + side + "</extra>",
        )
    figure.update_xaxes(showgrid=False)
    if not map_deg:
        return figure, "There is no baseline of joint angles to compare with."
    figure.update_yaxes(range=[0, 1.18 * max(*map_deg.values(), 1.0)])
    (name, side), worst = max(map_deg.items(), key=lambda pair: pair[1])
    return figure, (
        f"Root mean square distance of each mean curve from the baseline's. Largest: {side} {name}, {worst:.1f}°. "
        "Sagittal part of the movement analysis profile; one camera sees no other plane."
    )


def change_bars(labels: Sequence[str], changes: Sequence[Change], against: str) -> Chart:
    """Draw each difference in units of the change that must be exceeded; the grey field is the usual spread."""
    p = palette()
    rows = [
        (label, change, change.difference / change.mdc)
        for label, change in zip(labels, changes, strict=True)
        if change.difference is not None and change.mdc
    ]
    figure = blank(110 + 32 * len(rows), "Difference ÷ minimal detectable change (no unit)", "", showlegend=False)
    figure.add_vrect(x0=-1, x1=1, fillcolor=tint(p.muted, 0.16), line_width=0, layer="below")
    figure.add_vline(x=0, line={"color": p.muted, "width": 1})
    for real in (False, True):
        chosen = [row for row in rows if (row[1].verdict == REAL) == real]
        if chosen:
            figure.add_scatter(
                x=[row[2] for row in chosen],
                y=[row[0] for row in chosen],
                mode="markers",
                marker={
                    "size": 13,
                    "symbol": [_pointing(row[2]) if real else "circle" for row in chosen],
                    "color": p.watch if real else p.normal,
                },
                hovertemplate="%{y}: %{x:+.2f}<extra>" + ("real change" if real else "usual spread") + "</extra>",
            )
    widest = max([1.6, *(abs(row[2]) * 1.12 for row in rows)])
    figure.update_xaxes(range=[-widest, widest])
    figure.update_yaxes(
        categoryorder="array", categoryarray=[row[0] for row in reversed(rows)], showgrid=False, ticksuffix="  "
    )
    real_count = sum(change.verdict == REAL for change in changes)
    open_count = sum(change.verdict == CANNOT_TELL for change in changes)
    first = (
        f"{real_count} of {words.plural(len(changes), 'value')} left the usual spread, drawn as a triangle: "
        "up is more, down is less"
        if real_count
        else f"None of {words.plural(len(changes), 'value')} left the usual spread"
    )
    tail = f" {words.plural(open_count, 'value')} cannot be judged and {'is' if open_count == 1 else 'are'} left out."
    return figure, (
        f"{first}. Within the grey field a difference from {against} is what repeated walks show anyway."
        f"{tail if open_count else ''}"
    )


def _pointing(difference: float) -> str:
    """Return the triangle that points where a value went."""
    return "triangle-up" if difference > 0 else "triangle-down"
