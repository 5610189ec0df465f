"""Walks by marker motion capture: a truth that was not made by our own simulator.

A recorded walk is turned into the truth of a walk (`WalkTruth`), projected by the same camera as a simulated one, and
given the same landmark errors. Only the legs were recorded: trunk, arms and head stand upright above the hips.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from gait_core.errors import InputError
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, GaitEvent
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track
from gait_core.simulate.camera import Camera
from gait_core.simulate.noise import NoiseModel, observe
from gait_core.simulate.person import Person, sample_person
from gait_core.simulate.skeleton import BodyState, place_landmarks
from gait_core.simulate.truth import SIDES, WalkTruth

__all__ = ["JITTER_M", "MocapWalk", "jitter", "project"]

Array = NDArray[np.float64]

JITTER_M: Final = 0.008
"""Usual size of the error that changes from frame to frame, m."""
HIP_SHARE: Final = 0.53
"""Height of the hip joint over the floor as a share of body height (Drillis & Contini, in Winter 2009, fig. 4.1)."""
HEEL_BACK_SHARE, HEEL_DOWN_SHARE, TOE_FRONT_SHARE = 0.036, 0.017, 0.020
"""Where heel and toe lie from ankle and forefoot on a flat foot, shares of body height."""
FIELD_OF_VIEW_SHARE: Final = 0.80
"""Share of the frame's width that the walk crosses."""
LEAST_DISTANCE_M: Final = 4.0
_KINDS: Final[Mapping[str, str]] = {"HS": INITIAL_CONTACT, "TO": FOOT_OFF}
_LEG: Final[Mapping[str, str]] = {"hip": "hip", "knee": "knee", "ankle": "ankle", "heel": "heel", "toe": "foot_index"}
_REMEDY: Final = "Give a file with time, rate, progress_axis, progress_sign, L_hip … R_ankle, heel and toe, and events."
_PROJECTION_STREAM: Final = 4409


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
        ``left_hip`` … ``right_foot_index``: forward, up, to the walker's right, m; NaN where missing.
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
            raise InputError(f"Expected a walk by motion capture, but {path.name} lacks {error}.", _REMEDY) from error

    def truth_events(self) -> tuple[GaitEvent, ...]:
        """Return the events of the recording, in order of time."""
        return self.events

    @property
    def height_m(self) -> float:
        """Body height estimated from the height of the hips, m."""
        hips = (self.points_m["left_hip"][:, 1] + self.points_m["right_hip"][:, 1]) / 2
        return float(np.nanmedian(hips)) / HIP_SHARE


def jitter(size_m: float = JITTER_M, height_m: float = 1.7) -> NoiseModel:
    """Return errors that are new in every frame, of one size for all landmarks and in both directions.

    Parameters
    ----------
    size_m : float
        SD of each coordinate, m.
    height_m : float
        Body height to which this refers, m.

    Returns
    -------
    NoiseModel
        Without bias, drift, confusion of the legs and dropouts.
    """
    return replace(
        NoiseModel.none(),
        white=np.eye(66) * (size_m / height_m),
        source=f"{1000 * size_m:g} mm from frame to frame",
    )


def project(
    walk: MocapWalk, *, fps: float = 30.0, seed: int = 0, noise: NoiseModel | None = None, direction: int = 1
) -> tuple[WalkTruth, Track]:
    """Film a recorded walk from the side.

    Parameters
    ----------
    walk : MocapWalk
    fps : float
        Frame rate, Hz.
    seed : int
        Decides the landmark errors, and by which part of a frame the frames are shifted against the recording.
    noise : NoiseModel, optional
        Landmark errors; by default those fitted to MediaPipe.
    direction : {+1, -1}
        +1 crosses the frame from left to right.

    Returns
    -------
    WalkTruth
        Motion and events on the clock of the recording.
    Track
        The landmarks found.

    Raises
    ------
    InputError
        When the recording is shorter than two frames, or has no contact to tell the phase of the stride.
    """
    generator = np.random.default_rng([_PROJECTION_STREAM, seed])
    known = np.all([np.isfinite(points).all(axis=1) for points in walk.points_m.values()], axis=0)
    time_s = walk.time_s[known]
    if len(time_s) < 4 or time_s[-1] - time_s[0] < 3.0 / fps:
        raise InputError(
            f"Expected a recording with all joints, but {walk.name} has {len(time_s)} complete samples.", _REMEDY
        )
    start_s = time_s[0] + generator.random() / fps
    frames_s = np.arange(start_s, time_s[-1], 1.0 / fps)
    legs = {name: CubicSpline(time_s, points[known])(frames_s) for name, points in walk.points_m.items()}
    truth = _truth(walk, frames_s, legs, direction, seed)
    return truth, observe(truth, seed=seed, noise=noise)


def _truth(walk: MocapWalk, time_s: Array, legs: Mapping[str, Array], direction: int, seed: int) -> WalkTruth:
    room_m = _whole_body(walk.height_m, legs)
    middle = room_m[:, [INDEX["left_hip"], INDEX["right_hip"]]].mean(axis=1)
    half_m = float(np.ptp(middle[:, 0])) / 2
    room_m = room_m - np.array([middle[:, 0].min() + half_m, 0.0, float(middle[:, 2].mean())])
    camera = _camera(half_m, walk.height_m)
    contacts = {side: _times(walk.events, side, INITIAL_CONTACT) for side in SIDES}
    angles = np.full((len(time_s), 2, 3), np.nan)
    for number, side in enumerate(SIDES):
        for column, joint in enumerate(("hip", "knee", "ankle")):
            if f"{side}_{joint}" in walk.angles:
                angles[:, number, column] = np.interp(time_s, walk.time_s, walk.angles[f"{side}_{joint}"])
    return WalkTruth(
        time_s=time_s,
        events=tuple(event for event in walk.events if time_s[0] <= event.time_s <= time_s[-1]),
        cadence_spm=_cadence_spm(contacts, walk.name),
        speed_mps=float(np.polyfit(time_s, middle[:, 0], 1)[0]),
        stride_length_m=float("nan"),
        step_time_s=dict.fromkeys(SIDES, ()),
        step_length_m=dict.fromkeys(SIDES, ()),
        angles_deg=angles,
        trunk_lean_deg=np.zeros(len(time_s)),
        phase=np.stack([_phase(time_s, contacts[side], walk.name) for side in SIDES], axis=-1),
        position_px=camera.project(room_m, direction),
        room_m=room_m,
        direction=direction,
        camera=camera,
        height_m=walk.height_m,
        person_seed=0,
        seed=seed,
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(f"Expected an .npz file with a walk, but {path.name} cannot be read.", _REMEDY) from error


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


def _times(events: tuple[GaitEvent, ...], side: str, kind: str) -> Array:
    return np.array([event.time_s for event in events if event.side == side and event.kind == kind])


def _stride_s(contacts: Mapping[str, Array], name: str) -> float:
    strides = np.concatenate([np.diff(times) for times in contacts.values()])
    if not len(strides):
        raise InputError(f"Expected two contacts of the same foot in {name}, but there are none.", _REMEDY)
    return float(np.median(strides))


def _cadence_spm(contacts: Mapping[str, Array], name: str) -> float:
    return 120.0 / _stride_s(contacts, name)


def _phase(time_s: Array, contacts: Array, name: str) -> Array:
    """Return the share of the cycle since the last contact; beyond the first and last at the usual rate."""
    if len(contacts) < 2:
        raise InputError(f"Expected two contacts of each foot in {name}, but got {len(contacts)}.", _REMEDY)
    rate = 1.0 / float(np.median(np.diff(contacts)))
    number = np.interp(time_s, contacts, np.arange(len(contacts)))
    number += np.minimum(time_s - contacts[0], 0.0) * rate + np.maximum(time_s - contacts[-1], 0.0) * rate
    return np.asarray(number % 1.0)


def _camera(half_m: float, height_m: float) -> Camera:
    """Stand far enough away for the whole walk, square to it, at the height of the hips."""
    plain = Camera()
    distance_m = max(LEAST_DISTANCE_M, half_m * plain.focal_px / (FIELD_OF_VIEW_SHARE * plain.width_px / 2))
    return replace(plain, distance_m=distance_m, height_m=HIP_SHARE * height_m, pitch_deg=0.0)


def _whole_body(height_m: float, legs: Mapping[str, Array]) -> Array:
    """Add an upright trunk, hanging arms and a head to recorded legs, shape (n, 33, 3)."""
    person: Person = replace(sample_person(0), height_m=height_m)
    root = (legs["left_hip"] + legs["right_hip"]) / 2
    n = len(root)
    state = BodyState(
        root_m=root,
        legs=np.zeros((2, n, 3)),
        abduction=np.zeros((2, n)),
        pelvis=np.zeros((n, 2)),
        trunk=np.zeros((n, 3)),
        arms=np.zeros((2, n, 2)),
        head=np.zeros(n),
    )
    room_m = place_landmarks(person, state)
    for name, points in legs.items():
        room_m[:, INDEX[name]] = points
    return room_m
