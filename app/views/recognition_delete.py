"""Recognition, deletion: a question first, then what was deleted in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Final

import streamlit as st

from app.components import error_box
from app.plain_text import plain
from app.state import recall, remember, set_params, workspace
from gait_core.errors import GaitError
from gait_core.recognition.embedding_sets import delete_embeddings
from gait_core.recognition.gallery.gallery import Gallery
from gait_core.recognition.model_store import delete_model

__all__ = ["ask", "question", "told"]

_DOOMED: Final = "recognition_doomed"
_DONE: Final = "recognition_done"


def ask(kind: str, key: str, what: str, consequence: str, *, gallery: str = "") -> None:
    """Open the question whether to delete something; only its button deletes.

    Parameters
    ----------
    kind : {"person", "entry", "gallery", "set", "model"}
    key : str
        Which one.
    what : str
        How the question calls it.
    consequence : str
        What is lost, in whole sentences.
    gallery : str
        Identifier, for a person and an entry.
    """
    values = {"kind": kind, "key": key, "what": what, "consequence": consequence, "gallery": gallery}
    remember(_DOOMED, values)
    st.rerun()


def told() -> None:
    """Say what was deleted in the run before."""
    done = recall(_DONE)
    if done:
        remember(_DONE, "")
        st.toast(str(done))


def question() -> None:
    """Draw the question, where one was asked."""
    doomed: dict[str, str] | None = recall(_DOOMED)
    if doomed:
        title = f"Delete {plain(doomed['what'])}?"
        st.dialog(title, icon=":material/delete:", on_dismiss=_keep)(_answer)(doomed)


def _keep() -> None:
    remember(_DOOMED, None)


def _answer(doomed: Mapping[str, str]) -> None:
    st.html(f'<p style="margin:0;line-height:1.55">{escape(doomed["consequence"])} This cannot be undone.</p>')
    with st.container(horizontal=True, gap="small"):
        confirmed = st.button("Delete", key="recognition_delete_yes", type="primary", icon=":material/delete:")
        kept = st.button("Keep it", key="recognition_delete_no")
    if confirmed:
        try:
            _DELETE[doomed["kind"]](doomed)
        except GaitError as error:
            error_box(error.to_dict(), "Nothing was deleted")
            return
        remember(_DONE, f"Deleted {plain(doomed['what'])}.")
    if confirmed or kept:
        _keep()
        st.rerun()


def _set(doomed: Mapping[str, str]) -> None:
    delete_embeddings(workspace(), doomed["key"])
    set_params(set=None)


def _gallery(doomed: Mapping[str, str]) -> None:
    Gallery(workspace(), doomed["key"]).delete()
    set_params(gallery=None)


_DELETE: Final[Mapping[str, Callable[[Mapping[str, str]], object]]] = {
    "person": lambda doomed: Gallery(workspace(), doomed["gallery"]).remove_subject(doomed["key"]),
    "entry": lambda doomed: Gallery(workspace(), doomed["gallery"]).remove_entry(doomed["key"]),
    "gallery": _gallery,
    "set": _set,
    "model": lambda doomed: delete_model(workspace(), doomed["key"]),
}
