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
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.config import FeatureSettings
from gait_core.gait.gaps import fill_gaps, frame_s, longest_gap_s, runs, trusted
from gait_core.gait.lowpass import lowpass
from gait_core.pose.track import Track

__all__ = ["Signals", "Smoothed", "filter_rate_hz", "smooth", "time_grid"]

FINE_RATE_HZ: Final = 100.0
"""Lowest sampling rate of the uniform grid on which the filter runs."""


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


@dataclass(frozen=True, kw_only=True, eq=False)
class Smoothed:
    """Clean image positions on the fine grid on which the filter ran.

    Attributes
    ----------
    position : ndarray, shape (n, n_landmarks, 2), float64
        Image position on the fine grid, px, y down; NaN where missing.
    rate_hz : float
        Samples per second of the fine grid, see `filter_rate_hz`.
    filled : ndarray, shape (n_frames, n_landmarks), bool
        Frames of the track in which a short gap was interpolated.
    frame_time_s : ndarray, shape (n_frames,), float64
        Time stamps of the track, s.
    """

    position: NDArray[np.float64]
    rate_hz: float
    filled: NDArray[np.bool_]
    frame_time_s: NDArray[np.float64]

    def at(self, rate_hz: float) -> Signals:
        """Return every n-th sample, so that there are `rate_hz` per second.

        Parameters
        ----------
        rate_hz : float
            Rate of which the filter runs on this fine grid, Hz.

        Returns
        -------
        Signals

        Raises
        ------
        ValueError
            When the filter runs on another grid for that rate.
        """
        if filter_rate_hz(rate_hz) != self.rate_hz:
            raise ValueError(f"Expected a rate that is filtered at {self.rate_hz:g} Hz, but got {rate_hz:g} Hz.")
        grid = time_grid(self.frame_time_s, rate_hz)
        kept = self.position[:: _fine_steps(rate_hz)][: len(grid)]
        position = np.full((len(grid), *self.position.shape[1:]), np.nan)
        position[: len(kept)] = kept
        return Signals(
            position=position,
            filled=_marked(self.frame_time_s, self.filled, grid) & np.isfinite(position[:, :, 0]),
            time_s=grid,
            rate_hz=rate_hz,
        )


def _fine_steps(rate_hz: float) -> int:
    return max(1, math.ceil(FINE_RATE_HZ / rate_hz))


def filter_rate_hz(rate_hz: float) -> float:
    """Return the rate of the fine grid on which signals of `rate_hz` are filtered, Hz.

    Returns
    -------
    float
        A whole multiple of `rate_hz`, Hz.
    """
    return rate_hz * _fine_steps(rate_hz)


def time_grid(time_s: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Return the uniform grid from the first time stamp to the last.

    Returns
    -------
    ndarray, shape (n,), float64
        Times, s, 1 / `rate_hz` apart.
    """
    count = math.floor(float(time_s[-1] - time_s[0]) * rate_hz + 1e-6) + 1
    return np.asarray(time_s[0] + np.arange(count) / rate_hz)


def smooth(
    track: Track, rows: Sequence[int], settings: FeatureSettings, *, keep_open: NDArray[np.bool_] | None = None
) -> Smoothed:
    """Fill short gaps of some landmarks and smooth their image positions on the fine grid.

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
    Smoothed
        One column per entry of `rows`.

    References
    ----------
    Winter 2009, chapter 3, for the filter; its corner of 6 Hz for walking.
    """
    index = list(rows)
    rate_hz = filter_rate_hz(settings.rate_hz)
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
    origin_s = track.time_s[0]
    position = np.full((len(time_grid(track.time_s, rate_hz)), len(index), 2), np.nan)
    for columns in _columns_alike(present, gaps_s):
        for start, stop in _pieces(present[:, columns[0]], track.time_s, gaps_s[columns[0]]):
            times, piece = track.time_s[start:stop], values[start:stop, columns]
            first, samples = _resample(times, piece, origin_s, rate_hz, settings.cutoff_hz)
            position[first : first + len(samples), columns] = samples[: len(position) - first]
    return Smoothed(position=position, rate_hz=rate_hz, filled=filled_source, frame_time_s=track.time_s)


def _columns_alike(present: NDArray[np.bool_], gaps_s: Sequence[float]) -> Iterator[list[int]]:
    """Yield the columns that are present at the same times and have the same rule of gaps, for one call each."""
    groups: dict[tuple[bytes, float], list[int]] = {}
    for column, gap_s in enumerate(gaps_s):
        groups.setdefault((present[:, column].tobytes(), gap_s), []).append(column)
    yield from groups.values()


def _pieces(present: NDArray[np.bool_], time_s: NDArray[np.float64], max_gap_s: float) -> list[tuple[int, int]]:
    """Return the uninterrupted pieces; a hole between time stamps interrupts like a missing frame."""
    limit = max_gap_s + frame_s(time_s) + 1e-3
    holes = np.flatnonzero(np.diff(time_s) > limit) + 1
    found = []
    for start, stop in runs(present):
        cuts = [start, *(int(hole) for hole in holes if start < hole < stop), stop]
        found += [(a, b) for a, b in pairwise(cuts) if b - a >= 2]
    return found


def _resample(
    time_s: NDArray[np.float64], values: NDArray[np.float64], origin_s: float, rate_hz: float, cutoff_hz: float
) -> tuple[int, NDArray[np.float64]]:
    """Carry one complete piece to the fine grid and smooth it; return the index of its first sample and the samples."""
    from scipy.interpolate import CubicSpline

    low = math.ceil((time_s[0] - origin_s) * rate_hz - 1e-6)
    high = math.floor((time_s[-1] - origin_s) * rate_hz + 1e-6)
    times = origin_s + np.arange(low, high + 1) / rate_hz
    flat = values.reshape(len(values), -1)
    if len(time_s) >= 4:
        fine = CubicSpline(time_s, flat, bc_type="natural")(times)
    else:
        fine = np.stack([np.interp(times, time_s, column) for column in flat.T], axis=1)
    smoothed = lowpass(fine, rate_hz, cutoff_hz)
    return low, smoothed.reshape(len(smoothed), *values.shape[1:])


def _marked(time_s: NDArray[np.float64], filled: NDArray[np.bool_], grid: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Carry the marks of interpolated samples to the grid: marked if the nearest source sample is."""
    if not filled.any():
        return np.zeros((len(grid), filled.shape[1]), dtype=bool)
    middle = (time_s[1:] + time_s[:-1]) / 2
    marked: NDArray[np.bool_] = filled[np.searchsorted(middle, grid)]
    return marked
