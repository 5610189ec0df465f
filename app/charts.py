"""Charts: units on the axes, a sentence that says what is seen, both themes.

Each function returns the figure and the sentence; `show` draws both, and the sentence is also
what a screen reader announces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from app import words
from app.components import level_key, note
from app.plain_text import plain_chart
from app.theme import LEVELS, palette

__all__ = [
    "Chart",
    "Limits",
    "blank",
    "history",
    "joint_bars",
    "joint_map",
    "joint_time",
    "show",
    "walk_scores",
    "window_spread",
]

_CONFIG: Final = {"displayModeBar": False, "scrollZoom": False, "responsive": True}
Chart = tuple[Any, str]
Limits = tuple[float, float]


def show(figure: Any, sentence: str, *, key: str) -> None:
    """Draw a chart and, below it, what it shows."""
    st.plotly_chart(plain_chart(figure), theme=None, key=key, config=_CONFIG, alt=sentence)
    note(sentence)


def blank(height: int, x_title: str, y_title: str, **layout: Any) -> Any:
    """Return an empty figure in the colours of the theme, with titled axes."""
    p = palette()
    axis: dict[str, Any] = {
        "gridcolor": p.line,
        "linecolor": p.line,
        "zeroline": False,
        "title": {"font": {"size": 13, "color": p.muted}, "standoff": 10},
        "tickfont": {"size": 13, "color": p.muted},
        "automargin": True,
        "fixedrange": True,
    }
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 12, "t": 30, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": '"Source Sans", "Source Sans 3", sans-serif', "size": 14, "color": p.text},
        hoverlabel={"bgcolor": p.surface, "bordercolor": p.line, "font": {"color": p.text, "size": 13}},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"color": p.muted, "size": 13}},
        xaxis=dict(axis, title=dict(axis["title"], text=x_title)),
        yaxis=dict(axis, title=dict(axis["title"], text=y_title)),
        bargap=0.35,
    )
    figure.update_layout(**layout)
    return figure


def _limit_lines(figure: Any, limits: Limits, *, vertical: bool) -> None:
    p = palette()
    for level, value, dash in (("watch", limits[0], "dash"), ("alert", limits[1], "solid")):
        look = LEVELS[level]
        label = {"text": f"{look.glyph} {look.word} from {value:.2f}", "font": {"color": p.level(level), "size": 13}}
        line = {"color": p.level(level), "width": 1.5, "dash": dash}
        if vertical:
            side = "right" if level == "watch" else "left"
            figure.add_vline(x=value, line=line, layer="below")
            figure.add_annotation(
                x=value, y=1, yref="paper", yanchor="bottom", xanchor=side, showarrow=False, align=side, **label
            )
        else:
            figure.add_hline(y=value, line=line, layer="below")
            above = "top" if level == "watch" else "bottom"
            figure.add_annotation(x=1, xref="paper", y=value, xanchor="right", yanchor=above, showarrow=False, **label)


def walk_scores(names: Sequence[str], scores: Sequence[float], levels: Sequence[str], limits: Limits) -> Chart:
    """Draw one dot per walk against both limits."""
    p = palette()
    figure = blank(90 + 40 * len(names), "Score (1.0 = typical of this person)", "")
    for level in ("normal", "watch", "alert", "withheld"):
        chosen = [i for i, value in enumerate(levels) if level_key(value) == level]
        if chosen:
            figure.add_scatter(
                x=[scores[i] for i in chosen],
                y=[names[i] for i in chosen],
                mode="markers",
                name=LEVELS[level].word,
                marker={"size": 13, "symbol": LEVELS[level].symbol, "color": p.level(level)},
                hovertemplate="%{y}: %{x:.2f}<extra>" + LEVELS[level].word + "</extra>",
            )
    _limit_lines(figure, limits, vertical=True)
    low, high = min([*scores, limits[0], 1.0]), max([*scores, limits[1]])
    room = 0.12 * (high - low or 1.0)
    figure.update_xaxes(range=[max(0.0, low - room), high + 2 * room])
    figure.update_yaxes(categoryorder="array", categoryarray=list(reversed(names)), ticksuffix="  ")
    figure.update_layout(showlegend=False)
    over = sum(level_key(value) in ("watch", "alert") for value in levels)
    tail = "all lie below the watch limit" if not over else f"{over} at or above the watch limit"
    return figure, f"Each dot is one walk; {words.plural(len(names), 'walk')}, {tail}."


def window_spread(names: Sequence[str], windows: Sequence[NDArray[Any]], limit: float) -> Chart:
    """Draw how the errors of the windows of each walk spread, and the limit of a single window."""
    p = palette()
    figure = blank(110 + 46 * len(names), "Error of a window (1.0 = typical of this person)", "")
    for name, values in zip(names, windows, strict=True):
        finite = np.asarray(values, dtype=float)
        finite = finite[np.isfinite(finite)]
        if finite.size > 400:
            finite = np.quantile(finite, np.linspace(0, 1, 400))
        figure.add_box(
            x=finite,
            y=[name] * finite.size,
            orientation="h",
            name=name,
            boxpoints="all",
            jitter=0.5,
            pointpos=0,
            marker={"size": 4, "color": p.accent, "opacity": 0.45},
            line={"color": p.accent, "width": 1.5},
            fillcolor="rgba(0,0,0,0)",
            hoverinfo="x",
        )
    figure.add_vline(x=limit, line={"color": p.muted, "width": 1.5, "dash": "dash"}, layer="below")
    figure.add_annotation(
        x=limit,
        y=1,
        yref="paper",
        yanchor="bottom",
        showarrow=False,
        text=f"limit of a window {limit:.2f}",
        font={"color": p.muted, "size": 13},
    )
    figure.update_yaxes(categoryorder="array", categoryarray=list(reversed(names)), ticksuffix="  ")
    figure.update_layout(showlegend=False)
    everything = np.concatenate([np.asarray(values, dtype=float) for values in windows]) if windows else np.zeros(1)
    share = float(np.mean(everything > limit))
    return figure, (
        f"Each point is one window of about a second, each box the middle half of a walk. "
        f"{words.percent(share)} of all windows lie above {limit:.2f}; from there on a window counts as over the limit."
    )


def joint_map(walks: Sequence[str], joints: Sequence[str], values: NDArray[Any]) -> Chart:
    """Draw the error per walk and joint as a table of tints with numbers."""
    p = palette()
    grid = np.asarray(values, dtype=float)
    labels = [words.joint_name(name).capitalize() for name in joints]
    figure = blank(120 + 40 * len(walks), "", "")
    scale = [[i / (len(p.ramp) - 1), colour] for i, colour in enumerate(p.ramp)]
    figure.add_heatmap(
        z=grid,
        x=labels,
        y=list(walks),
        colorscale=scale,
        xgap=3,
        ygap=3,
        texttemplate="%{z:.2f}",
        textfont={"size": 13},
        hovertemplate="%{y}, %{x}: %{z:.2f}<extra></extra>",
        zmin=0,
        zmax=max(3.0, float(np.nanmax(grid))),
        colorbar={
            "title": {"text": "times<br>typical", "font": {"size": 13, "color": p.muted}},
            "thickness": 10,
            "outlinewidth": 0,
            "tickfont": {"color": p.muted},
        },
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    figure.update_xaxes(showgrid=False, side="top", tickangle=-35)
    row, column = divmod(int(np.nanargmax(grid)), grid.shape[1])
    return figure, (
        f"Error of each joint in each walk; 1.0 is typical of this person. The largest is {grid[row, column]:.2f}: "
        f"{labels[column].lower()} in {walks[row]}."
    )


def joint_time(time_s: NDArray[Any], joints: Sequence[str], values: NDArray[Any]) -> Chart:
    """Draw which joint departs at which moment."""
    p = palette()
    grid = np.asarray(values, dtype=float).T
    step = max(1, int(np.ceil(grid.shape[1] / 600)))
    grid, x = grid[:, ::step], np.asarray(time_s)[::step]
    labels = [words.joint_name(name).capitalize() for name in joints]
    figure = blank(110 + 27 * len(labels), "Time in the video (s)", "")
    figure.add_heatmap(
        z=grid,
        x=x,
        y=labels,
        colorscale=[[i / (len(p.ramp) - 1), colour] for i, colour in enumerate(p.ramp)],
        zmin=0,
        # Single moments of a normal walk reach three times the typical; a longer scale keeps them pale.
        zmax=max(5.0, float(np.nanmax(grid)) if np.isfinite(grid).any() else 5.0),
        ygap=2,
        hovertemplate="%{y} at %{x:.1f} s: %{z:.2f}<extra></extra>",
        colorbar={
            "title": {"text": "times<br>typical", "font": {"size": 13, "color": p.muted}},
            "thickness": 10,
            "outlinewidth": 0,
            "tickfont": {"color": p.muted},
        },
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    figure.update_xaxes(showgrid=False)
    if not np.isfinite(grid).any():
        return figure, "No joint could be compared at any moment."
    row, column = divmod(int(np.nanargmax(grid)), grid.shape[1])
    return figure, (
        f"{'Brighter' if p.name == 'dark' else 'Darker'} means further from this person's own walks. "
        f"Most: {labels[row].lower()} at {x[column]:.1f} s."
    )


def joint_bars(joints: Mapping[str, float]) -> Chart:
    """Draw how far each joint is from typical, largest first."""
    p = palette()
    ordered = sorted(joints.items(), key=lambda pair: pair[1], reverse=True)
    names = [words.joint_name(name).capitalize() for name, _ in ordered]
    values = [value for _, value in ordered]
    figure = blank(90 + 30 * len(names), "Deviation (1.0 = typical of this person)", "")
    figure.add_bar(
        x=values,
        y=names,
        orientation="h",
        marker={"color": [p.accent if value >= 1.5 else p.faint for value in values]},
        hovertemplate="%{y}: %{x:.2f}<extra></extra>",
    )
    figure.add_vline(x=1.0, line={"color": p.muted, "width": 1.5, "dash": "dot"})
    # The numbers stand in a column of their own, where neither a bar nor the dotted line crosses them.
    for name, value in zip(names, values, strict=True):
        figure.add_annotation(x=1, xref="paper", xanchor="right", y=name, text=f"{value:.1f}", showarrow=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    figure.update_xaxes(range=[0, max([*values, 1.2]) * 1.04], domain=[0, 0.9])
    above = sum(value >= 1.5 for value in values)
    tail = f"{words.plural(above, 'part')} of the body at 1.5 or more, drawn in colour" if above else "None reaches 1.5"
    return (
        figure,
        f"How far each part of the body departs from this person's own walks; the dotted line is typical. {tail}.",
    )


def history(labels: Sequence[str], scores: Sequence[float], levels: Sequence[str], limits: Limits, now: int) -> Chart:
    """Draw the scores of all visits in order; the present one is ringed."""
    p = palette()
    figure = blank(260, "Visit", "Score")
    ticks = list(range(len(labels)))
    figure.add_scatter(x=ticks, y=list(scores), mode="lines", line={"color": p.line, "width": 2}, hoverinfo="skip")
    figure.add_scatter(
        x=ticks,
        y=list(scores),
        mode="markers",
        text=list(labels),
        marker={
            "size": [17 if i == now else 12 for i in ticks],
            "symbol": [LEVELS[level_key(level)].symbol for level in levels],
            "color": [p.level(level_key(level)) for level in levels],
            "opacity": 1.0,
            "line": {"width": [2.5 if i == now else 0 for i in ticks], "color": p.text},
        },
        hovertemplate="%{text}: %{y:.2f}<extra></extra>",
    )
    _limit_lines(figure, limits, vertical=False)
    figure.update_xaxes(tickvals=ticks, ticktext=list(labels), showgrid=False, range=[-0.5, len(labels) - 0.3])
    figure.update_yaxes(range=[0, max([*scores, limits[1]]) * 1.2])
    figure.update_layout(showlegend=False)
    others = [score for i, score in enumerate(scores) if i != now]
    many = f" Half of the other {len(others)} visits lie below {float(np.median(others)):.2f}."
    middle = f" The other visit scored {others[0]:.2f}." if len(others) == 1 else many if others else ""
    return figure, f"Scores of all visits against this baseline, oldest first; the ringed one is shown here.{middle}"
