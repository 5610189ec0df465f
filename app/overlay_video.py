"""The overlay video of a walk, with room for the browser's controls: the score at its foot stays in sight."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import streamlit as st

from app import words
from app.components import box
from gait_core.errors import VideoError
from gait_core.video.container import open_video

__all__ = ["overlay_video", "room_for_controls"]

_LIMIT_BYTES: Final = 30_000_000
_CONTROLS_PX: Final = 76
"""Height of the controls that browsers lay over the foot of a video: 72 px in Chromium, less in others."""


def overlay_video(path: Path, address: str | None, alt: str, *, key: str) -> None:
    """Draw an overlay video.

    Parameters
    ----------
    path : Path
    address : str or None
        Under which the dashboard serves it; without one a small video is handed to the browser whole.
    alt : str
        What a screen reader announces.
    key : str
        Of the container around it.
    """
    with st.container(key=key):
        if address is None and path.stat().st_size > _LIMIT_BYTES:
            size = words.size(path.stat().st_size)
            box("The overlay video is large", f"{size}. Open it with a video player: {path}", "calm")
            return
        st.html(f"<style>{room_for_controls(path, key)}</style>")
        st.video(address or str(path), alt=alt, muted=True)


def room_for_controls(path: Path, key: str) -> str:
    """Return the style that keeps the controls below the image instead of on it.

    Parameters
    ----------
    path : Path
        Video whose proportions count.
    key : str
        Of the container around the video.

    Returns
    -------
    str
        Empty where the video cannot be opened: the browser says so itself.
    """
    tall = _height_by_width(path, path.stat().st_mtime_ns)
    if tall is None:
        return ""
    return (
        f".st-key-{key}{{container-type:inline-size}}"
        f".st-key-{key} video{{height:calc(100cqw*{tall:.4f} + {_CONTROLS_PX}px)!important;"
        "object-fit:contain;object-position:top;background:#000}"
    )


@lru_cache(maxsize=64)
def _height_by_width(path: Path, _changed_ns: int) -> float | None:
    try:
        with open_video(path) as (_, stream):
            return stream.height / stream.width if stream.width else None
    except VideoError:
        return None
