"""Performance: this machine now, what each job cost, jobs side by side, and validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from app.components import heading
from app.state import param, recall, remember
from app.views import performance_compare, performance_jobs, performance_live, validation
from app.views.performance_live import cache_sentence, machine_facts

__all__ = ["TABS", "cache_sentence", "machine_facts", "render"]

TABS: Final[Mapping[str, Callable[[], None]]] = {
    "Live": performance_live.render,
    "Jobs": performance_jobs.render,
    "Compare jobs": performance_compare.render,
    "Validation": validation.render,
}
_OPENED_BY: Final = {"validation": "Validation", "compare": "Compare jobs", "job": "Jobs"}
"""Parameter of an address → the tab that it means where the address names none."""


def render() -> None:
    """Draw the page."""
    heading("Performance", "What this computer is doing, what each job took, and what would make it faster.")
    _open_what_is_asked_for()
    for place, draw in zip(st.tabs(list(TABS), key="section", bind="query-params"), TABS.values(), strict=True):
        if place.open:
            with place:
                draw()


def _open_what_is_asked_for() -> None:
    """Open the tab of the job or result that a link names; within the page the user's own choice counts."""
    for name, tab in _OPENED_BY.items():
        asked = param(name)
        if asked and recall(f"performance_{name}") != asked:
            remember(f"performance_{name}", asked)
            if param("section") is None:
                st.session_state["section"] = tab
            return
