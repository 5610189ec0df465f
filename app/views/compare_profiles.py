"""The page 'Compare profiles': one video under several profiles side by side, and the user's own profiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import streamlit as st

from app import damage, videos, words
from app.components import check_line, empty, error_box, heading, note
from app.demo import demo_job, demo_walks
from app.jobview import follow
from app.pickers import sources
from app.plain_text import plain
from app.profiles import profile_caption, profile_title
from app.runs import MOST_SHOWN, earlier_results, find_run, leave_run, resume_running
from app.state import jobs, param, recall, remember, set_params, workspace
from app.tabs import tab_row
from app.views import compare_result, profile_editor
from gait_core.compare.comparison_store import damaged_comparisons, delete_comparison, list_comparisons, load_comparison
from gait_core.config import load_profiles
from gait_core.errors import GaitError, NotFoundError

__all__ = ["render"]

_KINDS: Final = ("compare_profiles", "demo_walks")
_TABS: Final = ("Compare", "Your profiles")


def render() -> None:
    """Draw the page."""
    wanted = param("comparison")
    lead = "Run one video under several profiles and see what you gain, and at what cost in time and memory."
    heading("Compare profiles", "" if wanted else lead)
    if wanted:
        _result(wanted)
    elif param("job"):
        _run(param("job") or "")
    else:
        resume_running("compare_profiles")
        compare, own = tab_row("compare_profiles", _TABS)
        if compare.open:
            with compare:
                _form()
                _earlier()
        if own.open:
            with own:
                profile_editor.render()


def _result(comparison_id: str) -> None:
    try:
        comparison = load_comparison(workspace(), comparison_id)
    except NotFoundError:
        empty("This comparison is gone", "It was deleted, or the address belongs to another workspace.")
        _another()
        return
    except GaitError as error:
        error_box(error.to_dict(), "This comparison cannot be read")
        _another()
        return
    compare_result.render(comparison, lambda: _actions(comparison_id))


def _actions(comparison_id: str) -> None:
    with st.popover("Delete", icon=":material/delete:", key="compare_delete_box"):
        st.html('<p style="margin:0">The comparison and its videos are deleted. This cannot be undone.</p>')
        if st.button("Delete this comparison", key="compare_delete", type="primary"):
            try:
                delete_comparison(workspace(), comparison_id)
            except GaitError as error:
                error_box(error.to_dict(), "Nothing was deleted")
                return
            set_params(comparison=None, job=None)
            st.rerun()
    _another()


def _another() -> None:
    if st.button(
        "Compare on another video", key="compare_more", type="primary", icon=":material/add:", shortcut="Mod+Enter"
    ):
        set_params(comparison=None, job=None)
        st.rerun()


def _run(job_id: str) -> None:
    job = find_run(job_id)
    if job is None:
        leave_run(job_id, "Choose another video", "compare_leave")
        return
    if job.state == "done" and recall("watched") == job.id:
        result = jobs().result(job.id) or {}
        if job.kind == "demo_walks":
            _take_demo()
            set_params(job=None)
            st.rerun()
        if result.get("comparison_id"):
            set_params(comparison=str(result["comparison_id"]), job=None)
            st.rerun()
    follow(job_id)
    made = str((jobs().result(job_id) or {}).get("comparison_id") or "") if job.state == "done" else ""
    if made and st.button("Open the comparison", key="compare_open", type="primary"):
        set_params(comparison=made, job=None)
        st.rerun()
    leave_run(job_id, "Choose another video", "compare_leave")


def _form() -> None:
    path = _video()
    names = _profiles()
    overlay = st.toggle(
        "Make overlay videos that play in step", value=True, key="compare_overlay", help="The skeleton of each profile."
    )
    start = st.button(
        "Compare the profiles",
        key="compare_start",
        type="primary",
        icon=":material/play_arrow:",
        shortcut="Mod+Enter",
        disabled=not path or len(names) < 2,
    )
    if len(names) < 2:
        check_line("Choose at least two profiles to continue.")
    if start:
        _submit({"video": path[0], "profiles": names, "overlay": overlay})


def _submit(params: dict[str, Any]) -> None:
    title = f"{words.plural(len(params['profiles']), 'profile')} on {Path(params['video']).name}"
    try:
        job = jobs().submit("compare_profiles", params, title)
    except GaitError as error:
        error_box(error.to_dict(), "The comparison could not be started")
        return
    set_params(job=job.id, comparison=None)
    st.rerun()


def _video() -> list[str]:
    generation = int(recall("compare_row", 0))
    text = st.text_input(
        "Video of a walk",
        value=str(recall("compare_path", "")),
        key=f"compare_path_{generation}",
        placeholder="/path/to/walk.mp4",
    )
    remember("compare_path", text)
    with st.container(horizontal=True, gap="small"):
        chosen = sources("compare", several=False)
        if chosen:
            _choose(chosen[0])
        if st.button(
            "Use a demo walk",
            key="compare_demo",
            icon=":material/play_circle:",
            help="A simulated walk, made on this computer. Takes less than a minute the first time.",
        ):
            _use_demo()
    check = videos.check_paths([text])[0]
    check_line(check.text, check.kind)
    return videos.usable([text])


def _choose(path: str) -> None:
    remember("compare_path", path)
    remember("compare_row", int(recall("compare_row", 0)) + 1)
    st.rerun()


def _use_demo() -> None:
    ready = demo_walks(jobs())
    if ready is not None:
        _choose(ready.videos[0])
    try:
        job = demo_job(jobs())
    except GaitError as error:
        error_box(error.to_dict(), "The demo walks could not be started")
        return
    set_params(job=job.id)
    st.rerun()


def _take_demo() -> None:
    ready = demo_walks(jobs())
    if ready is not None:
        remember("compare_path", ready.videos[0])
        remember("compare_row", int(recall("compare_row", 0)) + 1)


def _profiles() -> list[str]:
    known = load_profiles(workspace().profiles)
    st.html('<p class="gs-kicker">Profiles</p>')
    chosen = []
    for name, profile in known.items():
        with st.container(gap=None):
            title = f"**{plain(profile_title(profile))}**"
            if st.checkbox(title, value=profile.built_in, key=f"compare_use_{name}"):
                chosen.append(name)
            note(profile_caption(profile))
    return chosen


def _earlier() -> None:
    found = list_comparisons(workspace())
    st.subheader("Comparisons made before", anchor=False)
    damage.mention(damaged_comparisons(workspace()), "comparisons")
    if not found:
        empty("Nothing has been compared yet", "A comparison stays on this computer and is listed here.")
        return
    earlier_results(
        found,
        opens="comparison",
        named="comparison",
        width=220,
        tell=lambda facts: ", ".join(map(str, facts["profiles"])),
    )
    if len(found) > MOST_SHOWN:
        st.caption(f"{len(found) - MOST_SHOWN} older ones are kept as well.")
