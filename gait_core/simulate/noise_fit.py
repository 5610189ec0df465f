"""Fit the noise of the fast path to what a pose model really does on rendered walks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.pose.track import Track
from gait_core.simulate.noise import (
    FAR_LEG,
    HARMONICS,
    LEG,
    NEAR_LEG,
    PHASE_BINS,
    NoiseModel,
    phase_basis,
    phase_bin,
    to_canonical,
)
from gait_core.simulate.truth import WalkTruth

__all__ = ["Errors", "Pair", "errors_of", "fit_noise"]

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Pair = tuple[WalkTruth, Track]

_WALK_DIRECTIONS: Final = 30
_COURSE_RIDGE: Final = 8.0
_MOTION_DIRECTIONS: Final = 24
_SWAP_MARGIN: Final = 0.04
_WRONG: Final = 0.035
_WHITE_DIRECTIONS: Final = 30


@dataclass(frozen=True, kw_only=True, eq=False)
class Errors:
    """Errors of one walk in the walker's frame, shares of body height.

    `error` has the confusion of the legs (`mixed`) taken out, `steady` is NaN there.
    """

    error: Array
    steady: Array
    part: NDArray[np.int64]
    waves: Array
    mixed: Array
    swapped: Bools
    collapsed: Bools
    lost: Bools
    confidence: Array
    world: Array
    rate_hz: float
    person: int


def errors_of(truth: WalkTruth, track: Track) -> Errors:
    """Compare a track with the truth of the same walk, frame by frame.

    Returns
    -------
    Errors

    Raises
    ------
    InputError
        When the numbers of frames differ.
    """
    if len(truth) != len(track):
        raise InputError(
            f"Expected a track of {len(truth)} frames, but got {len(track)}.", "Use the track of the same walk."
        )
    position = to_canonical(track.position.astype(float), truth.near_side)
    exact = to_canonical(truth.position_px, truth.near_side)
    scale = truth.height_px[:, None, None] * np.array([truth.direction, 1.0])
    lost = ~track.detected
    swapped, collapsed = _confusions(position, exact, truth.height_px)
    mixed = _mixing(position, exact, truth.height_px)
    expected = exact.copy()
    apart = exact[:, list(FAR_LEG)] - exact[:, list(NEAR_LEG)]
    expected[:, list(NEAR_LEG)] += mixed[:, 0, None, None] * apart
    expected[:, list(FAR_LEG)] -= mixed[:, 1, None, None] * apart
    error = (position - expected) / scale
    confused, leg = np.flatnonzero(mixed.any(axis=1)), np.array(LEG)
    # A mixed leg carries errors of another kind; they belong to the confusion, not to the drift.
    steady = error.copy()
    steady[np.ix_(confused, leg)] = np.nan
    world = to_canonical(track.world.astype(float) - truth.world_m, truth.near_side)
    world = world * np.array([truth.direction, 1.0, 1.0])
    world[np.ix_(confused, leg)] = np.nan
    return Errors(
        error=error,
        steady=steady,
        part=phase_bin(truth.phase, truth.near_side),
        waves=phase_basis(truth.phase, truth.near_side),
        mixed=mixed,
        swapped=swapped,
        collapsed=collapsed,
        lost=lost,
        confidence=np.where(lost[:, None], np.nan, to_canonical(track.confidence.astype(float), truth.near_side)),
        world=world,
        rate_hz=truth.frame_rate_hz,
        person=truth.person_seed,
    )


def _mixing(position: Array, exact: Array, height_px: Array) -> Array:
    """Return how far the near and the far leg are drawn to the other one, 0 (correct) to 1, shape (n, 2)."""
    mixed = np.zeros((len(position), 2))
    for column, (own, other) in enumerate(((NEAR_LEG, FAR_LEG), (FAR_LEG, NEAR_LEG))):
        # The knees lie too close together to tell.
        apart = exact[:, list(other[1:])] - exact[:, list(own[1:])]
        error = np.nan_to_num(position[:, list(own[1:])] - exact[:, list(own[1:])])
        size = np.sum(apart**2, axis=(1, 2))
        share = np.sum(apart * error, axis=(1, 2)) / np.maximum(size, 1e-9)
        distance = np.linalg.norm(error, axis=2).mean(axis=1) / height_px
        wrong = (distance > _WRONG) & (np.sqrt(size / 3.0) / height_px > 2.0 * _WRONG) & (share > 0.1)
        mixed[wrong, column] = np.minimum(share[wrong], 1.0)
    return mixed


def _confusions(position: Array, exact: Array, height_px: Array) -> tuple[Bools, Bools]:
    """Return where the legs are exchanged, and where the far leg lies on the near one."""
    near, far = list(NEAR_LEG[1:]), list(FAR_LEG[1:])

    def apart(rows: list[int], others: list[int]) -> Array:
        distance: Array = np.linalg.norm(position[:, rows] - exact[:, others], axis=2).mean(axis=1) / height_px
        return np.nan_to_num(distance)

    near_is_far = apart(near, far) < apart(near, near) - _SWAP_MARGIN
    far_is_near = apart(far, near) < apart(far, far) - _SWAP_MARGIN
    return near_is_far & far_is_near, far_is_near & ~near_is_far


def fit_noise(pairs: Sequence[Pair], *, source: str) -> NoiseModel:
    """Fit a noise model to walks whose truth and track are both known.

    Parameters
    ----------
    pairs : sequence of (WalkTruth, Track)
        At least four walks, frame by frame the same.
    source : str
        What the tracks came from, for the record.

    Returns
    -------
    NoiseModel
        Mean error and its course over the cycle by least squares, differences between walks by principal
        components, drift within walks by the autocovariance at a lag of one frame (which is free of white noise),
        rates of confusions counted.

    Raises
    ------
    InputError
        When there are too few walks or a track does not belong to its truth.
    """
    if len(pairs) < 4:
        raise InputError(f"Expected at least 4 walks, but got {len(pairs)}.", "Render more walks.")
    walks = [errors_of(truth, track) for truth, track in pairs]
    bias, phase_bias = _fit_course(walks)
    rest = [w.steady - bias - np.einsum("nlh,lch->nlc", w.waves, phase_bias) for w in walks]
    own = np.stack([_course_of_walk(r, w.waves) for r, w in zip(rest, walks, strict=True)])
    halves = np.stack(
        [
            [_course_of_walk(r[half], w.waves[half]) for half in _halves(len(r))]
            for r, w in zip(rest, walks, strict=True)
        ]
    )
    walk_course, person_share = _fit_walk_course(halves.reshape(len(walks), 2, -1), [w.person for w in walks])
    flat = [
        (r - c[:, :, 0] - np.einsum("nlh,lch->nlc", w.waves, c[:, :, 1:])).reshape(-1, 66)
        for r, w, c in zip(rest, walks, own, strict=True)
    ]
    scale = _motion_scale(flat, walks)
    rate_hz = float(np.mean([w.rate_hz for w in walks]))
    leg = np.zeros(66, dtype=bool)
    leg[[2 * row + axis for row in LEG for axis in (0, 1)]] = True
    level = [np.where(leg, r / scale[w.part][:, None], r) for r, w in zip(flat, walks, strict=True)]
    motion, memory_s, white = _fit_motion(level, rate_hz)
    confusion_rate, confusions = _collect_confusions(walks, rate_hz)
    total_s = sum(len(w.lost) for w in walks) / rate_hz
    lost_s = _spells([w.lost for w in walks], rate_hz)
    confidence = np.concatenate([w.confidence for w in walks])
    world = np.concatenate([w.world for w in walks])
    return NoiseModel(
        bias=bias,
        phase_bias=phase_bias,
        walk_course=walk_course,
        person_share=person_share,
        motion=motion,
        motion_memory_s=memory_s,
        white=white,
        motion_scale=scale,
        confusion_rate_hz=confusion_rate,
        confusions=confusions,
        confusion_step_s=1.0 / rate_hz,
        dropout_rate_hz=len(lost_s) / total_s,
        dropout_duration_s=float(lost_s.mean()) if len(lost_s) else 0.05,
        confidence_mean=np.nanmean(confidence, axis=0),
        confidence_sd=np.nanstd(confidence, axis=0),
        world_bias=np.nanmean(world, axis=0),
        world_sd=np.nanstd(world, axis=0),
        source=source,
    )


def _fit_course(walks: Sequence[Errors]) -> tuple[Array, Array]:
    """Fit the mean error and its course over the cycle by least squares, landmark by landmark."""
    error = np.concatenate([w.steady for w in walks])
    waves = np.concatenate([w.waves for w in walks])
    bias, course = np.zeros((33, 2)), np.zeros((33, 2, 2 * HARMONICS))
    for row in range(33):
        good = np.isfinite(error[:, row, 0])
        design = np.column_stack([np.ones(int(good.sum())), waves[good, row]])
        found = np.linalg.lstsq(design, error[good, row], rcond=None)[0]
        bias[row], course[row] = found[0], found[1:].T
    return bias, course


def _motion_scale(flat: Sequence[Array], walks: Sequence[Errors]) -> Array:
    columns = [2 * row + axis for row in LEG for axis in (0, 1)]
    values = np.concatenate(flat)[:, columns]
    part = np.concatenate([w.part for w in walks])
    spread = np.array([np.sqrt(np.nanmean(values[part == b] ** 2)) for b in range(PHASE_BINS)])
    scale: Array = spread / np.sqrt(np.mean(spread**2))
    return scale


def _fit_motion(series: Sequence[Array], rate_hz: float) -> tuple[Array, Array, Array]:
    """Split the error within walks into drift (directions, memories) and white noise."""

    def covariance(lag: int) -> Array:
        total, count = np.zeros((66, 66)), np.zeros((66, 66))
        for values in series:
            first, second = values[: len(values) - lag], values[lag:]
            ok_first, ok_second = np.isfinite(first).astype(float), np.isfinite(second).astype(float)
            total += np.nan_to_num(first).T @ np.nan_to_num(second)
            count += ok_first.T @ ok_second
        product: Array = total / np.maximum(count, 1.0)
        return 0.5 * (product + product.T)

    now, one, two = (covariance(lag) for lag in (0, 1, 2))
    seen = _principal(one, _MOTION_DIRECTIONS)
    directions = seen / np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), 1e-12)
    # A first-order process with white noise on top: lag 2 over lag 1 gives its memory, lag 1 its variance.
    keep = np.clip([(d @ two @ d) / (d @ one @ d) for d in directions], 0.25, 0.97)
    motion = seen / np.sqrt(keep)[:, None]
    memory_s = -1.0 / np.log(keep) / rate_hz
    white = _principal(now - motion.T @ motion, _WHITE_DIRECTIONS)
    return motion, memory_s, white


def _principal(covariance: Array, count: int) -> Array:
    """Return the largest principal directions times their SD, shape (count, 66)."""
    values, vectors = np.linalg.eigh(covariance)
    largest = np.argsort(values)[::-1][:count]
    largest = largest[values[largest] > 0]
    result: Array = (vectors[:, largest] * np.sqrt(values[largest])).T
    return result


def _course_of_walk(rest: Array, waves: Array) -> Array:
    """Return what of one walk's error is constant or repeats with the gait cycle, shape (33, 2, 7).

    A ridge as heavy as a quarter of a second of frames keeps landmarks that are seen for few frames quiet.
    """
    course = np.zeros((33, 2, 1 + 2 * HARMONICS))
    for row in range(33):
        good = np.isfinite(rest[:, row, 0])
        design = np.column_stack([np.ones(int(good.sum())), waves[good, row]])
        gram = design.T @ design + _COURSE_RIDGE * np.eye(design.shape[1])
        course[row] = np.linalg.solve(gram, design.T @ rest[good, row]).T
    return course


def _halves(n: int) -> tuple[slice, slice]:
    return slice(0, n // 2), slice(n // 2, n)


def _fit_walk_course(courses: Array, persons: Sequence[int]) -> tuple[Array, Array]:
    """Return directions in which the courses of walks differ, and the share of each that stays with the person.

    `courses` has shape (n, 2, m), one row for each half of a walk: what both halves have in common is not drift, and
    what two walks of one person have in common stays with the person.
    """
    first, second = courses[:, 0], courses[:, 1]
    common = (first.T @ second + second.T @ first) / (2 * len(courses))
    directions = _principal(common, _WALK_DIRECTIONS)
    size = np.linalg.norm(directions, axis=1)
    seen = courses.mean(axis=1) @ (directions / size[:, None]).T
    pairs = [
        seen[i] * seen[j] for i in range(len(persons)) for j in range(i + 1, len(persons)) if persons[i] == persons[j]
    ]
    if not pairs:
        return directions, np.full(len(directions), 0.4)
    return directions, np.clip(np.mean(pairs, axis=0) / size**2, 0.0, 1.0)


def _spells(flags: Sequence[Bools], rate_hz: float) -> Array:
    """Durations of all runs of True, s."""
    lengths = [
        np.diff(np.flatnonzero(np.diff(np.concatenate([[False], f, [False]]).astype(int))).reshape(-1, 2), axis=1)
        for f in flags
    ]
    return np.concatenate(lengths).ravel() / rate_hz


def _collect_confusions(
    walks: Sequence[Errors], rate_hz: float
) -> tuple[Array, tuple[tuple[int, tuple[float, ...], tuple[float, ...]], ...]]:
    begun, spent = np.zeros(PHASE_BINS), np.zeros(PHASE_BINS)
    found = []
    for walk in walks:
        busy = walk.mixed.any(axis=1)
        spent += np.bincount(walk.part[~busy], minlength=PHASE_BINS)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], busy, [False]]).astype(int)))
        for start, end in edges.reshape(-1, 2).tolist():
            part = int(walk.part[start])
            begun[part] += 1
            near, far = walk.mixed[start:end].round(2).T.tolist()
            found.append((part, tuple(near), tuple(far)))
    return begun / np.maximum(spent + begun, 1.0) * rate_hz, tuple(found)
