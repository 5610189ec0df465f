"""Walks by marker motion capture: a truth that was not made by our own simulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.angles import SIDES
from gait_core.gait.events.gait_events import GaitEvent
from gait_core.markers.believable import believable_unit, leg_length_m, longest_part
from gait_core.markers.npz_values import NpzValues

__all__ = ["HIP_SHARE", "MocapWalk"]

Array = NDArray[np.float64]

HIP_SHARE: Final = 0.53
"""Height of the hip joint above the floor as a share of body height (Drillis & Contini, in Winter 2009, fig. 4.1)."""
HEEL_BACK_SHARE, HEEL_DOWN_SHARE, TOE_FRONT_SHARE = 0.036, 0.017, 0.020
"""Where heel and toe lie from ankle and forefoot on a flat foot, shares of body height."""
_LEG: Final[Mapping[str, str]] = {"hip": "hip", "knee": "knee", "ankle": "ankle", "heel": "heel", "toe": "foot_index"}
MILLIMETRE_M: Final = 0.001
RATE_TOLERANCE: Final = 0.05
"""By how much of itself the stated rate may differ from that of the times."""


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
    notes : tuple of str
        What was assumed or left out, one sentence each.
    """

    name: str
    time_s: Array
    rate_hz: float
    points_m: Mapping[str, Array]
    events: tuple[GaitEvent, ...]
    angles: Mapping[str, Array]
    source: str
    notes: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read an ``.npz`` file.

        Parameters
        ----------
        path : Path
            Arrays ``time`` s, ``rate`` Hz, ``progress_axis``, ``progress_sign``, ``{L,R}_{hip,knee,ankle,heel,toe}``
            mm, or m or cm where only that makes legs of a person (x, y, z up; ``foot`` instead of heel and toe),
            ``events`` (side, HS or TO, time s), and optionally ``angle_{L,R}_{hip,knee,ankle}`` degrees.

        Raises
        ------
        InputError
            When the file cannot be read, or lacks something, or holds what no walk can have.
        """
        values = NpzValues(path)
        time_s = values.numbers("time")
        part, of_times = longest_part(time_s, path.name)
        marks = {name: mark[part] for name, mark in _marks(values, len(time_s)).items()}
        metres, of_unit = believable_unit(
            leg_length_m({name: MILLIMETRE_M * mark for name, mark in marks.items()}), MILLIMETRE_M, path.name
        )
        points_m = _points_m({name: metres * mark for name, mark in marks.items()}, values)
        events = values.events()
        of_events: list[str] = []
        if of_times:
            events, of_events = _inside(events, time_s[part])
        rate_hz, of_rate = _rate_hz(values.number("rate"), time_s[part])
        return cls(
            name=path.stem,
            time_s=time_s[part],
            rate_hz=rate_hz,
            points_m=points_m,
            events=events,
            angles={
                f"{side}_{joint}": values.numbers(stored, time_s.shape)[part]
                for side in SIDES
                for joint in ("hip", "knee", "ankle")
                if (stored := f"angle_{side[0].upper()}_{joint}") in values
            },
            source=values.text("source"),
            notes=(*of_times, *of_events, *of_rate, *of_unit),
        )

    def truth_events(self) -> tuple[GaitEvent, ...]:
        """Return the events of the recording, in chronological order."""
        return self.events

    @property
    def height_m(self) -> float:
        """Body height estimated from the height of the hips, m."""
        hips = (self.points_m["left_hip"][:, 1] + self.points_m["right_hip"][:, 1]) / 2
        return float(np.nanmedian(hips)) / HIP_SHARE


def _rate_hz(stated_hz: float, time_s: Array) -> tuple[float, list[str]]:
    """Return the samples per second; what the times show where the file states another rate."""
    if len(time_s) < 2:
        return stated_hz, []
    shown_hz = 1.0 / float(np.median(np.diff(time_s)))
    if abs(stated_hz / shown_hz - 1.0) <= RATE_TOLERANCE:
        return stated_hz, []
    return shown_hz, [
        f"The file states {stated_hz:.4g} samples a second, but its times have {shown_hz:.4g}; the times are used."
    ]


def _marks(values: NpzValues, count: int) -> dict[str, Array]:
    """Return the positions that are there as written: ``left_hip``, ``left_foot`` …, each of shape (count, 3)."""
    marks = {}
    for side in SIDES:
        parts = [part for part in ("heel", "toe", "foot") if f"{side[0].upper()}_{part}" in values]
        if parts != ["foot"]:
            parts = ["heel", "toe"]
        for part in ("hip", "knee", "ankle", *parts):
            marks[f"{side}_{part}"] = values.numbers(f"{side[0].upper()}_{part}", (count, 3))
    return marks


def _points_m(marks_m: Mapping[str, Array], values: NpzValues) -> dict[str, Array]:
    """Turn markers to forward, up, right; make heel and toe where only the forefoot was recorded."""
    axis = int(values.number("progress_axis", (0.0, 1.0)))
    sign = values.number("progress_sign", (-1.0, 1.0))
    # Forward × up = right, with x, y, z right-handed and z up.
    turn = np.zeros((3, 3))
    turn[axis, 0] = turn[2, 1] = 1.0
    turn[1 - axis, 2] = 1.0 if axis == 1 else -1.0
    turn[:, [0, 2]] *= sign
    points: dict[str, Array] = {}
    for side in SIDES:
        marks = {name.removeprefix(f"{side}_"): mark @ turn for name, mark in marks_m.items() if name.startswith(side)}
        if "heel" not in marks:
            marks |= _heel_and_toe(marks)
        points |= {f"{side}_{name}": marks[part] for part, name in _LEG.items()}
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


def _inside(events: tuple[GaitEvent, ...], time_s: Array) -> tuple[tuple[GaitEvent, ...], list[str]]:
    """Return the events of the part of a recording that is used, and how many are left out."""
    kept = tuple(event for event in events if time_s[0] <= event.time_s <= time_s[-1])
    if len(kept) == len(events):
        return events, []
    return kept, [f"Of its {len(events)} events, {len(kept)} lie in this part; the others are left out."]
