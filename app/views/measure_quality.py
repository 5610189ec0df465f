"""How far a measured walk can be trusted: what was checked, and what to do better next time."""

from __future__ import annotations

from html import escape
from typing import Final

import streamlit as st

from app import words
from app.components import box, note, rows, say
from app.views.measure_form import METHODS
from app.views.measure_walk import WalkView
from gait_core.gait.check import Check
from gait_core.gait.measurement import Measurement
from gait_core.report.document.recording import recording_checks, recording_state
from gait_core.report.document.words import number

__all__ = ["STATES", "quality_sentence", "render", "state_badge"]

STATES: Final = {
    "good": ("normal", "Good"),
    "poor": ("watch", "Poor"),
    "unusable": ("alert", "Not usable"),
    "not_measured": ("withheld", "Not judged"),
}
"""State of a check → look and word."""


def state_badge(state: str) -> str:
    """Return a state as HTML: colour, word and shape."""
    look, word = STATES.get(state, STATES["not_measured"])
    return f'<span class="gs-level {look}"><i aria-hidden="true"></i>{word}</span>'


def render(view: WalkView) -> None:
    """Draw the tab."""
    checks = recording_checks(view.measurement)
    say(quality_sentence(view.measurement))
    body = [
        [escape(check.label), state_badge(check.state), escape(_figure(check)), _said(check)]
        for check in sorted(checks, key=lambda check: -_RANK.get(check.state, 0))
    ]
    columns = [("Looked at", "t"), ("State", "t"), ("Found", "n"), ("In words", "name")]
    rows(columns, body, f"What was checked in the {_noun(view.measurement)}", html_columns=range(4))
    for warning in view.measurement.warnings:
        if warning.code != "markers":
            box("Please note", warning.message, "warn")
    _how_read(view.measurement)
    _left_out(view)
    _how(view)


def _noun(measurement: Measurement) -> str:
    return "recording" if measurement.from_markers else "video"


def _how_read(measurement: Measurement) -> None:
    """Say how a file with markers was understood: none of it is a weakness."""
    texts = [warning.message for warning in measurement.warnings if warning.code == "markers"]
    if texts:
        st.subheader("How the file was read", anchor=False)
        st.html(f'<ul class="gs-note">{"".join(f"<li>{escape(text)}</li>" for text in texts)}</ul>')


_RANK: Final = {"unusable": 3, "poor": 2, "good": 1, "not_measured": 0}


def quality_sentence(measurement: Measurement) -> str:
    """Say how good the video is; never better than the remarks below it.

    Parameters
    ----------
    measurement : Measurement

    Returns
    -------
    str
    """
    checks, state = recording_checks(measurement), recording_state(measurement)
    bad = [check.label.lower() for check in checks if check.state == "unusable"]
    poor = [check.label.lower() for check in checks if check.state == "poor"]
    if state == "unusable":
        return f"This {_noun(measurement)} is not good enough to be judged{': ' if bad else ''}{', '.join(bad)}."
    if state == "poor":
        return f"This {_noun(measurement)} can be used with care{'; weak: ' if poor else ''}{', '.join(poor)}."
    return f"No problem was found in this {_noun(measurement)}."


def _figure(check: Check) -> str:
    if check.figure is None:
        return "–"
    text = number(check.figure, digits={"strides": 1, "widths/s": 3, "": 3}.get(check.unit, 0))
    return f"{text}{'' if check.unit == '°' else ' '}{check.unit}".strip()


def _said(check: Check) -> str:
    advice = f"<br><strong>Next time:</strong> {escape(check.advice)}" if check.advice else ""
    return f"{escape(check.sentence)}{advice}"


def _left_out(view: WalkView) -> None:
    rejections = view.measurement.rejections
    if not rejections:
        return
    st.subheader("Left out", anchor=False)
    body = [[f"{one.start_s:.2f} to {one.end_s:.2f} s", one.side or "both", one.reason] for one in rejections]
    rows([("When", "t"), ("Foot", "t"), ("Why", "name")], body, "Parts of the walk without a usable stride")


def _how(view: WalkView) -> None:
    walk, measurement = view.walk, view.measurement
    count = {side: sum(stride.side == side for stride in measurement.strides) for side in ("left", "right")}
    passes = words.plural(len(measurement.segments), "pass", "passes")
    method = METHODS.get(measurement.settings.event_method, measurement.settings.event_method)
    strides = f"{words.plural(count['left'], 'left stride')} and {words.plural(count['right'], 'right stride')}"
    short = f"{walk.content_sha256[:12]}…"
    if measurement.from_markers:
        note(
            f"{strides} in {passes}. Steps found by: {method}. {walk.frame_rate_hz:.0f} samples a second. File {short}"
        )
        return
    note(
        f"{strides} in {passes}, seen from the {measurement.visible_side}. Steps found by: {method}. "
        f"Profile {walk.profile}, {walk.frame_rate_hz:.0f} frames a second. Video {short}"
    )
