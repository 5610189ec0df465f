"""Charts of the stride: joint angles, where in the cycle a walk deviates, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app import words
from app.charts import Chart, blank
from app.theme import palette
from gait_core.gait.change import CANNOT_TELL, REAL, Change
from gait_core.gait.curves import CURVES, Curves
from gait_core.gait.deviation import PHASES, Band

__all__ = [
    "SIDES",
    "SideLook",
    "change_bars",
    "map_bars",
    "phase_at",
    "phase_map",
    "side_colour",
    "stride_chart",
    "z_map",
]

Key = tuple[str, str]
Array = NDArray[np.float64]
CYCLE: Final = np.arange(0, 101)
MOST_STRIDES: Final = 40
"""Single strides that are drawn of a side; more would only make the picture slower."""
_WAYS: Final[Mapping[str, str]] = {
    "hip": "up: bends forward",
    "knee": "up: bends",
    "ankle": "up: toes up",
    "arm": "up: swings forward",
    "trunk": "up: leans forward",
}


@dataclass(frozen=True, kw_only=True)
class SideLook:
    """How a side of the body is told apart: by colour, by line and by symbol."""

    light: str
    dark: str
    dash: str
    symbol: str


SIDES: Final[Mapping[str, SideLook]] = {
    "left": SideLook(light="#0B6470", dark="#5DBBC6", dash="solid", symbol="circle"),
    "right": SideLook(light="#7B3FA0", dark="#CBA6F5", dash="dash", symbol="square"),
}


def side_colour(side: str) -> str:
    """Return the colour of a side of the body in the present theme."""
    look = SIDES[side]
    return look.dark if palette().name == "dark" else look.light


def _tint(colour: str, share: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def phase_at(percent: float) -> str:
    """Return the phase of the gait cycle at a moment, with its limits, for example ``mid stance (12–31 %)``."""
    phase = next((one for one in PHASES if one.start_pct <= percent < one.end_pct), PHASES[-1])
    return f"{phase.label.lower()} ({phase.start_pct:.0f}–{phase.end_pct:.0f} %)"


def stride_chart(name: str, curves: Curves, bands: Mapping[Key, Band], sides: Sequence[str]) -> Chart:
    """Draw one joint angle over the gait cycle: strides, mean ± SD, foot off, and the baseline behind."""
    label = CURVES[name][1]
    figure = blank(290, "Gait cycle (%)", f"{label} (°)", showlegend=False)
    shown = [side for side in sides if curves.count(side)]
    for side in shown:
        if (name, side) in bands:
            _band(figure, bands[name, side], side)
    for side in shown:
        _strides(figure, curves.values[name, side])
    sentences = [_mean(figure, name, side, curves) for side in shown]
    offs = sorted((float(np.mean(curves.foot_off_pct[side])), side) for side in shown)
    for number, (percent, side) in enumerate(offs):
        _foot_off(figure, side, percent, before=number == 0 and len(offs) > 1)
    figure.update_xaxes(range=[0, 100], dtick=20)
    figure.add_annotation(
        x=0,
        xref="paper",
        xanchor="left",
        y=1,
        yref="paper",
        yanchor="bottom",
        showarrow=False,
        text=_WAYS[name],
        font={"color": palette().muted, "size": 13},
    )
    missing = [side for side in sides if side not in shown]
    tail = f" No complete stride of the {' or '.join(missing)} leg was seen." if missing else ""
    return figure, f"{label}: {'; '.join(sentences) or 'nothing to draw'}.{tail}"


def _band(figure: Any, band: Band, side: str) -> None:
    """Draw what is usual: a grey field, its middle dotted in the colour of the side."""
    line = {"color": side_colour(side), "width": 1.3, "dash": "dot"}
    sd = np.where(np.isfinite(band.sd), band.sd, 0.0)
    low, high = band.mean - sd, band.mean + sd
    figure.add_scatter(
        x=np.concatenate([CYCLE, CYCLE[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        fillcolor=_tint(palette().muted, 0.17),
        line={"width": 0},
        hoverinfo="skip",
    )
    figure.add_scatter(x=CYCLE, y=band.mean, mode="lines", line=line, hoverinfo="skip")


def _strides(figure: Any, values: Array) -> None:
    """Draw the single strides as one trace with gaps between them; every other point is enough for the eye."""
    chosen = np.asarray(values)[:MOST_STRIDES, ::2]
    gap = np.full((len(chosen), 1), np.nan)
    x = np.concatenate([np.tile(CYCLE[::2].astype(float), (len(chosen), 1)), gap], axis=1)
    y = np.concatenate([chosen, gap], axis=1)
    line = {"color": palette().faint, "width": 1}
    figure.add_scatter(x=x.ravel(), y=y.ravel(), mode="lines", line=line, hoverinfo="skip", connectgaps=False)


def _mean(figure: Any, name: str, side: str, curves: Curves) -> str:
    colour, mean, sd = side_colour(side), curves.mean(name, side), curves.sd(name, side)
    if np.isfinite(sd).all():
        figure.add_scatter(
            x=np.concatenate([CYCLE, CYCLE[::-1]]),
            y=np.concatenate([mean + sd, (mean - sd)[::-1]]),
            fill="toself",
            fillcolor=_tint(colour, 0.2),
            line={"width": 0},
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=CYCLE,
        y=mean,
        mode="lines",
        name=side,
        line={"color": colour, "width": 2.6, "dash": SIDES[side].dash},
        hovertemplate="%{x} %: %{y:.1f}°<extra>" + side + "</extra>",
    )
    strides = words.plural(curves.count(side), "stride")
    if not np.isfinite(mean).any():
        return f"{side} not seen"
    return (
        f"{side} from {np.nanmin(mean):.0f}° to {np.nanmax(mean):.0f}° over {strides}, "
        f"foot off at {np.mean(curves.foot_off_pct[side]):.0f} %"
    ).replace("-", "−")


def _foot_off(figure: Any, side: str, percent: float, *, before: bool) -> None:
    """Mark foot off by a thin line and a triangle at its foot; the earlier of two is named on its left."""
    colour = side_colour(side)
    figure.add_vline(x=percent, line={"color": colour, "width": 1.2, "dash": SIDES[side].dash}, layer="below")
    figure.add_annotation(
        x=percent,
        y=0.0,
        yref="paper",
        yanchor="bottom",
        xanchor="right" if before else "left",
        showarrow=False,
        text=f"{side} foot off ▲" if before else f"▲ {side} foot off",
        font={"color": colour, "size": 12},
    )


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
    """Draw by how many SD between walks each joint angle lies off the baseline; the sign tells the direction."""
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
        if phase.end_pct - phase.start_pct >= 5:  # initial contact lasts 2 %: its name has no room
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
    figure.add_vrect(x0=-1, x1=1, fillcolor=_tint(p.muted, 0.16), line_width=0, layer="below")
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
                    "symbol": "triangle-up" if real else "circle",
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
        f"{real_count} of {words.plural(len(changes), 'value')} left the usual spread, drawn as a triangle"
        if real_count
        else f"None of {words.plural(len(changes), 'value')} left the usual spread"
    )
    tail = f" {words.plural(open_count, 'value')} cannot be judged and {'is' if open_count == 1 else 'are'} left out."
    return figure, (
        f"{first}. Within the grey field a difference from {against} is what repeated walks show anyway."
        f"{tail if open_count else ''}"
    )
