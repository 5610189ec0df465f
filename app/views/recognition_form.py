"""Recognition, what embedding, enrolling and identifying ask alike: which walks, which model, from where filmed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import streamlit as st

from app import videos, words
from app.components import check_line, error_box
from app.pickers import sources
from app.profiles import known_profiles, profile_title
from app.state import jobs, recall, remember, set_params
from app.videos import PathCheck
from gait_core.config import DEFAULT_PROFILE, PERSONS
from gait_core.errors import GaitError
from gait_core.recognition.model_store import RecognitionModel

__all__ = ["NETWORKS", "TAB", "choose_model", "clear", "described", "model_title", "more", "submit", "walk_paths"]

NETWORKS: Final = {
    "gaitbase": "GaitBase",
    "deepgaitv2": "DeepGaitV2",
    "skeletongait": "SkeletonGait",
    "skeletongaitpp": "SkeletonGait++",
    "xgait": "XGait",
}
TAB: Final = "recognition_tab"
"""Remembers the tab that the page opens next; the address belongs to the tabs themselves."""
_ARRAYS: Final = (".npz", ".npy")
_VIEWS: Final = {"auto": "As the landmarks show it", "side": "From the side", "front": "From the front"}
_PEOPLE: Final = {
    "auto": "Decide automatically",
    "largest": "The largest person",
    "leftmost": "The leftmost person",
    "rightmost": "The rightmost person",
}
_LEVELS: Final = {
    "conservative": "Conservative (recommended)",
    "balanced": "Balanced",
    "aggressive": "Aggressive",
}


def walk_paths(key: str) -> list[str]:
    """Draw the field for videos and silhouettes; return the absolute paths that can be used."""
    generation = int(recall(f"{key}_row", 0))
    text = st.text_area(
        "Videos, or folders of silhouettes, one path per line",
        value=str(recall(f"{key}_paths", "")),
        key=f"{key}_paths_{generation}",
        placeholder="/path/to/walk.mp4",
        height=88,
        help="A folder stands for the videos in it or, where there are none, for its silhouettes as PNG files. "
        "Arrays of silhouettes (.npz, .npy) are read as well.",
    )
    remember(f"{key}_paths", text)
    paths = [line for line in text.splitlines() if line.strip()]
    with st.container(horizontal=True, gap="small"):
        chosen = sources(key, several=True)
        if chosen:
            remember(f"{key}_paths", "\n".join([*paths, *(path for path in chosen if path not in paths)]))
            remember(f"{key}_row", generation + 1)
            st.rerun()
    checks = _checks(paths)
    for path, check in zip(paths, checks, strict=True):
        name = f"{Path(path).name}: " if len(paths) > 1 else ""
        check_line(name + check.text, check.kind)
    return [str(_clean(path)) for path, check in zip(paths, checks, strict=True) if check.kind in ("good", "warn")]


def clear(key: str) -> None:
    """Empty the field of `walk_paths`."""
    remember(f"{key}_paths", "")
    remember(f"{key}_row", int(recall(f"{key}_row", 0)) + 1)


def _checks(paths: Sequence[str]) -> list[PathCheck]:
    """Look at each path; videos are compared with each other, so that none is taken twice."""
    of_videos = iter(videos.check_paths([path for path in paths if not _holds_silhouettes(path)]))
    return [_check(path) if _holds_silhouettes(path) else next(of_videos) for path in paths]


def _holds_silhouettes(path: str) -> bool:
    try:
        return _clean(path).is_dir() or _clean(path).suffix.lower() in _ARRAYS
    except (OSError, ValueError):
        return False


def _check(path: str) -> PathCheck:
    place = _clean(path)
    if place.is_dir():
        return PathCheck(kind="good", text="Folder found; its videos or silhouettes are used.")
    if not place.is_file():
        return PathCheck(kind="bad", text="No file here. Check the spelling.")
    return PathCheck(kind="good", text=f"Array of silhouettes, {words.size(place.stat().st_size)}")


def _clean(text: str) -> Path:
    return Path(text.strip().strip("\"'").removeprefix("file://")).expanduser().absolute()


def model_title(model: RecognitionModel) -> str:
    """Return a model in a few words."""
    origin = {
        "converted": "converted weights",
        "trained": "trained on your walks",
        "demo": "trained on simulated walkers",
        "added": "added",
    }.get(model.origin, model.origin)
    return f"{model.title} · {NETWORKS.get(model.settings.network, model.settings.network)}, {origin}"


def choose_model(models: Sequence[RecognitionModel], key: str) -> str:
    """Draw the choice among models, at least one; return the name of the one chosen."""
    titles = {model.name: model_title(model) for model in models}
    last = recall("recognition_model")
    names = list(titles)
    chosen = st.selectbox(
        "Model",
        names,
        index=names.index(last) if last in names else 0,
        format_func=lambda name: titles[name],
        key=f"{key}_model",
        width=520,
        help="Only embeddings of the same model can be compared.",
    )
    remember("recognition_model", chosen)
    return str(chosen)


def more(key: str) -> dict[str, Any]:
    """Draw the view, and what is rarely changed; return fields of `WalkOptions`."""
    view = st.segmented_control(
        "View",
        list(_VIEWS),
        default="auto",
        format_func=lambda name: _VIEWS[name],
        key=f"{key}_view",
        required=True,
        help="From where the camera saw the person. Ready silhouettes do not show it: state it for them, since walks "
        "from different or unknown views are not compared.",
    )
    profiles = list(known_profiles())
    with st.expander("More settings", icon=":material/tune:"):
        left, right = st.columns(2, gap="large")
        with left:
            profile = st.selectbox(
                "Speed or precision?",
                profiles,
                index=profiles.index(DEFAULT_PROFILE),
                format_func=profile_title,
                key=f"{key}_profile",
                help="For videos: how the body is found in each frame.",
            )
            person = st.selectbox(
                "Whom to follow",
                PERSONS,
                format_func=lambda name: _PEOPLE.get(name, name),
                key=f"{key}_person",
                help="Where several people are in view.",
            )
        with right:
            level = st.selectbox(
                "Optimisation level",
                list(_LEVELS),
                format_func=lambda name: _LEVELS[name],
                key=f"{key}_level",
                help="Conservative keeps float32, so that embeddings made at different times and on different "
                "machines can be compared. The others use half precision where the device is fast at it.",
            )
    return {"view": view, "profile": profile, "person": person, "level": level}


def submit(kind: str, params: dict[str, Any], title: str) -> None:
    """Start a job and show it."""
    try:
        job = jobs().submit(kind, params, title)
    except GaitError as error:
        error_box(error.to_dict(), "This could not be started")
        return
    remember("watched", job.id)
    set_params(job=job.id, set=None)
    st.rerun()


def described(paths: Sequence[str]) -> str:
    """Return the walks of a job in a few words, for its title."""
    return Path(paths[0]).name if len(paths) == 1 else words.plural(len(paths), "walk")
