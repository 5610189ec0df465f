"""Walks by marker motion capture: a truth that was not made by our own simulator."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.gait.angles import SIDES
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, GaitEvent

__all__ = ["HIP_SHARE", "REMEDY", "MocapWalk"]

Array = NDArray[np.float64]

HIP_SHARE: Final = 0.53
"""Height of the hip joint above the floor as a share of body height (Drillis & Contini, in Winter 2009, fig. 4.1)."""
HEEL_BACK_SHARE, HEEL_DOWN_SHARE, TOE_FRONT_SHARE = 0.036, 0.017, 0.020
"""Where heel and toe lie from ankle and forefoot on a flat foot, shares of body height."""
_KINDS: Final[Mapping[str, str]] = {"HS": INITIAL_CONTACT, "TO": FOOT_OFF}
_LEG: Final[Mapping[str, str]] = {"hip": "hip", "knee": "knee", "ankle": "ankle", "heel": "heel", "toe": "foot_index"}
REMEDY: Final = "Give a file with time, rate, progress_axis, progress_sign, L_hip … R_ankle, heel and toe, and events."


@dataclass(frozen=True, kw_only=True, eq=False)
class MocapWalk:
    """One walk recorded with markers.

    Attributes
    ----------
    name : str
        Of the file.
    time_s : ndarray, shape (n,)
        Clock of the recording, s.
    rate_hz : float
        Samples per second.
    points_m : mapping of str to ndarray, shape (n, 3)
        ``left_hip`` … ``right_foot_index``, and what else was recorded of `pose.landmarks`: forward, up, to the
        walker's right, m; NaN where missing.
    events : tuple of GaitEvent
        As marked in the recording, or taken from force plates, in order of time.
    angles : mapping of str to ndarray, shape (n,)
        ``left_hip``, ``left_knee``, ``left_ankle`` … of the recording, flexion +, degrees; empty when it has none.
    source : str
        Where it comes from.
    """

    name: str
    time_s: Array
    rate_hz: float
    points_m: Mapping[str, Array]
    events: tuple[GaitEvent, ...]
    angles: Mapping[str, Array]
    source: str

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read an ``.npz`` file.

        Parameters
        ----------
        path : Path
            Arrays ``time`` s, ``rate`` Hz, ``progress_axis``, ``progress_sign``, ``{L,R}_{hip,knee,ankle,heel,toe}``
            mm (x, y, z up; ``foot`` instead of heel and toe), ``events`` (side, HS or TO, time s), and optionally
            ``angle_{L,R}_{hip,knee,ankle}`` degrees.

        Raises
        ------
        InputError
            When the file cannot be read or lacks something.
        """
        values = _read(path)
        try:
            return cls(
                name=path.stem,
                time_s=np.asarray(values["time"], dtype=np.float64),
                rate_hz=float(values["rate"]),
                points_m=_points_m(values),
                events=_events(values["events"]),
                angles={
                    f"{side}_{joint}": np.asarray(values[f"angle_{side[0].upper()}_{joint}"], dtype=np.float64)
                    for side in SIDES
                    for joint in ("hip", "knee", "ankle")
                    if f"angle_{side[0].upper()}_{joint}" in values
                },
                source=str(values["source"]) if "source" in values else "",
            )
        except (KeyError, ValueError, IndexError, TypeError) as error:
            raise InputError(f"Expected a walk by motion capture, but {path.name} lacks {error}.", REMEDY) from error

    def truth_events(self) -> tuple[GaitEvent, ...]:
        """Return the events of the recording, in chronological order."""
        return self.events

    @property
    def height_m(self) -> float:
        """Body height estimated from the height of the hips, m."""
        hips = (self.points_m["left_hip"][:, 1] + self.points_m["right_hip"][:, 1]) / 2
        return float(np.nanmedian(hips)) / HIP_SHARE


def _read(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(f"Expected an .npz file with a walk, but {path.name} cannot be read.", REMEDY) from error


def _points_m(values: Mapping[str, Any]) -> dict[str, Array]:
    """Turn markers to forward, up, right; make heel and toe where only the forefoot was recorded."""
    axis, sign = int(values["progress_axis"]), float(values["progress_sign"])
    # Forward × up = right, with x, y, z right-handed and z up.
    turn = np.zeros((3, 3))
    turn[axis, 0] = turn[2, 1] = 1.0
    turn[1 - axis, 2] = 1.0 if axis == 1 else -1.0
    turn[:, [0, 2]] *= sign
    points: dict[str, Array] = {}
    for side in SIDES:
        marks = {
            part: np.asarray(values[f"{side[0].upper()}_{part}"], dtype=np.float64) @ turn / 1000.0
            for part in ("hip", "knee", "ankle", "heel", "toe", "foot")
            if f"{side[0].upper()}_{part}" in values
        }
        if "heel" not in marks and "foot" in marks:
            marks |= _heel_and_toe(marks)
        points |= {f"{side}_{name}": marks[part] for part, name in _LEG.items()}
    if any(mark.shape != (len(values["time"]), 3) for mark in points.values()):
        raise ValueError("positions of the same length as time")
    return points


def _heel_and_toe(marks: Mapping[str, Array]) -> dict[str, Array]:
    """Place heel and toe in the rigid triangle of ankle and forefoot."""
    height_m = float(np.nanmedian(marks["hip"][:, 1])) / HIP_SHARE
    ankle, foot = marks["ankle"], marks["foot"]
    along = foot - ankle
    pitch = np.arctan2(along[:, 1], along[:, 0])
    # The foot is flat where it moves least.
    slow = np.abs(np.gradient(foot[:, 0])) < np.nanpercentile(np.abs(np.gradient(foot[:, 0])), 25)
    pitch = pitch - np.nanmedian(pitch[slow])

    def turned(forward: float, up: float) -> Array:
        return np.stack(
            [forward * np.cos(pitch) - up * np.sin(pitch), forward * np.sin(pitch) + up * np.cos(pitch), 0 * pitch], -1
        )

    return {
        "heel": ankle + turned(-HEEL_BACK_SHARE * height_m, -HEEL_DOWN_SHARE * height_m),
        "toe": foot + turned(TOE_FRONT_SHARE * height_m, 0.0),
    }


def _events(rows: Any) -> tuple[GaitEvent, ...]:
    found = [
        GaitEvent(time_s=float(time_s), side="left" if side == "L" else "right", kind=_KINDS[str(kind)])
        for side, kind, time_s in rows
    ]
    return tuple(sorted(found, key=lambda event: event.time_s))
