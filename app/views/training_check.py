"""Training lab, the check of a dataset: classes as a chart, and what is wrong with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

import streamlit as st

from app import charts, charts_scores, words
from app.components import box, error_box, note
from app.jobview import follow
from app.state import jobs, param, set_params
from gait_core.errors import GaitError
from gait_core.jobs.store import Job

__all__ = ["section", "show_report"]

_KINDS: Final = {"error": "error", "warning": "warn", "note": "calm"}
_TITLES: Final = {"error": "Stops the training", "warning": "Please note", "note": "How the data were read"}


def section(place: Path | None, folds: int, data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Draw the button that checks a dataset, and what the last check of it says.

    Returns
    -------
    dict or None
        The report, as long as it is of this dataset with these folds and settings.
    """
    wanted = None if place is None else {"path": str(place), "folds": folds, "settings": dict(data)}
    if st.button(
        "Check the dataset",
        key="training_check",
        icon=":material/fact_check:",
        disabled=wanted is None,
        help="Counts the classes and looks for what would spoil the result. Training checks it again in any case.",
    ):
        _submit(wanted or {})
    job = _last_check()
    if job is None or wanted is None or dict(job.spec["params"]) != wanted:
        return None
    if job.state != "done":
        follow(job.id)
        return None
    report = jobs().result(job.id) or {}
    show_report(report)
    return dict(report)


def show_report(report: Mapping[str, Any]) -> None:
    """Draw what a check found."""
    errors = [one for one in report["problems"] if one["severity"] == "error"]
    if errors:
        box("This dataset cannot be trained on yet", f"{words.plural(len(errors), 'problem')} to fix first.", "error")
    else:
        steps, channels = report["shape"]
        told = f"{words.plural(sum(report['subjects'].values()), 'subject')}, {words.plural(channels, 'channel')}"
        box("Ready to train", f"{told}, {words.plural(steps, 'step')} each: {', '.join(report['channels'])}.")
    if report["subjects"]:
        figure, sentence = charts_scores.class_counts(report)
        charts.show(figure, sentence, key="training_classes")
    for problem in report["problems"]:
        show_problem(problem)
    if report["covariates"]:
        note(f"Kept as covariates and not learned from: {', '.join(report['covariates'])}.")


def show_problem(problem: Mapping[str, Any]) -> None:
    """Draw one problem with what to do about it, and all that it concerns."""
    severity = str(problem["severity"])
    todo = str(problem.get("remedy") or "")
    remedy = f'<div style="margin-top:.35rem"><strong>What to do:</strong> {escape(todo)}</div>' if todo else ""
    css, title = _KINDS.get(severity, "warn"), _TITLES.get(severity, "Please note")
    st.html(f'<div class="gs-box {css}" role="status"><b>{title}</b>{escape(str(problem["message"]))}{remedy}</div>')
    items = list(problem.get("items") or ())
    if len(items) > 5:
        with st.expander(f"All {len(items)}"):
            st.code("\n".join(map(str, items)), language=None, height=220)


def _submit(wanted: Mapping[str, Any]) -> None:
    try:
        job = jobs().submit("dataset_check", wanted, f"Check of {Path(str(wanted['path'])).name}")
    except GaitError as error:
        error_box(error.to_dict(), "The check could not be started")
        return
    set_params(check=job.id)
    st.rerun()


def _last_check() -> Job | None:
    job_id = param("check")
    if not job_id:
        return None
    try:
        return jobs().get(job_id)
    except GaitError:
        return None
