"""Simulate one walk: the kinematic model of normal and impaired gait."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import SettingsError
from gait_core.simulate.camera import Camera, sample_camera
from gait_core.simulate.curves import HIP
from gait_core.simulate.impairments import impair
from gait_core.simulate.motion import RATE_HZ, move, reach_step_length, resample
from gait_core.simulate.person import Person, sample_person, vary_day
from gait_core.simulate.skeleton import place_landmarks
from gait_core.simulate.spatiotemporal import spatiotemporal
from gait_core.simulate.truth import SIDES, WalkTruth

__all__ = ["Person", "sample_person", "walk"]

Array = NDArray[np.float64]

_WALK_STREAM: Final = 2203
_PAD_S: Final = 0.8
_EDGE_MARGIN_PX: Final = 6.0


def walk(
    person: Person,
    *,
    duration_s: float = 6.0,
    fps: float = 30.0,
    seed: int,
    impairment: str | None = None,
    severity: float = 0.0,
    affected_side: str = "left",
    direction: int = +1,
    camera: Camera | None = None,
    stay_in_view: bool = True,
) -> WalkTruth:
    """Let a person walk once across the frame.

    The joint curves of the person, changed from walk to walk and from stride to stride, drive the legs; the
    pelvis follows from the foot on the floor, and the legs are then corrected so that the foot does not slide.

    Parameters
    ----------
    person : Person
        Who walks.
    duration_s : float
        Longest duration, s.
    fps : float
        Frame rate, Hz. The motion does not depend on it.
    seed : int
        Seed of this walk; the same person with the same seed walks the same.
    impairment : str or None
        A key of `IMPAIRMENTS`.
    severity : float
        From 0 (exactly the normal walk of that seed) to 1.
    affected_side : {"left", "right"}
        Side of a one-sided impairment.
    direction : {+1, -1}
        +1 crosses the frame from left to right.
    camera : Camera or None
        None draws one from the seed.
    stay_in_view : bool
        True ends the walk where the body would leave the frame, so that it may be shorter than `duration_s`;
        False begins and ends partly outside.

    Returns
    -------
    WalkTruth
        Everything that is known about the walk.

    Raises
    ------
    SettingsError
        When a parameter is out of range.

    References
    ----------
    Winter 1991 (curves); Kadaba 1990, J Orthop Res 8:383, and Hollman 2011, Gait & Posture 34:111 (variation
    between walks and strides); Perry & Burnfield 2010 (heel, ankle and forefoot rocker).
    """
    side = _check(affected_side, direction, duration_s, fps)
    generator = np.random.default_rng([_WALK_STREAM, person.seed, seed])
    camera = camera or sample_camera(generator, person.height_m)
    gait = impair(vary_day(person.gait, generator), impairment, severity, side)
    gait = reach_step_length(person, gait)
    n = int(np.ceil((duration_s + 2 * _PAD_S) * RATE_HZ)) + 1
    motion = move(person, gait, n, generator)
    start_m = _entry_m(camera, direction, person.height_m, stay_in_view)
    at_start = float(np.interp(_PAD_S, motion.time_s, motion.state.root_m[:, 0]))
    motion.state.root_m[:, 0] += start_m - at_start
    shift_m = start_m - at_start
    time_s = np.arange(round(duration_s * fps) + 1) / fps
    state = resample(motion, time_s + _PAD_S)
    room_m = place_landmarks(person, state)
    position_px = camera.project(room_m, direction)
    keep = _frames_in_view(position_px, camera) if stay_in_view else slice(0, len(time_s))
    time_s = time_s[keep]
    begin_s = float(time_s[0])
    angles_deg = np.degrees(state.legs).transpose(1, 0, 2)[keep].copy()
    lean_deg = np.degrees(state.trunk[keep, 0])
    angles_deg[:, :, HIP] += lean_deg[:, None]
    measured = spatiotemporal(motion, begin_s + _PAD_S, float(time_s[-1]) - begin_s, shift_m)
    phase = np.stack([np.interp(time_s + _PAD_S, motion.time_s, cycles) for cycles in motion.cycles], -1)
    return WalkTruth(
        time_s=time_s - begin_s,
        angles_deg=angles_deg,
        trunk_lean_deg=lean_deg,
        phase=phase % 1.0,
        position_px=position_px[keep],
        room_m=room_m[keep],
        direction=direction,
        camera=camera,
        height_m=person.height_m,
        person_seed=person.seed,
        seed=seed,
        impairment=impairment,
        affected_side=affected_side if impairment else None,
        severity=severity if impairment else 0.0,
        **vars(measured),
    )


def _check(affected_side: str, direction: int, duration_s: float, fps: float) -> int:
    if affected_side not in SIDES:
        raise SettingsError(f"Expected affected_side left or right, but got {affected_side!r}.", "Give one of these.")
    if direction not in (1, -1):
        raise SettingsError(f"Expected direction +1 or -1, but got {direction!r}.", "Give one of these.")
    if not 1.0 <= duration_s <= 120.0 or not 5.0 <= fps <= 1000.0:
        raise SettingsError(
            f"Expected 1 to 120 s at 5 to 1000 frames/s, but got {duration_s!r} s at {fps!r}.", "Correct these."
        )
    return SIDES.index(affected_side)


def _entry_m(camera: Camera, direction: int, height_m: float, stay_in_view: bool) -> float:
    """Return where on the path the walk begins, m from its middle."""
    path = np.linspace(-6.0, 6.0, 97)
    points = np.stack([path, np.full_like(path, 0.5 * height_m), np.zeros_like(path)], -1)
    across = camera.project(points, direction)[:, 0]
    edge = 0.0 if direction > 0 else float(camera.width_px)
    order = np.argsort(across)
    entry = float(np.interp(edge, across[order], path[order]))
    return entry + (0.30 * height_m if stay_in_view else -0.15 * height_m)


def _frames_in_view(position_px: Array, camera: Camera) -> slice:
    """Return the longest run of frames in which every landmark lies inside the image."""
    across = position_px[..., 0]
    inside = (across.min(axis=1) > _EDGE_MARGIN_PX) & (across.max(axis=1) < camera.width_px - _EDGE_MARGIN_PX)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int))).reshape(-1, 2)
    if not len(edges) or np.diff(edges, axis=1).max() < 2:
        return slice(0, len(position_px))
    start, end = edges[int(np.argmax(np.diff(edges, axis=1)[:, 0]))]
    return slice(int(start), int(end))
