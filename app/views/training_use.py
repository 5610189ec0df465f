"""Training lab: what a training takes of the machine while it runs, and what it took."""

from __future__ import annotations

from typing import Final

import streamlit as st

from app import charts_live, jobreport, words
from app.jobreport import JobReport
from app.registry import link
from app.views.performance_live import job_memory, last_minutes
from gait_core.jobs.store import Job

__all__ = ["render"]

_WIDTH: Final = 440


def render(job: Job) -> None:
    """Draw memory and CPU of a training: the last minutes while it runs, the highest memory afterwards."""
    if job.active:
        item = jobreport.load(job)
        if item.series("memory_bytes").measured:
            charts_live.show(*job_memory(item))
            charts_live.show(*_load(item))
    if job.peak_memory_bytes:
        st.caption(f"Highest memory use so far: {words.size(job.peak_memory_bytes)}.")
    link("performance", "Memory and CPU of this job", job=job.id)


def _load(item: JobReport) -> tuple[str, str]:
    """Return the chart of the share of all CPUs that the job keeps busy, and its sentence."""
    seconds_ago, shares = last_minutes(item, item.series("cpu_share"))
    values = [None if share is None else 100 * share for share in shares]
    now = next((share for share in reversed(shares) if share is not None), None)
    line = charts_live.Line(label="CPU", values=values)
    drawn = charts_live.drawing(seconds_ago, [line], title="CPUs busy with the job (%)", top=100.0, width=_WIDTH)
    return drawn, f"CPUs busy with this job: {words.percent(now)} now."
