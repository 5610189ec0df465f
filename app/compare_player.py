"""The overlay videos of several profiles in step: one timeline moves all of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

__all__ = ["play_together"]

_HERE: Final = Path(__file__).resolve().parent


def play_together(videos: Sequence[tuple[str, str, str]], *, key: str) -> None:
    """Draw the videos side by side.

    Parameters
    ----------
    videos : sequence of (name, address, note)
    key : str
    """
    data = {"videos": [{"name": name, "url": url, "note": note} for name, url, note in videos]}
    _component()(data=data, key=key, height="content")


@cache
def _component() -> ComponentRenderer:
    """Register the component once per process, as Streamlit asks."""
    return st.components.v2.component(
        "gait_studio_compared_videos",
        css=(_HERE / "compare_player.css").read_text(encoding="utf-8"),
        js=(_HERE / "compare_player.js").read_text(encoding="utf-8"),
    )
