"""The event editor in the browser: what it is given to draw, and what it requests."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.gait.angles import SIDES
from gait_core.gait.events.edits import Edit
from gait_core.gait.events.gait_events import EventSet, GaitEvent
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.view import Segment
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track
from gait_core.walks.measurements import MeasuredWalk

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

__all__ = ["changed_edits", "curves_of", "editor_data", "event_editor", "moved_events"]

_HERE: Final = Path(__file__).resolve().parent
_SCRIPTS: Final = ("event_timeline.js", "event_stage.js", "event_editor.js")
CURVES_HZ: Final = 50.0
MOST_FIGURES: Final = 6000
"""Frames of a longer walk get no figure: the page would become too heavy."""
SAME_S: Final = 5e-4
LEG: Final = ("hip", "knee", "ankle", "heel", "foot_index")
_PARTS: Final[Mapping[str, str]] = {"heel": "heel", "toe": "foot_index"}
BROKEN: Final = "This browser cannot play the video. The timeline works without it."


def event_editor(data: Mapping[str, Any], *, key: str, on_change: Callable[[], None]) -> None:
    """Draw the editor; what the user requests is the trigger ``change`` of the component's state."""
    _component()(key=key, data=dict(data), height="content", on_change_change=on_change)


@cache
def _component() -> ComponentRenderer:
    """Register the component once per process, as Streamlit asks."""
    return st.components.v2.component(
        "gait_studio_event_editor",
        css=(_HERE / "event_editor.css").read_text(encoding="utf-8"),
        js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in _SCRIPTS),
    )


def editor_data(
    walk: MeasuredWalk,
    motion: Kinematics | None,
    *,
    video_url: str | None,
    video_note: str = "",
    numbers: Sequence[Mapping[str, str | None]] = (),
    answer: int = 0,
    refusal: str = "",
) -> dict[str, Any]:
    """Return what the browser needs to draw the timeline.

    Parameters
    ----------
    walk : MeasuredWalk
    motion : Kinematics or None
        None when the landmarks are gone: nothing can be edited then, and there are no curves.
    video_url : str or None
    video_note : str
        Why there is no video.
    numbers : sequence of mapping
        What follows from the events: ``label``, ``now``, ``unit``, and ``before`` where the last change altered it.
    answer : int
        Number of the change that this answers.
    refusal : str
        Why that change was not made.
    """
    measurement = walk.measurement
    current = measurement.current_events
    frames = motion.track.time_s if motion is not None else np.empty(0)
    start_s = float(frames[0]) if len(frames) else 0.0
    return {
        "walk": walk.id,
        "answer": answer,
        "refusal": refusal,
        "editable": motion is not None,
        "locked": "" if motion is not None else "The landmarks are gone: measure the video again to change events.",
        "edits": len(measurement.edits),
        "start": start_s,
        "end": float(frames[-1]) if len(frames) else start_s + measurement.duration_s,
        "frame": 1.0 / walk.frame_rate_hz if walk.frame_rate_hz else 0.04,
        "frames": np.round(frames, 4).tolist(),
        "figure": _figure(motion.track) if motion is not None else None,
        "passes": [_pass(number, segment) for number, segment in enumerate(measurement.segments, start=1)],
        "rejections": [
            {"side": piece.side, "start": piece.start_s, "end": piece.end_s, "reason": piece.reason}
            for piece in measurement.rejections
        ],
        "events": [
            _event(event) | {"source": event.source, "confidence": round(event.confidence, 3)}
            for event in current.events
        ],
        "ghosts": [_event(event) for event in moved_events(measurement.events, current)],
        "curves": curves_of(motion) if motion is not None else None,
        "numbers": [dict(number) for number in numbers],
        "video": {"url": video_url or "", "scale": walk.time_scale, "broken": video_note or BROKEN},
    }


def changed_edits(change: Mapping[str, Any], before: Sequence[Edit], longest_s: float) -> tuple[Edit, ...]:
    """Return the edits after a change that the browser asked for.

    Parameters
    ----------
    change : mapping
        ``action`` is one of an `Edit`, ``undo`` or ``reset``; nothing in it is trusted.
    before : sequence of Edit
    longest_s : float
        Where the walk ends, s.

    Raises
    ------
    InputError
        When the change makes no sense.
    """
    action = str(change.get("action"))
    if action == "reset":
        return ()
    if action == "undo":
        return tuple(before[:-1])
    new_s = change.get("new_time_s")
    edit = Edit(
        action=action,
        side=str(change.get("side")),
        kind=str(change.get("kind")),
        time_s=_seconds(change.get("time_s"), longest_s),
        new_time_s=None if new_s is None else _seconds(new_s, longest_s),
    )
    return (*before, edit)


def _seconds(value: object, longest_s: float) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value) or not 0.0 <= value <= longest_s + 1.0:
        raise InputError(
            f"Expected a time between 0 and {longest_s:.2f} s, but got {value!r}.", "Choose a time within the walk."
        )
    return float(value)


def moved_events(found: EventSet, current: EventSet) -> tuple[GaitEvent, ...]:
    """Return the automatic events that a person moved or deleted."""

    def kept(event: GaitEvent) -> bool:
        times = current.times_s(event.side, event.kind)
        return bool(len(times)) and bool(np.min(np.abs(times - event.time_s)) < SAME_S)

    return tuple(event for event in found.events if not kept(event))


def curves_of(motion: Kinematics) -> dict[str, Any]:
    """Return where heel and toe of each foot are, from the hips: forward, and up without the slow part; leg lengths."""
    every = max(1, round(motion.rate_hz / CURVES_HZ))
    paths: dict[str, dict[str, NDArray[np.float64]]] = {side: {} for side in SIDES}
    for side in SIDES:
        for name, landmark in _PARTS.items():
            forward, up = motion.points[f"{side}_{landmark}"].T
            paths[side][f"{name}_forward"] = forward[::every]
            paths[side][f"{name}_height"] = (up + motion.bounce)[::every]
    ranges = {
        direction: _range([curve for curves in paths.values() for name, curve in curves.items() if direction in name])
        for direction in ("forward", "height")
    }
    listed = {side: {name: _numbers(curve) for name, curve in curves.items()} for side, curves in paths.items()}
    return {"start": float(motion.time_s[0]), "step": every / motion.rate_hz, "range": ranges, **listed}


def _range(curves: Sequence[NDArray[np.float64]]) -> list[float]:
    """Return what most of the curves fill; a wild value must not flatten the rest."""
    values = np.concatenate(curves)
    values = values[np.isfinite(values)]
    return np.percentile(values, [0.5, 99.5]).round(4).tolist() if len(values) else [0.0, 1.0]


def _numbers(values: NDArray[Any], digits: int = 3) -> list[float | None]:
    return [round(float(value), digits) if np.isfinite(value) else None for value in values]


def _event(event: GaitEvent) -> dict[str, Any]:
    return {"t": event.time_s, "side": event.side, "kind": event.kind}


def _pass(number: int, segment: Segment) -> dict[str, Any]:
    way = "to the right" if segment.direction > 0 else "to the left"
    label = f"Pass {number}: {way}, {segment.visible_side} leg nearer"
    return {"start": segment.start_s, "end": segment.end_s, "used": segment.used, "label": label}


def _figure(track: Track) -> dict[str, Any] | None:
    """Return both legs in image coordinates, frame by frame."""
    if len(track) > MOST_FIGURES:
        return None
    legs = {
        side: [
            _numbers(row, 1)
            for row in track.position[:, [INDEX[f"{side}_{name}"] for name in LEG]].reshape(len(track), -1)
        ]
        for side in SIDES
    }
    return {"width": track.width_px, "height": track.height_px, **legs}
