"""The score under the overlay video: it follows the video, and a click or an arrow key moves it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app import words
from app.components import note
from app.decimate import thin
from app.theme import palette

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

__all__ = ["score_track", "track_data"]

_HERE: Final = Path(__file__).resolve().parent


def track_data(time_s: NDArray[Any], scores: NDArray[Any], window_limit: float, label: str) -> dict[str, Any]:
    """Return what the browser needs to draw the track."""
    x, y = thin(np.asarray(time_s, dtype=float), np.asarray(scores, dtype=float), 1000)
    keep = np.isfinite(y)
    p = palette()
    return {
        "time": np.round(x[keep], 3).tolist(),
        "score": np.round(y[keep], 4).tolist(),
        "limit": window_limit,
        "label": label,
        "video": ".st-key-overlay_video video",
        "colors": {
            "line": p.accent,
            "over": p.alert,
            "grid": p.line,
            "muted": p.muted,
            "text": p.text,
            "surface": p.surface,
        },
    }


def score_track(time_s: NDArray[Any], scores: NDArray[Any], window_limit: float, *, key: str) -> None:
    """Draw the track and its sentence."""
    finite = np.asarray(scores, dtype=float)
    share = float(np.mean(finite > window_limit)) if len(finite) else 0.0
    peak = f" The score is highest at {time_s[int(np.nanargmax(finite))]:.1f} s." if len(finite) else ""
    sentence = (
        f"{words.percent(share)} of the windows lie over the limit for windows ({window_limit:.2f}).{peak} "
        "Click the curve, or use the arrow keys, to move the video. Each point scores one window by itself; the score "
        "of the walk counts what returns in every stride, so it can be higher than any point."
    )
    _component()(data=track_data(time_s, finite, window_limit, sentence), key=key, height="content")
    note(sentence)


@cache
def _component() -> ComponentRenderer:
    """Register the component once per process, as Streamlit asks."""
    return st.components.v2.component(
        "gait_studio_score_track",
        css=(_HERE / "player.css").read_text(encoding="utf-8"),
        js=(_HERE / "player.js").read_text(encoding="utf-8"),
    )
