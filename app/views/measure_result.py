"""One measured walk: what it is, where its metres come from, and everything else by subject in tabs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from importlib import import_module
from typing import Final

import streamlit as st

from app import words
from app.components import box, foot, keep_focus
from app.state import recall, remember
from app.tabs import tab_row
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
from app.views.measure_walk import WalkView, change, change_refused, said, view_of
from gait_core.walks.measurements import MeasuredWalk

__all__ = ["TABS", "render"]


def _events(view: WalkView) -> None:
    # The editor is the heaviest part of the page; it is loaded with its tab.
    import_module("app.views.measure_events").render(view.walk)


TABS: Final[Mapping[str, Callable[[WalkView], None]]] = {
    "Summary": measure_summary.render,
    "Curves": measure_curves.render,
    "Change": measure_change.render,
    "Deviations": measure_deviations.render,
    "Events": _events,
    "Cleaning": measure_cleaning.render,
    "Quality": measure_quality.render,
    "Report": measure_export.render,
}


def render(walk: MeasuredWalk, another: Callable[[], None]) -> None:
    """Draw a measured walk.

    Parameters
    ----------
    walk : MeasuredWalk
    another : callable
        Draws the button that leads to the next walk.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        with st.container(width="stretch"):
            _title(walk)
        _scale_box(walk)
        another()
    said()
    change_refused()
    if recall("measure_shown") not in (None, walk.id):
        st.session_state["tab"] = next(iter(TABS))  # another walk begins with its summary
    remember("measure_shown", walk.id)
    view = view_of(walk)
    if view.problem:
        box("The comparison with the baseline cannot be read", view.problem, "warn")
    for warning in walk.measurement.warnings:
        if warning.blocking:
            box("Do not use these values", warning.message, "warn")
    for place, (name, draw) in zip(tab_row("measure", TABS), TABS.items(), strict=True):
        if place.open:
            with place, st.container(key=f"tab_{name.lower()}"):
                draw(view)
    keep_focus()
    seen = "are taken in the plane of walking" if walk.measurement.from_markers else "come from one camera at the side"
    foot(f"Values {seen}; they are not a diagnosis.")


def _title(walk: MeasuredWalk) -> None:
    parts = (walk.name, walk.subject, words.moment(walk.created_s))
    kicker = " · ".join(escape(part) for part in parts if part)
    st.html(
        f'<p class="gs-kicker">{kicker}</p><p class="gs-note" style="font-size:1rem">'
        f"{escape(measure_scale.sentence(walk.measurement))}</p>"
    )


def _scale_box(walk: MeasuredWalk) -> None:
    """Offer to take the metres from something else; the rest of the measurement stays. Markers have metres."""
    if walk.measurement.from_markers:
        return
    with st.popover("Metres", icon=":material/straighten:", key="scale_box", help="Choose another scale"):
        given = walk.measurement.scale_input
        chosen = measure_scale.entries(f"again_{walk.id}", given)
        st.button(
            "Use this",
            key="scale_use",
            disabled=chosen is None or chosen == given,
            on_click=change,
            args=(walk.id,),
            kwargs={"scale": chosen},
        )
