"""One profile as a form: plain words, the message beside the field it is about, and what the profile needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from app.components import box, check_line, error_box, note
from app.plain_text import plain
from app.state import recall, remember, workspace
from gait_core.compare.profile_store import problems_of, save_profile
from gait_core.config import PRECISIONS
from gait_core.config.profile_body import check_profile
from gait_core.config.profile_keys import ProfileProblem
from gait_core.config.profiles import MIB
from gait_core.errors import GaitError
from gait_core.pose.engines import engine_memory, engine_titles

__all__ = ["render"]

_PRECISIONS: Final = {"f32": "Full", "bf16": "Half (bf16)", "auto": "Half where it is faster"}
_MODELS: Final = ("Small", "Full", "Large")


def render() -> None:
    """Draw the form of the profile that is being edited, and save it when asked to."""
    edited: dict[str, Any] = recall("profile_edit")
    old = str(edited["instead_of"])
    st.subheader(f"Change “{plain(old)}”" if old else "A new profile", anchor=False)
    note(f"Made from {edited['body'].get('performance_mode', 'balanced')}.")
    generation = int(recall("profile_form", 0))
    places: dict[str, Any] = {}
    name = _name(str(edited["name"]), generation, places)
    body = _fields(edited["body"], generation, places)
    problems = problems_of(workspace(), name, body, instead_of=old)
    # Both places are always there, so that the buttons below keep their places while the user types.
    with st.container():
        _messages(problems, places)
    profile = check_profile(name or "x", body, engine_memory()).profile
    with st.container():
        if profile is not None:
            needed, limit = profile.needed_bytes(engine_memory()) / MIB, profile.memory_limit_bytes / MIB
            note(f"One frame at a time needs about {needed:.0f} MB; {limit:.0f} MB are allowed.")
    with st.container(horizontal=True, gap="small"):
        save = st.button(
            "Save the profile",
            key="profile_save",
            type="primary",
            icon=":material/save:",
            shortcut="Mod+Enter",
            disabled=bool(problems),
        )
        leave = st.button("Cancel", key="profile_cancel", type="tertiary")
    if save and not problems:
        try:
            save_profile(workspace(), name, body, instead_of=old)
        except GaitError as error:
            error_box(error.to_dict(), "The profile could not be saved")
            return
        remember("profile_said", f"Saved “{name}”. You can now choose it wherever profiles are offered.")
    if leave or (save and not problems):
        remember("profile_edit", None)
        st.rerun()


def _name(name: str, generation: int, places: dict[str, Any]) -> str:
    text = st.text_input("Name", value=name, key=f"profile_name_{generation}", max_chars=60, width=380)
    places[""] = st.empty()
    return text.strip()


def _fields(body: Mapping[str, Any], n: int, places: dict[str, Any]) -> dict[str, Any]:
    """Draw the fields and return the keys of a profile file."""
    made: dict[str, Any] = {"performance_mode": body.get("performance_mode", "balanced")}
    mediapipe, io = dict(body.get("mediapipe", {})), dict(body.get("io_optimization", {}))
    memory = dict(body.get("memory_optimization", {}))
    sure = float(mediapipe.get("min_detection_confidence", 0.5))
    made["description"] = st.text_input(
        "What is it for?", value=str(body.get("description", "")), key=f"profile_description_{n}", max_chars=400
    )
    places["description"] = st.empty()
    left, right = st.columns(2, gap="large")
    with left:
        st.html('<p class="gs-kicker">Finding the body</p>')
        model = st.segmented_control(
            "Pose model",
            [0, 1, 2],
            default=mediapipe.get("model_complexity", 1),
            format_func=lambda number: _MODELS[number],
            key=f"profile_model_{n}",
            required=True,
            help="A larger model is slower and surer of the far leg.",
        )
        detection = st.slider(
            "Minimum confidence to detect a person",
            0.0,
            1.0,
            sure,
            0.05,
            key=f"profile_detection_{n}",
        )
        tracking = st.slider(
            "Minimum confidence to keep tracking",
            0.0,
            1.0,
            float(mediapipe.get("min_tracking_confidence", sure)),
            0.05,
            key=f"profile_tracking_{n}",
        )
        made["target_fps"] = _optional(
            "Frames analysed per second", body.get("target_fps"), 5, 1000, "all", n, "target_fps", places
        )
        made["max_side_px"] = _optional(
            "Longer side of a frame (px)", body.get("max_side_px"), 128, 8192, "full size", n, "max_side_px", places
        )
    with right:
        st.html('<p class="gs-kicker">Using the machine</p>')
        made["max_memory_mb"] = int(
            st.number_input(
                "Memory limit (MB)",
                min_value=1,
                max_value=1024 * 1024,
                value=int(body.get("max_memory_mb", 2048)),
                step=256,
                key=f"profile_memory_{n}",
            )
        )
        places["max_memory_mb"] = st.empty()
        workers = _optional("Videos at once", io.get("max_workers"), 1, 64, "as many as fit", n, "max_workers", places)
        made["batch_size"] = int(
            st.number_input(
                "Batch size",
                min_value=1,
                max_value=65536,
                value=int(body.get("batch_size", 32)),
                key=f"profile_batch_{n}",
            )
        )
        engines = engine_titles()
        made["engine"] = _choice("Pose engine", list(engines), engines, body.get("engine"), n)
        made["precision"] = _choice("Arithmetic", PRECISIONS, _PRECISIONS, body.get("precision"), n)
        made["skip_loop_filter"] = bool(
            st.toggle(
                "Decode coarser frames, faster",
                value=bool(body.get("skip_loop_filter", False)),
                key=f"profile_loop_{n}",
                help="Skips the deblocking filter.",
            )
        )
    made["mediapipe"] = {"model_complexity": int(model or 0), "min_detection_confidence": round(detection, 3)}
    if tracking != detection:
        made["mediapipe"]["min_tracking_confidence"] = round(tracking, 3)
    made["io_optimization"] = {"parallel_processing": workers != 1}
    if workers is not None:
        made["io_optimization"]["max_workers"] = int(workers)
    if memory:
        made["memory_optimization"] = memory
    return made


def _optional(
    label: str,
    value: float | None,
    low: int,
    high: int,
    empty: str,
    n: int,
    key: str,
    places: dict[str, Any],
) -> int | float | None:
    """Draw a number that may be left empty."""
    whole = None if value is None else int(value) if float(value).is_integer() else float(value)
    place = f"profile_{key}_{n}"
    # Only a field that begins empty can be emptied, so what it begins with is put into the session instead.
    st.session_state.setdefault(place, whole)
    found = st.number_input(
        label,
        min_value=low if not isinstance(whole, float) else float(low),
        max_value=high if not isinstance(whole, float) else float(high),
        value=None,
        key=place,
        placeholder=empty,
        help=f"Empty: {empty}.",
    )
    places[key] = st.empty()
    return found


def _choice(label: str, values: Sequence[str], names: Mapping[str, str], value: Any, n: int) -> str:
    index = values.index(value) if value in values else 0
    return str(st.selectbox(label, values, index=index, format_func=lambda key: names[key], key=f"profile_{label}_{n}"))


def _messages(problems: Sequence[ProfileProblem], places: Mapping[str, Any]) -> None:
    """Put every message beside its field; one without a field goes above the buttons."""
    for problem in problems:
        place = places.get(problem.key)
        if place is None:
            box("This cannot be saved yet", f"{problem.message} {problem.remedy}", "warn")
        else:
            with place.container():
                check_line(f"{problem.message} {problem.remedy}", "bad", role="alert")
