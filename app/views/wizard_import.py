"""Wizard, step 1: which walks."""

from __future__ import annotations

import streamlit as st

from app import videos
from app.components import check_line, error_box
from app.demo import demo_job, demo_walks
from app.draft import Draft
from app.jobview import follow
from app.pickers import sources
from app.state import jobs, recall, remember, set_params, workspace
from app.views.wizard_steps import move
from gait_core.errors import GaitError

__all__ = ["render"]


def render(draft: Draft) -> None:
    """Draw the rows, the ways to fill them, and the way on."""
    draft = _take_demo(draft)
    if draft.demo_job:
        st.subheader("Making five demo walks", anchor=False)
        follow(draft.demo_job)
        if st.button("Use videos of my own instead", key="demo_leave"):
            _store(draft.with_(demo_job=""))
            st.rerun()
        return
    _sources(draft)
    draft = _rows(draft)
    paths = videos.usable(draft.videos)
    message = videos.count_message(len(paths))
    check_line(message.text, message.kind)
    if st.button(
        "Continue",
        key="import_next",
        type="primary",
        icon=":material/arrow_forward:",
        icon_position="right",
        shortcut="Mod+Enter",
        disabled=len(paths) < videos.LEAST_WALKS,
    ):
        _store(draft)
        move("configure", draft=draft.id)
        st.rerun()


def _store(draft: Draft) -> None:
    draft.save(workspace())
    set_params(draft=draft.id)


def _fill(draft: Draft, paths: list[str]) -> None:
    """Put paths into the rows and redraw them."""
    _store(draft.add(paths))
    remember("rows", int(recall("rows", 0)) + 1)
    st.rerun()


def _sources(draft: Draft) -> None:
    st.html(
        '<p class="gs-note">Film from the side, the whole body in view, camera still, at the usual walking pace. '
        "Videos stay on this computer.</p>"
    )
    with st.container(horizontal=True, gap="small"):
        chosen = sources("import", several=True)
        if chosen:
            _fill(draft, chosen)
        if st.button(
            "Use five demo walks",
            key="demo_use",
            icon=":material/play_circle:",
            help="Simulated walks of one person, made on this computer. Takes less than a minute the first time.",
        ):
            _use_demo(draft)


def _use_demo(draft: Draft) -> None:
    ready = demo_walks(jobs())
    named = draft if draft.subject else draft.with_(subject="Demo person")
    if ready is not None:
        _fill(named.with_(videos=()), list(ready.videos))
    try:
        job = demo_job(jobs())
    except GaitError as error:
        error_box(error.to_dict(), "The demo walks could not be started")
        return
    _store(named.with_(demo_job=job.id))
    st.rerun()


def _take_demo(draft: Draft) -> Draft:
    """Fill the rows once the demo walks are made."""
    if not draft.demo_job:
        return draft
    try:
        job = jobs().get(draft.demo_job)
    except GaitError:
        return draft.with_(demo_job="")
    ready = demo_walks(jobs(), [job]) if job.state == "done" else None
    if ready is not None:
        _fill(draft.with_(videos=(), demo_job=""), list(ready.videos))
    return draft


def _rows(draft: Draft) -> Draft:
    generation = int(recall("rows", 0))
    texts = list(draft.videos)
    checks = []
    for i, text in enumerate(texts):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key=f"row_{i}"):
            texts[i] = st.text_input(
                f"Walk {i + 1}",
                value=text,
                key=f"path_{generation}_{i}",
                placeholder="/path/to/walk.mp4",
                width="stretch",
            )
            checks.append(st.empty())
    for place, check in zip(checks, videos.check_paths(texts), strict=True):
        with place.container(width=270):
            check_line(check.text or "\N{NO-BREAK SPACE}", check.kind)
    changed = draft.with_(videos=tuple(texts))
    if changed.videos != draft.videos:
        _store(changed)
    if st.button("Add a row", key="row_add", type="tertiary", icon=":material/add:"):
        _store(changed.with_(videos=(*changed.videos, "")))
        st.rerun()
    return changed
