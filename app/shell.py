"""What stands around every page: styles, menu, and the strip that shows the running job."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Final

import streamlit as st

from app import registry, theme, words
from app.components import error_box
from app.jobview import bar, stage_title, standing
from app.state import active_job, jobs
from gait_core.errors import GaitError
from gait_core.jobs.store import Job

__all__ = ["run"]

_ASSETS: Final = Path(__file__).resolve().parent / "assets"
_WAITING: Final = Path(__file__).resolve().parent / "waiting.js"
_IDLE_S: Final = 4.0
_OPENS: Final = {
    "baseline": "baseline",
    "analyse": "analyse",
    "measure": "measure",
    "compare_profiles": "profiles",
    "dataset_check": "training",
    "demo_walks": "baseline",
    "models": "performance",
    "train": "training",
    "recognise_embed": "recognition",
    "recognise_enrol": "recognition",
    "recognise_identify": "recognition",
    "recognise_model": "recognition",
    "recognise_export": "recognition",
    "recognise_train": "recognition",
    "recognise_check": "recognition",
}


def run() -> None:
    """Draw the shell and the chosen page in it."""
    st.set_page_config(
        page_title="Gait Studio", page_icon=str(_ASSETS / "mark.svg"), layout="wide", initial_sidebar_state=264
    )
    theme.apply()
    st.logo(str(_ASSETS / "mark.svg"), size="large")
    chosen = st.navigation(registry.menu(), position="sidebar", expanded=True)
    with st.sidebar:
        _strip()
        theme.follow()
        st.html(f"<script>{_WAITING.read_text(encoding='utf-8')}</script>", unsafe_allow_javascript=True)
    try:
        chosen.run()
    except GaitError as error:
        # A page that meets a damaged or vanished folder says so; it does not show a traceback.
        error_box(error.to_dict())


def _strip() -> None:
    """Draw the running job; its buttons stand outside the part that refreshes itself.

    A button inside that part would open a page from a run of that part alone, while the browser still waits for the
    old page: it then shows nothing at all.
    """
    first = active_job()

    def render() -> None:
        job = active_job()
        if _same(job) != _same(first):
            st.rerun()
        if job is not None:
            _job(job)

    # Another window, or the command line, may start a job; an idle strip looks for one now and then.
    st.fragment(render, run_every=1.0 if first is not None else _IDLE_S)()
    if first is not None:
        _buttons(first)


def _same(job: Job | None) -> tuple[str, bool]:
    """Return what decides on the buttons."""
    return ("", False) if job is None else (job.id, job.state == "cancelling")


def _job(job: Job) -> None:
    stage = stage_title(job)
    now = standing(job)
    if job.state == "queued":
        detail = "is queued"
    else:
        left = f"{words.duration(job.eta_s)} left" if job.eta_s else ""
        detail = " · ".join(part for part in (words.percent(now.share) if now.share is not None else "", left) if part)
    st.html(
        f'<section class="gs-strip" aria-label="Running job"><div class="t">{escape(job.title)}</div>'
        f"<div>{escape(stage)}</div>{bar(now.share, stage, thin=True)}"
        f'<div class="d">{escape(detail)}&nbsp;</div></section>'
    )


def _buttons(job: Job) -> None:
    with st.container(horizontal=True, gap="small"):
        if st.button("Open", key=f"strip_open_{job.id}", help="Show this job"):
            target = _OPENS.get(job.kind, "overview")
            params = {"check" if job.kind == "dataset_check" else "job": job.id}
            if job.kind == "baseline":
                params["step"] = "run"
            registry.go(target, **params)
        if job.state != "cancelling" and st.button("Cancel", key=f"strip_cancel_{job.id}", help="Stop and discard"):
            jobs().cancel(job.id)
            st.rerun()
