"""What a motion laboratory recorded of one walk: markers, events, joint angles and parameters of a C3D file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.angles import SIDES
from gait_core.gait.events.gait_events import GaitEvent
from gait_core.markers.c3d_values import number_of, texts_of, values_of
from gait_core.markers.event_blocks import read_events
from gait_core.markers.event_dialects import SIDE_WORDS
from gait_core.markers.positions import point_labels, read_positions
from gait_core.walks.c3d_labels import ANALYSIS_NAMES, ANGLE_LABELS, OWN_GROUP
from gait_core.walks.c3d_library import read_c3d

__all__ = ["MarkerTrial", "read_trial"]

Array = NDArray[np.float64]

SLOWEST_HZ, FASTEST_HZ = 1.0, 20_000.0
"""A stated frame rate beyond is wrong."""
SAME_RATE: Final = 0.001
"""Share by which the frame rates of header and parameters may differ: both are rounded."""
_FACTORS: Final[Mapping[str, Mapping[str, float]]] = {
    "m": {"cm": 0.01, "mm": 0.001, "metres": 1.0, "meters": 1.0},
    "m/s": {"cm/s": 0.01, "mm/s": 0.001, "km/h": 1 / 3.6, "m.s-1": 1.0, "m/min": 1 / 60},
    "s": {"ms": 0.001, "s.": 1.0},
    "%": {"percent": 1.0, "pct": 1.0, "% cycle": 1.0, "% gait cycle": 1.0},
    "steps/min": {"1/min": 1.0, "/min": 1.0, "spm": 1.0, "1/s": 60.0, "hz": 60.0, "steps/s": 60.0},
}
"""Our unit → others, and by what they are multiplied."""
_CURVES: Final = {"hip_to_trunk": "hip", "knee": "knee", "ankle": "ankle"}


@dataclass(frozen=True, kw_only=True, eq=False)
class MarkerTrial:
    """One recording.

    Attributes
    ----------
    name : str
        File name.
    rate_hz : float
        Frames per second.
    time_s : ndarray, shape (n,)
        Frame numbers over the rate, frame 1 at 0 s; in a file of our own export on the clock of the video.
    labels : tuple of str
        Of all points of the file, without a subject's name in front, else as written.
    points_m : mapping of str to ndarray, shape (n, 3)
        Positions by label, recorded axes, m; NaN where a marker was not seen.
    unit_m : float
        Metres of the unit in which the file is taken to hold them.
    events : tuple of GaitEvent
        On the clock of `time_s`, in order of time, each once.
    angles : mapping of (str, str) to ndarray, shape (n,)
        ``("knee", "left")`` and so on for hip, knee and ankle where the file has them: flexion positive, degrees.
    parameters : mapping of (str, str) to float
        Name and side (``left``, ``right``, ``both``) → mean that the file states.
    own : bool
        Written by Gait Studio.
    notes : tuple of str
        What was not understood, assumed or left out, in words, one sentence each.
    """

    name: str
    rate_hz: float
    time_s: Array
    labels: tuple[str, ...]
    points_m: Mapping[str, Array]
    unit_m: float
    events: tuple[GaitEvent, ...]
    angles: Mapping[tuple[str, str], Array]
    parameters: Mapping[tuple[str, str], float]
    own: bool
    notes: tuple[str, ...]


def read_trial(path: Path) -> MarkerTrial:
    """Read a C3D file of any laboratory.

    Angles carry the names of Plug-in Gait (``LKneeAngles``, with or without a subject's name in front), their first
    component is flexion. Event times count from frame 1 of the trial, as the format has it.

    Returns
    -------
    MarkerTrial
        Parts that the file lacks are empty.

    Raises
    ------
    InputError
        When the file cannot be read, or its unit of length is not known.
    LibraryError
        When ezc3d is missing.
    """
    content = read_c3d(path)
    own = OWN_GROUP in content["parameters"]
    start_s = number_of(content, OWN_GROUP, "VIDEO_START_S") or 0.0
    header, table = content["header"]["points"], content["data"]["points"]
    rate_hz, notes = _rate_hz(content)
    if texts_of(content, "ROTATION", "LABELS"):
        notes.append("The file also holds orientations of segments; only positions are read.")
    time_s = (int(header["first_frame"]) + np.arange(table.shape[2])) / rate_hz
    labels, of_labels = point_labels(content)
    points_m, unit_m, of_points = read_positions(content, labels, path.name)
    # What we wrote ourselves lies where it should; a file without frames has nothing that events could lie outside of.
    span_s = None if own or not len(time_s) else (float(time_s[0]), float(time_s[-1]))
    events, of_events = read_events(content, span_s, rate_hz)
    angles, of_angles = _angles(table, labels, content)
    parameters, of_parameters = _parameters(content)
    return MarkerTrial(
        name=path.name,
        rate_hz=rate_hz,
        time_s=time_s + start_s,
        labels=tuple(label for label in labels if label),
        points_m=points_m,
        unit_m=unit_m,
        events=tuple(replace(event, time_s=event.time_s + start_s) for event in events),
        angles=angles,
        parameters=parameters,
        own=own,
        notes=(*notes, *of_labels, *of_points, *of_events, *of_angles, *of_parameters),
    )


def _rate_hz(content: Any) -> tuple[float, list[str]]:
    """Return frames per second, of the parameters before the header; 1 where neither states a rate."""
    stated = (number_of(content, "POINT", "RATE"), content["header"]["points"]["frame_rate"])
    usable = [float(rate) for rate in stated if rate is not None and SLOWEST_HZ <= rate <= FASTEST_HZ]
    if not usable:
        return 1.0, ["The file states no frame rate that a recording can have; 1 frame per second is assumed."]
    if abs(usable[-1] / usable[0] - 1.0) <= SAME_RATE:
        return usable[0], []
    return usable[0], [
        f"POINT:RATE states {usable[0]:g} frames per second, the header {usable[-1]:g}; {usable[0]:g} is used. "
        "If times and speeds look wrong, export the trial again."
    ]


def _angles(table: Array, labels: Sequence[str], content: Any) -> tuple[dict[tuple[str, str], Array], list[str]]:
    unit = next(iter(texts_of(content, "POINT", "ANGLE_UNITS")), "").strip().lower()
    if unit and not unit.startswith(("deg", "rad", "°")):
        return {}, [f"Joint angles are left out: their unit, {unit!r}, is not known."]
    degrees = np.degrees(1.0) if unit.startswith("rad") else 1.0
    angles = {}
    for side in SIDES:
        for angle, label in ANGLE_LABELS.items():
            wanted = f"{side[0].upper()}{label}"
            if wanted in labels:
                values = np.asarray(table[0, labels.index(wanted)], dtype=float)
                if np.isfinite(values).any():
                    angles[_CURVES[angle], side] = degrees * values
    return angles, []


def _parameters(content: Any) -> tuple[dict[tuple[str, str], float], list[str]]:
    """Return the analysis values in our units, and which were left out because of theirs."""
    ours = {label.lower(): name for name, (label, _) in ANALYSIS_NAMES.items()}
    names, contexts, units = (texts_of(content, "ANALYSIS", column) for column in ("NAMES", "CONTEXTS", "UNITS"))
    units += [""] * (len(names) - len(units))
    found, unknown = {}, []
    values = values_of(content, "ANALYSIS", "VALUES")
    for label, context, value, unit in zip(names, contexts, values, units, strict=False):
        name = ours.get(label.lower())
        if name is None or isinstance(value, str) or not np.isfinite(value):
            continue
        factor = _factor(unit, ANALYSIS_NAMES[name][1])
        if factor is None:
            unknown.append(f"{label} ({unit})")
            continue
        found[name, SIDE_WORDS.get(context.lower(), "both")] = factor * float(value)
    if not unknown:
        return found, []
    return found, [f"Values in units that cannot be converted are left out: {', '.join(dict.fromkeys(unknown))}."]


def _factor(unit: str, wanted: str) -> float | None:
    """Return by what a value in a unit is multiplied; None where the unit measures something else."""
    name = unit.strip().lower().replace("minute", "min").replace("sec", "s")
    return 1.0 if not name or name == wanted else _FACTORS[wanted].get(name)
