"""Find landmarks that cannot be where the pose model puts them: jumps, bones that change their length, turned feet."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.angles import SIDES
from gait_core.gait.body import middle
from gait_core.gait.channels import ROWS
from gait_core.pose.landmarks import INDEX

__all__ = ["find_outliers", "find_shape_breaks", "find_turned_feet"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

OUTLIER_LEG: Final = 0.12
"""Distance from the path through the frames before and after, leg lengths, from which a landmark has jumped."""
FREE_LEG_PER_S2: Final = 60.0
"""Acceleration of a foot that is not a jump, leg lengths per second squared."""
OUTLIER_SPREADS: Final = 10.0
LONGEST_OUTLIER: Final = 2
SUPPORT_S: Final = 0.3
WINDOW_S: Final = 1.0
SHAPE_SPREADS: Final = 8.0
FEWEST_FRAMES: Final = 8

BONES: Final[Mapping[str, tuple[str, str, float]]] = {
    "thigh": ("hip", "knee", 0.30),
    "shank": ("knee", "ankle", 0.30),
    "hindfoot": ("ankle", "heel", 1.0),
    "foot": ("heel", "foot_index", 0.7),
}
"""Bone → its ends, and the largest change in its length that is not an error, as a share of it."""
TRUNK_TOLERANCE: Final = 0.25
ARM_TOLERANCE: Final = 0.4
"""The same for upper arm and forearm: swung towards the camera they look shorter, but seldom by that much."""
TURNED_DEG: Final = 110.0
"""Angle from its usual direction beyond which a foot is turned round: at foot off it stands 60 to 85 degrees down."""
SHORTEST_TRUST: Final = 2
"""An arm that is right for no more frames than that between wrong ones is wrong there as well."""


def find_outliers(position: Array, valid: Mask, time_s: Array, leg_px: float) -> Mask:
    """Return landmarks that jump away for one or two frames and come back, shape (n_frames, 33).

    Parameters
    ----------
    position : ndarray, shape (n_frames, 33, 2)
        Image positions, px.
    valid : ndarray, shape (n_frames, 33), bool
        Landmarks that can be trusted; only these are looked at.
    time_s : ndarray, shape (n_frames,)
        Time stamps, s.
    leg_px : float
        Leg length, px.

    Returns
    -------
    ndarray, shape (n_frames, 33), bool
        True for landmarks that jump.

    Notes
    -----
    The path is the cubic through the two frames before and the two after. A landmark has jumped when it lies farther
    from it than a foot can go, and than ten times the usual distance of that landmark.
    """
    found = np.zeros_like(valid)
    for row in (INDEX[name] for name in ROWS):
        found[:, row] = _stray(position[:, row], valid[:, row], time_s, leg_px)
    return found


def _jumps(path: Array, time_s: Array) -> NDArray[np.int64]:
    """Return the samples of one landmark, shape (n, 2) in leg lengths, that have jumped."""
    candidates: list[tuple[float, int, int]] = []
    frame_s = float(np.median(np.diff(time_s)))
    for length in range(1, LONGEST_OUTLIER + 1):
        starts = np.arange(2, len(path) - length - 1)
        if not len(starts):
            continue
        support: NDArray[np.int64] = starts[:, None] + np.array([-2, -1, length, length + 1])
        away = np.stack([_distance(path, time_s, support, starts + k) for k in range(length)])
        spread = np.median(away)
        step_s = (time_s[support[:, 2]] - time_s[support[:, 1]]) / 2
        limit = np.maximum(OUTLIER_LEG + FREE_LEG_PER_S2 * step_s**2, OUTLIER_SPREADS * spread)
        # Beside a gap, a jump cannot be told from the end of what made the gap.
        near = time_s[support[:, 2]] - time_s[support[:, 1]] <= (length + 1.5) * frame_s
        near &= time_s[support[:, 3]] - time_s[support[:, 0]] <= SUPPORT_S
        least = away.min(axis=0)
        candidates += [(float(least[k]), int(starts[k]), length) for k in np.flatnonzero(near & (least > limit))]
    taken: set[int] = set()
    # The largest first: beside a true jump the path is bent, and good frames seem to have jumped as well.
    for _, start, length in sorted(candidates, reverse=True):
        if taken.isdisjoint(range(start - 2, start + length + 2)):
            taken.update(range(start, start + length))
    return np.array(sorted(taken), dtype=np.int64)


def _distance(path: Array, time_s: Array, support: NDArray[np.int64], here: NDArray[np.int64]) -> Array:
    """Return the distance of samples from the cubic through their four supports (Lagrange), shape (m,)."""
    times, at = time_s[support], time_s[here]
    expected = np.zeros((len(here), 2))
    for k in range(4):
        others = [j for j in range(4) if j != k]
        weight = np.prod((at[:, None] - times[:, others]) / (times[:, [k]] - times[:, others]), axis=1)
        expected += weight[:, None] * path[support[:, k]]
    return np.asarray(np.linalg.norm(path[here] - expected, axis=1))


def _stray(path: Array, valid: Mask, time_s: Array, leg_px: float) -> Mask:
    found = np.zeros(len(path), dtype=bool)
    frames = np.flatnonzero(valid)
    if len(frames) >= FEWEST_FRAMES:
        found[frames[_jumps(path[frames] / leg_px, time_s[frames])]] = True
    return found


def find_shape_breaks(position: Array, valid: Mask, jumped: Mask, time_s: Array) -> Mask:
    """Return landmarks at which a bone changes its length suddenly, shape (n_frames, 33).

    Parameters
    ----------
    position, valid, time_s
        As for `find_outliers`.
    jumped : ndarray, shape (n_frames, 33), bool
        What `find_outliers` found; these landmarks are left out already, and not found again.

    Returns
    -------
    ndarray, shape (n_frames, 33), bool
        True for landmarks that break the length of a bone.

    Notes
    -----
    Every bone is compared with its running median over one second, so that a person who comes nearer or turns is no
    error. The landmark between two bones that both break is to blame, else the one farther from the trunk.
    """
    found = np.zeros_like(valid)
    known = np.where((valid & ~jumped)[:, :, None], position, np.nan)
    arms = np.where(valid[:, :, None], position, np.nan)
    trunk = np.linalg.norm(middle(known, "shoulder") - middle(known, "hip"), axis=1)
    broken_trunk = _changes(trunk, time_s, TRUNK_TOLERANCE)
    broken_thighs = np.zeros(len(time_s), dtype=bool)
    for side in SIDES:
        broken = {}
        for bone, (upper, lower, tolerance) in BONES.items():
            ends = known[:, INDEX[f"{side}_{upper}"]] - known[:, INDEX[f"{side}_{lower}"]]
            broken[bone] = _changes(np.linalg.norm(ends, axis=1), time_s, tolerance)
        broken_thighs |= broken["thigh"]
        for joint, frames in (_blamed(broken) | _blamed_arm(arms, side, time_s)).items():
            found[:, INDEX[f"{side}_{joint}"]] |= frames
    for side in SIDES:
        found[:, INDEX[f"{side}_shoulder"]] |= broken_trunk & ~broken_thighs
        found[:, INDEX[f"{side}_hip"]] |= broken_trunk & broken_thighs
    return found & valid & ~jumped


def find_turned_feet(position: Array, time_s: Array) -> Mask:
    """Return ankles, heels and toes of feet that point backwards, shape (n_frames, 33).

    Where the legs pass each other the pose model gives one leg parts of the other for some frames.

    Parameters
    ----------
    position : ndarray, shape (n_frames, 33, 2)
        Image positions as they would be used, gaps filled, px; NaN where missing.
    time_s : ndarray, shape (n_frames,)
        Time stamps, s.

    Returns
    -------
    ndarray, shape (n_frames, 33), bool
        True for ankle, heel and toe of a foot that points backwards.

    Notes
    -----
    The usual direction is the running median over one second. Feet that are seen from the front or from behind, by
    less than half of their length, are not judged.
    """
    found = np.zeros(position.shape[:2], dtype=bool)
    for side in SIDES:
        ankle, heel, toe = (INDEX[f"{side}_{name}"] for name in ("ankle", "heel", "foot_index"))
        foot = position[:, toe] - position[:, heel]
        frames = np.flatnonzero(np.isfinite(foot).all(axis=1))
        if len(frames) < FEWEST_FRAMES:
            continue
        foot = foot[frames]
        usual = _running_median(foot, time_s)
        length, usual_length = np.linalg.norm(foot, axis=1), np.linalg.norm(usual, axis=1)
        from_the_side = usual_length >= np.median(length) / 2
        turned = (foot * usual).sum(axis=1) < np.cos(np.radians(TURNED_DEG)) * length * usual_length
        found[np.ix_(frames[turned & from_the_side], [ankle, heel, toe])] = True
    return found


def _running_median(values: Array, time_s: Array) -> Array:
    """Return the median over one second around each sample, along the first axis."""
    from scipy.ndimage import median_filter

    frame_s = float(np.median(np.diff(time_s)))
    size = (2 * round(WINDOW_S / frame_s / 2) + 1, *(1,) * (values.ndim - 1))
    return np.asarray(median_filter(values, size, mode="nearest"))


def _changes(length: Array, time_s: Array, tolerance: float) -> Mask:
    """Return the frames in which a length differs from its running median by more than a share of it."""
    known = np.flatnonzero(np.isfinite(length))
    result = np.zeros(len(length), dtype=bool)
    if len(known) < FEWEST_FRAMES:
        return result
    usual = _running_median(length[known], time_s)
    away = np.abs(length[known] / np.maximum(usual, 1e-6) - 1.0)
    result[known[away > max(tolerance, SHAPE_SPREADS * float(np.median(away)))]] = True
    return result


def _blamed(broken: Mapping[str, Mask]) -> dict[str, Mask]:
    """Return joint → frames in which it is to blame for the bones that break."""
    thigh, shank, hindfoot, foot = (broken[bone].copy() for bone in ("thigh", "shank", "hindfoot", "foot"))
    knee = thigh.copy()
    shank &= ~knee
    ankle = shank.copy()
    hindfoot &= ~ankle
    heel = hindfoot.copy()
    return {"knee": knee, "ankle": ankle, "heel": heel, "foot_index": foot & ~heel}


def _blamed_arm(known: Array, side: str, time_s: Array) -> dict[str, Mask]:
    """Return the same for an arm; with a wrong elbow, jumped or not, nothing vouches for the wrist."""
    shoulder, elbow, wrist = (known[:, INDEX[f"{side}_{joint}"]] for joint in ("shoulder", "elbow", "wrist"))
    upper, lower = (
        _joined(_changes(np.linalg.norm(bone, axis=1), time_s, ARM_TOLERANCE))
        for bone in (elbow - shoulder, wrist - elbow)
    )
    return {"elbow": upper, "wrist": lower | upper}


def _joined(broken: Mask) -> Mask:
    """Return broken frames with the few between them."""
    result, frames = broken.copy(), np.flatnonzero(broken)
    for before, after in pairwise(frames.tolist()):
        if after - before <= SHORTEST_TRUST + 1:
            result[before:after] = True
    return result
