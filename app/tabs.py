"""The row of tabs of a page: the open one stands in the address, and is that of this page alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st
from streamlit.elements.lib.mutable_tab_container import TabContainer

from app.state import param, recall, remember

__all__ = ["tab_row"]


def tab_row(page: str, names: Iterable[str]) -> Sequence[TabContainer]:
    """Draw the tabs of a page.

    Parameters
    ----------
    page : str
        Name of the page. A visitor who comes from another one begins with the first tab, unless the address asks for
        another: pages have tabs of the same name.
    names : iterable of str

    Returns
    -------
    sequence of TabContainer
        One per tab; ``open`` tells which one is shown.
    """
    names = list(names)
    before = recall("tabs_of")
    if before not in (None, page) and param("tab") is None:
        st.session_state["tab"] = names[0]
    remember("tabs_of", page)
    return st.tabs(names, key="tab", bind="query-params")
