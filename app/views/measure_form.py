"""Measure a walk, the form: which videos, whose walk, and what gives the metres."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import streamlit as st

from app import videos, words
from app.components import check_line, error_box, note
from app.demo import demo_walks
from app.entries import FRAME_RATE, entry, refused
from app.pickers import sources
from app.profiles import known_profiles, profile_title
from app.state import jobs, recall, remember, set_params, workspace
from app.views import measure_scale
from gait_core.baseline.store import list_baselines
from gait_core.config import DEFAULT_PROFILE, EVENT_METHODS
from gait_core.errors import GaitError
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.markers.endings import is_marker_file

__all__ = ["METHODS", "render", "submit"]

METHODS: Final = {
    "coordinate": "Place of heel and toe (Zeni 2008)",
    "velocity": "Speed of heel and toe along the way (Zeni 2008)",
    "foot_velocity": "Rise and fall of the foot (O’Connor 2007)",
}


def render(found: list[dict[str, Any]]) -> None:
    """Draw the form.

    Parameters
    ----------
    found : list of dict
        Facts of the walks measured before, newest first.
    """
    ready = _videos()
    subject = _subject(found)
    recorded = bool(ready) and all(is_marker_file(Path(path)) for path in ready)
    if recorded:
        note("Walks with markers are recorded in metres.")
    scale = ScaleInput() if recorded else measure_scale.entries("measure", _last_scale())
    params = _more(markers=recorded)
    start = st.button(
        "Measure this walk" if len(ready) < 2 else f"Measure {len(ready)} walks",
        key="measure_start",
        type="primary",
        icon=":material/play_arrow:",
        shortcut="Mod+Enter",
        disabled=not ready or scale is None or refused(FRAME_RATE, "measure_fps"),
    )
    if not ready:
        check_line("Choose a video, or a walk recorded with markers (.c3d), to continue.")
    elif scale is None:
        what = measure_scale.KINDS[st.session_state["measure_kind"]].lower()
        check_line(f"Enter the {what}, or choose “No metres”, to continue.")
    if start and scale is not None:
        if not recorded:
            remember("measure_scale", scale.to_dict())
        submit({"videos": ready, "subject": subject, "scale": scale.to_dict(), **params})


def submit(params: dict[str, Any]) -> None:
    """Start a job that measures, and show it."""
    paths = params["videos"]
    what = Path(paths[0]).name if len(paths) == 1 else words.plural(len(paths), "walk")
    try:
        job = jobs().submit("measure", params, f"Measurement of {what}")
    except GaitError as error:
        error_box(error.to_dict(), "The measurement could not be started")
        return
    set_params(job=job.id, measurement=None)
    st.rerun()


def _videos() -> list[str]:
    generation = int(recall("measure_row", 0))
    text = st.text_area(
        "Videos, one path per line",
        value=str(recall("measure_paths", "")),
        key=f"measure_paths_{generation}",
        placeholder="/path/to/walk.mp4",
        height=88,
        help="Walks that a laboratory recorded with markers (.c3d) are measured as well.",
    )
    remember("measure_paths", text)
    paths = [line for line in text.splitlines() if line.strip()]
    with st.container(horizontal=True, gap="small"):
        chosen = sources("measure", several=True)
        if chosen:
            _choose([*paths, *(path for path in chosen if path not in paths)])
        demo = demo_walks(jobs())
        for walk in demo.later if demo is not None else ():
            label = str(walk.get("label", "later"))
            if st.button(
                f"Demo: {label} walk",
                key=f"measure_demo_{label}",
                icon=":material/play_circle:",
                help="A simulated walk of the demo person.",
            ):
                _choose([str(walk["path"])])
    for path, check in zip(paths, videos.check_paths(paths, markers=True), strict=True):
        name = f"{Path(path).name}: " if len(paths) > 1 else ""
        check_line(name + check.text, check.kind)
    return videos.usable(paths, markers=True)


def _choose(paths: list[str]) -> None:
    remember("measure_paths", "\n".join(paths))
    remember("measure_row", int(recall("measure_row", 0)) + 1)
    st.rerun()


def _subject(found: list[dict[str, Any]]) -> str:
    known = [item.subject for item in list_baselines(workspace())] + [str(facts["subject"]) for facts in found]
    names = list(dict.fromkeys(name for name in known if name))
    last = str(recall("measure_subject", ""))
    chosen = st.selectbox(
        "Whose walk is it? (pseudonym, optional)",
        names if not last or last in names else [last, *names],
        index=None if not last else (names.index(last) if last in names else 0),
        placeholder="Choose or type, for example P-017",
        accept_new_options=True,
        key="measure_subject",
        help="Walks of the same person can be compared with each other. Do not use the real name.",
        width=420,
    )
    remember("measure_subject", chosen or "")
    return str(chosen or "").strip()[:60]


def _last_scale() -> ScaleInput | None:
    """Return what gave the metres last time in this tab."""
    kept = recall("measure_scale")
    return ScaleInput.from_dict(kept) if kept else None


def _more(*, markers: bool) -> dict[str, Any]:
    """Draw the further settings; only the method of detection matters to walks with markers."""
    if markers:
        with st.expander("More settings", icon=":material/tune:"):
            return {"settings": {"event_method": _method()}}
    names = list(known_profiles())
    with st.expander("More settings", icon=":material/tune:"):
        left, right = st.columns(2, gap="large")
        with left:
            profile = st.selectbox(
                "Speed or precision?",
                names,
                index=names.index(DEFAULT_PROFILE),
                format_func=profile_title,
                key="measure_profile",
                help="Use the baseline's profile if you will compare the walk with one.",
            )
            method = _method()
        with right:
            fps = entry(
                "True frame rate",
                FRAME_RATE,
                None,
                key="measure_fps",
                placeholder="from the file",
                about="Only when the file states a wrong rate, as slow-motion exports do.",
            )
            side = st.segmented_control(
                "Side that is measured",
                ["as filmed", "left", "right"],
                default="as filmed",
                format_func=str.capitalize,
                key="measure_side",
                required=True,
                help="For a walk back and forth, which shows both sides.",
            )
    wanted = side if side in ("left", "right") else None
    return {"profile": profile, "settings": {"event_method": method}, "fps": fps, "side": wanted}


def _method() -> str:
    return str(
        st.selectbox(
            "Step detection method",
            EVENT_METHODS,
            format_func=lambda name: METHODS.get(name, name),
            key="measure_method",
            help="The first one is the most accurate on our test walks with known events.",
        )
    )
