"""The page 'Measure a walk': choose videos, watch it run, read what was measured, with or without a baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import damage, registry
from app.components import box, empty, error_box, heading
from app.jobview import follow
from app.plain_text import plain
from app.runs import MOST_SHOWN, earlier_results, find_run, leave_run, resume_running
from app.state import jobs, param, recall, remember, set_params, workspace
from app.views import measure_form, measure_result
from gait_core.errors import NotFoundError, StorageError
from gait_core.walks.measurements import damaged_measurements, list_measurements, load_measurement

__all__ = ["render"]


def render() -> None:
    """Draw the page."""
    wanted = param("measurement")
    lead = "Steps, times, lengths and joint angles of one walk, with their uncertainty. No baseline is needed."
    heading("Measure a walk", "" if wanted else lead)
    if wanted:
        _result(wanted)
    elif param("job"):
        _run(param("job") or "")
    else:
        resume_running("measure")
        found = list_measurements(workspace())
        damage.mention(damaged_measurements(workspace()), "measurements")
        measure_form.render(found)
        _earlier(found)


def _result(measurement_id: str) -> None:
    try:
        walk = load_measurement(workspace(), measurement_id)
    except NotFoundError:
        empty("This measurement is gone", "It was deleted, or the address belongs to another workspace.")
        _another()
        return
    except StorageError as error:
        error_box(error.to_dict(), "This measurement cannot be read")
        _another()
        return
    measure_result.render(walk, _another)


def _another() -> None:
    if st.button(
        "Measure another walk", key="measure_more", type="primary", icon=":material/add:", shortcut="Mod+Enter"
    ):
        remember("measure_paths", "")
        remember("measure_row", int(recall("measure_row", 0)) + 1)
        set_params(measurement=None, job=None)
        st.rerun()


def _run(job_id: str) -> None:
    job = find_run(job_id)
    if job is None:
        leave_run(job_id, "Choose other videos", "measure_leave")
        return
    if job.state == "done":
        walks = (jobs().result(job.id) or {}).get("walks", [])
        made = [str(walk["measurement_id"]) for walk in walks if walk.get("measurement_id")]
        if made and len(walks) == 1 and recall("watched") == job.id:
            set_params(measurement=made[0], job=None)
            st.rerun()
        for walk in walks:
            _line(walk)
    follow(job_id)
    leave_run(job_id, "Choose other videos", "measure_leave")


def _line(walk: Mapping[str, Any]) -> None:
    """Draw one walk of a finished job: a way to its measurement, or why there is none."""
    name = str(walk.get("name") or "")
    if walk.get("error"):
        error_box(walk["error"], f"{name} could not be measured")
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch"):
            st.text(name)
        target = str(walk.get("measurement_id") or "")
        if not target:
            box("Nothing was stored for this walk", "", "calm")
        elif st.button("Open", key=f"open_{target}", help=f"Open the measurement of {plain(name)}"):
            set_params(job=None, measurement=target)
            st.rerun()


def _earlier(found: list[dict[str, Any]]) -> None:
    st.subheader("Walks measured before", anchor=False)
    if not found:
        empty("No walk has been measured yet", "What is measured stays on this computer and is listed here.")
        return
    earlier_results(
        found,
        opens="measurement",
        named="measurement",
        width=260,
        tell=lambda facts: str(facts["subject"]) or "no name given",
    )
    if len(found) > MOST_SHOWN:
        registry.link("library", f"All {len(found)} in the Library", shelf="measurements")
