"""Charts of scores: confusion of classes, calibration of probabilities, how many of each class there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from app import words
from app.charts import Chart, blank
from app.charts_training import SYMBOLS
from app.theme import palette

__all__ = ["calibration", "class_counts", "confusion"]

_STRONG_FROM: Final = {"light": 0.65, "dark": 0.55}
"""Share from which a cell is so strong that text in the colour of the background is read better, by theme."""


def class_counts(report: Mapping[str, Any]) -> Chart:
    """Draw how many subjects each class of a dataset has."""
    p = palette()
    subjects = {str(name): int(count) for name, count in report["subjects"].items()}
    rows = report["rows"]
    folds = int(report["folds"])
    names = list(subjects)
    figure = blank(110 + 34 * len(names), "Subjects", "")
    figure.add_bar(
        x=list(subjects.values()),
        y=names,
        orientation="h",
        marker={"color": [p.accent if count >= folds else p.watch for count in subjects.values()]},
        text=[
            f"{words.plural(count, 'subject')}, {words.plural(int(rows.get(name, 0)), 'row')}"
            for name, count in subjects.items()
        ],
        textposition="outside",
        cliponaxis=False,
        hoverinfo="skip",
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    figure.update_xaxes(range=[0, max([*subjects.values(), 1]) * 1.35])
    total = sum(subjects.values())
    least = min(subjects, key=lambda name: subjects[name])
    share = words.percent(subjects[least] / total if total else None)
    return figure, (
        f"{words.plural(len(names), 'class', 'classes')}; the smallest is {least} with "
        f"{words.plural(subjects[least], 'subject')}, {share} of all."
    )


def confusion(scores: Mapping[str, Any]) -> Chart:
    """Draw how often each class was taken for each other, as share of the true class with its count."""
    p = palette()
    names = [str(name) for name in scores["classes"]]
    counts = np.asarray(scores["confusion"], float)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.full_like(counts, np.nan), where=totals > 0)
    figure = blank(130 + 58 * len(names), "Predicted class", "True class")
    figure.add_heatmap(
        z=shares,
        x=names,
        y=names,
        colorscale=[[i / (len(p.ramp) - 1), colour] for i, colour in enumerate(p.ramp)],
        zmin=0,
        zmax=1,
        xgap=3,
        ygap=3,
        hovertemplate="%{y} taken for %{x}: %{z:.0%}<extra></extra>",
        colorbar={
            "title": {"text": "share of<br>true class", "font": {"size": 13, "color": p.muted}},
            "thickness": 10,
            "outlinewidth": 0,
            "tickformat": ".0%",
            "tickfont": {"color": p.muted},
        },
    )
    figure.update_xaxes(showgrid=False, type="category")
    figure.update_yaxes(showgrid=False, type="category", autorange="reversed", ticksuffix="  ")
    for i, j in np.ndindex(counts.shape):
        share = float(shares[i, j])
        figure.add_annotation(
            x=names[j],
            y=names[i],
            text=f"{counts[i, j]:.0f}<br>{words.percent(share)}",
            font={"size": 14, "color": p.background if share > _STRONG_FROM[p.name] else p.text},
            showarrow=False,
        )
    right, total = int(np.trace(counts)), int(counts.sum())
    wrong = counts - np.diag(np.diag(counts))
    worst = ""
    if wrong.max() > 0:
        i, j = divmod(int(wrong.argmax()), len(names))
        worst = f" Most often confused: {names[i]} taken for {names[j]}, {words.plural(int(wrong[i, j]), 'time')}."
    unit = str(scores["unit"])
    return figure, f"{right:,} of {words.plural(total, unit)} right, all repetitions together.{worst}"


def calibration(scores: Mapping[str, Any]) -> Chart:
    """Draw how often a class is true where it was given a certain probability."""
    p = palette()
    figure = blank(320, "Predicted probability", "Share that is of the class")
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name="perfectly calibrated",
        line={"color": p.muted, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
    )
    for number, (name, curve) in enumerate(scores["calibration"].items()):
        counts = np.asarray(curve["counts"], float)
        figure.add_scatter(
            x=curve["predicted"],
            y=curve["observed"],
            name=str(name),
            mode="lines+markers",
            line={"color": p.accent if number == 0 else p.faint, "width": 2},
            marker={
                "symbol": SYMBOLS[number % len(SYMBOLS)],
                "size": 7 + 9 * np.sqrt(counts / max(1.0, float(counts.max(initial=1.0)))),
            },
            customdata=counts,
            hovertemplate="given %{x:.2f}, true %{y:.2f}, of %{customdata:.0f}<extra>" + str(name) + "</extra>",
        )
    figure.update_xaxes(range=[-0.03, 1.03], dtick=0.2)
    figure.update_yaxes(range=[-0.03, 1.03], dtick=0.2)
    error = float(scores["calibration_error"])
    return figure, (
        f"The nearer to the dashed line, the more a probability can be taken at its word; larger points hold more "
        f"{scores['unit']}s. On average they are {words.percent(error)} apart."
    )
