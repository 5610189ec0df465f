"""One thing out of several, kept in the address of the page."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app.state import param, set_params

__all__ = ["choose_one"]


def choose_one(label: str, titles: Mapping[str, str], *, kept_as: str, key: str) -> str:
    """Draw a choice among things and return the id of the one chosen; the first where the address names none.

    Parameters
    ----------
    label : str
    titles : mapping of str to str
        Id → what is shown, at least one.
    kept_as : str
        Parameter of the address.
    key : str
        Key of the widget.
    """
    ids = list(titles)
    wanted = param(kept_as)
    chosen = st.selectbox(
        label,
        ids,
        index=ids.index(wanted) if wanted in ids else 0,
        format_func=lambda one: titles[one],
        key=key,
        width=520,
    )
    set_params(**{kept_as: str(chosen)})
    return str(chosen)
