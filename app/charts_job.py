"""Charts of a job: losses, time per stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app import words
from app.charts import Chart, blank
from app.theme import palette

__all__ = ["losses", "round_name", "stage_times"]


def losses(points: Sequence[Mapping[str, Any]], *, of_person: bool = True) -> Chart:
    """Draw training and validation loss per epoch of the present round, earlier rounds faintly behind.

    Parameters
    ----------
    points : sequence of mapping
        Data of the ``epoch`` events of a job, in order.
    of_person : bool
        Whether a baseline is being trained: a round holds one walk back then, and the last one uses all walks. Other
        trainings have one round.
    """
    p = palette()
    rounds: list[list[Mapping[str, Any]]] = []
    for point in points:
        if not rounds or int(point["epoch"]) <= int(rounds[-1][-1]["epoch"]):
            rounds.append([])
        rounds[-1].append(point)
    now = rounds[-1]
    total = max(float(points[-1].get("epochs") or 0), max(float(point["epoch"]) for point in points))
    figure = blank(260, "Epoch", "Reconstruction error (no unit)" if of_person else "Loss (no unit)")
    held_back = "held-out walk" if of_person else "held-out walks"
    for earlier in rounds[:-1]:
        _curve(figure, earlier, "val_loss", "held out, earlier rounds", p.faint, "circle", 1.2)
    _curve(figure, now, "loss", "walks it learns from", p.muted, "circle", 2.5)
    _curve(figure, now, "val_loss", held_back, p.accent, "diamond", 2.5)
    figure.update_xaxes(dtick=1 if total <= 12 else None, range=[0.5, total + 0.5])
    held = [(float(point["val_loss"]), int(point["epoch"])) for point in now if point.get("val_loss") is not None]
    best = f" The lowest on the {held_back} is {min(held)[0]:.4f}, in epoch {min(held)[1]}." if held else ""
    what = f"{round_name(now[-1])}: error" if of_person else "Loss"
    return figure, f"{what} after each epoch; lower is better.{best}"


def round_name(point: Mapping[str, Any]) -> str:
    """Return which round of training an epoch belongs to."""
    if point.get("fold"):
        return f"Round {int(point['fold'])} of {int(point.get('folds') or point['fold'])}"
    return "Final round, with all walks"


def _curve(
    figure: Any, points: Sequence[Mapping[str, Any]], name: str, label: str, colour: str, symbol: str, width: float
) -> None:
    kept = [point for point in points if point.get(name) is not None]
    if not kept:
        return
    faint = width < 2
    figure.add_scatter(
        x=[int(point["epoch"]) for point in kept],
        y=[float(point[name]) for point in kept],
        name=label,
        legendgroup=label,
        showlegend=not any(trace.name == label for trace in figure.data),
        mode="lines" if faint or len(kept) > 15 else "lines+markers",
        line={"color": colour, "width": width, "dash": "solid" if symbol == "diamond" or faint else "dot"},
        marker={"size": 8, "symbol": symbol},
        hovertemplate="epoch %{x}: %{y:.4f}<extra>" + label + "</extra>",
    )


def stage_times(stages: Sequence[tuple[str, float]]) -> Chart:
    """Draw how long each stage of a job took."""
    p = palette()
    names = [words.stage_name(name) for name, _ in stages]
    took_s = [seconds for _, seconds in stages]
    figure = blank(80 + 38 * len(stages), "Time (s)", "")
    figure.add_bar(
        x=took_s,
        y=names,
        orientation="h",
        marker={"color": p.accent},
        text=[words.duration(seconds) for seconds in took_s],
        textposition="outside",
        cliponaxis=False,
        hoverinfo="skip",
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    figure.update_xaxes(range=[0, max([*took_s, 0.1]) * 1.18])
    longest = int(np.argmax(took_s)) if took_s else 0
    total = sum(took_s)
    share = words.percent(took_s[longest] / total) if total else "–"
    return figure, f"“{names[longest]}” took {words.duration(took_s[longest])}, {share} of {words.duration(total)}."
