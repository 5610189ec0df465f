"""Reads a reference from a C3D file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.events.gait_events import GaitEvent
from gait_core.validation.reference_csv import KIND_WORDS, SIDE_WORDS
from gait_core.validation.reference_model import Reference
from gait_core.walks.c3d_labels import ANALYSIS_NAMES, ANGLE_LABELS, OWN_GROUP
from gait_core.walks.c3d_library import read_c3d

__all__ = ["reference_from_c3d"]

_CURVES: Final = {"hip_to_trunk": "hip", "knee": "knee", "ankle": "ankle"}


def reference_from_c3d(path: Path) -> Reference:
    """Read foot strikes and foot offs, gait parameters, and hip, knee and ankle flexion where they are.

    Angles carry the names of Plug-in Gait (``LKneeAngles``, with or without a subject's name in front), their first
    component is flexion. Event times count from frame 1 of the trial, as the format has it.

    Returns
    -------
    Reference
        Parts that the file lacks are empty. A file of our own export has the clock of the video (`same_clock`).

    Raises
    ------
    InputError
        When the file cannot be read.
    LibraryError
        When ezc3d is missing.
    """
    content = read_c3d(path)
    start_s = float(_values(content, OWN_GROUP, "VIDEO_START_S", 0.0)[0])
    time_s, angles = _angles(content)
    return Reference(
        name=path.name,
        kind="c3d",
        events=_events(content, start_s),
        parameters=dict(_parameters(content)),
        time_s=time_s + start_s if angles else np.empty(0),
        angles=angles,
        same_clock=OWN_GROUP in content["parameters"],
    )


def _values(content: Any, group: str, name: str, default: float | None = None) -> list[Any]:
    """Return a parameter as a list, or the default in a list, or an empty list."""
    parameters = content["parameters"]
    if group in parameters and name in parameters[group]:
        found = parameters[group][name]["value"]
        if len(found):
            return list(found)
    return [] if default is None else [default]


def _events(content: Any, start_s: float) -> tuple[GaitEvent, ...]:
    events = []
    for number in ("", *(str(block) for block in range(2, 100))):
        times = np.asarray(_values(content, "EVENT", f"TIMES{number}"), dtype=float)
        if not times.size:
            break
        minutes, seconds = times.reshape(2, -1)
        contexts, labels = (_values(content, "EVENT", f"{name}{number}") for name in ("CONTEXTS", "LABELS"))
        for context, label, minute, second in zip(contexts, labels, minutes, seconds, strict=False):
            side = SIDE_WORDS.get(str(context).strip().lower())
            kind = KIND_WORDS.get(re.sub(r"[^a-z]", "", str(label).lower()))
            if side is not None and kind is not None:
                events.append(GaitEvent(time_s=float(60.0 * minute + second) + start_s, side=side, kind=kind))
    return tuple(sorted(events, key=lambda event: event.time_s))


def _parameters(content: Any) -> Iterator[tuple[tuple[str, str], float]]:
    ours = {label.lower(): name for name, (label, _) in ANALYSIS_NAMES.items()}
    rows = zip(*(_values(content, "ANALYSIS", column) for column in ("NAMES", "CONTEXTS", "VALUES")), strict=False)
    for label, context, value in rows:
        name = ours.get(str(label).strip().lower())
        side = SIDE_WORDS.get(str(context).strip().lower(), "both")
        if name is not None and np.isfinite(value):
            yield (name, side), float(value)


def _angles(content: Any) -> tuple[NDArray[np.float64], dict[tuple[str, str], NDArray[np.float64]]]:
    labels = [str(label).rpartition(":")[2] for label in _values(content, "POINT", "LABELS")]
    header = content["header"]["points"]
    points = content["data"]["points"]
    angles = {}
    for side in ("left", "right"):
        for angle, label in ANGLE_LABELS.items():
            wanted = f"{side[0].upper()}{label}"
            if wanted in labels:
                values = np.asarray(points[0, labels.index(wanted)], dtype=float)
                if np.isfinite(values).any():
                    angles[_CURVES[angle], side] = values
    rate_hz = float(header["frame_rate"]) or 1.0
    return (int(header["first_frame"]) + np.arange(points.shape[2])) / rate_hz, angles
