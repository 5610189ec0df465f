"""Charts of recognition: embeddings on a map, distances between walks, and how near the enrolled people are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app import words
from app.charts import Chart, blank
from app.theme import palette

__all__ = ["distances", "embeddings_map", "matches", "unique_labels", "way_name", "ways"]

_LONGEST_LABEL: Final = 30
_MOST_NAMED: Final = 15
_MOST_NUMBERS: Final = 12
_HEIGHT_PX: Final = 420
_STRONG_FROM: Final = {"light": 0.65, "dark": 0.55}
"""Share from which a cell is so strong that text in the colour of the background is read better, by theme."""


def unique_labels(names: Sequence[str]) -> list[str]:
    """Return names that fit on an axis, each once; Plotly shows them as text, whatever they hold."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        short = name if len(name) <= _LONGEST_LABEL else f"{name[:14]}…{name[-14:]}"
        seen[short] = seen.get(short, 0) + 1
        found.append(escape(short if seen[short] == 1 else f"{short} ({seen[short]})", quote=False))
    return found


def embeddings_map(names: Sequence[str], places: NDArray[np.float64], explained: float | None) -> Chart:
    """Draw walks as points in the plane of the first two principal components.

    Parameters
    ----------
    names : sequence of str
    places : ndarray, shape (n, 2)
    explained : float or None
        Share of the variance that the plane shows, in [0, 1].
    """
    p = palette()
    labels = unique_labels(names)
    figure = blank(_HEIGHT_PX, "First principal component (no unit)", "Second principal component (no unit)")
    named = len(labels) <= _MOST_NAMED
    figure.add_scatter(
        x=places[:, 0],
        y=places[:, 1],
        mode="markers+text" if named else "markers",
        text=labels,
        textposition=["top center" if i % 2 == 0 else "bottom center" for i in range(len(labels))],
        textfont={"size": 13, "color": p.text},
        cliponaxis=False,
        marker={"size": 12 if named else 8, "color": p.accent, "opacity": 0.85},
        hovertemplate="%{text}<extra></extra>",
    )
    # Equal scales on both axes, or the distances would mean even less.
    reach = max(float(np.abs(places).max()), 1e-3) * 1.3
    figure.update_xaxes(range=[-reach, reach], nticks=7)
    figure.update_yaxes(range=[-reach, reach], nticks=7, scaleanchor="x", scaleratio=1)
    figure.update_layout(showlegend=False)
    part = f" They show {words.percent(explained)} of the variance." if explained is not None else ""
    return figure, (
        f"Each point is one walk. The axes are the two directions in which these embeddings differ most.{part} "
        "Distances on the map are only approximate, and another set of walks gives other axes. The distances below "
        "are exact."
    )


def distances(names: Sequence[str], values: NDArray[np.float64]) -> Chart:
    """Draw how far each walk is from each other one.

    Parameters
    ----------
    names : sequence of str
    values : ndarray, shape (n, n)
    """
    p = palette()
    labels = unique_labels(names)
    count = len(labels)
    figure = blank(min(160 + 44 * count, 760), "", "")
    figure.add_heatmap(
        z=values,
        x=labels,
        y=labels,
        colorscale=[[i / (len(p.ramp) - 1), colour] for i, colour in enumerate(p.ramp)],
        zmin=0,
        xgap=2 if count <= 40 else 0,
        ygap=2 if count <= 40 else 0,
        hovertemplate="%{y} and %{x}: %{z:.3g}<extra></extra>",
        colorbar={
            "title": {"text": "distance", "font": {"size": 13, "color": p.muted}},
            "thickness": 10,
            "outlinewidth": 0,
            "tickfont": {"color": p.muted},
        },
    )
    if count <= _MOST_NUMBERS:
        _write_numbers(figure, labels, values)
    shown = count <= 30
    figure.update_xaxes(showgrid=False, type="category", side="top", tickangle=-35, showticklabels=shown)
    figure.update_yaxes(showgrid=False, type="category", autorange="reversed", ticksuffix="  ", showticklabels=shown)
    what = "Distance between the embeddings of each two walks: the mean over the parts of the body, without a unit."
    paler = "Paler" if p.name == "light" else "Darker"
    return figure, f"{what} {paler} is nearer. {_nearest(names, values)}"


def _write_numbers(figure: Any, labels: Sequence[str], values: NDArray[np.float64]) -> None:
    """Write each distance into its cell, in the colour that is read best there."""
    p = palette()
    strong = _STRONG_FROM[p.name] * float(values.max())
    for i, j in np.ndindex(values.shape):
        colour = p.background if values[i, j] > strong else p.text
        figure.add_annotation(
            x=labels[j], y=labels[i], text=f"{values[i, j]:#.3g}", font={"size": 13, "color": colour}, showarrow=False
        )


def _nearest(names: Sequence[str], values: NDArray[np.float64]) -> str:
    """Say which two walks are nearest, and how far the farthest are."""
    apart = np.where(np.eye(len(names), dtype=bool), np.inf, values)
    one, other = divmod(int(apart.argmin()), len(names))
    if len(names) == 2:
        return f"{names[one]} and {names[other]} are {values[one, other]:.3g} apart."
    return (
        f"The two nearest are {names[one]} and {names[other]}, {values[one, other]:.3g} apart; the farthest two are "
        f"{values.max():.3g} apart."
    )


def matches(found: Sequence[Mapping[str, Any]], threshold: float | None, accepted: str | None) -> Chart:
    """Draw how far a walk is from each enrolled person, the nearest first.

    Parameters
    ----------
    found : sequence of mapping
        ``subject``, ``best`` and ``mean`` of each.
    threshold : float or None
        Up to which distance a walk is accepted.
    accepted : str or None
        Who the walk was taken for.
    """
    p = palette()
    labels = unique_labels([str(match["subject"]) for match in found])
    best = [float(match["best"]) for match in found]
    mean = [float(match["mean"]) for match in found]
    figure = blank(100 + 36 * len(found), "Distance (no unit)", "")
    figure.add_scatter(
        x=mean,
        y=labels,
        mode="markers",
        name="mean over the person’s walks",
        marker={"size": 12, "symbol": "line-ns-open", "color": p.muted, "line": {"width": 2}},
        hovertemplate="%{y}: mean %{x:.3g}<extra></extra>",
    )
    figure.add_scatter(
        x=best,
        y=labels,
        mode="markers",
        name="nearest walk, which decides",
        marker={
            "size": 13,
            "symbol": ["circle" if match["subject"] == accepted else "circle-open" for match in found],
            "color": p.accent,
            "line": {"width": 2},
        },
        hovertemplate="%{y}: nearest %{x:.3g}<extra></extra>",
    )
    if threshold is not None:
        figure.add_vline(x=threshold, line={"color": p.watch, "width": 1.5, "dash": "dash"}, layer="below")
        figure.add_annotation(
            x=threshold,
            y=0,
            yref="paper",
            yanchor="bottom",
            xanchor="left",
            xshift=6,
            showarrow=False,
            text=f"accepted up to {threshold:.3g}",
            font={"color": p.watch, "size": 13},
        )
    high = max([*best, *mean, threshold or 0.0])
    figure.update_xaxes(range=[0, high * 1.12 or 1.0])
    figure.update_yaxes(
        type="category", autorange=None, range=[len(labels) - 0.4, -0.6], showgrid=False, ticksuffix="  "
    )
    within = "" if threshold is None else f", {sum(value <= threshold for value in best)} within the limit"
    return figure, (
        f"Distances to {words.plural(len(found), 'enrolled person', 'enrolled people')}, nearest first{within}. "
        f"The nearest is {found[0]['subject']} at {best[0]:.3g}."
    )


def way_name(run: Mapping[str, Any]) -> str:
    """Return a way of running a network in a few words."""
    strict = ", strict" if run["strict"] else ""
    return f"{run['device']}: {run['level']}{strict}, {run['precision']}"


def ways(runs: Sequence[Mapping[str, Any]]) -> Chart:
    """Draw how long a walk takes in each way of running a network, with how far its embeddings are from the first.

    Parameters
    ----------
    runs : sequence of mapping
        As `gait_core.workflows.recognise.check.check_consistency` gives them.
    """
    p = palette()
    labels = [escape(way_name(run), quote=False) for run in runs]
    took_ms = [float(run["ms_per_walk"]) for run in runs]
    figure = blank(120 + 44 * len(runs), "Time for one walk (ms)", "")
    figure.add_bar(
        x=took_ms,
        y=labels,
        orientation="h",
        width=0.55,
        marker={"color": [p.accent if run["agrees"] else p.watch for run in runs]},
        text=[
            f"{ms:,.0f} ms, difference {run['largest_difference']:.0e}" for ms, run in zip(took_ms, runs, strict=True)
        ],
        textposition="outside",
        cliponaxis=False,
        textfont={"size": 13, "color": p.text},
        hovertemplate="%{y}: %{x:.0f} ms<extra></extra>",
    )
    figure.update_xaxes(range=[0, 1.45 * max(took_ms)])
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False, ticksuffix="  ")
    figure.update_layout(showlegend=False)
    fastest = min(runs, key=lambda run: float(run["ms_per_walk"]))
    gain = took_ms[0] / float(fastest["ms_per_walk"])
    return figure, (
        f"The fastest way is {way_name(fastest)}, {gain:.1f} times as fast as the reference. The difference is the "
        "largest in any value of any embedding, as a share of the largest value; ways that differ by more than 0.0001 "
        "have another colour."
    )
