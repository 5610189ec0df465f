"""Recognition, identify: whose walk it is, or that the walker is not enrolled; the form and the result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from app import charts, charts_recognition, words
from app.components import box, empty, error_box, note, rows
from app.state import param, remember, set_params, workspace
from app.views import recognition_form
from app.views.recognition_gallery import gallery_titles
from app.views.recognition_set import walk_names, walk_title
from gait_core.errors import GaitError
from gait_core.recognition.gallery.gallery import Gallery, list_galleries
from gait_core.recognition.model_store import RecognitionModel

__all__ = ["OUTCOMES", "render", "show"]

_KEY = "recognition_identify"
OUTCOMES: Final = {
    "accepted": "Accepted",
    "rejected": "Rejected as unknown",
    "not_calibrated": "Not calibrated",
    "other_view": "Filmed from another view",
    "only_itself": "Nothing to compare with",
}
"""Outcome → what it is called; the sentence of the result says what it means."""
_KINDS: Final = {"accepted": "", "rejected": "warn"}


def render(models: list[RecognitionModel]) -> None:
    """Draw the form, or what is missing before it."""
    found = [one for one in list_galleries(workspace()) if one.entries and not one.damage]
    if not found:
        empty("No one is enrolled yet", "Enrol people first, in the tab Gallery. A walk is then compared with theirs.")
        return
    titles = gallery_titles(found)
    wanted = param("gallery")
    gallery = st.selectbox(
        "Compare with",
        list(titles),
        index=list(titles).index(wanted) if wanted in titles else 0,
        format_func=lambda one: titles[one],
        key=f"{_KEY}_gallery",
        width=520,
    )
    set_params(gallery=str(gallery))
    fitting = _fitting(models, str(gallery))
    if not fitting:
        box(
            "The model of this gallery is missing",
            "Its people were enrolled with a model that is no longer in the workspace. Add the same weights again in "
            "the tab Models, or enrol the people again with another model.",
            "warn",
        )
        return
    paths = recognition_form.walk_paths(_KEY)
    model = recognition_form.choose_model(fitting, _KEY)
    options = recognition_form.more(_KEY)
    if st.button(
        f"Identify {words.plural(len(paths), 'walk')}" if paths else "Identify",
        key="recognition_identify_start",
        type="primary",
        icon=":material/play_arrow:",
        shortcut="Mod+Enter",
        disabled=not paths,
    ):
        params = {"sources": paths, "gallery": gallery, "model": model, **options}
        recognition_form.submit("recognise_identify", params, f"Identity in {recognition_form.described(paths)}")


def _fitting(models: list[RecognitionModel], gallery_id: str) -> list[RecognitionModel]:
    """Return the models with which people were enrolled in the gallery."""
    try:
        digests = {record.model_digest for record in Gallery(workspace(), gallery_id).list()}
    except GaitError:
        return []
    return [model for model in models if model.digest in digests]


def show(result: Mapping[str, Any]) -> None:
    """Draw what an identification found, one walk after the other."""
    gallery = result["gallery"]
    note(
        f"Compared with {words.plural(int(gallery['entries']), 'enrolled walk')} in the gallery {gallery['name']}, "
        f"model {result['model']['title']}."
    )
    names = walk_names(result["walks"])
    for number, walk in enumerate(result["walks"]):
        _walk(number, walk, names[number])
    if st.button("Open the gallery", key="recognition_open_gallery", icon=":material/group:"):
        remember(recognition_form.TAB, "Gallery")
        set_params(job=None, gallery=str(gallery["id"]))
        st.rerun()


def _walk(number: int, walk: Mapping[str, Any], name: str) -> None:
    with st.container(border=True, key=f"identified_{number}"):
        walk_title(walk, name)
        if walk.get("error"):
            error_box(walk["error"], "This walk could not be compared")
            return
        outcome = str(walk["outcome"])
        title = OUTCOMES.get(outcome, outcome.replace("_", " ").capitalize())
        named = f": {walk['subject']}" if walk.get("subject") else ""
        box(f"{title}{named}", str(walk["sentence"]), _KINDS.get(outcome, "calm"))
        found = list(walk["matches"])
        if found:
            chart = charts_recognition.matches(found, walk.get("threshold"), walk.get("subject"))
            charts.show(*chart, key=f"identified_chart_{number}")
            _table(found)
        for warning in walk.get("warnings") or ():
            box("Please note", str(warning["message"]), "warn")


def _table(found: list[Mapping[str, Any]]) -> None:
    rows(
        [
            ("Rank", "n"),
            ("Person", "name"),
            ("Nearest", "n"),
            ("Mean", "n"),
            ("Walks", "n"),
            ("Nearest recording", "name"),
        ],
        [
            [
                str(rank),
                str(match["subject"]),
                f"{match['best']:#.3g}",
                f"{match['mean']:#.3g}",
                str(match["entries"]),
                str(match["source"]),
            ]
            for rank, match in enumerate(found, start=1)
        ],
        "Enrolled people, the nearest first",
    )
