"""A walk as a C3D file: landmarks, joint angles, gait events and gait parameters, as motion laboratories read them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core import __version__
from gait_core.gait.angles import SIDES
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, GaitEvent
from gait_core.gait.kinematics import Kinematics
from gait_core.report.exports.c3d_analysis import analysis_rows
from gait_core.report.exports.export_job import ExportJob, needs_motion, scale_sentence
from gait_core.report.exports.placed import LATERAL_NOTE, place_passes
from gait_core.walks.c3d_labels import ANGLE_LABELS, CONTEXTS, EVENT_LABELS, OWN_GROUP
from gait_core.walks.c3d_library import load_ezc3d
from gait_core.workspace import storage_guard

__all__ = ["LONGEST_COUNT", "actual_fields", "c3d_file"]

_ICON_IDS: Final = {INITIAL_CONTACT: 1, FOOT_OFF: 2}
_FLAGS: Final = {"manual": 1, "auto": 2}
_MM: Final = 1000.0
LONGEST_PARAMETER: Final = 255
"""Entries that one parameter of the format can hold; more go into a second one with a 2 behind its name."""
LONGEST_COUNT: Final = 65_535
"""Frames that the header of the format can count; the rest is found by readers that know the extension."""
_MISSING: Final = -1.0


def c3d_file(job: ExportJob) -> dict[str, bytes]:
    """Write landmarks (mm; x forward, y lateral and 0, z up), angles (deg), events and analysis parameters.

    All passes are in one file on the clock of the video; between them every point is marked as missing. In each pass
    the walker goes towards +x from 0. Without a scale there are no landmarks, and lengths and speed are left out of
    the parameters; angles, events and times are there.

    Returns
    -------
    dict of str to bytes
        ``<stem>.c3d`` → its content.

    Raises
    ------
    InputError
        Without the landmarks.
    LibraryError
        When ezc3d is not installed.

    References
    ----------
    The C3D file format, user guide (c3d.org): groups POINT, EVENT, ANALYSIS.
    """
    motion = needs_motion(job, "a C3D file")
    content = load_ezc3d().c3d()
    points = _landmarks(job, motion) | _angles(motion)
    _write_points(content, points, motion)
    _write_events(content, job, float(motion.time_s[0]))
    _write_analysis(content, job)
    _write_source(content, job, motion)
    with tempfile.TemporaryDirectory(prefix="gait-c3d-") as folder:
        path = Path(folder) / "walk.c3d"
        with storage_guard(path):
            content.write(str(path))
            return {f"{job.stem}.c3d": path.read_bytes()}


def _landmarks(job: ExportJob, motion: Kinematics) -> dict[str, NDArray[np.float64]]:
    if job.metres_per_leg is None:
        return {}
    points = {name: np.full((len(motion.time_s), 3), np.nan) for name in motion.points}
    for placed in place_passes(motion, job.metres_per_leg):
        for name, curve in placed.points.items():
            points[name][placed.span] = np.insert(curve * _MM, 1, np.where(np.isfinite(curve[:, 0]), 0.0, np.nan), 1)
    return points


def _angles(motion: Kinematics) -> dict[str, NDArray[np.float64]]:
    curves = {}
    for side in SIDES:
        for angle, label in ANGLE_LABELS.items():
            values = np.zeros((len(motion.time_s), 3))
            values[:, 0] = motion.angles[f"{side}_{angle}"]
            curves[f"{side[0].upper()}{label}"] = values
    return curves


def _write_points(content: Any, points: Mapping[str, NDArray[np.float64]], motion: Kinematics) -> None:
    stacked = np.stack(list(points.values()), axis=1)
    missing = ~np.isfinite(stacked).all(axis=2)
    stacked[missing] = 0.0
    table = np.ones((4, len(points), len(motion.time_s)))
    table[:3] = stacked.transpose(2, 1, 0)
    angles = [label for label in points if label.endswith(tuple(ANGLE_LABELS.values()))]
    group = content["parameters"]["POINT"]
    group["RATE"]["value"] = [motion.rate_hz]
    group["LABELS"]["value"] = list(points)
    group["DESCRIPTIONS"]["value"] = [
        "x: flexion or dorsiflexion positive; y and z are not measured" if label in angles else "MediaPipe landmark"
        for label in points
    ]
    group["UNITS"]["value"] = ["mm"]
    content["data"]["points"] = table
    content["data"]["meta_points"]["residuals"] = np.where(missing.T, _MISSING, 0.0)[None]
    content.add_parameter("POINT", "ANGLES", angles)
    content.add_parameter("POINT", "ANGLE_UNITS", ["deg"])
    content.add_parameter("POINT", "X_SCREEN", ["+X"])
    content.add_parameter("POINT", "Y_SCREEN", ["+Z"])
    _write_length(content, len(motion.time_s))


def _write_length(content: Any, frames: int) -> None:
    for name, words in actual_fields(frames).items():
        _add_integers(content, "TRIAL", name, words)
    if frames > LONGEST_COUNT:
        content.add_parameter("POINT", "LONG_FRAMES", [float(frames)])


def actual_fields(frames: int) -> dict[str, list[int]]:
    """Return the first and the last frame as the group TRIAL holds them, for counts that 16 bits cannot hold.

    Parameters
    ----------
    frames : int
        Number of frames.

    Returns
    -------
    dict of str to list of int
        Name of the entry in the group → its two words, the lower one first.

    References
    ----------
    The C3D file format, user guide (c3d.org), "The C3D frame count": TRIAL:ACTUAL_START_FIELD and ACTUAL_END_FIELD hold
    the numbers of the first and last frame as two words each, the lower one first; POINT:LONG_FRAMES the count.
    """
    fields = {"ACTUAL_START_FIELD": 1, "ACTUAL_END_FIELD": frames}
    return {name: [number & 0xFFFF, number >> 16] for name, number in fields.items()}


def _write_events(content: Any, job: ExportJob, start_s: float) -> None:
    events = job.measurement.current_events.events
    content.add_parameter("EVENT", "USED", len(events))
    for block, first in enumerate(range(0, len(events), LONGEST_PARAMETER), start=1):
        _write_event_block(
            content, events[first : first + LONGEST_PARAMETER], job, start_s, "" if block == 1 else str(block)
        )


def _write_event_block(content: Any, events: Sequence[GaitEvent], job: ExportJob, start_s: float, number: str) -> None:
    times_s = np.array([event.time_s - start_s for event in events])
    minutes = np.floor(times_s / 60.0)
    rows: dict[str, Any] = {
        "CONTEXTS": [CONTEXTS[event.side] for event in events],
        "LABELS": [EVENT_LABELS[event.kind] for event in events],
        "SUBJECTS": [_ascii(job.source.subject)] * len(events),
        "DESCRIPTIONS": [_description(event.kind) for event in events],
        "TIMES": np.stack([minutes, times_s - 60.0 * minutes]),
    }
    for name, values in rows.items():
        content.add_parameter("EVENT", f"{name}{number}", values)
    _add_integers(content, "EVENT", f"ICON_IDS{number}", [_ICON_IDS[event.kind] for event in events])
    _add_integers(content, "EVENT", f"GENERIC_FLAGS{number}", [_FLAGS[event.source] for event in events])


def _add_integers(content: Any, group: str, name: str, values: list[int]) -> None:
    # The library turns a list of integers into floats unless the parameter is known to hold integers.
    content.add_parameter(group, name, 0)
    content["parameters"][group][name]["value"] = np.array(values, dtype=int)


def _description(kind: str) -> str:
    return "The instant the foot meets the floor" if kind == INITIAL_CONTACT else "The instant the toe leaves the floor"


def _write_analysis(content: Any, job: ExportJob) -> None:
    rows = analysis_rows(job.measurement)
    content.add_parameter("ANALYSIS", "USED", len(rows))
    if not rows:
        return
    content.add_parameter("ANALYSIS", "NAMES", [row.name for row in rows])
    content.add_parameter("ANALYSIS", "CONTEXTS", [CONTEXTS[row.side] for row in rows])
    content.add_parameter("ANALYSIS", "UNITS", [row.unit for row in rows])
    content.add_parameter("ANALYSIS", "VALUES", [row.value for row in rows])
    content.add_parameter("ANALYSIS", "SUBJECTS", [_ascii(job.source.subject)] * len(rows))
    content.add_parameter("ANALYSIS", "DESCRIPTIONS", [row.description for row in rows])


def _write_source(content: Any, job: ExportJob, motion: Kinematics) -> None:
    if job.source.subject:
        content.add_parameter("SUBJECTS", "USED", 1)
        content.add_parameter("SUBJECTS", "NAMES", [_ascii(job.source.subject)])
    travel = "not measured, the camera moves" if motion.view.camera_moves else "from the start of each pass"
    texts = {
        "VERSION": __version__,
        "VIDEO": _ascii(job.source.name),
        "VIDEO_SHA256": job.source.content_sha256,
        "LATERAL": LATERAL_NOTE,
        "TRAVEL": f"Way of the pelvis: {travel}.",
        "SCALE": scale_sentence(job),
        "EVENT_METHOD": job.measurement.events.method,
    }
    for name, text in texts.items():
        if text:
            content.add_parameter(OWN_GROUP, name, [_ascii(text)])
    content.add_parameter(OWN_GROUP, "VIDEO_START_S", [float(motion.time_s[0])])


def _ascii(text: str) -> str:
    """Return a text that every reader of the format can show, at most 120 letters."""
    return text.encode("ascii", "replace").decode()[:120] or "-"
