"""Films a recorded walk from the side: the truth of a walk, projected by a camera, with the errors of a pose model.

Only the legs were recorded: trunk, arms and head stand upright above the hips.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from gait_core.errors import InputError
from gait_core.gait.angles import SIDES
from gait_core.gait.events.gait_events import INITIAL_CONTACT, GaitEvent
from gait_core.markers.mocap_walk import HIP_SHARE, MocapWalk
from gait_core.markers.whole_body import whole_body
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track
from gait_core.simulate.camera import Camera
from gait_core.simulate.noise import NoiseModel, observe
from gait_core.simulate.truth import WalkTruth

__all__ = ["JITTER_M", "jitter", "project"]

Array = NDArray[np.float64]

JITTER_M: Final = 0.008
"""Usual size of the error that changes from frame to frame, m."""
FIELD_OF_VIEW_SHARE: Final = 0.80
"""Share of the frame's width that the walk crosses."""
LEAST_DISTANCE_M: Final = 4.0
_PROJECTION_STREAM: Final = 4409

_REMEDY: Final = "Give a longer recording, with the markers of both legs and an event at each contact of a foot."


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
    room_m = whole_body(walk.height_m, legs)
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
