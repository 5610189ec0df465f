"""The page 'Training lab': train a classifier of gait on a dataset, watch it, and compare what came out."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from app import words
from app.charts_training import metric_name
from app.components import empty, heading, keep_focus
from app.runs import MOST_SHOWN, earlier_results, find_run, leave_run, resume_running
from app.state import jobs, param, recall, set_params, workspace
from app.tabs import tab_row
from app.views import training_compare, training_form, training_models, training_result, training_run
from gait_core.errors import GaitError
from gait_core.learn.promoted_models import list_promoted
from gait_core.learn.runs import Run, list_runs, load_run

__all__ = ["render"]

_TABS: Final = ("New run", "Runs", "Compare", "Models")
_LEAD: Final = (
    "Train a classifier on labelled walks or gait cycles. Every figure comes from subjects that it has never seen."
)


def render() -> None:
    """Draw the page."""
    run_id, job_id, model = param("run"), param("job"), param("model")
    heading("Training lab", "" if run_id or job_id or model else _LEAD)
    if model:
        training_models.show(model)
    elif run_id:
        _run(run_id)
    elif job_id:
        _job(job_id)
    else:
        if param("tab") is None:  # whoever requests a tab wants that and not the training that runs
            resume_running("train")
        new, runs, compare, models = tab_row("training_lab", _TABS)
        if new.open:
            with new:
                training_form.render()
        if runs.open:
            with runs:
                _earlier(list_runs(workspace()))
        if compare.open:
            with compare:
                training_compare.render(list_runs(workspace()))
        if models.open:
            with models:
                training_models.render(list_promoted(workspace()))
        keep_focus()


def _job(job_id: str) -> None:
    job = find_run(job_id)
    if job is None:
        leave_run(job_id, "Start a training", "training_leave")
        return
    made = training_run.run_of(job) or str((jobs().result(job_id) or {}).get("run") or "")
    if job.state == "done" and made and recall("watched") == job.id:
        set_params(run=made, job=None)
        st.rerun()
    training_run.follow(job_id)
    if job.state == "done" and made and st.button("Open the run", key="training_open", type="primary"):
        set_params(run=made, job=None)
        st.rerun()
    leave_run(job_id, "Back to the form", "training_leave")


def _run(run_id: str) -> None:
    try:
        run = load_run(workspace(), run_id)
    except GaitError:
        empty("This run is gone", "It was deleted, or the address belongs to another workspace.")
        _another()
        return
    job = training_run.job_of_run(run_id) if run.state == "running" else None
    if job is not None and job.active:
        set_params(job=job.id, run=None)
        st.rerun()
    training_result.render(run, _another)


def _another() -> None:
    if st.button("New run", key="training_more", type="primary", icon=":material/add:", shortcut="Mod+Enter"):
        set_params(run=None, job=None)
        st.rerun()


def _earlier(found: list[Run]) -> None:
    if not found:
        empty(
            "No run yet", "A training stays on this computer and is listed here, with all that is needed to repeat it."
        )
        return
    facts = [
        {"id": run.id, "name": training_result.name_of(run), "created_s": run.created_s, "run": run} for run in found
    ]
    earlier_results(facts, opens="run", named="run", width=340, tell=lambda one: _told(one["run"]))
    if len(found) > MOST_SHOWN:
        st.caption(f"{len(found) - MOST_SHOWN} older ones can be chosen under “Compare”.")


def _told(run: Run) -> str:
    state = training_result.state_name(run.state)
    scores: Any = run.manifest.scores if run.manifest is not None else None
    if not scores:
        return state
    value = scores["metrics"]["balanced_accuracy"]["mean"]
    control = ", permuted labels" if run.manifest is not None and run.manifest.validation.get("permuted") else ""
    return f"{metric_name('balanced_accuracy')} {words.number(value, 3)}{control} · {state.lower()}"
