"""Training lab: what a training takes of the machine while it runs, and what it took."""

from __future__ import annotations

from typing import Final

import streamlit as st

from app import charts_live, jobreport, words
from app.jobreport import JobReport
from app.registry import link
from app.views.performance_live import job_memory, last_minutes
from gait_core.jobs.store import Job

__all__ = ["charts", "summary"]

_WIDTH: Final = 440


def summary(job: Job) -> None:
    """Draw the highest memory of a training, and the way to everything else that was measured."""
    if job.peak_memory_bytes:
        st.caption(f"Highest memory so far: {jobreport.with_mapped_files(job)}.")
    link("performance", "Memory and CPU of this job", job=job.id)


def charts(job: Job) -> None:
    """Draw memory and CPU over the last minutes, while a training runs."""
    if not job.active:
        return
    item = jobreport.load(job)
    if not item.series("memory_bytes").measured:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        charts_live.show(*job_memory(item))
    with right:
        charts_live.show(*_load(item))


def _load(item: JobReport) -> tuple[str, str]:
    """Return the chart of the share of all CPUs that the job keeps busy, and its sentence."""
    seconds_ago, shares = last_minutes(item, item.series("cpu_share"))
    values = [None if share is None else 100 * share for share in shares]
    now = next((share for share in reversed(shares) if share is not None), None)
    line = charts_live.Line(label="CPU", values=values)
    drawn = charts_live.drawing(seconds_ago, [line], title="CPUs busy with the job (%)", top=100.0, width=_WIDTH)
    return drawn, f"CPUs busy with this job: {words.percent(now)} now."
