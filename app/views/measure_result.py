"""One measured walk: what it is, where its metres come from, and everything else by subject in tabs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from importlib import import_module

import streamlit as st

from app import words
from app.components import box, error_box, foot, note
from app.state import recall, remember, workspace
from app.views import (
    measure_change,
    measure_cleaning,
    measure_curves,
    measure_deviations,
    measure_export,
    measure_quality,
    measure_scale,
    measure_summary,
)
from app.views.measure_again import change
from app.views.measure_walk import WalkView
from gait_core.report.measurements import MeasuredWalk

__all__ = ["TABS", "render"]


def _events(view: WalkView) -> None:
    import_module("app.views.measure_events").render(view.walk)


TABS: dict[str, Callable[[WalkView], None]] = {
    "Summary": measure_summary.render,
    "Curves": measure_curves.render,
    "Change": measure_change.render,
    "Deviations": measure_deviations.render,
    "Events": _events,
    "Cleaning": measure_cleaning.render,
    "Quality": measure_quality.render,
    "Report": measure_export.render,
}
