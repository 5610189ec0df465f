"""Two or more jobs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from app import charts, charts_performance, jobreport
from app.components import empty, note, rows
from app.jobreport import JobReport
from app.state import jobs, param, set_params
from gait_core.jobs.store import Job

__all__ = ["render"]

_SHOWN: Final = 60
_MOST: Final = 4


def render() -> None:
    """Draw the tab."""
    found = [job for job in jobs().list() if not job.active and job.started_s is not None][:_SHOWN]
    if len(found) < 2:
        empty("Nothing to compare yet", "Compare two finished jobs side by side: time, speed, memory.")
        return
    known = {job.id: job for job in found}
    chosen = st.multiselect(
        "Jobs to compare",
        list(known),
        default=_asked_for(known) or _alike(found),
        format_func=lambda key: jobreport.JobReport(job=known[key], report={}, samples={}).label,
        max_selections=_MOST,
        key="compare_jobs",
        placeholder="Choose two to four jobs",
    )
    set_params(compare=",".join(chosen) or None)
    if len(chosen) < 2:
        note("Choose at least two jobs.")
        return
    _side_by_side([jobreport.load(known[key]) for key in chosen])


def _asked_for(known: dict[str, Job]) -> list[str]:
    return [key for key in (param("compare") or "").split(",") if key in known][:_MOST]


def _alike(found: Sequence[Job]) -> list[str]:
    """Return the newest job and the one before it of the same kind, else the two newest."""
    same = [job.id for job in found if job.kind == found[0].kind]
    return (same if len(same) > 1 else [job.id for job in found])[:2]


def _side_by_side(items: Sequence[JobReport]) -> None:
    heads = [(f"{number}: {item.label}", "n") for number, item in enumerate(items, start=1)]
    rows([("", "name"), *heads], [[name, *cells] for name, cells in jobreport.compared(items)], "Jobs side by side")
    if any(item.report.get("stages") for item in items):
        charts.show(*charts_performance.compare_stages(items), key="compare_stages")
    if len({item.job.kind for item in items}) > 1:
        note("These jobs are of different kinds: their times answer different questions.")
