"""Where the heat maps of the pose model peak: each landmark at its own peak, and both legs at all of theirs.

A heat map often has two peaks for a leg, one on either leg, and the regressed point picks one of them or lies between.
Both are kept, with how strongly the maps of the left and of the right joint believe in them, so that the whole walk can
decide which is which.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.candidates import CANDIDATES_SHAPE, JOINTS, MOST_CANDIDATES
from gait_core.pose.landmarks import INDEX

__all__ = ["leg_peaks", "recentre"]

_SEARCH: Final = 4
"""A landmark's own peak lies at most this many cells beside the regressed point; farther out is the other leg's."""
_REACH: Final = 2
_LEAST_STRENGTH: Final = 0.05
_SAME_CELLS: Final = 1.5
"""Peaks of the left and of the right map nearer than this are one place."""
_LEAST_LOGIT: Final = float(np.log(_LEAST_STRENGTH / (1.0 - _LEAST_STRENGTH)))
_LEGS: Final = slice(INDEX["left_knee"], INDEX["right_foot_index"] + 1)
"""The maps of `JOINTS`, left and right in turn."""


def _square(reach: int) -> NDArray[np.int64]:
    side = np.arange(-reach, reach + 1)
    return np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)


_SEARCHED: Final = _square(_SEARCH)
_WINDOW: Final = _square(_REACH)
"""Columns and rows around a cell, shape (81, 2) and (25, 2)."""
_NEIGHBOURS: Final = np.ones((2 * _REACH + 1, 2 * _REACH + 1), np.uint8)


def recentre(points: NDArray[np.floating], heat_maps: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return each point at the peak of its heat map near it, where that is confident.

    MediaPipe takes the mean around the regressed point, so that the window drags the result towards an error of the
    regression; here the mean is taken around the highest cell.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        Column and row as shares of the crop.
    heat_maps : ndarray, shape (height, width, at least n)
        Logits.

    Returns
    -------
    ndarray, shape (n, 2), float64
        As `points`; a point outside the map, or whose map is nowhere near it at least 0.5, stays where it is.
    """
    height, width, maps = heat_maps.shape
    size = np.array([width, height])
    cell = np.trunc(np.nan_to_num(points) * size).astype(np.int64)
    flat, own = heat_maps.reshape(-1), np.arange(len(points))
    logits = _gathered(flat, cell[:, None, :] + _SEARCHED, size, own[:, None], maps)
    best = logits.argmax(axis=1)
    peak = cell + _SEARCHED[best]
    outside = ((cell < 0) | (cell >= size)).any(axis=1)
    sure = (logits[own, best] >= 0.0) & ~outside  # a logit of 0 is a confidence of 0.5
    place, _ = _means(flat, np.clip(peak, 0, size - 1), size, own, maps)
    return np.where(sure[:, None], place / size, points)


def _gathered(
    flat: NDArray[np.float32], places: NDArray[np.int64], size: NDArray[np.int64], own: NDArray[np.int64], maps: int
) -> NDArray[np.float32]:
    """Return the logits of cells; minus infinity outside of the map."""
    inside = None
    if places.min() < 0 or (places >= size).any():
        inside = ((places >= 0) & (places < size)).all(axis=2)
        places = np.clip(places, 0, size - 1)
    values = flat[(places[:, :, 1] * size[0] + places[:, :, 0]) * maps + own]
    return values if inside is None else np.where(inside, values, -np.inf)


def _means(
    flat: NDArray[np.float32], peak: NDArray[np.int64], size: NDArray[np.int64], own: NDArray[np.int64], maps: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weighted mean around cells, shape (n, 2), and its spread along one axis, shape (n,), both in cells."""
    from scipy.special import expit

    weight = expit(_gathered(flat, peak[:, None, :] + _WINDOW, size, own[:, None], maps)).astype(np.float64)
    total = np.maximum(weight.sum(axis=1), 1e-12)[:, None]
    mean = weight @ _WINDOW / total
    square = weight @ (_WINDOW**2) / total - mean**2
    return peak + mean, np.sqrt(square.mean(axis=1))


def leg_peaks(heat_maps: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return every place where a joint of a leg may be.

    Parameters
    ----------
    heat_maps : ndarray, shape (height, width, at least 33)
        Logits.

    Returns
    -------
    ndarray, shape (4, `MOST_CANDIDATES`, 5)
        For knee, ankle, heel and toe, strongest first: column and row as shares of the crop, strength in the map of
        the left and of the right joint in [0, 1], spread of the peak as a share of the crop; NaN where there are no
        more.
    """
    import cv2
    from scipy.special import expit

    height, width, _ = heat_maps.shape
    size = np.array([width, height])
    legs = np.ascontiguousarray(heat_maps[:, :, _LEGS])
    flat, count = legs.reshape(-1), legs.shape[2]
    cells = np.flatnonzero(flat > _LEAST_LOGIT)
    cells = cells[flat[cells] >= cv2.dilate(legs, _NEIGHBOURS).reshape(-1)[cells]]
    result = np.full(CANDIDATES_SHAPE, np.nan)
    if not len(cells):
        return result
    logit = flat[cells]
    strongest = np.argsort(-logit)
    cells, logit = cells[strongest], logit[strongest]
    pixel, channel = np.divmod(cells, count)
    peak = np.stack([pixel % width, pixel // width], axis=1)
    place, spread = _means(flat, peak, size, channel, count)
    other = _gathered(flat, peak[:, None, :] + _WINDOW, size, (channel ^ 1)[:, None], count).max(axis=1)
    strength = expit(np.stack([logit, other], axis=1).astype(np.float64))
    right = channel % 2 == 1
    strength[right] = strength[right][:, ::-1]
    values = np.concatenate([place / size, strength, spread[:, None] / width], axis=1)
    for joint, chosen in enumerate(_distinct(channel // 2, place)):
        result[joint, : len(chosen)] = values[chosen]
    return result


def _distinct(joint: NDArray[np.int64], place: NDArray[np.float64]) -> list[list[int]]:
    """Return the strongest peaks of each joint, each place once; they come strongest first."""
    kept: list[list[int]] = [[] for _ in JOINTS]
    places: list[list[tuple[float, float]]] = [[] for _ in JOINTS]
    for number, (here, (x, y)) in enumerate(zip(joint.tolist(), place.tolist(), strict=True)):
        known = places[here]
        if len(known) < MOST_CANDIDATES and all(abs(x - u) + abs(y - v) > _SAME_CELLS for u, v in known):
            kept[here].append(number)
            known.append((x, y))
    return kept
