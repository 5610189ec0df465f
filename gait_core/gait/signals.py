"""From landmarks at the video's time stamps to clean signals at a fixed rate.

Order of the steps: what cannot be trusted becomes missing; short gaps are interpolated and marked,
longer ones stay missing; a cubic spline carries each uninterrupted piece to a fine even grid; a zero-lag
low-pass runs there; every n-th sample is kept. The filter sees the same even grid whatever the frame
rate was, so that 25, 30 and 60 frames a second give the same signals, and it removes what would fold
back when samples are dropped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.config import FeatureSettings
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track

__all__ = [
    "Signals",
    "condition",
    "fill_gaps",
    "longest_gap_s",
    "lowpass",
    "runs",
    "time_grid",
    "trusted",
    "zero_lag_corner",
]

FINE_RATE_HZ = 100.0
"""Lowest rate of the even grid on which the filter runs."""
PICTURE_MARGIN = 0.02
"""Share of the picture's side by which a landmark may lie outside; beyond, the model has invented it."""
PAD_S = 0.25
_CURVED_GAP_S = 0.12
"""Longest gap over which a cubic spline goes on in the direction of both ends; over longer ones it swings out, s."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Signals:
    """Clean image positions at a fixed rate.

    Attributes
    ----------
    position : ndarray, shape (n, n_landmarks, 2), float64
        Image position, px, y down; NaN where missing.
    filled : ndarray, shape (n, n_landmarks), bool
        True where a short gap was interpolated.
    time_s : ndarray, shape (n,), float64
        Even time grid, s.
    rate_hz : float
        Samples per second.
    """

    position: NDArray[np.float64]
    filled: NDArray[np.bool_]
    time_s: NDArray[np.float64]
    rate_hz: float


def zero_lag_corner(cutoff_hz: float, rate_hz: float, passes: int = 2) -> float:
    """Return the corner for each pass, so that all passes together have theirs at `cutoff_hz`.

    Parameters
    ----------
    cutoff_hz : float
        Wanted −3 dB frequency of the whole filter, Hz.
    rate_hz : float
        Sampling rate, Hz.
    passes : int
        Passes of the second-order filter; 2 for forward and backward.

    Returns
    -------
    float
        Corner of one pass, Hz.

    References
    ----------
    Winter, Biomechanics and Motor Control of Human Movement, 4th ed. 2009, section 3.4.4.2: the corner is
    divided by (2^(1/passes) − 1)^(1/4) on the warped frequency axis.
    """
    shrink = (2.0 ** (1.0 / passes) - 1.0) ** 0.25
    warped = math.tan(math.pi * cutoff_hz / rate_hz) / shrink
    return math.atan(warped) * rate_hz / math.pi


@lru_cache(maxsize=32)
def _sections(cutoff_hz: float, rate_hz: float, kind: str) -> NDArray[np.float64]:
    from scipy.signal import butter

    if kind == "highpass":
        # The correction of a high-pass is the reciprocal of that of a low-pass.
        corner = cutoff_hz**2 / zero_lag_corner(cutoff_hz, rate_hz)
    else:
        corner = zero_lag_corner(cutoff_hz, rate_hz)
    sections: NDArray[np.float64] = butter(2, corner, kind, fs=rate_hz, output="sos")
    return sections


def lowpass(
    values: NDArray[np.float64], rate_hz: float, cutoff_hz: float, *, kind: str = "lowpass"
) -> NDArray[np.float64]:
    """Filter without lag along the first axis; the values must be complete.

    Parameters
    ----------
    values : ndarray, shape (n, …)
        Evenly sampled values without NaN.
    rate_hz, cutoff_hz : float
        Sampling rate and −3 dB frequency of the whole filter, Hz; a corner at or above 0.45 of the rate leaves
        the values as they are.
    kind : {"lowpass", "highpass"}
        What is kept.

    Returns
    -------
    ndarray, shape (n, …)
        Filtered values. A piece of fewer than three samples is returned unfiltered.

    References
    ----------
    Winter 2009, section 3.4.4.2: second-order Butterworth, forward and backward.
    """
    from scipy.signal import sosfiltfilt

    if len(values) < 3 or cutoff_hz >= 0.45 * rate_hz:
        return values
    padding = min(len(values) - 1, round(PAD_S * rate_hz))
    filtered: NDArray[np.float64] = sosfiltfilt(_sections(cutoff_hz, rate_hz, kind), values, axis=0, padlen=padding)
    return filtered


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return start and stop of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def time_grid(time_s: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Return the even grid from the first time stamp to the last."""
    count = math.floor(float(time_s[-1] - time_s[0]) * rate_hz + 1e-6) + 1
    return np.asarray(time_s[0] + np.arange(count) / rate_hz)


ARMS: Final = tuple(INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("elbow", "wrist"))
"""Landmarks that count even where the pose model is unsure: the trunk hides them for half of every swing."""


def longest_gap_s(row: int, settings: FeatureSettings) -> float:
    """Return the longest gap of a landmark that is interpolated, s."""
    return settings.max_arm_gap_s if row in ARMS else settings.max_gap_s


def trusted(track: Track, min_confidence: float) -> NDArray[np.bool_]:
    """Return which landmarks are found, confident enough and inside the picture, shape (n_frames, 33).

    Elbows and wrists need no confidence, or every walk would lose the arm while the trunk hides it.
    """
    size = np.array([track.width_px, track.height_px], dtype=np.float32)
    margin = PICTURE_MARGIN * float(size.max())
    with np.errstate(invalid="ignore"):
        inside = ((track.position >= -margin) & (track.position <= size + margin)).all(axis=2)
    confident = track.confidence >= min_confidence
    confident[:, ARMS] = True
    return np.asarray(inside & confident)


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
    missing_s = np.diff(time_s[known]) - _frame_s(time_s)
    for number in np.flatnonzero((np.diff(known) > 1) & (missing_s <= max_gap_s + 1e-3)):
        gap = curved if missing_s[number] <= _CURVED_GAP_S + 1e-3 else straight
        gap[known[number] + 1 : known[number + 1]] = True
    if curved.any():
        spline = CubicSpline(time_s[known], values[known], bc_type="natural")
        result[curved] = spline(time_s[curved])
    if straight.any():
        result[straight] = PchipInterpolator(time_s[known], values[known])(time_s[straight])
    return result, curved | straight


def condition(
    track: Track, rows: Sequence[int], settings: FeatureSettings, *, keep_open: NDArray[np.bool_] | None = None
) -> Signals:
    """Clean, resample and smooth the image positions of some landmarks.

    Parameters
    ----------
    track : Track
        At least two frames.
    rows : sequence of int
        Landmarks wanted.
    settings : FeatureSettings
        Rate, corner, gap rule and confidence limit.
    keep_open : ndarray, shape (n_frames, 33), bool, optional
        Short gaps that are not to be filled.

    Returns
    -------
    Signals
        One column per entry of `rows`.

    References
    ----------
    Winter 2009, chapter 3, for the filter; its corner of 6 Hz for walking.
    """
    index = list(rows)
    grid = time_grid(track.time_s, settings.rate_hz)
    valid = trusted(track, settings.min_confidence)[:, index]
    values = track.position[:, index].astype(np.float64)
    filled_source = np.zeros_like(valid)
    gaps_s = [longest_gap_s(row, settings) for row in index]
    for columns in _columns_alike(valid, gaps_s):
        together = values[:, columns].reshape(len(track), -1)
        filled, marks = fill_gaps(together, valid[:, columns[0]], track.time_s, gaps_s[columns[0]])
        if keep_open is not None:
            stays = marks & keep_open[:, [index[column] for column in columns]].any(axis=1)
            filled[stays], marks = np.nan, marks & ~stays
        values[:, columns] = filled.reshape(len(track), -1, 2)
        filled_source[:, columns] = marks[:, None]
    present = np.isfinite(values[:, :, 0])
    position = np.full((len(grid), len(index), 2), np.nan)
    for columns in _columns_alike(present, gaps_s):
        for start, stop in _pieces(present[:, columns[0]], track.time_s, gaps_s[columns[0]]):
            first, samples = _resample(track.time_s[start:stop], values[start:stop, columns], grid[0], settings)
            position[first : first + len(samples), columns] = samples[: len(grid) - first]
    return Signals(
        position=position,
        filled=_marked(track.time_s, filled_source, grid) & np.isfinite(position[:, :, 0]),
        time_s=grid,
        rate_hz=settings.rate_hz,
    )


def _frame_s(time_s: NDArray[np.float64]) -> float:
    return float(np.median(np.diff(time_s)))


def _columns_alike(present: NDArray[np.bool_], gaps_s: Sequence[float]) -> Iterator[list[int]]:
    """Yield the columns that are present at the same times and have the same rule of gaps, for one call each."""
    groups: dict[tuple[bytes, float], list[int]] = {}
    for column, gap_s in enumerate(gaps_s):
        groups.setdefault((present[:, column].tobytes(), gap_s), []).append(column)
    yield from groups.values()


def _pieces(present: NDArray[np.bool_], time_s: NDArray[np.float64], max_gap_s: float) -> list[tuple[int, int]]:
    """Return the uninterrupted pieces; a hole between time stamps interrupts like a missing frame."""
    limit = max_gap_s + _frame_s(time_s) + 1e-3
    holes = np.flatnonzero(np.diff(time_s) > limit) + 1
    found = []
    for start, stop in runs(present):
        cuts = [start, *(int(hole) for hole in holes if start < hole < stop), stop]
        found += [(a, b) for a, b in pairwise(cuts) if b - a >= 2]
    return found


def _resample(
    time_s: NDArray[np.float64], values: NDArray[np.float64], origin_s: float, settings: FeatureSettings
) -> tuple[int, NDArray[np.float64]]:
    """Carry one complete piece to the grid; return the grid index of the first sample and the samples."""
    from scipy.interpolate import CubicSpline

    factor = max(1, math.ceil(FINE_RATE_HZ / settings.rate_hz))
    fine_hz = settings.rate_hz * factor
    low = math.ceil((time_s[0] - origin_s) * fine_hz - 1e-6)
    high = math.floor((time_s[-1] - origin_s) * fine_hz + 1e-6)
    times = origin_s + np.arange(low, high + 1) / fine_hz
    flat = values.reshape(len(values), -1)
    if len(time_s) >= 4:
        fine = CubicSpline(time_s, flat, bc_type="natural")(times)
    else:
        fine = np.stack([np.interp(times, time_s, column) for column in flat.T], axis=1)
    smooth = lowpass(fine, fine_hz, settings.cutoff_hz)
    skip = -low % factor
    kept = smooth[skip::factor]
    return (low + skip) // factor, kept.reshape(len(kept), *values.shape[1:])


def _marked(time_s: NDArray[np.float64], filled: NDArray[np.bool_], grid: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Carry the marks of interpolated samples to the grid: marked if the nearest source sample is."""
    if not filled.any():
        return np.zeros((len(grid), filled.shape[1]), dtype=bool)
    middle = (time_s[1:] + time_s[:-1]) / 2
    marked: NDArray[np.bool_] = filled[np.searchsorted(middle, grid)]
    return marked
