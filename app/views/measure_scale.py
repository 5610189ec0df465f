"""Where metres come from: the entries, and the sentence that is always shown with the results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from app.components import error_box, note
from app.entries import DISTANCE, HEIGHT, PIXELS, SPEED, Quantity, entry
from gait_core.errors import GaitError
from gait_core.gait.measurement import Measurement
from gait_core.gait.parameters.scale import ScaleInput

__all__ = ["KINDS", "entries", "sentence"]

KINDS: Final[Mapping[str, str]] = {
    "height": "Body height",
    "distance": "Known distance",
    "speed": "Walking speed",
    "none": "No metres",
}
_FIELDS: Final[Mapping[str, tuple[str, Quantity]]] = {
    "height": ("Body height", HEIGHT),
    "distance": ("Distance on the floor", DISTANCE),
    "speed": ("Walking speed", SPEED),
}
_PLACEHOLDERS: Final[Mapping[str, str]] = {
    "height": "for example 1.72 m",
    "distance": "for example 4 m",
    "speed": "for example 1.2 m/s",
}
_HELP: Final[Mapping[str, str]] = {
    "height": "Without shoes, in m, cm, or feet and inches. Compared with the length from ear to ankle in the image.",
    "distance": "For example the length of a mat, or between two marks on the floor, where the person walks.",
    "speed": "For example from a timed 10 m walk, filmed here.",
}


def entries(key: str, given: ScaleInput | None) -> ScaleInput | None:
    """Draw the entries; return what was given, or None while it is not complete.

    Parameters
    ----------
    key : str
        Beginning of the keys of the widgets.
    given : ScaleInput or None
        What they begin with; None for an empty height.
    """
    kind = st.segmented_control(
        "Scale from",
        list(KINDS),
        default=given.kind if given else "height",
        format_func=lambda name: KINDS[name],
        key=f"{key}_kind",
        required=True,
        help="One camera sees only pixels. A known size converts them to metres.",
    )
    if kind == "none":
        note("Times and angles need no metres. Lengths are then given in leg lengths.")
        return ScaleInput()
    label, quantity = _FIELDS[str(kind)]
    with st.container(horizontal=True, gap="medium"):
        value = entry(
            label,
            quantity,
            given.value if given and given.kind == kind else None,
            key=f"{key}_{kind}",
            placeholder=_PLACEHOLDERS[str(kind)],
            about=_HELP[str(kind)],
        )
        pixels = None
        if kind == "distance":
            pixels = entry(
                "The same distance in the image",
                PIXELS,
                given.pixels if given and given.kind == kind else None,
                key=f"{key}_pixels",
                placeholder="for example 840 px",
                about="Between both ends in the full-size image, as far from the camera as the person.",
                width=280,
            )
    if value is None or (kind == "distance" and pixels is None):
        return None
    try:
        return ScaleInput(kind=str(kind), value=value, pixels=pixels)
    except GaitError as error:
        error_box(error.to_dict(), "This cannot be used")
        return None


def sentence(measurement: Measurement) -> str:
    """Return where the metres of a measurement come from, or why there are none."""
    if measurement.scale is not None:
        return measurement.scale.note
    if measurement.scale_input.kind == "none":
        return "No metres: nothing of known size was given, so lengths are in leg lengths."
    what = KINDS[measurement.scale_input.kind].lower()
    return f"No metres: the {what} that was given could not be used on this walk, so lengths are in leg lengths."
