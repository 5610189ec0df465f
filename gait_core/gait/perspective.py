"""What the camera adds to a walk, and how it is taken out: size and parallax."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.gaps import runs
from gait_core.gait.lowpass import lowpass

__all__ = ["oscillation", "remove_parallax", "scale_px"]

Array = NDArray[np.float64]
GREATEST_PARALLAX: Final = 0.12
"""Depth of a landmark over the distance to the camera, at most: 0.3 m at 2.5 m."""
LEAST_TRAVEL_LEG: Final = 2.0
LEAST_STRIDES: Final = 1.5


def scale_px(position: Array, column: Mapping[str, int], side: str, duration_s: float) -> Array:
    """Return the leg length at every sample of a segment, px: constant, or slowly growing with the image.

    Parameters
    ----------
    position : ndarray, shape (n, n_landmarks, 2)
        Image positions of the segment, px.
    column : mapping of str to int
        Landmark → column.
    side : {"left", "right"}
        Near side.
    duration_s : float
        Length of the segment, s.

    Returns
    -------
    ndarray, shape (n,)
        The near thigh and shank and the trunk together are the measure. A line or parabola through its
        logarithm follows a person who comes nearer, and does not follow the stride.
    """
    hip, knee, ankle = (position[:, column[f"{side}_{name}"]] for name in ("hip", "knee", "ankle"))
    leg = np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1)
    shoulder = position[:, [column["left_shoulder"], column["right_shoulder"]]].mean(axis=1)
    pelvis = position[:, [column["left_hip"], column["right_hip"]]].mean(axis=1)
    size = np.log(leg + np.linalg.norm(shoulder - pelvis, axis=1))
    known = np.isfinite(size)
    if not known.any():
        return np.full(len(size), np.nan)
    degree = 0 if duration_s < 1.5 else 1 if duration_s < 3.0 else 2
    degree = min(degree, int(known.sum()) - 1)
    powers = np.linspace(-1.0, 1.0, len(size))[:, None] ** np.arange(degree + 1)
    fit = powers @ np.linalg.lstsq(powers[known], size[known], rcond=None)[0]
    away = np.abs(size - fit)
    kept = known & (away <= 3.0 * np.median(away[known]) + 1e-9)
    if kept.sum() > 2 * degree + 2:
        fit = powers @ np.linalg.lstsq(powers[kept], size[kept], rcond=None)[0]
    return np.asarray(np.median(leg[known]) * np.exp(fit - np.median(fit)))


def remove_parallax(forward: Array, travel: Array, time_s: Array, stride_s: float | None) -> Array:
    """Take out the shift of near and far landmarks that grows towards the edges of the image.

    Parameters
    ----------
    forward : ndarray, shape (n, n_landmarks)
        Forward distance from the middle of the hips, leg lengths; NaN where missing.
    travel : ndarray, shape (n,)
        Position of the middle of the hips from the middle of the frame, along the walking direction, leg lengths.
    time_s : ndarray, shape (n,)
        Times, s.
    stride_s : float or None
        Time of a stride, s; without it nothing is done.

    Returns
    -------
    ndarray, shape (n, n_landmarks)
        Forward distances as seen from straight opposite; unchanged when the segment is shorter than 1.5 strides or
        two leg lengths, as with a camera that follows.

    Notes
    -----
    A landmark nearer to the camera than the pelvis by d, seen from the distance Z, is shifted by x·d/Z when
    the pelvis is x from the optical axis (pinhole camera, Hartley & Zisserman 2004, section 6.1). On real walks across
    the whole frame this turns the near thigh by about 2° and the trunk by 1.3° for each leg length of travel. The
    shift is estimated for every landmark by least squares beside the first three harmonics of the stride.
    """
    known = np.isfinite(travel)
    if stride_s is None or time_s[-1] - time_s[0] < LEAST_STRIDES * stride_s or not known.any():
        return forward
    nearest, farthest = float(travel[known].min()), float(travel[known].max())
    if farthest - nearest < LEAST_TRAVEL_LEG:
        return forward
    phase = 2 * np.pi * time_s / stride_s
    columns = [np.ones_like(travel), travel]
    columns += [wave(k * phase) for k in (1, 2, 3) for wave in (np.sin, np.cos)]
    design = np.stack(columns, axis=1)
    centre = float(np.clip(0.0, nearest, farthest))
    result = forward.copy()
    complete = np.isfinite(forward) & known[:, None]
    for mask in np.unique(complete, axis=1).T:
        if mask.sum() < 2 * design.shape[1]:
            continue
        same = np.flatnonzero((complete == mask[:, None]).all(axis=0))
        slope = np.linalg.lstsq(design[mask], forward[np.ix_(mask, same)], rcond=None)[0][1]
        result[:, same] -= np.clip(slope, -GREATEST_PARALLAX, GREATEST_PARALLAX) * (travel - centre)[:, None]
    return result


def oscillation(height: Array, rate_hz: float, lowest_hz: float) -> Array:
    """Return what is faster than `lowest_hz`, piece by piece, shape (n,); NaN where missing.

    Parameters
    ----------
    height : ndarray, shape (n,)
        Evenly sampled values; NaN where missing.
    rate_hz : float
        Sampling rate, Hz.
    lowest_hz : float
        Corner of the high-pass filter, Hz.

    Returns
    -------
    ndarray, shape (n,)
        Without the slow part, in the unit of `height`.
    """
    result = np.full_like(height, np.nan)
    for start, stop in runs(np.isfinite(height)):
        piece = height[start:stop]
        result[start:stop] = lowpass(piece - piece.mean(), rate_hz, lowest_hz, kind="highpass")
    return result
