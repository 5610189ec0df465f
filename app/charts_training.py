"""Charts of a training: losses and folds, of one run and of several."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from app import words
from app.charts import Chart, blank
from app.theme import palette
from gait_core.learn.fold_record import FoldRecord
from gait_core.learn.run_folds import FoldState

__all__ = ["METRIC_NAMES", "SYMBOLS", "compared_folds", "compared_losses", "fold_points", "losses", "metric_name"]

METRIC_NAMES: Final[Mapping[str, str]] = {
    "balanced_accuracy": "Balanced accuracy",
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "auc": "Area under the ROC curve",
    "specificity": "Specificity",
}
SYMBOLS: Final = ("circle", "diamond", "square", "triangle-up", "x", "star", "hexagon", "triangle-down")
_MANY_POINTS: Final = 15


def metric_name(name: str) -> str:
    """Return a metric as people call it."""
    return METRIC_NAMES.get(name, name.replace("_", " ").capitalize())


def losses(folds: Sequence[FoldState]) -> Chart | None:
    """Draw the loss per epoch of every fold that has one; None for a classifier without epochs.

    The fold that is training, or else the last one, stands out; the others lie faintly behind.
    """
    p = palette()
    drawn = [one for one in folds if one.history is not None and one.history.loss]
    if not drawn:
        return None
    now = next((one for one in drawn if one.state == "training"), drawn[-1])
    figure = blank(300, "Epoch", "Loss (no unit)")
    for one in drawn:
        if one is not now and one.history is not None:
            _curve(figure, one.history.val_loss or one.history.loss, "other folds, inner split", p.faint, 1.2, "solid")
    history = now.history
    if history is None:
        return None
    _curve(figure, history.loss, "subjects it learns from", p.muted, 2.5, "dot")
    _curve(figure, history.val_loss, "inner split, never the test fold", p.accent, 2.5, "solid")
    longest = max(len(one.history.loss) for one in drawn if one.history is not None)
    figure.update_xaxes(range=[0.5, longest + 0.5], dtick=1 if longest <= 12 else None)
    best = ""
    if history.val_loss:
        best = f" The best epoch so far is {history.best_epoch}."
        if history.best_epoch == 0:
            best = " No epoch has been better than the start yet."
    return figure, (
        f"Fold {now.fold} of seed {now.seed} after {words.plural(len(history.loss), 'epoch')}; lower is better.{best}"
    )


def _curve(figure: Any, values: Sequence[float], label: str, colour: str, width: float, dash: str) -> None:
    if not values:
        return
    figure.add_scatter(
        x=list(range(1, len(values) + 1)),
        y=list(values),
        name=label,
        legendgroup=label,
        showlegend=not any(trace.name == label for trace in figure.data),
        mode="lines" if width < 2 or len(values) > _MANY_POINTS else "lines+markers",
        line={"color": colour, "width": width, "dash": dash},
        marker={"size": 7, "symbol": "diamond" if dash == "solid" else "circle"},
        hovertemplate="epoch %{x}: %{y:.4f}<extra>" + label + "</extra>",
    )


def fold_points(records: Sequence[FoldRecord], metric: str = "balanced_accuracy") -> Chart:
    """Draw one point per fold, one symbol per repetition, and their mean."""
    p = palette()
    label = metric_name(metric)
    seeds = list(dict.fromkeys(record.seed for record in records))
    values = np.array([record.scores[metric] for record in records], float)
    known = values[np.isfinite(values)]
    mean = float(known.mean()) if known.size else float("nan")
    figure = blank(300, "Fold", f"{label} (0 to 1)")
    for number, seed in enumerate(seeds):
        own = [record for record in records if record.seed == seed]
        figure.add_scatter(
            x=[record.fold for record in own],
            y=[record.scores[metric] for record in own],
            name=f"seed {seed}",
            mode="markers+text" if len(seeds) == 1 else "markers",
            text=[words.number(record.scores[metric]) for record in own],
            # Away from the line of the mean.
            textposition=["bottom center" if record.scores[metric] < mean else "top center" for record in own],
            cliponaxis=False,
            marker={"size": 12, "symbol": SYMBOLS[number % len(SYMBOLS)], "color": p.accent, "opacity": 0.85},
            hovertemplate="fold %{x}: %{y:.3f}<extra>seed " + str(seed) + "</extra>",
        )
    if known.size:
        figure.add_hline(y=mean, line={"color": p.muted, "width": 1.5, "dash": "dash"}, layer="below")
    _zero_to_one(figure, known)
    last = max((record.fold for record in records), default=1)
    figure.update_xaxes(range=[0.5, last + 0.5], dtick=1, showgrid=False)
    figure.update_layout(showlegend=len(seeds) > 1)
    if not known.size:
        return figure, f"{label} is not defined in any fold."
    return figure, (
        f"{label} of each fold, by subject; the dashed line is their mean, {mean:.3f}. "
        f"The folds lie between {known.min():.2f} and {known.max():.2f}."
    )


def compared_folds(runs: Mapping[str, Sequence[FoldRecord]], metric: str = "balanced_accuracy") -> Chart:
    """Draw the folds of several runs side by side; a line joins the same fold of neighbouring runs.

    Parameters
    ----------
    runs : mapping of str to sequence of FoldRecord
        Name of each run for the axis.
    metric : str
    """
    p = palette()
    label = metric_name(metric)
    names = [_broken(name, 90 // max(3, len(runs))) for name in runs]
    figure = blank(360, "Run", f"{label} (0 to 1)")
    scores = {
        name: {record.name: record.scores[metric] for record in records}
        for name, records in zip(names, runs.values(), strict=True)
    }
    for fold in dict.fromkeys(record.name for records in runs.values() for record in records):
        values = [scores[name].get(fold) for name in names]
        figure.add_scatter(
            x=names,
            y=values,
            mode="lines+markers",
            line={"color": p.faint, "width": 1},
            marker={"size": 9, "color": p.accent, "opacity": 0.7},
            name=fold,
            hovertemplate="%{x}: %{y:.3f}<extra>seed and fold " + fold + "</extra>",
        )
    means = [float(np.nanmean([*own.values(), np.nan])) if own else float("nan") for own in scores.values()]
    figure.add_scatter(
        x=names,
        y=means,
        mode="markers+text",
        text=[f"   mean {value:.3f}" for value in means],
        textposition="middle right",
        marker={"size": 26, "symbol": "line-ew-open", "color": p.text, "line": {"width": 3}},
        hoverinfo="skip",
    )
    figure.update_layout(showlegend=False)
    figure.update_xaxes(showgrid=False, range=[-0.5, len(names) - 0.4])
    _zero_to_one(figure, np.array([value for own in scores.values() for value in own.values()], float))
    told = "; ".join(f"{name} {value:.3f}" for name, value in zip(runs, means, strict=True))
    return figure, f"One point per fold, a thin line joins the same fold of two runs. Mean {label.lower()}: {told}."


def compared_losses(runs: Mapping[str, Sequence[FoldState]]) -> Chart | None:
    """Draw the loss on the inner split of several runs: the median over the folds, and each fold faintly behind.

    Parameters
    ----------
    runs : mapping of str to sequence of FoldState
        Name of each run for the legend.

    Returns
    -------
    tuple or None
        None where no run has epochs.
    """
    p = palette()
    figure = blank(340, "Epoch", "Loss (no unit)")
    looks = [(p.accent, "solid"), (p.watch, "dash"), (p.muted, "dot"), (p.alert, "dashdot"), (p.normal, "longdash")]
    told: list[str] = []
    longest = 0
    for number, (name, folds) in enumerate(runs.items()):
        curves = [one.history.val_loss or one.history.loss for one in folds if one.history is not None]
        curves = [curve for curve in curves if curve]
        if not curves:
            continue
        colour, dash = looks[number % len(looks)]
        for curve in curves:
            figure.add_scatter(
                x=list(range(1, len(curve) + 1)),
                y=list(curve),
                mode="lines",
                line={"color": colour, "width": 1},
                opacity=0.3,
                legendgroup=name,
                showlegend=False,
                hoverinfo="skip",
            )
        middle = _median_curve(curves)
        longest = max(longest, *(len(curve) for curve in curves))
        figure.add_scatter(
            x=list(range(1, len(middle) + 1)),
            y=middle,
            name=name,
            legendgroup=name,
            mode="lines+markers" if len(middle) <= _MANY_POINTS else "lines",
            marker={"size": 7, "symbol": SYMBOLS[number % len(SYMBOLS)]},
            line={"color": colour, "width": 2.5, "dash": dash},
            hovertemplate="epoch %{x}: %{y:.4f}<extra>" + name + "</extra>",
        )
        lowest = int(np.argmin(middle))
        told.append(f"{name} {middle[lowest]:.3f} in epoch {lowest + 1}")
    if not told:
        return None
    figure.update_xaxes(range=[0.5, longest + 0.5], dtick=1 if longest <= 12 else None)
    return figure, (
        "Loss on the inner split: the median over the folds that still train, each fold thin behind. "
        f"Lowest: {'; '.join(told)}. Losses of different kinds cannot be compared."
    )


def _median_curve(curves: Sequence[Sequence[float]]) -> list[float]:
    """Return the median of curves of different lengths, up to where at least half of them reach."""
    enough = sorted((len(curve) for curve in curves), reverse=True)[(len(curves) - 1) // 2]
    return [float(np.median([curve[epoch] for curve in curves if len(curve) > epoch])) for epoch in range(enough)]


def _broken(text: str, letters: int) -> str:
    """Break a name into lines of so many letters, for an axis."""
    return "<br>".join(textwrap.wrap(text, max(10, letters))) or text


def _zero_to_one(figure: Any, values: Any) -> None:
    known = values[np.isfinite(values)]
    low = float(known.min()) if known.size else 0.0
    figure.update_yaxes(range=[0.0 if low < 0.5 else 0.4, 1.06], dtick=0.1 if low >= 0.5 else 0.2)
