"""Recognition, one set of embeddings: what was kept of each walk, the map, the distances, how to repeat it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st

from app import charts, charts_recognition, reproduce, words
from app.components import box, error_box, facts, foot, note, rows
from app.state import jobs
from app.views.library_rows import how_many, show_more
from app.views.recognition_embed import ask_for_set
from app.views.recognition_form import NETWORKS
from gait_core.errors import GaitError
from gait_core.recognition.embedding_sets import EmbeddingSet
from gait_core.recognition.gallery.distances import part_distances
from gait_core.recognition.inputs.quality import REASONS

__all__ = ["FOOT", "VIEWS", "render", "walk_names", "walk_title"]

FOOT: Final = "How well people are told apart depends on the weights and on the recordings."
VIEWS: Final = {"side": "from the side", "front": "from the front", "unknown": "unknown"}
_MOST_COMPARED: Final = 60
_MOST_JOBS: Final = 50


def render(found: EmbeddingSet, another: Callable[[], None]) -> None:
    """Draw a set of embeddings.

    Parameters
    ----------
    found : EmbeddingSet
    another : callable
        Draws the button that leads to the form.
    """
    walks = found.walks
    usable = [walk for walk in walks if walk.get("row") is not None]
    model, device = found.manifest["model"], found.manifest["device"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch"):
            st.html(
                f'<p class="gs-kicker">{escape(words.moment(float(found.manifest["created_s"])))}</p>'
                f'<p class="gs-note" style="font-size:1rem">{escape(_sentence(len(usable), len(walks), model))}</p>'
            )
        if st.button("Delete", key="recognition_set_delete", icon=":material/delete:"):
            ask_for_set(found.id, len(walks))
        another()
    facts(
        [
            ("Walks", f"{len(usable)} of {len(walks)}", "have an embedding"),
            ("Network", NETWORKS.get(str(model["network"]), str(model["network"])), f"model {model['title']}"),
            ("Ran on", str(device["name"]), f"{device['precision']}, {device['level']}"),
        ]
    )
    if len(usable) > 1:
        _compared(found, usable)
    elif usable:
        note("A map and distances need at least two walks.")
    st.subheader("What was kept of each walk", anchor=False)
    _frames_explained(model)
    names = walk_names(walks)
    for number, walk in enumerate(walks[: how_many(len(walks), f"walks_{found.id}")]):
        _walk(found, number, walk, names[number])
    show_more(len(walks), f"walks_{found.id}")
    note(f"Stored in {found.folder}")
    reproduce.offer("recognise_embed", found.manifest.get("request") or _params_of(found.id))
    foot(FOOT)


def _sentence(usable: int, count: int, model: Mapping[str, Any]) -> str:
    walks = words.plural(count, "walk")
    all_of_them = f"{walks} embedded" if usable == count else f"{usable} of {walks} embedded"
    return f"{all_of_them} with {model['title']}."


def _compared(found: EmbeddingSet, usable: Sequence[Mapping[str, Any]]) -> None:
    names = [name for name, walk in zip(walk_names(found.walks), found.walks, strict=True) if "map" in walk]
    st.subheader("Map of the embeddings", anchor=False)
    places = np.array([walk["map"] for walk in usable], float)
    charts.show(
        *charts_recognition.embeddings_map(names, places, found.manifest.get("map_explained")), key="recognition_map"
    )
    st.subheader("Distances between the walks", anchor=False)
    shown = usable[:_MOST_COMPARED]
    try:
        parts = found.parts()[[int(walk["row"]) for walk in shown]]
    except GaitError as error:
        error_box(error.to_dict(), "The embeddings cannot be read")
        return
    charts.show(
        *charts_recognition.distances(names[: len(shown)], part_distances(parts, parts)), key="recognition_distances"
    )
    if len(shown) < len(usable):
        note(f"The first {len(shown)} of {len(usable)} walks are compared here; the file holds all of them.")


def _frames_explained(model: Mapping[str, Any]) -> None:
    channels = set(model.get("channels") or ())
    note(
        "Green frames were kept and red ones dropped. Each has its number in the video and the first reason why it was "
        "dropped. Of a long walk, a selection is shown."
    )
    if "limb" in channels:
        more = " and the silhouette" if "silhouette" in channels else " and not the silhouette"
        note(
            f"For each kept frame this network takes skeleton maps, which are drawn from the landmarks,{more}. "
            "Below the frames, limbs are orange and joints blue."
        )
    elif "parsing" in channels:
        note("For each kept frame this network also takes labels of body parts, made from landmarks and silhouette.")


def walk_names(walks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of walks, with their folder where several files have the same name."""
    names = [str(walk["name"]) for walk in walks]
    return [
        f"{Path(str(walk['path'])).parent.name}/{name}" if names.count(name) > 1 else name
        for name, walk in zip(names, walks, strict=True)
    ]


def walk_title(walk: Mapping[str, Any], name: str) -> None:
    """Draw the name of a walk with its view, frames and quality."""
    quality = walk.get("quality")
    told = ""
    if quality:
        told = (
            f"{quality['kept']:,} of {quality['frames']:,} frames kept · quality {words.number(quality['score'])} of 1 "
            f"· view {VIEWS.get(str(walk['view']), str(walk['view']))}"
        )
    st.html(
        f'<div style="overflow-wrap:anywhere"><strong>{escape(name)}</strong>'
        f'<p class="gs-note">{escape(told)}</p></div>'
    )


def _walk(found: EmbeddingSet, number: int, walk: Mapping[str, Any], name: str) -> None:
    with st.container(border=True, key=f"recognition_walk_{number}"):
        walk_title(walk, name)
        if walk.get("error"):
            error_box(walk["error"], "No embedding of this walk")
        image = found.preview(number)
        if image is not None:
            st.image(str(image), width="stretch")
        inputs = found.input_preview(number)
        if inputs is not None:
            st.image(str(inputs), width="stretch")
        _reasons(walk, number)
        for warning in walk.get("warnings") or ():
            box("Please note", str(warning["message"]), "warn")


def _reasons(walk: Mapping[str, Any], number: int) -> None:
    counts = dict((walk.get("quality") or {}).get("counts") or {})
    if not counts:
        if walk.get("quality"):
            note("No frame was dropped.")
        return
    with st.expander(f"Why frames were dropped ({walk['quality']['dropped']:,})", key=f"recognition_reasons_{number}"):
        ordered = sorted(counts.items(), key=lambda pair: -pair[1])
        rows(
            [("Reason", "name"), ("Frames", "n")],
            [[REASONS.get(code, code).capitalize(), f"{count:,}"] for code, count in ordered],
            "Reasons for dropping frames, and how many frames each concerns",
        )
        note("A frame may have several reasons.")


def _params_of(set_id: str) -> Mapping[str, Any]:
    """Return the parameters of the job that made a set that does not hold them; empty where the job was deleted."""
    made = [job for job in jobs().list() if job.kind == "recognise_embed" and job.state == "done"]
    for job in made[:_MOST_JOBS]:
        if (jobs().result(job.id) or {}).get("embeddings_id") == set_id:
            return dict(job.spec["params"])
    return {}
