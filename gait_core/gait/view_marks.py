"""The curves by which walking, its direction and its side are recognised, on a fixed-rate grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.body import middle
from gait_core.pose.landmarks import INDEX

__all__ = ["known_samples", "odd_samples", "on_grid", "raw_marks", "rolling_range", "slope", "step_time_s"]

SPEED_WINDOW_S: Final = 0.56
LONGEST_STEP_S: Final = 2.5
"""Speed is taken over one step: slow walkers nearly stop in each. A step is at least as long as the window above."""
LEAST_LIKENESS: Final = 0.5
"""Correlation with what was one step before, from which there is a rhythm."""
FOOT_LEG: Final = 0.2
FACE_LEG: Final = 0.06


def raw_marks(position: NDArray[Any], world: NDArray[Any], leg: float) -> dict[str, NDArray[np.float64]]:
    """Return the few curves by which walking, direction and side are recognised; lengths in leg lengths.

    Parameters
    ----------
    position : ndarray, shape (n, 33, 2)
        Landmarks in the image, px.
    world : ndarray, shape (n, 33, 3)
        Landmarks in space, m; only their depth is used.
    leg : float
        Length of a leg, px.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        ``pelvis``, ``separation`` of the ankles, ``facing`` (above 0: to the right), ``depth`` (left less right, m) and
        ``shoulder_width`` (over the height of the trunk).
    """
    x = position[:, :, 0].astype(np.float64) / leg
    hip, shoulder = middle(position, "hip"), middle(position, "shoulder")
    trunk = np.maximum(np.linalg.norm(shoulder - hip, axis=1), 0.2 * leg)
    foot = sum(x[:, INDEX[f"{side}_foot_index"]] - x[:, INDEX[f"{side}_heel"]] for side in ("left", "right")) / 2
    face = x[:, INDEX["nose"]] - (x[:, INDEX["left_ear"]] + x[:, INDEX["right_ear"]]) / 2
    depth = sum(
        world[:, INDEX[f"left_{name}"], 2] - world[:, INDEX[f"right_{name}"], 2] for name in ("hip", "shoulder")
    )
    return {
        "pelvis": hip[:, 0] / leg,
        "separation": x[:, INDEX["left_ankle"]] - x[:, INDEX["right_ankle"]],
        "facing": np.clip(foot / FOOT_LEG, -1, 1) + 0.5 * np.clip(face / FACE_LEG, -1, 1),
        "depth": np.asarray(depth, dtype=np.float64),
        "shoulder_width": (x[:, INDEX["left_shoulder"]] - x[:, INDEX["right_shoulder"]]) * leg / trunk,
    }


def on_grid(
    times: NDArray[np.float64], curves: Mapping[str, NDArray[np.float64]], grid: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Carry curves to the grid; single missing landmarks are bridged, so that they end no walk.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Of the frames with a person, s.
    curves : mapping of str to ndarray, shape (n,)
    grid : ndarray, shape (m,)
        Times of the grid, s.

    Returns
    -------
    dict of str to ndarray, shape (m,)
        Zero throughout where nothing of a curve is known.
    """
    known = {name: np.isfinite(curve) for name, curve in curves.items()}
    return {
        name: np.interp(grid, times[known[name]], curve[known[name]]) if known[name].any() else np.zeros(len(grid))
        for name, curve in curves.items()
    }


def known_samples(
    times: NDArray[np.float64], grid: NDArray[np.float64], all_times: NDArray[np.float64], max_gap_s: float
) -> NDArray[np.bool_]:
    """Return the grid samples that lie in no long gap between frames with a person.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Of the frames with a person, s.
    grid : ndarray, shape (m,)
        Times of the grid, s.
    all_times : ndarray
        Of all frames, s.
    max_gap_s : float
        A longer gap is long, s.

    Returns
    -------
    ndarray of bool, shape (m,)
    """
    limit = max_gap_s + float(np.median(np.diff(all_times))) + 1e-3
    after = np.searchsorted(times, grid - 1e-9)
    inside = (after < len(times)) & ((after > 0) | (np.abs(times[0] - grid) < 1e-6))
    right = np.clip(after, 0, len(times) - 1)
    left = np.clip(after - 1, 0, len(times) - 1)
    return np.asarray(inside & (times[right] - times[left] <= limit))


def odd_samples(seconds: float, rate_hz: float) -> int:
    """Return a time as an odd number of samples, so that a window of them has a middle.

    Returns
    -------
    int
    """
    return 2 * round(seconds * rate_hz / 2) + 1


def step_time_s(separation: NDArray[np.float64], rate_hz: float) -> float:
    """Return the time of a step, s, or the usual window where there is no rhythm or it is faster.

    Parameters
    ----------
    separation : ndarray, shape (m,)
        Of the ankles along the image, in any unit.
    rate_hz : float
        Of the samples, Hz.

    Returns
    -------
    float
        From `SPEED_WINDOW_S` to `LONGEST_STEP_S`, s.
    """
    # The size alone: it repeats with every step, and does not change when the pose model exchanges the legs.
    size = np.abs(separation - np.median(separation))
    longest = min(round(LONGEST_STEP_S * rate_hz), len(size) // 2)
    shortest = round(SPEED_WINDOW_S * rate_hz)
    if longest <= shortest + 2:
        return SPEED_WINDOW_S
    around = size - size.mean()
    with np.errstate(invalid="ignore"):  # a person who stands is like nothing
        likeness = np.array([np.corrcoef(around[:-lag], around[lag:])[0, 1] for lag in range(shortest, longest)])
    likeness = np.nan_to_num(likeness)
    peak = np.flatnonzero((likeness[1:-1] > likeness[:-2]) & (likeness[1:-1] >= likeness[2:])) + 1
    if not len(peak) or likeness[peak].max() < LEAST_LIKENESS:
        return SPEED_WINDOW_S
    return float((shortest + peak[likeness[peak].argmax()]) / rate_hz)


def slope(values: NDArray[np.float64], rate_hz: float, window_s: float) -> NDArray[np.float64]:
    """Return the slope per second of a straight line fitted in a sliding window (Savitzky & Golay 1964).

    Parameters
    ----------
    values : ndarray, shape (m,)
    rate_hz : float
        Of the samples, Hz.
    window_s : float
        Length of the window, s.

    Returns
    -------
    ndarray, shape (m,)
        Zero throughout where the curve has fewer than three samples, or the window less than one on each side.
    """
    half = min(round(window_s * rate_hz / 2), (len(values) - 1) // 2)
    if half < 1:
        return np.zeros_like(values)
    ramp = np.arange(-half, half + 1, dtype=np.float64)
    padded = np.concatenate((2 * values[0] - values[half:0:-1], values, 2 * values[-1] - values[-2 : -half - 2 : -1]))
    fitted: NDArray[np.float64] = np.convolve(padded, ramp[::-1], "valid") * rate_hz / (ramp**2).sum()
    return fitted


def rolling_range(values: NDArray[np.float64], rate_hz: float, window_s: float) -> NDArray[np.float64]:
    """Return the range of a curve in a sliding window.

    Parameters
    ----------
    values : ndarray, shape (m,)
    rate_hz : float
        Of the samples, Hz.
    window_s : float
        Length of the window, s.

    Returns
    -------
    ndarray, shape (m,)
    """
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    size = odd_samples(window_s, rate_hz)
    rolling: NDArray[np.float64] = maximum_filter1d(values, size) - minimum_filter1d(values, size)
    return rolling
