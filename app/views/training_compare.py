"""Training lab, several runs side by side: their folds, the settings that differ, and a corrected test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import streamlit as st

from app import charts, charts_training, words
from app.charts_training import metric_name
from app.components import empty, foot, note, rows
from app.views.training_result import interval, name_of
from gait_core.errors import GaitError
from gait_core.learn.comparison import ModelComparison
from gait_core.learn.runs import Run
from gait_core.learn.scores import METRICS
from gait_core.workflows.compare_runs import difference_between, differing_settings

__all__ = ["render"]

_SIGNIFICANT: Final = 0.05
_FEWEST: Final = 2


def render(found: Sequence[Run]) -> None:
    """Draw the comparison.

    Parameters
    ----------
    found : sequence of Run
        All runs, newest first.
    """
    sound = {run.id: run for run in found if run.has_finished_folds}
    if len(sound) < _FEWEST:
        empty("Two runs are needed", "As soon as two runs have finished folds, they can be compared here.")
        return
    chosen = st.multiselect(
        "Runs to compare",
        list(sound),
        default=list(sound)[:_FEWEST],
        format_func=lambda run_id: f"{name_of(sound[run_id])}, {words.moment(sound[run_id].created_s)}, {run_id[-6:]}",
        max_selections=6,
        key="training_compared",
    )
    if len(chosen) < _FEWEST:
        note("Choose at least two runs.")
        return
    runs = {chr(ord("A") + number): sound[run_id] for number, run_id in enumerate(chosen)}
    metric = st.selectbox("Figure", list(METRICS), format_func=metric_name, key="training_compared_metric", width=280)
    _overlay(runs, metric or METRICS[0])
    _curves(runs)
    _tests(runs, metric or METRICS[0])
    _figures(runs)
    _settings(runs)
    foot("A classifier tells groups of people apart; it is not a diagnosis.")


def _title(letter: str, run: Run) -> str:
    return f"{letter}: {run.manifest.title if run.manifest is not None else run.id}"


def _overlay(runs: Mapping[str, Run], metric: str) -> None:
    st.subheader("Folds", anchor=False)
    records = {_title(letter, run): run.records for letter, run in runs.items()}
    figure, sentence = charts_training.compared_folds(records, metric)
    charts.show(figure, sentence, key="training_compared_folds")


def _curves(runs: Mapping[str, Run]) -> None:
    st.subheader("Curves", anchor=False)
    drawn = charts_training.compared_losses({_title(letter, run): run.folds for letter, run in runs.items()})
    if drawn is None:
        note("None of these classifiers learns in epochs, so there is no curve to draw.")
        return
    charts.show(*drawn, key="training_compared_losses")
    without = [_title(letter, run) for letter, run in runs.items() if all(one.history is None for one in run.folds)]
    if without:
        note(f"Without epochs, and so without a curve: {', '.join(without)}.")


def _tests(runs: Mapping[str, Run], metric: str) -> None:
    st.subheader("Is one better?", anchor=False)
    body: list[list[str]] = []
    for (one, first), (other, second) in combinations(runs.items(), 2):
        try:
            tested = difference_between(first, second, metric)
            body.append([f"{one} − {other}", *_test_cells(one, other, tested)])
        except GaitError as error:
            body.append([f"{one} − {other}", "–", "–", "–", "–", error.message])
    columns = [("Runs", "t"), ("Difference", "n"), ("95 % interval", "n"), ("Folds", "n"), ("p", "n"), ("Says", "name")]
    rows(columns, body, f"Differences in {metric_name(metric).lower()} with a corrected test")
    note(
        "Corrected resampled t-test (Nadeau and Bengio 2003) on the folds that both have: folds share training data, "
        "and the plain test would find differences that are not there."
    )
    if len(body) > 1:
        note(f"{len(body)} pairs are tested; p is not corrected for their number.")


def _test_cells(one: str, other: str, found: ModelComparison) -> list[str]:
    if found.p < _SIGNIFICANT:
        says = f"{one if found.difference > 0 else other} is better."
    else:
        says = "No difference is shown."
    return [
        f"{found.difference:+.3f}",
        f"{found.ci_low:+.3f} to {found.ci_high:+.3f}",
        f"{found.folds}",
        f"{found.p:.3f}" if found.p >= 0.001 else "< 0.001",
        says,
    ]


def _figures(runs: Mapping[str, Run]) -> None:
    st.subheader("Figures", anchor=False)
    scores = [(run.manifest.scores if run.manifest is not None else None) or {} for run in runs.values()]
    body = [[metric_name(name), *(_figure_cell(own, name) for own in scores)] for name in METRICS]
    columns = [("Figure", "name"), *((_title(letter, run), "n") for letter, run in runs.items())]
    rows(columns, body, "Figures of each run with their 95 % intervals")
    note("In brackets the 95 % interval over subjects.")


def _figure_cell(scores: Mapping[str, Any], name: str) -> str:
    own = scores["metrics"][name] if scores else None
    return "–" if own is None else f"{words.number(own['mean'], 3)} ({interval(own, 2)})"


def _settings(runs: Mapping[str, Run]) -> None:
    st.subheader("Settings that differ", anchor=False)
    manifests = [run.manifest for run in runs.values() if run.manifest is not None]
    differing = differing_settings(manifests)
    if not differing:
        note("All settings are the same.")
        return
    columns = [("Setting", "name"), *((letter, "name") for letter in runs)]
    body = [
        [name, *("–" if value is None else _shown(value) for value in values)] for name, values in differing.items()
    ]
    rows(columns, body, "Settings that differ between the runs")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    text = str(value)
    return text if len(text) <= 24 else f"{text[:12]}…"
