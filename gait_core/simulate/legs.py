"""The sagittal leg chain, and how the pelvis moves over the loaded foot.

Angles are in radians here. Arrays of angles have shape (2, n, 3): side, frame, (thigh, knee, ankle).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from gait_core.simulate.person import Person

__all__ = ["LegLengths", "leg_points", "solve_root"]

Array = NDArray[np.float64]

_CONTACT_BLEND_M: Final = 0.010


@dataclass(frozen=True, kw_only=True)
class LegLengths:
    """Lengths of a leg, m: the foot is a rigid sole from heel to tip below the ankle."""

    thigh: float
    shank: float
    ankle_height: float
    heel_back: float
    foot_front: float

    @classmethod
    def of(cls, person: Person) -> LegLengths:
        """Take the lengths from a person."""
        return cls(**{name: person.length_m(name) for name in cls.__dataclass_fields__})


def leg_points(angles: Array, lengths: LegLengths, drop: Array | float = 1.0) -> tuple[Array, Array, Array, Array]:
    """Place knee, ankle, heel and foot tip relative to the hip.

    Parameters
    ----------
    angles : ndarray, shape (..., 3)
        Thigh against the vertical (forward +), knee flexion, ankle dorsiflexion, rad.
    lengths : LegLengths
        Lengths of the leg.
    drop : ndarray, shape (...), or float
        Cosine of the sideways lift of the leg, which shortens it vertically.

    Returns
    -------
    tuple of four ndarray, shape (..., 2)
        Knee, ankle, heel, foot tip: forward and up, m.
    """
    thigh = angles[..., 0]
    shank = thigh - angles[..., 1]
    pitch = shank + angles[..., 2]
    sin, cos = np.sin(pitch), np.cos(pitch)
    knee_x, knee_y = lengths.thigh * np.sin(thigh), -lengths.thigh * np.cos(thigh)
    ankle_x, ankle_y = knee_x + lengths.shank * np.sin(shank), knee_y - lengths.shank * np.cos(shank)
    sole_x, sole_y = ankle_x + lengths.ankle_height * sin, ankle_y - lengths.ankle_height * cos
    heel_x, heel_y = sole_x - lengths.heel_back * cos, sole_y - lengths.heel_back * sin
    tip_x, tip_y = sole_x + lengths.foot_front * cos, sole_y + lengths.foot_front * sin
    return (
        np.stack([knee_x, knee_y * drop], -1),
        np.stack([ankle_x, ankle_y * drop], -1),
        np.stack([heel_x, heel_y * drop], -1),
        np.stack([tip_x, tip_y * drop], -1),
    )


def _tip_share(heel: Array, tip: Array) -> Array:
    """Return how much the tip rather than the heel carries the foot, in [0, 1]."""
    return 1.0 / (1.0 + np.exp(np.clip((tip[..., 1] - heel[..., 1]) / _CONTACT_BLEND_M, -30, 30)))


def solve_root(
    angles: Array, hips: Array, load: Array, bearing: Array, lengths: LegLengths, drop: Array, rate_hz: float
) -> tuple[Array, Array]:
    """Move the pelvis so that the loaded foot neither slides nor leaves the floor.

    Parameters
    ----------
    angles : ndarray, shape (2, n, 3)
        Leg angles, rad.
    hips : ndarray, shape (2, n, 2)
        Hip joints relative to the pelvis, m.
    load : ndarray, shape (2, n)
        Share of weight on each foot; the two sum to 1.
    bearing : ndarray, shape (2, n)
        How much each leg decides the height of the pelvis: the leading one does, the trailing one gives way.
    lengths : LegLengths
        Lengths of the leg.
    drop : ndarray, shape (2, n)
        Cosine of the sideways lift.
    rate_hz : float
        Frames per second.

    Returns
    -------
    tuple of ndarray
        Pelvis, shape (n, 2): forward and up, m; and the share of the foot tip in the contact, shape (2, n).
    """
    _, _, heel, tip = leg_points(angles, lengths, drop)
    heel, tip = heel + hips, tip + hips
    share = _tip_share(heel, tip)
    height = np.sum(bearing * -(heel[..., 1] * (1 - share) + tip[..., 1] * share), axis=0)
    mid_share = 0.5 * (share[:, 1:] + share[:, :-1])
    mid_load = 0.5 * (load[:, 1:] + load[:, :-1])
    step = np.diff(heel[..., 0], axis=1) * (1 - mid_share) + np.diff(tip[..., 0], axis=1) * mid_share
    speed = -np.sum(mid_load * step, axis=0) / mid_load.sum(axis=0)
    # The trunk is heavy: its speed and height change smoothly, the legs take up the rest.
    speed = gaussian_filter1d(speed, 0.045 * rate_hz, mode="nearest")
    sigma = 0.035 * rate_hz
    height = gaussian_filter1d(height, sigma, mode="nearest") / gaussian_filter1d(
        bearing.sum(axis=0), sigma, mode="nearest"
    )
    forward = np.concatenate([[0.0], np.cumsum(speed)])
    return np.stack([forward, height], -1), share
