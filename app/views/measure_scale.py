"""Where metres come from: the entries, and the sentence that is always shown with the results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from app.components import error_box, note
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
_LABELS: Final[Mapping[str, tuple[str, float, float, float]]] = {
    "height": ("Body height (m)", 0.8, 2.5, 0.01),
    "distance": ("Distance on the floor (m)", 0.1, 50.0, 0.1),
    "speed": ("Walking speed (m/s)", 0.1, 4.0, 0.05),
}
_HELP: Final[Mapping[str, str]] = {
    "height": "Without shoes. The length from ear to ankle in the image is compared with it.",
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
    label, low, high, step = _LABELS[str(kind)]
    with st.container(horizontal=True, gap="medium"):
        value = st.number_input(
            label,
            min_value=low,
            max_value=high,
            value=given.value if given and given.kind == kind else None,
            step=step,
            format="%.2f",
            key=f"{key}_{kind}",
            placeholder="for example 1.72" if kind == "height" else "value",
            help=_HELP[str(kind)],
            width=240,
        )
        pixels = None
        if kind == "distance":
            pixels = st.number_input(
                "The same distance in the image (px)",
                min_value=2.0,
                max_value=100_000.0,
                value=given.pixels if given and given.kind == kind else None,
                step=1.0,
                format="%.0f",
                key=f"{key}_pixels",
                placeholder="pixels",
                help="Between both ends in the full-size image, as far from the camera as the person.",
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
