"""The fast path: from the truth to landmarks as MediaPipe would have given them, without an image."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from gait_core.pose.landmarks import INDEX, MIRROR, RIGHT
from gait_core.pose.track import Track
from gait_core.simulate.noise_levels import levels
from gait_core.simulate.noise_model import HARMONICS, PHASE_BINS, NoiseModel
from gait_core.simulate.truth import SIDES, WalkTruth

__all__ = [
    "FAR_LEG",
    "HARMONICS",
    "LEG",
    "NEAR_LEG",
    "PHASE_BINS",
    "NoiseModel",
    "from_canonical",
    "observe",
    "phase_basis",
    "phase_bin",
    "to_canonical",
]

Array = NDArray[np.float64]

LEG: Final = tuple(INDEX[f"{side}_{part}"] for side in SIDES for part in ("knee", "ankle", "heel", "foot_index"))
NEAR_LEG: Final = LEG[:4]
FAR_LEG: Final = LEG[4:]
_WALK_STREAM: Final = 3307
_PERSON_STREAM: Final = 3319


def to_canonical(values: Array, near_side: str) -> Array:
    """Reorder landmarks (axis 1) so that the rows named "left" hold the side near the camera.

    Returns
    -------
    ndarray
        Of the shape of `values`.
    """
    return values if near_side == "left" else values[:, list(MIRROR)]


from_canonical = to_canonical
"""The same exchange undoes itself."""


def phase_basis(phase: Array, near_side: str) -> Array:
    """Return cosines and sines of the phase of the side to which each landmark belongs.

    Parameters
    ----------
    phase : ndarray, shape (n, 2)
        Phase of the left and right side.
    near_side : {"left", "right"}
        Side near the camera.

    Returns
    -------
    ndarray, shape (n, 33, 6)
        In canonical order; the nose follows the near side.
    """
    near = SIDES.index(near_side)
    order = 2 * np.pi * np.arange(1, HARMONICS + 1)
    angle = phase[:, [near, 1 - near], None] * order
    waves = np.concatenate([np.cos(angle), np.sin(angle)], -1)
    side = np.zeros(33, dtype=int)
    side[list(RIGHT)] = 1
    return waves[:, side]


def phase_bin(phase: Array, near_side: str) -> NDArray[np.int64]:
    """Return the twentieth of the near side's gait cycle, 0 to 19, shape (n,).

    Returns
    -------
    ndarray, shape (n,), int64
    """
    part: NDArray[np.int64] = (phase[:, SIDES.index(near_side)] * PHASE_BINS).astype(np.int64) % PHASE_BINS
    return part


def observe(truth: WalkTruth, *, seed: int, noise: NoiseModel | None = None) -> Track:
    """Give the landmarks of a walk as a pose model would have found them.

    Parameters
    ----------
    truth : WalkTruth
        The walk.
    seed : int
        Seed of the errors; errors that stay with a person depend on the person's own seed.
    noise : NoiseModel or None
        None takes `NoiseModel.default`.

    Returns
    -------
    Track
        Its `info` says ``source: simulated``; the same arguments give the same bytes.
    """
    noise = noise or NoiseModel.default()
    generator = np.random.default_rng([_WALK_STREAM, truth.person_seed, truth.seed, seed])
    of_person = np.random.default_rng([_PERSON_STREAM, truth.person_seed])
    n, rate_hz = len(truth), truth.frame_rate_hz
    exact = to_canonical(truth.position_px, truth.near_side)
    waves = phase_basis(truth.phase, truth.near_side)
    error = noise.bias + np.einsum("nlh,lch->nlc", waves, noise.phase_bias)
    k = len(noise.walk_course)
    draw = np.sqrt(noise.person_share) * of_person.standard_normal(k)
    draw = draw + np.sqrt(1.0 - noise.person_share) * generator.standard_normal(k)
    course = (np.clip(draw, -2.5, 2.5) @ noise.walk_course).reshape(33, 2, -1)
    error += course[:, :, 0] + np.einsum("nlh,lch->nlc", waves, course[:, :, 1:])
    part = phase_bin(truth.phase, truth.near_side)
    within = _drift(noise.motion_memory_s, n, rate_hz, generator) @ noise.motion
    within = (within + generator.standard_normal((n, len(noise.white))) @ noise.white).reshape(n, 33, 2)
    within[:, list(LEG)] *= noise.motion_scale[part][:, None, None]
    within *= levels(noise, n, lambda memory_s, k: _drift(memory_s, k, rate_hz, generator), generator)[:, :, None]
    error += within
    found = exact + error * truth.height_px[:, None, None] * np.array([truth.direction, 1.0])
    near, far = list(NEAR_LEG), list(FAR_LEG)
    mixed = _confusions(noise, part, rate_hz, generator)[:, :, None, None]
    apart = found[:, far] - found[:, near]
    found[:, near] += mixed[:, 0] * apart
    found[:, far] -= mixed[:, 1] * apart
    confidence = noise.confidence_mean + noise.confidence_sd * _drift(np.full(33, 0.3), n, rate_hz, generator)
    world = to_canonical(truth.world_m, truth.near_side)
    world_error = noise.world_bias + noise.world_sd * _drift(np.full(99, 0.2), n, rate_hz, generator).reshape(n, 33, 3)
    world = world + world_error * np.array([truth.direction, 1.0, 1.0])
    lost = _bursts(noise.dropout_rate_hz, noise.dropout_duration_s, n, rate_hz, generator)
    found[lost], world[lost], confidence[lost] = np.nan, np.nan, 0.0
    return Track(
        position=from_canonical(found, truth.near_side).astype(np.float32),
        world=from_canonical(world, truth.near_side).astype(np.float32),
        confidence=np.clip(from_canonical(confidence, truth.near_side), 0.0, 1.0).astype(np.float32),
        time_s=truth.time_s,
        width_px=truth.camera.width_px,
        height_px=truth.camera.height_px,
        info={
            "source": "simulated",
            "noise": noise.source,
            "person_seed": truth.person_seed,
            "walk_seed": truth.seed,
            "noise_seed": seed,
            "impairment": truth.impairment,
            "severity": truth.severity,
            "affected_side": truth.affected_side,
            "direction": truth.direction,
            "height_m": truth.height_m,
            "frames_decoded": n,
            "frames_broken": 0,
        },
    )


def _drift(memory_s: Array, n: int, rate_hz: float, generator: np.random.Generator) -> Array:
    """Return first-order autoregressive noise of unit SD with the given memories, shape (n, m)."""
    m = len(memory_s)
    raw = generator.standard_normal((n, m))
    if not m:
        return raw
    keep = np.exp(-1.0 / (np.maximum(memory_s, 1e-3) * rate_hz))
    raw[1:] *= np.sqrt(1.0 - keep**2)
    result = np.empty_like(raw)
    for value in np.unique(keep):
        columns = keep == value
        result[:, columns] = lfilter([1.0], [1.0, -value], raw[:, columns], axis=0)
    return result


def _bursts(
    per_s: float, duration_s: float, n: int, rate_hz: float, generator: np.random.Generator
) -> NDArray[np.bool_]:
    """Return True during short spells, shape (n,)."""
    spells = np.zeros(n, dtype=bool)
    for _ in range(int(generator.poisson(per_s * n / rate_hz))):
        start = int(generator.integers(n))
        spells[start : start + max(1, round(generator.exponential(duration_s) * rate_hz))] = True
    return spells


def _confusions(noise: NoiseModel, part: NDArray[np.int64], rate_hz: float, generator: np.random.Generator) -> Array:
    """Return how far the near and the far leg are drawn to the other one, shape (n, 2)."""
    n = len(part)
    mixed = np.zeros((n, 2))
    chance = generator.random(n) < noise.confusion_rate_hz[part] / rate_hz
    picks = generator.random(n)
    free = 0
    for start in np.flatnonzero(chance).tolist():
        fitting = [spell for spell in noise.confusions if spell[0] == part[start]]
        if start < free or not fitting:
            continue
        _, near, far = fitting[int(picks[start] * len(fitting))]
        # Between the stored frames the course is a straight line from and to 0.
        stored_s = np.arange(len(near) + 2) * noise.confusion_step_s
        length = max(1, round(len(near) * noise.confusion_step_s * rate_hz))
        at_s = noise.confusion_step_s + np.arange(length) / rate_hz
        end = min(start + length, n)
        for column, course in enumerate((near, far)):
            mixed[start:end, column] = np.interp(at_s, stored_s, (0.0, *course, 0.0))[: end - start]
        free = end
    return mixed
