"""What of the stored things is damaged: a line on the page that lists them, and in the Library what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from app import registry, words
from app.components import box, error_box
from app.state import workspace
from app.views.library_rows import ask
from gait_core.storage.damaged import DamagedItem
from gait_core.workflows.damaged_items import damaged_items

__all__ = ["in_library", "mention"]

_NAMES: Final = {
    "baselines": ("baseline", "baselines"),
    "analyses": ("analysis", "analyses"),
    "measurements": ("measurement", "measurements"),
    "comparisons": ("comparison", "comparisons"),
    "embeddings": ("set of embeddings", "sets of embeddings"),
    "models": ("model", "models"),
    "galleries": ("gallery", "galleries"),
    "walks": ("record of a walk", "records of walks"),
    "subjects": ("record of a person", "records of people"),
    "validations": ("validation", "validations"),
}


def mention(found: Sequence[DamagedItem], key: str) -> None:
    """Say on the page that would list them that some items are damaged; the Library shows more."""
    if not found:
        return
    one, many = _NAMES.get(found[0].collection, ("item", "items"))
    count = words.plural(len(found), one, many)
    box(f"{count} cannot be read", f"Everything else works. {found[0].message}", "warn")
    if st.button("See what can be done", key=f"damaged_{key}", type="tertiary", icon=":material/healing:"):
        registry.go("library")


def in_library() -> None:
    """List everything that is damaged, each with what is wrong, what can be done, and a button that deletes it."""
    found = damaged_items(workspace())
    if not found:
        return
    st.subheader("Damaged", anchor=False)
    for item in found:
        name, _ = _NAMES.get(item.collection, ("item", "items"))
        with st.container(border=True, key=f"damaged_{item.collection}_{item.id}"):
            error_box({"message": item.message, "remedy": item.remedy}, f"Damaged {name} {item.id}")
            if st.button("Delete", key=f"delete_damaged_{item.collection}_{item.id}", icon=":material/delete:"):
                ask(
                    "damaged",
                    f"{item.collection}/{item.id}",
                    f"the damaged {name}",
                    "What is left of it is deleted. Your video files stay, and so does everything that can be read.",
                    f"The damaged {name} was deleted.",
                )
