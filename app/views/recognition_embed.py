"""Recognition, embed: the form, and the sets of embeddings made before."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import damage, words
from app.components import empty
from app.state import set_params, workspace
from app.views import recognition_delete, recognition_form, recognition_models
from app.views.library_rows import how_many, row, show_more
from gait_core.recognition.embedding_sets import EmbeddingSet, damaged_embeddings, list_embeddings
from gait_core.recognition.model_store import RecognitionModel

__all__ = ["ask_for_set", "render"]

_KEY = "recognition_embed"


def render(models: list[RecognitionModel]) -> None:
    """Draw the form, or what can be done while there is no model."""
    if models:
        _form(models)
    else:
        recognition_models.without_any()
    found = list_embeddings(workspace())
    damage.mention(damaged_embeddings(workspace()), "embeddings")
    if found or models:
        st.subheader("Embeddings made before", anchor=False)
        _earlier(found)


def _form(models: Sequence[RecognitionModel]) -> None:
    paths = recognition_form.walk_paths(_KEY)
    model = recognition_form.choose_model(models, _KEY)
    options = recognition_form.more(_KEY)
    with st.container(horizontal=True, gap="small"):
        embed = st.button(
            f"Embed {words.plural(len(paths), 'walk')}" if paths else "Embed",
            key="recognition_embed_start",
            type="primary",
            icon=":material/play_arrow:",
            shortcut="Mod+Enter",
            disabled=not paths,
        )
        check = st.button(
            "Compare speed and precision",
            key="recognition_check_start",
            icon=":material/speed:",
            disabled=not paths,
            help="Embeds these walks on every device and at every optimisation level, and shows how fast each is and "
            "how much the embeddings differ.",
        )
    params = {"sources": paths, "model": model, **options}
    if embed:
        recognition_form.submit("recognise_embed", params, f"Embeddings of {recognition_form.described(paths)}")
    if check:
        recognition_form.submit("recognise_check", params, f"Check of {recognition_form.described(paths)}")


def _earlier(found: Sequence[EmbeddingSet]) -> None:
    if not found:
        empty("No walk has been embedded yet", "Embeddings stay on this computer and are listed here.")
        return
    for one in found[: how_many(len(found), "embeddings")]:
        names = [str(walk["name"]) for walk in one.walks]
        title = names[0] if len(names) == 1 else f"{words.plural(len(names), 'walk')}: {', '.join(names[:3])}"
        more = f"{one.manifest['model']['title']} · {words.ago(float(one.manifest['created_s']))}"
        opened, doomed = row(f"{title}…" if len(names) > 3 else title, more, f"set_{one.id}")
        if opened:
            set_params(set=one.id)
            st.rerun()
        if doomed:
            ask_for_set(one.id, len(names))
    show_more(len(found), "embeddings")


def ask_for_set(set_id: str, count: int) -> None:
    """Ask whether a set of embeddings should be deleted."""
    recognition_delete.ask(
        "set",
        set_id,
        f"the embeddings of {words.plural(count, 'walk')}",
        "The embeddings and the images of the silhouettes are deleted. Videos, and people enrolled in galleries, stay.",
    )
