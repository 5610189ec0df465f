"""Wizard, step 3: watch it work."""

from __future__ import annotations

import streamlit as st

from app.components import empty, note
from app.jobview import follow
from app.state import jobs, recall, remember
from app.views.wizard_steps import move
from gait_core.errors import GaitError

__all__ = ["render"]


def render(job_id: str) -> None:
    """Draw the job; when it ends well while being watched, go on to the results."""
    try:
        job = jobs().get(job_id)
    except GaitError:
        empty("This run is gone", "It was deleted, or the address belongs to another workspace.")
        _again()
        return
    if job.active:
        remember("watched", job.id)
        note("You can close this page; the job continues, and its result will be here.")
    elif job.state == "done":
        if recall("watched") == job.id:
            # Stays remembered: were it forgotten here, a rerun that cuts in before the move would end the way to it.
            move("results", job=job.id)
            st.rerun()
        if st.button("See the results", key="run_results", type="primary", shortcut="Mod+Enter"):
            move("results", job=job.id)
            st.rerun()
    follow(job_id)
    if not job.active:
        _again()


def _again() -> None:
    if st.button("Start another baseline", key="run_again", type="tertiary"):
        move("import", job=None, draft=None)
        st.rerun()
