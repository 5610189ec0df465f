"""Analyse a walk: choose the baseline and the video, watch it run, read the level."""

from __future__ import annotations

import streamlit as st

from app import damage, registry, videos, words
from app.choice import choose_one
from app.components import check_line, empty, error_box, heading, level_badge, level_key
from app.demo import demo_walks
from app.jobview import follow
from app.pickers import sources
from app.plain_text import plain
from app.profiles import known_profiles, profile_title
from app.runs import find_run, leave_run, resume_running
from app.state import jobs, param, recall, remember, set_params, workspace
from app.views import analyse_result
from gait_core.baseline.analyses import list_analyses
from gait_core.baseline.store import BaselineSummary, damaged_baselines, list_baselines
from gait_core.errors import GaitError, NotFoundError
from gait_core.learn.promoted_models import list_promoted

__all__ = ["render"]


def render() -> None:
    """Draw the page."""
    shows_result = bool(param("analysis"))
    # A result speaks for itself; the sentence on what the page is for would push it down.
    heading("Analyse a walk", "" if shows_result else "Compare a new video of a person with their own baseline.")
    baselines = list_baselines(workspace())
    damage.mention(damaged_baselines(workspace()), "analyse")
    if not baselines:
        empty("There is no baseline yet", "A walk can only be compared with a baseline of the same person.")
        if st.button("Create a baseline", key="analyse_wizard", type="primary", icon=":material/directions_walk:"):
            registry.go("baseline", step="import")
        return
    if shows_result:
        _result(param("analysis") or "")
    elif param("job"):
        _run(param("job") or "")
    else:
        resume_running("analyse")
        _form(baselines)


def _result(analysis_id: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        verdict = st.container(width="stretch")
        if st.button(
            "Analyse another walk", key="analyse_more", type="primary", icon=":material/add:", shortcut="Mod+Enter"
        ):
            remember("walk_path", "")
            set_params(analysis=None, job=None)
            st.rerun()
    try:
        analyse_result.render(analysis_id, verdict)
    except NotFoundError:
        empty("This analysis is gone", "It was deleted, or the address belongs to another workspace.")


def _run(job_id: str) -> None:
    job = find_run(job_id)
    if job is None:
        leave_run(job_id, "Choose another video", "analyse_leave")
        return
    if job.state == "done":
        walks = (jobs().result(job.id) or {}).get("walks", [])
        made = [str(walk["analysis_id"]) for walk in walks if walk.get("analysis_id")]
        if made and recall("watched") == job.id:
            # Kept in memory: if it were forgotten here, a rerun before the move would lose the way to it.
            set_params(analysis=made[0], job=None)
            st.rerun()
        for walk in walks:
            _walk_line(walk)
    follow(job_id)
    leave_run(job_id, "Choose another video", "analyse_leave")


def _walk_line(walk: dict[str, object]) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch"):
            st.markdown(f"**{plain(str(walk.get('name', '')))}**")
        with st.container(width=160):
            st.html(level_badge(walk.get("level")))
        target = str(walk.get("analysis_id") or "")
        if target and st.button("Open", key=f"open_{target}"):
            set_params(job=None, analysis=target)
            st.rerun()


def _form(baselines: list[BaselineSummary]) -> None:
    names = {
        item.id: f"{item.subject} · {words.plural(item.n_walks, 'walk')}, {words.moment(item.created_s)}"
        for item in baselines
    }
    chosen = choose_one("Baseline of", names, kept_as="baseline", key="analyse_baseline")
    generation = int(recall("walk_row", 0))
    text = st.text_input(
        "Video of the new walk",
        value=str(recall("walk_path", "")),
        key=f"walk_path_{generation}",
        placeholder="/path/to/walk.mp4",
    )
    remember("walk_path", text)
    _sources()
    check = videos.check_paths([text])[0]
    check_line(check.text, check.kind)
    overlay = st.toggle(
        "Make an overlay video", value=True, key="overlay", help="The video with the skeleton drawn in."
    )
    classify = _classify()
    profile = _profile()
    ready = videos.usable([text])
    if st.button(
        "Analyse this walk",
        key="analyse_start",
        type="primary",
        icon=":material/play_arrow:",
        shortcut="Mod+Enter",
        disabled=not ready,
    ):
        _submit(ready, str(chosen), overlay, profile, classify)
    _earlier(str(chosen))


def _choose(path: str) -> None:
    remember("walk_path", path)
    remember("walk_row", int(recall("walk_row", 0)) + 1)
    st.rerun()


def _sources() -> None:
    with st.container(horizontal=True, gap="small"):
        chosen = sources("analyse", several=False)
        if chosen:
            _choose(chosen[0])
        demo = demo_walks(jobs())
        for walk in demo.later if demo is not None else ():
            label = str(walk.get("label", "later"))
            pattern = words.joint_name(str(walk.get("pattern") or ""))
            more = f": {pattern}" if pattern and label != "normal" else ""
            if st.button(
                f"Demo: {label} walk",
                key=f"demo_{label}_{walk['path']}",
                icon=":material/play_circle:",
                help=f"A simulated later walk of the demo person{more}.",
            ):
                _choose(str(walk["path"]))


def _profile() -> str | None:
    with st.expander("More settings", icon=":material/tune:"):
        as_baseline = "as in the baseline"
        chosen = st.selectbox(
            "Speed or precision?",
            [as_baseline, *known_profiles()],
            format_func=lambda name: name.capitalize() if name == as_baseline else profile_title(name),
            key="analyse_profile",
            help="A profile other than the baseline's can produce differences that are not in the walk.",
        )
    return None if chosen == as_baseline else str(chosen)


def _classify() -> bool:
    asked = [model for model in list_promoted(workspace()) if model.classifies_walks]
    if not asked:
        return True  # there is no model to apply, unless a model is promoted before the analysis begins
    names = ", ".join(plain(model.title) for model in asked)
    return st.toggle(
        f"Also apply {words.plural(len(asked), 'trained model')}: {names}",
        value=True,
        key="classify",
        help="The output of these models is shown beside the level and does not affect it.",
    )


def _submit(paths: list[str], baseline_id: str, overlay: bool, profile: str | None, classify: bool) -> None:
    from pathlib import Path

    params = {"videos": paths, "baseline_id": baseline_id, "profile": profile, "overlay": overlay}
    if not classify:
        params["classify"] = False
    try:
        job = jobs().submit("analyse", params, f"Analysis of {Path(paths[0]).name}")
    except GaitError as error:
        error_box(error.to_dict(), "The analysis could not be started")
        return
    set_params(job=job.id)
    st.rerun()


def _earlier(baseline_id: str) -> None:
    found = list_analyses(workspace(), baseline_id)
    if not found:
        return
    st.subheader("Earlier walks of this person", anchor=False)
    for item in found[:8]:
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            if st.button(
                plain(item.name), key=f"earlier_{item.id}", type="tertiary", width=260, help="Open this analysis"
            ):
                set_params(analysis=item.id)
                st.rerun()
            with st.container(width=110):
                st.html(level_badge(level_key(item.level)))
            with st.container(width=230):
                st.html(f'<p class="gs-note">score {words.number(item.score)}, {words.ago(item.created_s)}</p>')
