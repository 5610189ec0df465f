"""The events of a measured walk: corrected on a timeline, and what that does to the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import streamlit as st

from app import words
from app.components import note
from app.event_editor import changed_edits, editor_data, event_editor
from app.routes import measured_url
from app.state import recall, remember, workspace
from app.views.measure_walk import again_button
from gait_core.errors import GaitError
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.measurement import Measurement
from gait_core.video.metadata import MetadataCache
from gait_core.walks.measurements import MeasuredWalk, load_measurement, remeasure

__all__ = ["figures_of", "handle", "numbers_of", "render", "video_of"]

Figures = dict[str, float | None]
_SHOWN: Final[Mapping[str, tuple[str, str, int]]] = {
    "steps": ("Steps", "", 0),
    "strides": ("Strides", "", 0),
    "cadence": ("Cadence", "steps/min", 1),
    "stance_left": ("Stance, left", "%", 1),
    "stance_right": ("Stance, right", "%", 1),
}
"""Name → label, unit, decimals."""


def render(walk: MeasuredWalk) -> None:
    """Draw the timeline, the numbers that follow from it, and how much was changed."""
    motion = _motion(walk)
    if motion is None:
        again_button(walk)
    key = f"events_{walk.id}"
    url, reason = video_of(walk)
    said = recall(f"{key}_said", {})
    data = editor_data(
        walk,
        motion,
        video_url=url,
        video_note=reason,
        numbers=_numbers(figures_of(walk.measurement), recall(f"{key}_step")),
        answer=int(said.get("answer", 0)),
        refusal=str(said.get("refusal", "")),
    )
    event_editor(data, key=key, on_change=lambda: _changed(walk.id, key))
    _left_out(walk.measurement)


def figures_of(measurement: Measurement) -> Figures:
    """Return the numbers below the timeline; None where there is no value."""
    parameters = measurement.parameters
    steps, cadence, stance = (parameters.get(name) for name in ("step_time_s", "cadence_spm", "stance_pct"))
    return {
        "steps": float(steps.both.n) if steps and steps.both else 0.0,
        "strides": float(len(measurement.strides)),
        "cadence": cadence.both.mean if cadence and cadence.both else None,
        "stance_left": stance.left.mean if stance and stance.left else None,
        "stance_right": stance.right.mean if stance and stance.right else None,
    }


def video_of(walk: MeasuredWalk) -> tuple[str | None, str]:
    """Return the address of the video, or None and why it cannot be shown."""
    path = Path(walk.path)
    without = "The timeline works without it."
    if walk.measurement.from_markers:
        return None, "The walk was recorded with markers, so there is no video."
    if not path.is_file():
        return None, f"The video is no longer at {walk.path}. {without}"
    known = MetadataCache.of(workspace()).get(path)
    if known is not None and known.content_sha256 != walk.content_sha256:
        return None, f"The file {walk.path} now holds a different video. {without}"
    url = measured_url(walk.id)
    if url is None:
        return None, f"The video is not served here. {without}"
    kind = f" ({known.codec})" if known is not None else ""
    return url, f"This browser cannot play the format of the video{kind}. {without}"


def handle(measurement_id: str, change: Mapping[str, Any], key: str) -> None:
    """Carry out a change that the browser requested, or remember why not."""
    said = {"answer": _whole(change.get("number")), "refusal": ""}
    try:
        walk = load_measurement(workspace(), measurement_id)
        before = figures_of(walk.measurement)
        edits = changed_edits(change, walk.measurement.edits, _end_s(walk))
        after = figures_of(remeasure(workspace(), walk, edits=edits).measurement)
        remember(f"{key}_step", {"before": before, "after": after})
    except GaitError as error:
        said["refusal"] = f"Nothing was changed. {error.message} {error.remedy}".strip()
    remember(f"{key}_said", said)


def _changed(measurement_id: str, key: str) -> None:
    state = st.session_state.get(key) or {}
    change = state.get("change")
    if isinstance(change, Mapping) and change.get("walk") == measurement_id:
        handle(measurement_id, change, key)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _end_s(walk: MeasuredWalk) -> float:
    # The clock may begin a little after 0; a second more than the length allows for that.
    return walk.measurement.duration_s


def _motion(walk: MeasuredWalk) -> Kinematics | None:
    try:
        return walk.motion(workspace())
    except GaitError:
        return None


def numbers_of(now: Figures, before: Figures | None) -> list[dict[str, str | None]]:
    """Return the figures as text; ``before`` is None for what the last change left as it was."""
    items: list[dict[str, str | None]] = []
    for name, (label, unit, digits) in _SHOWN.items():
        text = words.number(now[name], digits)
        old = words.number(before.get(name), digits) if before is not None else text
        items.append({"label": label, "now": text, "unit": unit, "before": old if old != text else None})
    return items


def _numbers(now: Figures, step: Mapping[str, Figures] | None) -> list[dict[str, str | None]]:
    """Compare with the numbers before the last change, unless something else was changed since."""
    return numbers_of(now, step["before"] if step and step["after"] == now else None)


def _left_out(measurement: Measurement) -> None:
    changed = measurement.n_changed_events
    if changed:
        note(
            f"{words.plural(changed, 'event')} changed by hand, stored apart from what was found automatically. "
            "Parameters, curves, report and exports follow from the events as they stand here."
        )
    reasons = list(dict.fromkeys(piece.reason for piece in measurement.rejections))
    if reasons:
        with st.expander(f"{words.plural(len(reasons), 'piece')} of the walk left out"):
            for reason in reasons:
                note(reason)
