"""Keeps standing feet in their places on the floor and swinging feet clear of it.

Angles are in radians here. Arrays of angles have shape (2, n, 3): side, frame, (thigh, knee, ankle).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from gait_core.simulate.legs import LegLengths, leg_points

__all__ = ["Placement", "clear_the_floor", "plant_feet"]

Array = NDArray[np.float64]

_DAMPING: Final = 0.012
_RELEASE: Final = 0.06
_ITERATIONS: Final = 5
_STRAIGHT: Final = 0.02
_LONGEST: Final = 0.9992
# The knee gives way more readily than the thigh: it hides a floor mismatch where the eye does not see it.
_JOINT_COST: Final = np.array([1.3, 0.8, 1.0])


@dataclass(frozen=True, kw_only=True, eq=False)
class Placement:
    """Where a foot stood: from `start` to `end` (indices of frames), with the ankle over `ankle_x_m` when flat."""

    side: int
    start: int
    end: int
    ankle_x_m: float


def plant_feet(
    angles: Array,
    hips: Array,
    stances: list[tuple[int, int, int]],
    share: Array,
    lengths: LegLengths,
    drop: Array,
) -> tuple[Array, Array, list[Placement]]:
    """Correct the leg angles so that each standing foot keeps its place on the floor.

    Parameters
    ----------
    angles : ndarray, shape (2, n, 3)
        Leg angles, rad.
    hips : ndarray, shape (2, n, 2)
        Hip joints in the room, m.
    stances : list of (side, start, end)
        Frames from initial contact to foot off.
    share : ndarray, shape (2, n)
        Share of the foot tip in the contact.
    lengths : LegLengths
        Lengths of the leg.
    drop : ndarray, shape (2, n)
        Cosine of the sideways lift.

    Returns
    -------
    tuple
        Corrected angles, shape (2, n, 3); by how much the pelvis has to come down so that both feet reach their
        places, shape (n,), m; where each foot stood.
    """
    _, _, heel, tip = leg_points(angles, lengths, drop)
    over = (heel[..., 0] + lengths.heel_back) * (1 - share) + (tip[..., 0] - lengths.foot_front) * share
    over = over + hips[..., 0]
    target = np.full(share.shape, np.nan)
    grip = np.ones_like(share)
    placements = []
    for side, start, end in stances:
        middle = over[side, start + int(0.05 * (end - start)) : max(end - int(0.25 * (end - start)), start + 1)]
        ankle_x_m = float(middle.mean()) if len(middle) else float(over[side, start])
        target[side, start:end] = ankle_x_m
        # The toes peel off gradually: the hold on the floor fades over the last tenth of stance.
        left = (end - np.arange(start, end)) / max(0.14 * (end - start), 1.0)
        grip[side, start:end] = _RELEASE + (1.0 - _RELEASE) * np.clip(left, 0.0, 1.0) ** 2
        placements.append(Placement(side=side, start=start, end=end, ankle_x_m=ankle_x_m))
    standing = np.isfinite(target)
    lowered = _lower_pelvis(angles, hips, target, share, grip, lengths, drop)
    hips = hips - np.stack([np.zeros_like(lowered), lowered], -1)
    solved = _reach(
        angles[standing],
        hips[standing],
        target[standing],
        share[standing],
        grip[standing],
        lengths,
        np.asarray(drop)[standing],
    )
    correction = np.zeros_like(angles)
    correction[standing] = solved - angles[standing]
    _carry_through_swing(correction, stances)
    return angles + correction, lowered, placements


def _lower_pelvis(
    angles: Array, hips: Array, target: Array, share: Array, grip: Array, lengths: LegLengths, drop: Array
) -> Array:
    """Return how far the pelvis has to come down for straight legs to reach the places of the feet, shape (n,), m."""
    pitch = angles[..., 0] - angles[..., 1] + angles[..., 2]
    sin, cos = np.sin(pitch), np.cos(pitch)
    # The ankle stands over its place when the sole is flat, behind and above it when the foot rolls over its tip.
    over_tip, over_heel = lengths.foot_front * (1.0 - cos), lengths.heel_back * (cos - 1.0)
    forward = target + share * over_tip + (1.0 - share) * over_heel - lengths.ankle_height * sin
    above = lengths.ankle_height * cos - share * lengths.foot_front * sin + (1.0 - share) * lengths.heel_back * sin
    reach = _LONGEST * (lengths.thigh + lengths.shank)
    across = np.minimum(np.abs(forward - hips[..., 0]), 0.9 * reach)
    highest = above + np.sqrt(reach**2 - across**2) * drop
    lack = np.where(np.isfinite(target) & (grip > 0.8), np.maximum(hips[..., 1] - highest, 0.0), 0.0).max(axis=0)
    return np.asarray(gaussian_filter1d(maximum_filter1d(lack, 9), 3.0, mode="nearest"))


def _reach(
    angles: Array, hips: Array, ankle_x: Array, share: Array, grip: Array, lengths: LegLengths, drop: Array
) -> Array:
    """Solve for the least change of three joints that brings the loaded points of the sole to their place."""
    start = angles
    weight_heel, weight_tip = (grip * (1.0 - share))[:, None], (grip * share)[:, None]
    heel_goal = np.stack([ankle_x - lengths.heel_back, np.zeros_like(ankle_x)], -1)
    tip_goal = np.stack([ankle_x + lengths.foot_front, np.zeros_like(ankle_x)], -1)
    damping = np.diag((_DAMPING * _JOINT_COST) ** 2)
    for _ in range(_ITERATIONS):
        knee, ankle, heel, tip = leg_points(angles, lengths, drop)
        error = np.concatenate([weight_heel * (heel_goal - hips - heel), weight_tip * (tip_goal - hips - tip)], axis=1)
        jacobian = np.concatenate(
            [
                weight_heel[:, :, None] * _jacobian(heel, knee, ankle, drop),
                weight_tip[:, :, None] * _jacobian(tip, knee, ankle, drop),
            ],
            axis=1,
        )
        pull = (jacobian.transpose(0, 2, 1) @ error[:, :, None])[:, :, 0] + (start - angles) @ damping
        # A knee does not bend backwards: at its limit, thigh and ankle do what they can alone.
        locked = (angles[:, 1] <= _STRAIGHT) & (pull[:, 1] < 0.0)
        jacobian[locked, :, 1] = 0.0
        pull[locked, 1] = 0.0
        normal = jacobian.transpose(0, 2, 1) @ jacobian + damping
        angles = angles + np.clip(np.linalg.solve(normal, pull[:, :, None])[:, :, 0], -0.3, 0.3)
        angles[:, 1] = np.maximum(angles[:, 1], _STRAIGHT)
    return angles


def _jacobian(point: Array, knee: Array, ankle: Array, drop: Array) -> Array:
    """Return d(point)/d(thigh, knee, ankle), shape (n, 2, 3): thigh and ankle turn forward, the knee backward."""

    def turn(centre: Array | float) -> Array:
        arm = point - centre
        return np.stack([-arm[:, 1] / drop, arm[:, 0] * drop], -1)

    about_hip, about_knee, about_ankle = turn(0.0), turn(knee), turn(ankle)
    return np.stack([about_hip, -about_knee, about_ankle], -1)


def _carry_through_swing(correction: Array, stances: list[tuple[int, int, int]]) -> None:
    """Blend the correction at foot off into that at the next contact, in place."""
    for side in (0, 1):
        own = sorted((start, end) for s, start, end in stances if s == side)
        if not own:
            continue
        correction[side, : own[0][0]] = correction[side, own[0][0]]
        correction[side, own[-1][1] :] = correction[side, own[-1][1] - 1]
        for (_, end), (start, _) in pairwise(own):
            gap = start - end
            if gap <= 0:
                continue
            x = (np.arange(1, gap + 1) / (gap + 1))[:, None]
            smooth = x * x * (3.0 - 2.0 * x)
            correction[side, end:start] = (1 - smooth) * correction[side, end - 1] + smooth * correction[side, start]


def clear_the_floor(
    angles: Array,
    hips: Array,
    clearance: Array,
    effort: Array,
    abduction: Array,
    lifts_sideways: Array,
    lengths: LegLengths,
) -> tuple[Array, Array]:
    """Lift a swinging foot that would touch the floor, by ankle, knee and thigh together or sideways.

    Parameters
    ----------
    angles : ndarray, shape (2, n, 3)
        Leg angles, rad.
    hips : ndarray, shape (2, n, 2)
        Hip joints in the room, m.
    clearance : ndarray, shape (2, n)
        Least height of the sole, m.
    effort : ndarray, shape (2, n)
        How far to go for it, in [0, 1]: 0 where the foot stands.
    abduction : ndarray, shape (2, n)
        Sideways angle of the legs, outwards +, rad.
    lifts_sideways : ndarray, shape (2,)
        Share of the missing height that each leg gains by swinging outwards instead of bending more.
    lengths : LegLengths
        Lengths of the leg.

    Returns
    -------
    tuple of ndarray
        Angles, shape (2, n, 3), and abduction, shape (2, n), with the foot clear of the floor.
    """
    angles, abduction = angles.copy(), abduction.copy()
    sideways = lifts_sideways[:, None]
    for _ in range(3):
        knee, ankle, heel, tip = leg_points(angles, lengths, np.cos(abduction))
        heel_lower = heel[..., 1] < tip[..., 1]
        low = np.where(heel_lower[..., None], heel, tip)
        lack = np.maximum(clearance - (low + hips)[..., 1], 0.0) * (effort > 0)
        if lack.max() < 0.0005:
            break
        lack = gaussian_filter1d(maximum_filter1d(lack, 7, axis=1), 2.0, axis=1, mode="nearest") * effort
        cosine = np.cos(abduction) * (1.0 - sideways * lack / np.maximum(-low[..., 1], 0.3))
        abduction = np.where(sideways * lack > 0, np.arccos(np.clip(cosine, 0.5, 1.0)), abduction)
        lack = lack * (1.0 - sideways)
        # Thigh forward and knee bent by nearly the same angle lifts the foot and hardly moves the shank.
        lift_thigh = -knee[..., 1] * np.sin(np.clip(angles[..., 0], 0.2, None)) + 0.15
        lift_ankle = np.where(heel_lower, 0.0, (low - ankle)[..., 0])
        total = lift_thigh**2 + lift_ankle**2
        by_thigh, by_ankle = lack * lift_thigh / total, lack * lift_ankle / total
        angles[..., 0] += by_thigh
        angles[..., 1] += 1.6 * by_thigh
        angles[..., 2] += by_ankle + 0.6 * by_thigh
    return angles, abduction
