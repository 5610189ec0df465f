"""Recognition, a job: its progress, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

import streamlit as st

from app import charts, charts_recognition, reproduce, words
from app.components import box, error_box, facts, foot, note
from app.jobview import follow
from app.runs import find_run, leave_run
from app.state import jobs, recall, remember, set_params
from app.views import recognition_form, recognition_identify
from app.views.recognition_set import FOOT, walk_names, walk_title
from gait_core.jobs.store import Job

__all__ = ["KINDS", "render"]

KINDS: Final = (
    "recognise_embed",
    "recognise_enrol",
    "recognise_identify",
    "recognise_train",
    "recognise_model",
    "recognise_check",
)
_REPRODUCED: Final = ("recognise_enrol", "recognise_identify")
_FEET: Final = {
    "recognise_identify": f"An identification is no proof of identity. {FOOT}",
    "recognise_train": FOOT,
}
_TABS: Final = {
    "recognise_enrol": "Gallery",
    "recognise_identify": "Identify",
    "recognise_train": "Models",
    "recognise_model": "Models",
}


def render(job_id: str) -> None:
    """Draw a job of recognition."""
    job = find_run(job_id)
    if job is None:
        leave_run(job_id, "Back to the form", "recognition_leave")
        return
    remember(recognition_form.TAB, _TABS.get(job.kind, "Embed"))  # where the way back leads
    result = jobs().result(job.id) if job.state == "done" else None
    if job.kind == "recognise_embed" and result is not None:
        _to_set(job, result)
    st.html(f'<p class="gs-kicker">{escape(job.title)}</p>')
    if result is not None:
        _result(job, result)
        if job.kind in _REPRODUCED:
            reproduce.offer(job.kind, job.spec.get("params", {}))
    follow(job_id)
    if result is not None and job.kind in _FEET:
        foot(_FEET[job.kind])
    leave_run(job.id, "Back to the form", "recognition_leave")


def _to_set(job: Job, result: Mapping[str, Any]) -> None:
    """Go on to the embeddings when they have just been made; offer them otherwise."""
    made = str(result["embeddings_id"])
    wanted = st.button("Open the embeddings", key="recognition_open_set", type="primary")
    if wanted or recall("watched") == job.id:
        recognition_form.clear("recognition_embed")
        set_params(set=made, job=None)
        st.rerun()


def _result(job: Job, result: Mapping[str, Any]) -> None:
    if job.kind == "recognise_identify":
        recognition_identify.show(result)
    elif job.kind == "recognise_enrol":
        _enrolled(result)
    elif job.kind in ("recognise_model", "recognise_train"):
        _model(result)
    elif job.kind == "recognise_check":
        _checked(result)


def _checked(result: Mapping[str, Any]) -> None:
    """Show how fast each way of running is, and how far its embeddings are from strict float32."""
    runs = result["runs"]
    note(
        f"{words.plural(len(result['walks']), 'walk')} embedded with {result['model']['title']} in "
        f"{words.plural(len(runs), 'way')}. The first way is the reference. Compiling is not counted."
    )
    charts.show(*charts_recognition.ways(runs), key="recognition_ways")
    changed = [run for run in runs if run["nearest_changed"]]
    for run in changed:
        box(
            f"{charts_recognition.way_name(run)} finds other nearest walks",
            f"For {words.plural(run['nearest_changed'], 'walk')}. Keep to conservative when you enrol or identify.",
            "warn",
        )
    for walk in result["left_out"]:
        error_box(walk["error"], f"{walk['name']} was left out")
    if result["not_read"]:
        note(f"{words.plural(result['not_read'], 'more walk')} were not read: a check takes the first ones.")


def _enrolled(result: Mapping[str, Any]) -> None:
    gallery = result.get("gallery")
    count, subject = int(result["enrolled"]), str(result["subject"])
    if gallery is None or not count:
        box("Nothing was enrolled", f"No walk of {subject} could be used; the reason is given with each.", "warn")
    else:
        box(f"{words.plural(count, 'walk')} of {subject} enrolled", f"In the gallery {gallery['name']}.")
        if st.button("Open the gallery", key="recognition_open_gallery", type="primary"):
            recognition_form.clear("recognition_enrol")
            remember(recognition_form.TAB, "Gallery")
            set_params(job=None, gallery=str(gallery["id"]))
            st.rerun()
    for name, walk in zip(walk_names(result["walks"]), result["walks"], strict=True):
        if walk.get("error"):
            error_box(walk["error"], f"{name} was not enrolled")
        else:
            with st.container(border=True):
                walk_title(walk, name)
                for warning in walk.get("warnings") or ():
                    box("Please note", str(warning["message"]), "warn")


def _model(result: Mapping[str, Any]) -> None:
    model = result["model"]
    network = recognition_form.NETWORKS.get(str(model["network"]), str(model["network"]))
    entries = [
        ("Model", str(model["title"]), network),
        ("Weights", str(model["digest"])[:8], "beginning of the digest"),
    ]
    conversion = result.get("conversion")
    if conversion:
        entries.append(
            ("Taken over", f"{conversion['mapped']:,}", f"{conversion['dropped']:,} of the classifier dropped")
        )
    entries += _figures(result)
    facts(entries)
    for sentence in (result.get("training") or {}).get("notes") or ():
        note(str(sentence))
    for walk in result.get("walks") or ():
        if walk.get("error"):
            error_box(walk["error"], f"{walk['name']} could not be used")
    if st.button("Embed walks with it", key="recognition_use", type="primary", icon=":material/arrow_forward:"):
        remember(recognition_form.TAB, "Embed")
        set_params(job=None)
        st.rerun()


def _figures(result: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return how well a trained network finds walks that it has not seen."""
    judged = result.get("judgement")
    figures = judged or (result.get("training") or {}).get("figures") or {}
    tried = f"{judged['people']} simulated walkers" if judged else "walks held out, which also chose the weights"
    found = []
    if "rank_1" in figures:
        found.append(("Nearest is the right person", words.percent(float(figures["rank_1"])), tried))
    if "equal_error_rate" in figures:
        found.append(("Equal error rate", words.percent(float(figures["equal_error_rate"]), 1), "lower is better"))
    return found
