"""Joint centres from markers on the skin."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.gaps import runs

__all__ = ["LONGEST_GAP_S", "fill_short_gaps", "hip_centres", "moved_inwards", "slow_axis"]

Array = NDArray[np.float64]

LONGEST_GAP_S: Final = 0.2
"""Gaps up to here are filled by a spline, s."""
_FIT_FRAMES: Final = 10
"""Frames on either side of a gap that the spline is laid through."""
_STRIDE_S: Final = 1.2


def hip_centres(asis: tuple[Array, Array], sacrum: Array) -> tuple[Array, Array]:
    """Estimate both hip joint centres from the pelvis markers.

    In axes of the pelvis (x forward, y up, z to the right, origin between the anterior spines), with depth PD from
    there to the middle of the posterior spines and width PW between the anterior spines, in mm: x = -0.24 PD - 9.9,
    y = -0.30 PW - 10.9, z = ±(0.33 PW + 7.3).

    Parameters
    ----------
    asis : (ndarray, ndarray), each of shape (n, 3)
        Left and right anterior superior iliac spine, m.
    sacrum : ndarray, shape (n, 3)
        Middle of the posterior superior iliac spines, m.

    Returns
    -------
    (ndarray, ndarray), each of shape (n, 3)
        Left and right hip, m; NaN where a marker is.

    References
    ----------
    Harrington et al. 2007, J Biomech 40: 595–602, the regression for all groups together. Its error is about 5 mm in
    each direction; the thickness of the skin under the markers is not taken off.
    """
    left, right = asis
    origin = (left + right) / 2
    z = _unit(right - left)
    back = sacrum - origin
    y = _unit(np.cross(back, z))
    x = np.cross(y, z)
    width_mm = 1000.0 * np.linalg.norm(right - left, axis=1, keepdims=True)
    depth_mm = 1000.0 * np.linalg.norm(back, axis=1, keepdims=True)
    middle = origin + 0.001 * ((-0.24 * depth_mm - 9.9) * x + (-0.30 * width_mm - 10.9) * y)
    aside = 0.001 * (0.33 * width_mm + 7.3) * z
    return middle - aside, middle + aside


def slow_axis(left: Array, right: Array, rate_hz: float) -> Array:
    """Return the direction from the left to the right hip, averaged over about a stride.

    Within a stride the pelvis turns to and fro about the vertical; the knees and ankles do not turn with it.

    Parameters
    ----------
    left, right : ndarray, shape (n, 3)
        Hips, m.
    rate_hz : float
        Frames per second.

    Returns
    -------
    ndarray, shape (n, 3)
        Unit vectors; NaN where no hips are seen within half a stride.
    """
    across = right - left
    known = np.isfinite(across).all(axis=1)
    window = np.ones(max(1, min(len(across), round(_STRIDE_S * rate_hz))))
    total = np.stack([_sliding(np.where(known, across[:, axis], 0.0), window) for axis in range(3)], axis=1)
    count = _sliding(known.astype(float), window)[:, None]
    return _unit(np.where(count > 0.5, total, np.nan))


def _sliding(values: Array, window: Array) -> Array:
    return np.convolve(values, window, mode="full")[(len(window) - 1) // 2 :][: len(values)]


def moved_inwards(marker: Array, above: Array, across: Array, by_m: float) -> Array:
    """Move a lateral marker to the middle of its joint, at right angles to the segment above.

    Parameters
    ----------
    marker : ndarray, shape (n, 3)
        On the outer side of knee or ankle, m.
    above : ndarray, shape (n, 3)
        The joint above, m.
    across : ndarray, shape (n, 3)
        Unit vectors towards the other leg.
    by_m : float
        How far, m.

    Returns
    -------
    ndarray, shape (n, 3)
        Joint centre, m; NaN where one of the three is.
    """
    along = _unit(marker - above)
    inwards = _unit(across - np.sum(across * along, axis=1, keepdims=True) * along)
    return np.asarray(marker + by_m * inwards)


def fill_short_gaps(curve: Array, rate_hz: float) -> tuple[Array, int]:
    """Fill gaps inside a curve by a cubic spline, when they last at most `LONGEST_GAP_S`.

    Parameters
    ----------
    curve : ndarray, shape (n, 3)
    rate_hz : float
        Frames per second.

    Returns
    -------
    ndarray, shape (n, 3)
        A copy.
    int
        How many gaps were filled.
    """
    from scipy.interpolate import CubicSpline

    filled = curve.copy()
    missing = np.asarray(~np.isfinite(curve).all(axis=1))
    count = 0
    for start, stop in runs(missing):
        if start == 0 or stop == len(curve) or (stop - start) / rate_hz > LONGEST_GAP_S:
            continue
        near = np.arange(max(0, start - _FIT_FRAMES), min(len(curve), stop + _FIT_FRAMES))
        near = near[~missing[near]]
        if len(near) >= 4:
            filled[start:stop] = CubicSpline(near, curve[near])(np.arange(start, stop))
        else:
            for axis in range(3):
                filled[start:stop, axis] = np.interp(np.arange(start, stop), near, curve[near, axis])
        count += 1
    return filled, count


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 1e-9, length, np.nan))
