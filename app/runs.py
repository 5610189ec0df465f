"""What every page with a long run has in common: coming back to one that still runs, and leaving it."""

from __future__ import annotations

import streamlit as st

from app.components import empty
from app.state import active_job, jobs, recall, remember, set_params
from gait_core.errors import GaitError
from gait_core.jobs.store import Job

__all__ = ["find_run", "leave_run", "resume_running"]


def resume_running(kind: str) -> None:
    """Coming back through the menu, show the job of this kind that still runs, unless the user has left it."""
    job = active_job()
    if job is not None and job.kind == kind and recall("left") != job.id:
        set_params(job=job.id)
        st.rerun()


def find_run(job_id: str) -> Job | None:
    """Return a job and remember that it was seen running; None, with a word about it, when it is gone."""
    try:
        job = jobs().get(job_id)
    except GaitError:
        empty("This run is gone", "It was deleted, or the address belongs to another workspace.")
        return None
    if job.active:
        remember("watched", job.id)
    return job


def leave_run(job_id: str, label: str, key: str) -> None:
    """Draw the button that goes back to the form."""
    if st.button(label, key=key, type="tertiary", icon=":material/arrow_back:"):
        remember("left", job_id)
        set_params(job=None)
        st.rerun()
