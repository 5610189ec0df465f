"""The path of both legs through a walk: one leg of each side in every frame, so that both move smoothly."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_path"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

ACCELERATION_LEG_PER_S2: Final = 15.0
"""Usual acceleration of a foot against the hips, leg lengths per second squared."""
PLACE_LEG: Final = 0.010
"""Usual error of a place, leg lengths."""
MOST_COST: Final = 10.0


def best_path(time_s: Array, legs: Array, cost: Array, pair: Array) -> Index:
    """Choose the legs of every frame.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        s; at least three frames.
    legs : ndarray, shape (n, 2, m, 4, 2)
        Joints of the legs of both sides, leg lengths; NaN where the cost is infinite.
    cost : ndarray, shape (n, 2, m)
        Of each leg by itself.
    pair : ndarray, shape (n, m, m)
        Of a left and a right leg together.

    Returns
    -------
    ndarray, shape (n, 2)
        Which leg of each side.

    Notes
    -----
    The cheapest path over pairs of legs in two successive frames (Viterbi 1967, IEEE Trans Inf Theory 13:260): a change
    of speed costs by its square, up to a limit for each joint. Both legs are chosen at once, because they may not take
    the same place.
    """
    count = legs.shape[2]
    bend = np.stack([_bend(time_s, legs[:, side]) for side in range(2)], axis=1)
    single = np.minimum(cost, 1e6)
    alone = single[:, 0, :, None] + single[:, 1, None] + pair
    # total[i, j, k, l]: left leg i then k, right leg j then l, in the last two frames.
    total = alone[0][:, :, None, None] + alone[1][None, None]
    left_from = np.empty((len(time_s), count, count, count, count), np.int8)
    right_from = np.empty_like(left_from)
    for frame in range(2, len(time_s)):
        left, right = bend[frame - 2, 0], bend[frame - 2, 1]
        # First the left leg before: over (i, j, k, l) and the next left leg m.
        options = total[:, :, :, :, None] + left[:, None, :, None, :]
        left_best = options.argmin(axis=0)
        over_left = np.take_along_axis(options, left_best[None], axis=0)[0]
        options = over_left[..., None] + right[:, None, :, None, :]
        right_best = options.argmin(axis=0)
        total = np.take_along_axis(options, right_best[None], axis=0)[0]  # (k, l, m, next right leg)
        right_from[frame] = right_best
        left_from[frame] = _followed(left_best, right_best)
        total = total + alone[frame][None, None]
    path = np.zeros((len(time_s), 2), np.int64)
    last = np.unravel_index(int(total.argmin()), total.shape)
    path[-2], path[-1] = last[:2], last[2:]
    for frame in range(len(time_s) - 1, 1, -1):
        state = (frame, *path[frame - 1], *path[frame])
        path[frame - 2] = left_from[state], right_from[state]
    return path


def _followed(left_best: Index, right_best: Index) -> Index:
    """Return the left leg two frames ago of every state: it follows from the right leg of that time."""
    left, right, next_left, _ = np.ogrid[tuple(slice(size) for size in right_best.shape)]
    return np.asarray(left_best[right_best, left, right, next_left])


def _bend(time_s: Array, leg: Array) -> Array:
    """Return what the change of speed over three frames costs, shape (n − 2, m, m, m)."""
    step_s = np.diff(time_s)
    point = np.nan_to_num(leg, nan=1e3)
    speed = (point[1:, None] - point[:-1, :, None]) / step_s[:, None, None, None, None]
    usual_s = (step_s[1:] + step_s[:-1]) / 2
    change = (speed[1:, None] - speed[:-1, :, :, None]) * usual_s[:, None, None, None, None, None]
    variance = 6.0 * PLACE_LEG**2 + (ACCELERATION_LEG_PER_S2 * usual_s**2) ** 2
    squares = (change**2).sum(axis=-1) / (2.0 * variance)[:, None, None, None, None]
    return np.asarray(np.minimum(squares, MOST_COST).sum(axis=-1))
