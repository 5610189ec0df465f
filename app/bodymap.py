"""The body map of the library, in the colours of the theme."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app.components import note
from app.theme import palette
from gait_core.report.body_map import body_map_svg, deviation_notes

__all__ = ["body_map"]


def body_map(deviations: Mapping[str, float], *, near: str, sentence: str) -> None:
    """Draw where the body deviates, and say below what is seen.

    Parameters
    ----------
    deviations : mapping of str to float
        Part of the body → deviation; 1 is typical.
    near : {"left", "right"}
        Side of the body that the camera saw.
    sentence : str
    """
    title = "Where the walk differs from this person's own earlier walks"
    svg = body_map_svg(deviations, title=title, dark=palette().name == "dark", near=near)
    # An image has no access to the fonts of the page; without a family its text gets serifs.
    svg = svg.replace("<svg ", '<svg font-family="Helvetica,Arial,sans-serif" ', 1)
    told = " ".join(f"{part.capitalize()}: {said.text}." for part, said in deviation_notes(deviations).items())
    # As an image: Streamlit takes drawings out of HTML.
    with st.container(width=520):
        st.image(svg, width="stretch", alt=f"Body map. {title}. {told}")
    note(sentence)
