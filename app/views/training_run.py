"""Training lab, a training that runs or has ended without a result: progress, live curves, what can be done."""

from __future__ import annotations

from html import escape

import streamlit as st

from app import charts, charts_training, words
from app.components import box, error_box
from app.jobview import bar, progress_share, stage_rows, stage_title
from app.plain_text import plain
from app.state import jobs, workspace
from app.views import training_tensorboard, training_use
from gait_core.errors import GaitError
from gait_core.jobs.store import Job
from gait_core.learn.runs import Run, load_run

__all__ = ["follow", "job_of_run", "run_of"]

_MARKS = {"done": "✓", "running": "▸", "failed": "✕", "crashed": "✕", "cancelled": "–"}


def run_of(job: Job) -> str:
    """Return the identifier of the run that a job trains."""
    return str(job.spec.get("params", {}).get("run") or "")


def job_of_run(run_id: str) -> Job | None:
    """Return the newest job that trains a run, or None when another workspace or a program does."""
    return next((job for job in jobs().list() if job.kind == "train" and run_of(job) == run_id), None)


def follow(job_id: str) -> None:
    """Draw a training and keep it fresh while it is active; the whole page runs once more when it ends."""
    was_active = jobs().get(job_id).active

    def render() -> None:
        job = jobs().get(job_id)
        if was_active and not job.active:
            st.rerun()
        _panel(job)

    st.fragment(render, run_every=1.0 if was_active else None)()


def _panel(job: Job) -> None:
    run = _run(run_of(job))
    if job.active:
        _headline(job, run)
        _actions(job)
    else:
        _ended(job, run)
    with st.container(key=f"stack_job_{job.id}"):
        left, right = st.columns([1, 2], gap="large")
    with left:
        st.html(_stages(job))
        training_use.summary(job)
    with right:
        _folds(run, job.id)
    training_use.charts(job)
    if run is not None:
        training_tensorboard.section(run.folder)
    for warning in job.warnings:
        box("Please note", warning, "warn")
    _log(job)


def _run(run_id: str) -> Run | None:
    """Return the run as it stands on disk; None before it is first written."""
    try:
        return load_run(workspace(), run_id) if run_id else None
    except GaitError:
        return None


def _headline(job: Job, run: Run | None) -> None:
    if job.state == "queued":
        ahead = next((other for other in jobs().list() if other.active and other.state != "queued"), None)
        why = f"“{ahead.title}” runs first; jobs run one at a time." if ahead else "The worker is starting."
        box("Queued", why, "calm")
        return
    title = stage_title(job)
    share, told = _standing(job, run)
    st.html(
        f'<div aria-live="polite"><div class="gs-line"><span><strong>{escape(title)}</strong></span>'
        f"<span>{escape(told)}</span></div></div>{bar(share, title)}"
    )


def _standing(job: Job, run: Run | None) -> tuple[float | None, str]:
    if job.stage != "train" or run is None or not run.folds:
        share = progress_share(job.done, job.total)
        return share, f"{job.done:,.0f} of {job.total:,.0f} {job.unit}" if job.total else ""
    done, total = len(run.records), len(run.folds)
    now = next((one for one in run.folds if one.state == "training"), None)
    parts = [f"{done} of {total} folds"]
    within = 0.0
    if now is not None:
        parts.append(f"fold {now.fold}, seed {now.seed}")
        epochs = int((run.manifest.settings if run.manifest else {}).get("epochs") or 0)
        if now.history is not None and epochs:
            parts.append(f"epoch {len(now.history.loss)} of at most {epochs}")
            within = min(1.0, len(now.history.loss) / epochs)
    return progress_share(done + within, total), " · ".join(parts)


def _actions(job: Job) -> None:
    with st.container(horizontal=True):
        training = job.stage == "train" and job.state == "running"
        if training and st.button(
            "Stop early, keep the best",
            key=f"early_{job.id}",
            help="Ends the fold that is running with its best epoch and begins no other; the final model is trained.",
        ):
            jobs().stop_early(job.id)
            st.toast("Training ends after this epoch and keeps the best weights.")
        if job.state == "cancelling":
            if st.button(
                "Stop now", key=f"kill_{job.id}", help="Ends the worker if it does not respond within seconds."
            ):
                jobs().cancel(job.id)
        elif st.button("Cancel", key=f"cancel_{job.id}", icon=":material/close:", help="Finished folds stay."):
            jobs().cancel(job.id)
            st.rerun(scope="app")


def _ended(job: Job, run: Run | None) -> None:
    kept = f"{words.plural(len(run.records), 'finished fold')} kept." if run is not None and run.records else ""
    if job.state == "done":
        box("Done", kept)
        return
    if job.state == "cancelled":
        box("You cancelled this training", kept or "No fold was finished.", "calm")
    else:
        titles = {
            "crashed": "The worker stopped unexpectedly",
            "damaged": "What is stored of this job is damaged",
        }
        error_box(job.error, titles.get(job.state, "This training did not work"))
        if kept:
            box("Nothing finished is lost", f"{kept} A resumed training continues after them.", "calm")
    if job.can_run_again and st.button("Resume", key=f"resume_{job.id}", type="primary", icon=":material/replay:"):
        jobs().resume(job.id)
        st.rerun(scope="app")


def _stages(job: Job) -> str:
    lines = []
    for name, state, took_s in stage_rows(job.kind, job.stages):
        spoken = {"running": "running", "done": "done"}.get(state, words.state_name(state))
        took = words.duration(took_s) if took_s is not None else ""
        lines.append(
            f'<li class="{escape(state)}"><span aria-hidden="true">{_MARKS.get(state, "·")}</span>'
            f"<span>{escape(words.stage_name(name, job.kind))}"
            f'<span class="gs-sr">, {escape(spoken)}</span></span><time>{took}</time></li>'
        )
    return f'<ol class="gs-stages" aria-label="Stages">{"".join(lines)}</ol>'


def _folds(run: Run | None, key: str) -> None:
    drawn = charts_training.losses(run.folds if run is not None else ())
    if drawn is not None:
        charts.show(*drawn, key=f"training_losses_{key}")
    if run is not None and run.records:
        figure, sentence = charts_training.fold_points(run.records)
        charts.show(figure, sentence, key=f"training_folds_{key}")
    elif drawn is None:
        st.caption("The first fold appears here when it is finished.")


def _log(job: Job) -> None:
    with st.expander("Log of this job", icon=":material/article:"):
        text = jobs().log(job.id)
        if text:
            st.code("\n".join(text.splitlines()[-200:]), language=None, height=280)
        else:
            st.caption("The worker has not written anything yet.")
        st.caption(f"Job {job.id}, folder {plain(str(job.folder))}")
