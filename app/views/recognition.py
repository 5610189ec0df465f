"""The page 'Recognition': models, embeddings of walks, people in galleries, and whose walk it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from app.components import empty, error_box, heading, keep_focus
from app.runs import resume_running
from app.state import param, recall, remember, set_params, workspace
from app.tabs import tab_row
from app.views import (
    recognition_delete,
    recognition_embed,
    recognition_gallery,
    recognition_identify,
    recognition_models,
    recognition_run,
    recognition_set,
)
from app.views.recognition_form import TAB
from gait_core.errors import NotFoundError, StorageError
from gait_core.recognition.embedding_sets import load_embeddings
from gait_core.recognition.model_store import RecognitionModel, list_models

__all__ = ["TABS", "render"]

_LEAD: Final = (
    "Turn walks into embeddings, enrol people in a gallery, and find out whose walk it is, or that the walker "
    "is not enrolled."
)
Draw = Callable[[list[RecognitionModel]], None]
TABS: Final[Mapping[str, Draw]] = {
    "Embed": recognition_embed.render,
    "Gallery": recognition_gallery.render,
    "Identify": recognition_identify.render,
    "Models": recognition_models.render,
}


def render() -> None:
    """Draw the page."""
    set_id, job_id = param("set"), param("job")
    heading("Recognition", "" if set_id or job_id else _LEAD)
    recognition_delete.told()
    if set_id:
        _set(set_id)
    elif job_id:
        recognition_run.render(job_id)
    else:
        for kind in recognition_run.KINDS:
            resume_running(kind)
        _wanted_tab()
        models = list_models(workspace())
        for place, draw in zip(tab_row("recognition", TABS), TABS.values(), strict=True):
            if place.open:
                with place:
                    draw(models)
        keep_focus()
    recognition_delete.question()


def _wanted_tab() -> None:
    wanted = recall(TAB)
    if wanted:
        remember(TAB, "")
        st.session_state["tab"] = wanted


def _set(set_id: str) -> None:
    try:
        found = load_embeddings(workspace(), set_id)
    except NotFoundError:
        empty("These embeddings are gone", "They were deleted, or the address belongs to another workspace.")
        _back()
        return
    except StorageError as error:
        error_box(error.to_dict(), "These embeddings cannot be read")
        _back()
        return
    recognition_set.render(found, _back)


def _back() -> None:
    if st.button(
        "Embed other walks", key="recognition_more", type="primary", icon=":material/add:", shortcut="Mod+Enter"
    ):
        remember(TAB, "Embed")
        set_params(set=None, job=None)
        st.rerun()
