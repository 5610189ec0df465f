"""Fields for numbers that a person types: units as people write them, and a sentence where a value cannot be used.

Streamlit's own field for numbers turns red without a word and hands on nothing when a value is out of its range.
"""

from __future__ import annotations

import streamlit as st

from app.components import check_line
from gait_core.config.quantities import DISTANCE, FRAME_RATE, HEIGHT, PIXELS, SPEED, Quantity

__all__ = ["DISTANCE", "FRAME_RATE", "HEIGHT", "PIXELS", "SPEED", "Quantity", "entry", "refused"]


def entry(
    label: str, quantity: Quantity, value: float | None, *, key: str, placeholder: str, about: str, width: int = 240
) -> float | None:
    """Draw a field; return the value in the unit of the quantity, None while it is empty or cannot be used.

    Parameters
    ----------
    label : str
    quantity : Quantity
    value : float or None
        What the field begins with.
    key : str
        Of the widget; `refused` asks by it.
    placeholder : str
    about : str
        Help that the field offers.
    width : int
        px.

    Returns
    -------
    float or None
    """
    with st.container(width=width):
        text = st.text_input(
            label, value=quantity.write(value), key=key, placeholder=placeholder, help=about, max_chars=20
        )
        found = quantity.read(text)
        # Always there, so that what is below keeps its place while a person types.
        with st.container():
            if isinstance(found, str):
                check_line(found, "bad", role="alert")
            elif found is not None and quantity.is_converted(text, found):
                check_line(quantity.shown(found))
    return None if isinstance(found, str) else found


def refused(quantity: Quantity, key: str) -> bool:
    """Return whether the content of a field cannot be used; call it after `entry`."""
    return isinstance(quantity.read(str(st.session_state.get(key, ""))), str)
