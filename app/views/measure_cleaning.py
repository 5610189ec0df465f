"""What was put right in the landmarks of a measured walk; every repair can be undone."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import words
from app.components import empty, note, say
from app.state import recall, remember
from app.views.measure_walk import WalkView, again_button, change
from gait_core.gait.cleaning import REPAIR_KINDS, Repair

__all__ = ["render", "repairs_sentence"]

_PAGE = 12


def render(view: WalkView) -> None:
    """Draw the tab."""
    measurement = view.measurement
    if not measurement.repairs:
        empty("Nothing had to be repaired", "No legs were exchanged, no landmark jumped, and no bone changed length.")
        return
    undone = frozenset(measurement.undone)
    say(repairs_sentence(measurement.repairs, undone))
    landmarks = view.landmarks
    if landmarks:
        note("Switch off a repair to measure the walk again without it. The repair stays in this list.")
    else:
        again_button(view.walk)
    st.button(
        "Apply all repairs",
        key="clean_all",
        icon=":material/undo:",
        disabled=not undone or not landmarks,
        on_click=change,
        args=(view.walk.id,),
        kwargs={"undone": frozenset()},
    )
    for kind, title in REPAIR_KINDS.items():
        own = [repair for repair in measurement.repairs if repair.kind == kind]
        if own:
            _kind(view.walk.id, kind, title, own, undone, frozen=not landmarks)


def repairs_sentence(repairs: Sequence[Repair], undone: frozenset[str]) -> str:
    """Say how much was put right, and how much of it is switched off."""
    frames = len({frame for repair in repairs for frame in repair.frames})
    off = sum(repair.id in undone or repair.kind in undone for repair in repairs)
    tail = f" {off} of them {'is' if off == 1 else 'are'} switched off." if off else ""
    return f"{words.plural(len(repairs), 'repair')} in {words.plural(frames, 'frame')}.{tail}"


def _kind(
    walk_id: str, kind: str, title: str, repairs: Sequence[Repair], undone: frozenset[str], *, frozen: bool
) -> None:
    """Draw the repairs of one kind: one switch for all of them, then one for each."""
    whole = kind in undone
    with st.container(border=True):
        _switch(
            walk_id,
            kind,
            f"**{title}** · {words.plural(len(repairs), 'repair')}",
            undone,
            on=not whole,
            frozen=frozen,
        )
        shown = min(len(repairs), int(recall(f"repairs_{kind}", _PAGE)))
        with st.container(gap="xsmall"):
            for repair in repairs[:shown]:
                _switch(
                    walk_id,
                    repair.id,
                    repair.sentence,
                    undone,
                    on=not whole and repair.id not in undone,
                    frozen=frozen or whole,
                )
        left = len(repairs) - shown
        if left and st.button(f"Show more ({left} left)", key=f"repairs_more_{kind}", type="tertiary"):
            remember(f"repairs_{kind}", shown + 4 * _PAGE)
            st.rerun()


def _switch(walk_id: str, name: str, label: str, undone: frozenset[str], *, on: bool, frozen: bool) -> None:
    """Draw one switch; the state that counts is the stored one, so its key changes with it."""
    after = undone | {name} if on else undone - {name}
    st.toggle(
        label,
        value=on,
        key=f"repair_{walk_id}_{name}_{on}_{frozen}",
        disabled=frozen,
        on_change=change,
        args=(walk_id,),
        kwargs={"undone": after},
    )
