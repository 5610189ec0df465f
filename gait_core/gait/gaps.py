"""Which landmarks can be trusted, and how short gaps between them are filled."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.config import FeatureSettings
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track

__all__ = ["ARMS", "PICTURE_MARGIN", "fill_gaps", "frame_s", "longest_gap_s", "runs", "trusted"]

PICTURE_MARGIN: Final = 0.02
"""Share of the frame's side by which a landmark may lie outside; beyond, the model has invented it."""
_CURVED_GAP_S: Final = 0.12
"""Longest gap over which a cubic spline goes on in the direction of both ends; over longer ones it swings out, s."""
ARMS: Final = tuple(INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("elbow", "wrist"))
"""Landmarks that count even where the pose model is unsure: the trunk hides them for half of every swing."""


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return start and stop of every run of True.

    Returns
    -------
    list of (int, int)
        Half-open index ranges in rising order.
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def longest_gap_s(row: int, settings: FeatureSettings) -> float:
    """Return the longest gap of a landmark that is interpolated, s.

    Returns
    -------
    float
        Length, s.
    """
    return settings.max_arm_gap_s if row in ARMS else settings.max_gap_s


def trusted(track: Track, min_confidence: float) -> NDArray[np.bool_]:
    """Return which landmarks are found, confident enough and inside the image, shape (n_frames, 33).

    Elbows and wrists need no confidence, or every walk would lose the arm while the trunk hides it.

    Returns
    -------
    ndarray, shape (n_frames, 33), bool
        True where a landmark can be used.
    """
    size = np.array([track.width_px, track.height_px], dtype=np.float32)
    margin = PICTURE_MARGIN * float(size.max())
    with np.errstate(invalid="ignore"):
        inside = ((track.position >= -margin) & (track.position <= size + margin)).all(axis=2)
    confident = track.confidence >= min_confidence
    confident[:, ARMS] = True
    return np.asarray(inside & confident)


def frame_s(time_s: NDArray[np.float64]) -> float:
    """Return the usual time from one frame to the next, s.

    Returns
    -------
    float
        Median interval, s.
    """
    return float(np.median(np.diff(time_s)))


def fill_gaps(
    values: NDArray[np.float64], valid: NDArray[np.bool_], time_s: NDArray[np.float64], max_gap_s: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Interpolate short gaps of landmarks that are missing at the same times.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        Coordinates.
    valid : ndarray, shape (n,), bool
        Samples that can be trusted.
    time_s : ndarray, shape (n,)
        Time stamps, s.
    max_gap_s : float
        Longest missing time that is filled, s: the time between two valid samples less one frame.

    Returns
    -------
    values : ndarray, shape (n, k)
        NaN where still missing.
    filled : ndarray, shape (n,), bool
        Samples that were interpolated. Nothing is ever extrapolated.

    References
    ----------
    Fritsch & Carlson 1980, SIAM J Numer Anal 17:238, for gaps of more than 0.12 s: no farther out than both ends.
    """
    from scipy.interpolate import CubicSpline, PchipInterpolator

    result = np.where(valid[:, None], values, np.nan)
    known = np.flatnonzero(valid)
    curved, straight = np.zeros((2, len(values)), dtype=bool)
    if len(known) < 2 or len(known) == len(values):
        return result, curved
    missing_s = np.diff(time_s[known]) - frame_s(time_s)
    for number in np.flatnonzero((np.diff(known) > 1) & (missing_s <= max_gap_s + 1e-3)):
        gap = curved if missing_s[number] <= _CURVED_GAP_S + 1e-3 else straight
        gap[known[number] + 1 : known[number + 1]] = True
    if curved.any():
        spline = CubicSpline(time_s[known], values[known], bc_type="natural")
        result[curved] = spline(time_s[curved])
    if straight.any():
        result[straight] = PchipInterpolator(time_s[known], values[known])(time_s[straight])
    return result, curved | straight
