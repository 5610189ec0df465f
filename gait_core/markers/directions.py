"""Where up, forward and right lie in the axes of a laboratory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.gait.angles import SIDES
from gait_core.gait.gaps import runs
from gait_core.markers.marker_sets import LegMarkers

__all__ = ["Directions", "directions_of"]

Array = NDArray[np.float64]

LARGEST_TILT_DEG: Final = 20.0
"""Up is an axis of the laboratory when the body lies within this of it."""
FLAT_M: Final = 0.03
"""A foot is flat while heel and toe are both within this of where they are lowest, m."""
LOWEST_PCT: Final = 5.0
LEAST_SPEED_MPS: Final = 0.1
"""Slower walks do not tell a direction; the feet do, m/s."""
TREADMILL_SHARE: Final = 0.5
"""On a treadmill the pelvis goes at most this share of the way that the standing feet go back."""
LONG_SHARE: Final = 0.5
"""A pass is a longer one when it lasts at least this share of the longest."""
_LEAST_FLAT: Final = 3
_LEAST_LENGTH: Final = 1e-6


@dataclass(frozen=True, kw_only=True)
class Directions:
    """Unit vectors in the recorded axes, and whether the floor moved.

    Attributes
    ----------
    up : ndarray, shape (3,)
    forward : ndarray, shape (3,)
        Horizontal: where the feet point in the first longer pass, along the way that the pelvis goes over them.
    right : ndarray, shape (3,)
        ``forward × up``.
    treadmill : bool
        The pelvis moves less than the standing feet let expect.
    """

    up: Array
    forward: Array
    right: Array
    treadmill: bool


def directions_of(legs: LegMarkers, rate_hz: float) -> Directions:
    """Find the directions of a trial from the body, whichever axis of the file is up.

    Parameters
    ----------
    legs : LegMarkers
    rate_hz : float
        Frames per second.

    Returns
    -------
    Directions

    Raises
    ------
    InputError
        When hips and feet are not seen together in any frame, or the feet point up.
    """
    points = legs.points_m
    up = _up(points["left_hip"] + points["right_hip"], points["left_heel"] + points["right_heel"])
    feet = [(points[f"{side}_heel"], points[f"{side}_foot_index"]) for side in SIDES]
    pelvis = (points["left_hip"] + points["right_hip"]) / 2
    headings = np.stack([_flat(toe - heel, up) for heel, toe in feet])
    flat = np.stack([_is_flat(heel @ up, toe @ up) for heel, toe in feet])
    pointing = np.asarray(np.isfinite(headings).all(axis=2))
    flat &= pointing
    if flat.sum() < _LEAST_FLAT:
        flat = pointing
    facing, frames = _first_pass(headings, flat)
    flat[:, ~frames] = False
    velocity = _velocity(pelvis, up, rate_hz)
    over_feet = np.stack([velocity - _velocity((heel + toe) / 2, up, rate_hz) for heel, toe in feet])
    way = _way(over_feet, flat, facing)
    speed_mps = float(np.linalg.norm(way))
    moves = speed_mps >= LEAST_SPEED_MPS
    # In backward walking the pelvis moves opposite to the feet; the feet show which way is forward.
    forward = way / speed_mps * (1.0 if way @ facing > 0.0 else -1.0) if moves else facing
    return Directions(
        up=up,
        forward=forward,
        right=np.cross(forward, up),
        treadmill=bool(moves and _pelvis_mps(velocity, frames) < TREADMILL_SHARE * speed_mps),
    )


def _up(hips: Array, heels: Array) -> Array:
    """Return the axis of the file that leads from the heels to the hips; between the axes when none is near."""
    body = (hips - heels)[np.isfinite(hips - heels).all(axis=1)]
    length = float(np.linalg.norm(body.mean(axis=0))) if len(body) else 0.0
    if length == 0.0:
        raise InputError(
            "Expected both hips above both heels in at least one frame in which all are seen, but there is none.",
            "Fill the gaps of the markers in the program that recorded them.",
        )
    mean = body.mean(axis=0) / length
    axis = int(np.argmax(np.abs(mean)))
    if abs(mean[axis]) < np.cos(np.deg2rad(LARGEST_TILT_DEG)):
        return np.asarray(mean)
    up = np.zeros(3)
    up[axis] = np.sign(mean[axis])
    return up


def _flat(vectors: Array, up: Array) -> Array:
    """Return the horizontal part as unit vectors."""
    level = vectors - np.outer(vectors @ up, up)
    length = np.linalg.norm(level, axis=1, keepdims=True)
    return np.asarray(level / np.where(length > _LEAST_LENGTH, length, np.nan))


def _is_flat(heel_m: Array, toe_m: Array) -> NDArray[np.bool_]:
    if not (np.isfinite(heel_m).any() and np.isfinite(toe_m).any()):
        return np.zeros(len(heel_m), dtype=bool)
    low = [np.nan_to_num(part, nan=np.inf) <= np.nanpercentile(part, LOWEST_PCT) + FLAT_M for part in (heel_m, toe_m)]
    return np.asarray(low[0] & low[1])


def _first_pass(headings: Array, flat: NDArray[np.bool_]) -> tuple[Array, NDArray[np.bool_]]:
    """Return the direction of the feet in the first longer pass, and its frames."""
    if not flat.any():
        raise InputError(
            "Expected heels and toes of which one lies in front of the other, but they are never seen so.",
            "Check the markers on heels and toes in the program that recorded them.",
        )
    seen = headings[flat]
    # The axis along which most feet point, whichever way.
    axis = np.linalg.eigh(seen.T @ seen)[1][:, -1]
    along = np.where(flat, headings @ axis, 0.0).sum(axis=0)
    told = np.flatnonzero(along)
    if not len(told):
        told, along = np.array([0]), np.ones(len(along))
    # A frame without a flat foot goes on in the direction of the last one.
    before = np.maximum(np.searchsorted(told, np.arange(len(along)), side="right") - 1, 0)
    ahead = along[told[before]] > 0.0
    passes = [(start, stop, sign) for sign in (True, False) for start, stop in runs(ahead == sign)]
    longest = max(stop - start for start, stop, _ in passes)
    start, stop, _ = min(one for one in passes if one[1] - one[0] >= LONG_SHARE * longest)
    frames = np.zeros(len(along), dtype=bool)
    frames[start:stop] = True
    mean = headings[flat & frames].mean(axis=0)
    length = float(np.linalg.norm(mean))
    return np.asarray(mean / length if length > _LEAST_LENGTH else axis), frames


def _velocity(position: Array, up: Array, rate_hz: float) -> Array:
    """Return the horizontal velocity, m/s; NaN next to gaps and for a single frame."""
    if len(position) < 2:
        return np.full(position.shape, np.nan)
    velocity = np.gradient(position, axis=0) * rate_hz
    return np.asarray(velocity - np.outer(velocity @ up, up))


def _way(over_feet: Array, flat: NDArray[np.bool_], facing: Array) -> Array:
    """Return the mean velocity of the pelvis over the standing feet, m/s.

    A foot that swings low goes the other way under the pelvis than one that stands. Feet stand for most of the time.
    """
    known = flat & np.isfinite(over_feet).all(axis=2)
    if not known.any():
        return np.zeros(3)
    along = np.where(known, np.nan_to_num(over_feet) @ facing, np.nan)
    chosen = over_feet[known & (along * np.nanmedian(along) >= 0.0)]
    return np.asarray(chosen.mean(axis=0))


def _pelvis_mps(velocity: Array, frames: NDArray[np.bool_]) -> float:
    known = velocity[frames & np.isfinite(velocity).all(axis=1)]
    return float(np.linalg.norm(known.mean(axis=0))) if len(known) else 0.0
