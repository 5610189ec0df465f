"""Recognition, models: what can be done without one, weights of one's own, training, and the list."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import IO, Final

import streamlit as st

from app import words
from app.components import box, empty, error_box, note
from app.state import workspace
from app.views import recognition_delete
from app.views.recognition_form import NETWORKS, model_title, submit
from gait_core.errors import GaitError
from gait_core.recognition.model_store import RecognitionModel
from gait_core.workspace import safe_name, storage_guard

__all__ = ["render", "without_any"]

_ENDINGS: Final = ("safetensors", "pt", "pth", "keras", "json")
_NETWORK_FILES: Final = frozenset({".safetensors", ".pt", ".pth", ".keras"})
_LIMIT_MB: Final = 400
_PIECE: Final = 1 << 20
_DOCS: Final = "docs/recognition.md"
_DEMO: Final = (
    "Twenty simulated walkers are rendered, and a small GaitBase learns to tell them apart. This takes 10 to 15 "
    "minutes on two CPU cores. The model is for trying the page; it is not meant for real people."
)


def render(models: list[RecognitionModel]) -> None:
    """Draw the list of models and the three ways to get one."""
    for model in models:
        _row(model)
    if not models:
        empty("No recognition model yet", "Gait Studio ships no weights of recognition networks.")
    st.subheader("Another model" if models else "Three ways to get a model", anchor=False)
    _ways()


def without_any() -> None:
    """Draw what can be done while there is no model."""
    empty(
        "There is no recognition model yet",
        "Gait Studio ships no weights of recognition networks. Add weights of your own, train on walks of people you "
        "know, or train the demo on simulated walkers. Until then walks cannot be embedded or identified.",
    )
    _ways()


def _ways() -> None:
    with st.container(border=True):
        st.subheader("Weights of your own", anchor=False)
        _own_weights()
    with st.container(border=True):
        st.subheader("Train on your own walks", anchor=False)
        _own_walks()
    with st.container(border=True):
        st.subheader("Train the demo", anchor=False)
        note(_DEMO)
        taken = (workspace().models / "demo").exists()
        if st.button(
            "Train on simulated walkers",
            key="recognition_demo",
            icon=":material/play_circle:",
            disabled=taken,
            help="A model with the name demo is there already. Delete it first." if taken else None,
        ):
            submit("recognise_train", {"demo": True, "name": "demo"}, "Recognition model on simulated walkers")
    note(f"Networks, formats of weights, and all settings of the training are explained in {_DOCS}.")


def _own_weights() -> None:
    note(
        "Files of PyTorch (.safetensors, .pt, .pth) are checked name by name and converted. Only tensors are read; "
        "nothing in the file is run. A .keras file of Gait Studio needs the .json beside it."
    )
    path = st.text_input("Path of the weights", key="recognition_weights", placeholder="/path/to/weights.safetensors")
    came = st.file_uploader(
        "Or upload them",
        type=list(_ENDINGS),
        accept_multiple_files=True,
        key="recognition_upload",
        max_upload_size=_LIMIT_MB,
    )
    name = st.text_input(
        "Name of the model", key="recognition_weights_name", placeholder="that of the file", max_chars=60, width=420
    )
    if st.button(
        "Add these weights",
        key="recognition_add",
        icon=":material/upload:",
        disabled=not (path.strip() or came),
    ):
        try:
            file = path.strip() or _kept(came)
        except GaitError as error:
            error_box(error.to_dict(), "The upload could not be saved")
            return
        if not file:
            box("No weights among these files", "Choose a file ending in .safetensors, .pt, .pth or .keras.", "warn")
            return
        place = Path(file.strip("\"'")).expanduser().absolute()
        submit("recognise_model", {"file": str(place), "name": name.strip()}, f"Weights of {place.name}")


def _kept(came: Sequence[IO[bytes]]) -> str:
    """Write uploaded files to the workspace and return the path of the weights among them, or nothing.

    Raises
    ------
    StorageError
        When the workspace cannot be written.
    """
    folder = workspace().uploads / "weights"
    found = ""
    for file in came:
        given = Path(file.name)
        target = folder / f"{safe_name(given.stem, 'weights')}{given.suffix.lower()}"
        with storage_guard(target):
            folder.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as handle:
                while piece := file.read(_PIECE):
                    handle.write(piece)
        if target.suffix in _NETWORK_FILES:
            found = str(target)
    return found


def _own_walks() -> None:
    note(
        "Put the walks of each person, videos or silhouettes, into a folder with their pseudonym. Two people with a "
        "few walks each are the minimum; a few dozen people are useful. The network is trained at a quarter of its "
        "width, which takes minutes; reading videos comes on top of that."
    )
    data = st.text_input(
        "Folder with a folder per person, or labels.csv", key="recognition_data", placeholder="/path/to/people"
    )
    name = st.text_input(
        "Name of the model", key="recognition_train_name", placeholder="that of the folder", max_chars=60, width=420
    )
    network = st.selectbox(
        "Network", list(NETWORKS), format_func=lambda one: NETWORKS[one], key="recognition_network", width=420
    )
    if st.button("Train on these walks", key="recognition_train", icon=":material/model_training:", disabled=not data):
        place = Path(data.strip().strip("\"'")).expanduser().absolute()
        title = name.strip() or place.stem
        params = {"data": str(place), "name": title, "network": network}
        submit("recognise_train", params, f"Recognition model {title}")


def _row(model: RecognitionModel) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch"):
            st.html(
                f'<div style="overflow-wrap:anywhere"><strong>{escape(model_title(model))}</strong><br>'
                f'<span class="gs-note">{escape(_told(model))}</span></div>'
            )
        if st.button("Delete", key=f"delete_model_{model.name}", icon=":material/delete:"):
            recognition_delete.ask(
                "model",
                model.name,
                f"the model {model.title}",
                "Its weights are deleted. Embeddings and enrolled walks stay, but no other walk can be compared with "
                "them until the same weights are added again.",
            )


def _told(model: RecognitionModel) -> str:
    parts = [f"weights {model.digest[:8]}", words.ago(model.created_s)]
    figures = dict((model.details.get("training") or {}).get("figures") or {})
    figures |= dict(model.details.get("judgement") or {})
    if "rank_1" in figures:
        parts.append(f"nearest walk is the right person: {words.percent(float(figures['rank_1']))}")
    if "equal_error_rate" in figures:
        parts.append(f"equal error rate {words.percent(float(figures['equal_error_rate']))}")
    return " · ".join(parts)
