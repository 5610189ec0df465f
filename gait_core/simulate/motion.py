"""The motion of one walk on a fine clock: pelvis, legs, trunk and arms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

from gait_core.simulate.curves import HIP, NORMAL_FOOT_OFF, SAMPLES
from gait_core.simulate.floor_contact import Placement, clear_the_floor, plant_feet
from gait_core.simulate.legs import LegLengths, solve_root
from gait_core.simulate.person import GaitParameters, Person
from gait_core.simulate.skeleton import ADDUCTION_DEG, BodyState, hip_offsets

__all__ = ["RATE_HZ", "Motion", "move", "reach_step_length", "resample"]

Array = NDArray[np.float64]

RATE_HZ: Final = 100.0
"""Frames per second of the fine clock."""

_LATERAL_SWAY_M: Final = 0.016


@dataclass(frozen=True, kw_only=True, eq=False)
class Motion:
    """Motion on the fine clock: `cycles` counts gait cycles of each side, shape (2, n)."""

    time_s: Array
    cycles: Array
    state: BodyState
    placements: list[Placement]
    foot_off: Array


def _look_up(curves: Array, phase: Array) -> Array:
    """Read (2, 3, 128) curves at phases (2, n): (2, n, 3)."""
    where = (phase % 1.0) * SAMPLES
    low = where.astype(int)
    share = (where - low)[..., None]
    low %= SAMPLES
    rows = np.arange(2)[:, None]
    by_time = curves.transpose(0, 2, 1)
    result: Array = by_time[rows, low] * (1 - share) + by_time[rows, (low + 1) % SAMPLES] * share
    return result


def _warp(phase: Array, foot_off: Array) -> Array:
    """Map the phase so that foot off falls where the normal curves have it; contact stays contact."""
    foot_off = foot_off[:, None]
    stance = phase * (NORMAL_FOOT_OFF / foot_off)
    swing = 1.0 - (1.0 - phase) * ((1.0 - NORMAL_FOOT_OFF) / (1.0 - foot_off))
    return np.where(phase < foot_off, stance, swing)


def _ramp(phase: Array, rise_end: float, fall_start: Array | float, fall_end: Array | float) -> Array:
    """Rise from 0 at contact, stay 1, fall to 0, with smooth edges."""
    rise = np.clip(phase / rise_end, 0.0, 1.0)
    fall = np.clip((fall_end - phase) / (fall_end - fall_start), 0.0, 1.0)
    ramp = np.minimum(rise, fall)
    return ramp * ramp * (3.0 - 2.0 * ramp)


def _load(warped: Array) -> tuple[Array, Array]:
    """Return the share of weight on each foot, and how much each leg decides the pelvis height, both (2, n)."""
    load = _ramp(warped, 0.11, NORMAL_FOOT_OFF - 0.11, NORMAL_FOOT_OFF) + 1e-4
    bearing = _ramp(warped, 0.015, 0.38, 0.46) + 1e-4
    return load / load.sum(axis=0), bearing


def _pelvis(gait: GaitParameters, cycles: Array, warped: Array) -> Array:
    """Rotation (right side forward +) and list (right side up +) of the pelvis, shape (n, 2), rad."""
    turn = -gait.pelvis_rotation_deg * np.cos(2 * np.pi * cycles[0])
    # The pelvis drops on the swinging side just after the other foot has taken the weight.
    tilt = -gait.pelvis_drop_deg * np.sin(2 * np.pi * (cycles[0] + 0.02))
    swing = np.where(warped > NORMAL_FOOT_OFF, np.sin(np.pi * (warped - NORMAL_FOOT_OFF) / (1 - NORMAL_FOOT_OFF)), 0.0)
    hike = gait.pelvis_hike_deg[:, None] * swing**2
    result: Array = np.radians(np.stack([turn, tilt + hike[1] - hike[0]], -1))
    return result


def _abduction(gait: GaitParameters, warped: Array) -> Array:
    """Sideways angle of the legs, outwards +, shape (2, n), rad."""
    swing = np.clip((warped - 0.55) / (1.02 - 0.55), 0.0, 1.0)
    result: Array = np.radians(-ADDUCTION_DEG + gait.abduction_deg[:, None] * np.sin(np.pi * swing) ** 2)
    return result


def reach_step_length(person: Person, gait: GaitParameters) -> GaitParameters:
    """Scale the swing of the thighs until the mean step has the wanted length.

    Returns
    -------
    GaitParameters
        With the scaled swing.
    """
    cycle = np.arange(SAMPLES) / SAMPLES
    cycles = np.stack([cycle, cycle - gait.right_lag])
    warped = _warp(cycles % 1.0, gait.foot_off)
    pelvis = _pelvis(gait, cycles, warped)
    hips = hip_offsets(pelvis, person.length_m("hip_half"))[..., :2]
    load, bearing = _load(warped)
    drop = np.cos(_abduction(gait, warped))
    lengths = LegLengths.of(person)
    mean = gait.curves[:, HIP].mean(axis=1, keepdims=True)

    def scaled(scale: float) -> GaitParameters:
        curves = gait.curves.copy()
        curves[:, HIP] = mean + scale * (curves[:, HIP] - mean)
        return replace(gait, curves=curves)

    def step_m(scale: float) -> float:
        angles = np.radians(_look_up(scaled(scale).curves, warped))
        root, _ = solve_root(angles, hips, load, bearing, lengths, drop, SAMPLES / 1.1)
        return float(root[-1, 0] - root[0, 0]) * SAMPLES / (SAMPLES - 1) / 2.0

    low, high = 0.85, 1.15
    at_low, at_high = step_m(low), step_m(high)
    scale = 1.0
    for _ in range(2):
        slope = (at_high - at_low) / (high - low)
        scale = float(np.clip(high + (gait.step_length_m - at_high) / slope, 0.1, 1.8))
        low, at_low, high, at_high = high, at_high, scale, step_m(scale)
        if abs(at_high - gait.step_length_m) < 0.002:
            break
    return scaled(scale)


def _smooth_noise(generator: np.random.Generator, shape: tuple[int, ...], memory_s: float) -> Array:
    """Return noise of unit SD that changes over about `memory_s`, along the last axis."""
    sigma = memory_s * RATE_HZ
    raw = gaussian_filter1d(generator.standard_normal(shape), sigma, axis=-1, mode="wrap")
    result: Array = raw * np.sqrt(2.0 * np.sqrt(np.pi) * sigma)
    return result


def move(person: Person, gait: GaitParameters, n: int, generator: np.random.Generator) -> Motion:
    """Simulate n frames of the fine clock.

    Parameters
    ----------
    person : Person
        Who walks.
    gait : GaitParameters
        How.
    n : int
        Number of frames at `RATE_HZ`.
    generator : numpy.random.Generator
        Source of chance.

    Returns
    -------
    Motion
        Pelvis, angles and foot placements.
    """
    time_s = np.arange(n) / RATE_HZ
    tempo = 1.0 + 0.02 * gait.noise_scale * _smooth_noise(generator, (n,), 0.35)
    cycles_left = generator.random() + np.cumsum(gait.cadence_spm / 120.0 * tempo) / RATE_HZ
    cycles = np.stack([cycles_left, cycles_left - gait.right_lag])
    phase = cycles % 1.0
    warped = _warp(phase, gait.foot_off)
    legs_deg = _look_up(gait.curves, warped)
    noise = _smooth_noise(generator, (2, 3, n), 0.14).transpose(0, 2, 1)
    legs = np.radians(legs_deg + gait.noise_scale * np.array([0.9, 1.3, 1.1]) * noise)
    legs[..., 1] = np.maximum(legs[..., 1], 0.02)
    pelvis = _pelvis(gait, cycles, warped)
    pelvis += np.radians(0.5 * _smooth_noise(generator, (2, n), 0.3).T)
    abduction = _abduction(gait, warped)
    drop = np.cos(abduction)
    lengths = LegLengths.of(person)
    hips = hip_offsets(pelvis, person.length_m("hip_half"))[..., :2]
    load, bearing = _load(warped)
    root, share = solve_root(legs, hips, load, bearing, lengths, drop, RATE_HZ)
    stances = _stances(cycles, gait.foot_off)
    hips = hips + root
    legs, lowered, placements = plant_feet(legs, hips, stances, share, lengths, drop)
    hips[..., 1] -= lowered
    root[:, 1] -= lowered
    # From shortly before foot off, where the toes peel off the floor, to contact, with soft ends.
    swing = (phase - gait.foot_off[:, None]) / (1 - gait.foot_off[:, None])
    clearance = gait.clearance_m * np.sin(np.pi * np.clip(swing, 0.0, 1.0))
    effort = _ramp(swing + 0.25, 0.12, 1.10, 1.25)
    legs, abduction = clear_the_floor(legs, hips, clearance, effort, abduction, gait.lifts_sideways, lengths)
    sway = -_LATERAL_SWAY_M * np.sin(2 * np.pi * (cycles[0] - 0.05))
    state = BodyState(
        root_m=np.concatenate([root, sway[:, None]], axis=1),
        legs=legs,
        abduction=abduction,
        pelvis=pelvis,
        trunk=_trunk(gait, cycles, load, generator),
        arms=_arms(gait, cycles, generator),
        head=np.radians(gait.head_deg + 0.8 * _smooth_noise(generator, (n,), 0.4)),
    )
    return Motion(
        time_s=time_s,
        cycles=cycles,
        state=state,
        placements=placements,
        foot_off=gait.foot_off,
    )


def _stances(cycles: Array, foot_off: Array) -> list[tuple[int, int, int]]:
    """Return (side, first frame, frame after the last) of every stance."""
    found = []
    for side in (0, 1):
        standing = (cycles[side] % 1.0) < foot_off[side]
        edges = np.flatnonzero(np.diff(np.concatenate([[False], standing, [False]]).astype(int)))
        found += [(side, int(start), int(end)) for start, end in edges.reshape(-1, 2)]
    return found


def _trunk(gait: GaitParameters, cycles: Array, load: Array, generator: np.random.Generator) -> Array:
    """Forward lean, lean to the right and rotation of the trunk, shape (n, 3), rad."""
    noise = _smooth_noise(generator, (3, len(cycles[0])), 0.3)
    lean = gait.trunk_lean_deg + gait.trunk_sway_deg * np.cos(4 * np.pi * (cycles[0] - 0.05)) + 0.5 * noise[0]
    lurch = gait.trunk_lurch_deg[1] * load[1] - gait.trunk_lurch_deg[0] * load[0] + 0.4 * noise[1]
    turn = gait.trunk_rotation_deg * np.cos(2 * np.pi * cycles[0]) + 0.5 * noise[2]
    result: Array = np.radians(np.stack([lean, lurch, turn], -1))
    return result


def _arms(gait: GaitParameters, cycles: Array, generator: np.random.Generator) -> Array:
    """Shoulder and elbow flexion, shape (2, n, 2), rad: each arm swings with the opposite leg."""
    noise = _smooth_noise(generator, (2, 2, cycles.shape[1]), 0.3)
    swing = -np.cos(2 * np.pi * (cycles - 0.02))
    shoulder = gait.arm_offset_deg[:, None] + gait.arm_swing_deg[:, None] * (swing + 0.05 * noise[0]) + 0.8 * noise[0]
    bend = -np.cos(2 * np.pi * (cycles - 0.06))
    elbow = gait.elbow_deg[:, None] + gait.elbow_swing_deg[:, None] * bend + 1.2 * noise[1]
    result: Array = np.radians(np.stack([shoulder, np.maximum(elbow, 3.0)], -1))
    return result


def resample(motion: Motion, time_s: Array) -> BodyState:
    """Read the motion at the times of the frames.

    Returns
    -------
    BodyState
        One state per entry of `time_s`.
    """
    state = motion.state
    n = len(motion.time_s)
    parts = [
        state.root_m,
        state.legs.transpose(1, 0, 2).reshape(n, 6),
        state.abduction.T,
        state.pelvis,
        state.trunk,
        state.arms.transpose(1, 0, 2).reshape(n, 4),
        state.head[:, None],
    ]
    values = CubicSpline(motion.time_s, np.concatenate(parts, axis=1))(time_s)
    root, legs, abduction, pelvis, trunk, arms, head = np.split(values, np.cumsum([p.shape[1] for p in parts])[:-1], 1)
    # The spline may overshoot by a fraction of a degree where the knee is straight.
    legs[:, [1, 4]] = np.maximum(legs[:, [1, 4]], 0.0)
    return BodyState(
        root_m=root,
        legs=legs.reshape(-1, 2, 3).transpose(1, 0, 2),
        abduction=abduction.T,
        pelvis=pelvis,
        trunk=trunk,
        arms=arms.reshape(-1, 2, 2).transpose(1, 0, 2),
        head=head[:, 0],
    )
