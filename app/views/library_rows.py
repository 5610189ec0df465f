"""Rows of the library: one stored thing each, to be opened or deleted; more rows on demand."""

from __future__ import annotations

from html import escape

import streamlit as st

from app import registry
from app.components import empty
from app.plain_text import plain
from app.state import recall, remember

__all__ = ["ask", "how_many", "nothing", "row", "show_more"]

_PAGE = 25


def ask(kind: str, key: str, what: str, consequence: str, done: str) -> None:
    """Open the question whether to delete something; only its button deletes."""
    remember("doomed", {"kind": kind, "key": key, "what": what, "consequence": consequence, "done": done})
    st.rerun()


def row(title: str, more: str, key: str, *, aside: str = "") -> tuple[bool, bool]:
    """Draw one stored thing; return whether it is to be opened or deleted."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch"):
            st.html(
                f'<div style="overflow-wrap:anywhere"><strong>{escape(title)}</strong><br>'
                f'<span class="gs-note">{escape(more)}</span></div>'
            )
        if aside:
            with st.container(width=120):
                st.html(aside)
        opened = st.button("Open", key=f"open_{key}", help=f"Open {plain(title)}")
        doomed = st.button("Delete", key=f"delete_{key}", icon=":material/delete:", help=f"Delete {plain(title)}")
    return opened, doomed


def how_many(count: int, key: str) -> int:
    """Return how many rows to draw; the rest comes on demand."""
    return min(count, int(recall(f"shown_{key}", _PAGE)))


def show_more(count: int, key: str) -> None:
    """Offer the rows that are not drawn yet."""
    shown = how_many(count, key)
    if shown < count and st.button(f"Show more ({count - shown} left)", key=f"more_{key}", type="tertiary"):
        remember(f"shown_{key}", shown + _PAGE)
        st.rerun()


def nothing(title: str, text: str) -> None:
    """Draw an empty shelf that leads to the wizard."""
    empty(title, text)
    if st.button("Create a baseline", key="library_wizard", type="primary", icon=":material/directions_walk:"):
        registry.go("baseline", step="import")
