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
    the same place. The way back is found from the totals, so that going forward needs only minima. Costs are
    single precision, and the smallest total is taken off in every frame, so that sums over a long walk keep it. Legs
    behind the last possible one of a frame are left out: half of them, which takes half of the time off.
    """
    left_of, right_of = _possible(cost).T.tolist()
    bend = np.stack([_bend(time_s, legs[:, side]) for side in range(2)], axis=1)
    single = np.minimum(cost, 1e6)
    alone = (single[:, 0, :, None] + single[:, 1, None] + pair).astype(np.float32)
    # totals[f][i, k, j, l]: left leg i then k, right leg j then l, in the frames f - 1 and f; less the smallest one.
    first, second = (alone[frame][: left_of[frame], : right_of[frame]] for frame in range(2))
    totals = [first, first[:, None, :, None] + second[None, :, None]]
    for frame in range(2, len(time_s)):
        (i, k, m), (j, q, n) = (of[frame - 2 : frame + 1] for of in (left_of, right_of))
        left, right = bend[frame - 2, 0, :i, :k, :m], bend[frame - 2, 1, :j, :q, :n]
        over_left = _least(totals[-1].reshape(i, k, -1), left)
        over_both = _least(over_left.transpose(2, 0, 1).reshape(j, q, -1), right)
        total = over_both.transpose(2, 0, 1).reshape(k, m, q, n) + alone[frame][:m, :n][None, :, None]
        totals.append(total - total.min())
    path = np.zeros((len(time_s), 2), np.int64)
    last = np.unravel_index(int(totals[-1].argmin()), totals[-1].shape)
    path[-2], path[-1] = last[::2], last[1::2]
    for frame in range(len(time_s) - 1, 1, -1):
        path[frame - 2] = _before(totals[frame - 1], bend[frame - 2], path[frame - 1], path[frame])
    return path


def _possible(cost: Array) -> Index:
    """Return how many legs of each side, from the first to the last with a finite cost, shape (n, 2); one at least."""
    behind = np.isfinite(cost)[:, :, ::-1].argmax(axis=2)
    return np.where(np.isfinite(cost).any(axis=2), cost.shape[2] - behind, 1)


def _least(total: NDArray[np.float32], bend: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take the cheapest leg of one side two frames ago.

    Parameters
    ----------
    total : ndarray, shape (i, k, rest)
        Cost of having leg i and then leg k, whatever the other side does.
    bend : ndarray, shape (i, k, m)
        What the change of speed costs with leg m after them.

    Returns
    -------
    ndarray, shape (k, m, rest)
        The other side lies last and contiguous, which is what makes this fast.
    """
    return np.asarray((total[:, :, None] + bend[..., None]).min(axis=0))


def _before(total: NDArray[np.float32], bend: NDArray[np.float32], now: Index, after: Index) -> tuple[int, int]:
    """Return the left and the right leg two frames ago on the cheapest way to a state."""
    options = total[:, now[0], :, now[1]]
    options = options + bend[0][: options.shape[0], now[0], after[0], None]
    options = options + bend[1][: options.shape[1], now[1], after[1]]
    left, right = np.unravel_index(int(options.argmin()), options.shape)
    return int(left), int(right)


def _bend(time_s: Array, leg: Array) -> NDArray[np.float32]:
    """Return what the change of speed over three frames costs, shape (n − 2, m, m, m)."""
    step_s = np.diff(time_s)
    usual_s = (step_s[1:] + step_s[:-1]) / 2
    variance = 6.0 * PLACE_LEG**2 + (ACCELERATION_LEG_PER_S2 * usual_s**2) ** 2
    point = np.nan_to_num(leg, nan=1e3)
    moved = (point[1:, None] - point[:-1, :, None]) / step_s[:, None, None, None, None]
    # In units in which the square of a change of speed is its cost.
    scale = (usual_s / np.sqrt(2.0 * variance))[:, None, None, None, None]
    after, before = ((moved[part] * scale).astype(np.float32) for part in (slice(1, None), slice(None, -1)))
    cost = np.zeros((len(usual_s), *(leg.shape[1],) * 3), np.float32)
    for joint in range(leg.shape[2]):
        x, y = (after[:, None, :, :, joint, axis] - before[:, :, :, None, joint, axis] for axis in range(2))
        cost += np.minimum(x * x + y * y, np.float32(MOST_COST))
    return cost
