"""What the pages with long runs have in common: coming back to one, leaving it, and what was made before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Final

import streamlit as st

from app import words
from app.components import empty
from app.plain_text import plain
from app.state import active_job, jobs, recall, remember, set_params
from gait_core.errors import GaitError
from gait_core.jobs.store import Job

__all__ = ["MOST_SHOWN", "earlier_results", "find_run", "leave_run", "resume_running"]

MOST_SHOWN: Final = 8


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


def earlier_results(
    found: Sequence[Mapping[str, Any]], *, opens: str, named: str, width: int, tell: Callable[[Mapping[str, Any]], str]
) -> None:
    """Draw the newest of what was made before, each with a button that opens it.

    Parameters
    ----------
    found : sequence of mapping
        ``id``, ``name`` and ``created_s`` of each, newest first.
    opens : str
        Parameter of the address that shows one.
    named : str
        What one is called.
    width : int
        Of the button, px.
    tell : callable
        Gives a few more words about one.
    """
    for facts in found[:MOST_SHOWN]:
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            key = f"earlier_{facts['id']}"
            if st.button(plain(str(facts["name"])), key=key, type="tertiary", width=width, help=f"Open this {named}"):
                set_params(**{opens: str(facts["id"])})
                st.rerun()
            with st.container(width=220):
                st.html(f'<p class="gs-note">{escape(tell(facts))}</p>')
            with st.container(width=150):
                st.html(f'<p class="gs-note">{words.ago(float(facts["created_s"]))}</p>')
