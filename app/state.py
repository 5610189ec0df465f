"""What the dashboard remembers: ids and paths in the URL and the session, everything else on disk."""

from __future__ import annotations

import os
from typing import Any

import streamlit as st

from gait_core.jobs.store import Job, JobStore
from gait_core.workspace import Workspace

__all__ = ["active_job", "jobs", "param", "recall", "remember", "set_params", "workspace"]


def workspace() -> Workspace:
    """Return the workspace that the launcher chose."""
    return Workspace()


def jobs() -> JobStore:
    """Return the jobs of the workspace, and see to it that the next one finds a worker ready."""
    store = _store(str(workspace().root))
    store.keep_spare()
    return store


@st.cache_resource(show_spinner=False)
def _store(root: str) -> JobStore:
    """Return the one store of a workspace in this process; the launcher says whether it keeps a spare worker."""
    return JobStore(Workspace(root), spare=os.environ.get("GAIT_SPARE") == "1")


def active_job(found: list[Job] | None = None) -> Job | None:
    """Return the job that runs, else the oldest that waits, else None."""
    active = [job for job in (found if found is not None else jobs().list()) if job.active]
    running = [job for job in active if job.state != "queued"]
    ordered = running or active
    return ordered[-1] if ordered else None


def param(name: str) -> str | None:
    """Return a parameter of the URL, or None."""
    value = st.query_params.get(name)
    return value or None


def set_params(**values: str | None) -> None:
    """Change parameters of the URL; None removes one."""
    for name, value in values.items():
        if value is None:
            if name in st.query_params:
                del st.query_params[name]
        elif st.query_params.get(name) != value:
            st.query_params[name] = value


def remember(name: str, value: Any) -> None:
    """Keep an id or a path for this browser tab."""
    st.session_state[f"gs_{name}"] = value


def recall(name: str, default: Any = None) -> Any:
    """Return what `remember` kept."""
    return st.session_state.get(f"gs_{name}", default)
