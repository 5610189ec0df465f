"""Published rules that find initial contact and foot off in the path of one foot.

Each rule gives the moments that its authors describe, without any correction. What is known about their mean error is
taken out in `lag`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.gaps import runs

__all__ = ["CITATIONS", "METHODS", "Candidates", "FootPath", "coordinate", "foot_velocity", "peak_near_s", "velocity"]

Array = NDArray[np.float64]

LEAST_PROMINENCE: Final = 0.35
"""A turning point stands out from its surroundings by at least this share of the usual range."""
LEAST_DISTANCE: Final = 0.6
"""Minimum distance between two turning points, as a share of the stride."""
GREATEST_DISTANCE_S: Final = 0.7
FEWEST_SAMPLES: Final = 5
FROM_END: Final = 2
"""A highest sample so near to an end is not a turning point."""
LOW_HEEL_SHARE: Final = 0.35
"""Share of the heel's range below which it may meet the floor (O'Connor 2007)."""
OCONNOR_CONTACT_S: Final = (-0.30, 0.25)
OCONNOR_OFF_S: Final = (-0.25, 0.15)
"""Where the rule of O'Connor looks, around the foremost heel and the hindmost toe, s."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FootPath:
    """The path of one foot during one pass; NaN where a landmark is missing.

    Attributes
    ----------
    time_s : ndarray, shape (n,)
        Even grid, s.
    rate_hz : float
        Samples per second.
    heel, toe : ndarray, shape (n, 2)
        Forward from the middle of the hips along the walking direction, and up in the frame, leg lengths.
    lead : ndarray, shape (n,)
        By how much this ankle is in front of the other one, leg lengths.
    pitch_deg : ndarray, shape (n,)
        Foot against the horizontal, toe up positive, degrees.
    floor : ndarray, shape (n,)
        Speed of the floor against the hips, measured at the other foot where that one stands flat, leg lengths/s.
    stride_s : float
        Usual stride time, s.
    turn_delay_s : float
        By how much the landmarks show a quick turn of the foot too late, s, see `gait_core.pose.engines`.
    """

    time_s: Array
    rate_hz: float
    heel: Array
    toe: Array
    lead: Array
    pitch_deg: Array
    floor: Array
    stride_s: float
    turn_delay_s: float = 0.0

    def at_s(self, sample: float) -> float:
        """Return the time of a sample that may lie between two, s."""
        return float(self.time_s[0] + sample / self.rate_hz)

    def sample(self, time_s: float) -> int:
        """Return the sample nearest to a time."""
        return int(np.clip(round((time_s - self.time_s[0]) * self.rate_hz), 0, len(self.time_s) - 1))


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """Moments that a rule proposes, before correction and check.

    Attributes
    ----------
    contact_s, off_s : ndarray
        Initial contacts and foot offs, s, rising.
    """

    contact_s: Array
    off_s: Array


Method = Callable[[FootPath], Candidates]


def coordinate(path: FootPath) -> Candidates:
    """Find contact at the foremost heel, foot off at the hindmost toe, both against the hips.

    Returns
    -------
    Candidates
        Times of possible contacts and foot offs, s.

    References
    ----------
    Zeni, Richards & Higginson 2008, Gait & Posture 27:710 (coordinate-based algorithm).
    """
    return Candidates(
        contact_s=_turning_points(path.heel[:, 0], path, 1.0), off_s=_turning_points(path.toe[:, 0], path, -1.0)
    )


def velocity(path: FootPath) -> Candidates:
    """Find contact where the heel, and foot off where the toe, changes its direction against the hips.

    Returns
    -------
    Candidates
        Times of possible contacts and foot offs, s.

    References
    ----------
    Zeni, Richards & Higginson 2008, Gait & Posture 27:710 (velocity-based algorithm).
    """
    plain = coordinate(path)
    return Candidates(
        contact_s=_reversals(path.heel[:, 0], path, plain.contact_s),
        off_s=_reversals(path.toe[:, 0], path, plain.off_s),
    )


def foot_velocity(path: FootPath) -> Candidates:
    """Find contact at the fastest fall, foot off at the fastest rise of the middle of the foot.

    The fall counts only where the heel is low; the stride is found by the coordinate rule.

    Returns
    -------
    Candidates
        Times of possible contacts and foot offs, s.

    References
    ----------
    O'Connor, Thorpe, O'Malley & Vaughan 2007, Gait & Posture 25:469.
    """
    plain = coordinate(path)
    height = path.heel[:, 1]
    known = height[np.isfinite(height)]
    if not len(known):
        return Candidates(contact_s=np.array([]), off_s=np.array([]))
    low, high = np.percentile(known, [2.0, 98.0])
    rise = np.gradient((height + path.toe[:, 1]) / 2.0, 1.0 / path.rate_hz)
    near_floor = height <= low + LOW_HEEL_SHARE * (high - low)
    return Candidates(
        contact_s=_peaks_near(-rise, path, plain.contact_s, OCONNOR_CONTACT_S, near_floor),
        off_s=_peaks_near(rise, path, plain.off_s, OCONNOR_OFF_S),
    )


METHODS: Final[Mapping[str, Method]] = MappingProxyType(
    {"coordinate": coordinate, "velocity": velocity, "foot_velocity": foot_velocity}
)
"""Name → rule."""

CITATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "coordinate": "Zeni, Richards & Higginson 2008, Gait & Posture 27:710–714, coordinate-based",
        "velocity": "Zeni, Richards & Higginson 2008, Gait & Posture 27:710–714, velocity-based",
        "foot_velocity": "O'Connor, Thorpe, O'Malley & Vaughan 2007, Gait & Posture 25:469–474",
    }
)
"""Name → where the rule was published."""


def _turning_points(curve: Array, path: FootPath, sign: float) -> Array:
    """Return when a curve reaches its maxima (sign +1) or minima (−1), s."""
    from scipy.signal import find_peaks

    known = curve[np.isfinite(curve)]
    if len(known) < FEWEST_SAMPLES:
        return np.array([])
    usual = float(np.subtract(*np.percentile(known, [95.0, 5.0])))
    distance = max(1, int(min(LEAST_DISTANCE * path.stride_s, GREATEST_DISTANCE_S) * path.rate_hz))
    found: list[float] = []
    for start, stop in runs(np.isfinite(curve)):
        if stop - start < FEWEST_SAMPLES:
            continue
        piece = sign * curve[start:stop]
        # Beyond the ends the curve may have gone down: near them one side is enough to stand out.
        open_ended = np.concatenate([[piece.min() - usual], piece, [piece.min() - usual]])
        peaks, _ = find_peaks(open_ended, prominence=LEAST_PROMINENCE * usual, distance=distance)
        inside = peaks[(peaks > FROM_END) & (peaks <= len(piece) - FROM_END)] - 1
        found += [path.at_s(start + _vertex(piece, int(peak))) for peak in inside]
    return np.array(found)


def _vertex(curve: Array, peak: int) -> float:
    """Return where the parabola through a sample and its neighbours has its top."""
    if not 0 < peak < len(curve) - 1:
        return float(peak)
    before, here, after = curve[peak - 1 : peak + 2]
    bend = before - 2.0 * here + after
    return float(peak + np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend else float(peak)


def _crossing_s(curve: Array, path: FootPath, sample: int) -> float:
    """Return when a curve passes zero between a sample and the next, s, by a straight line."""
    before, after = curve[sample], curve[sample + 1]
    return path.at_s(sample + (float(before / (before - after)) if before != after else 0.0))


def _reversals(curve: Array, path: FootPath, near_s: Array) -> Array:
    """Return the change of direction nearest to each given time, s."""
    speed = np.gradient(curve, 1.0 / path.rate_hz)
    with np.errstate(invalid="ignore"):
        changes = np.flatnonzero(speed[:-1] * speed[1:] <= 0.0)
    times = np.array([_crossing_s(speed, path, int(sample)) for sample in changes])
    if not len(times):
        return np.array([])
    return np.unique([float(times[np.argmin(np.abs(times - time_s))]) for time_s in near_s])


def peak_near_s(curve: Array, path: FootPath, time_s: float, window_s: tuple[float, float]) -> float | None:
    """Return when the highest peak of a curve is around a time, s; None without a peak inside the window.

    Parameters
    ----------
    curve : ndarray, shape (n,)
        Sampled at the times of `path`.
    path : FootPath
        Gives start time and rate of the samples.
    time_s : float
        Time around which to look, s.
    window_s : tuple of float
        Start and end of the search window relative to `time_s`, s.

    Returns
    -------
    float or None
        Time of the peak, s.
    """
    found = _peaks_near(curve, path, np.array([time_s]), window_s)
    return float(found[0]) if len(found) else None


def _peaks_near(
    curve: Array,
    path: FootPath,
    near_s: Array,
    window_s: tuple[float, float],
    allowed: NDArray[np.bool_] | None = None,
) -> Array:
    """Return the highest peak of a curve around each time, where it is allowed, s."""
    found = []
    for time_s in near_s:
        first, last = path.sample(time_s + window_s[0]), path.sample(time_s + window_s[1])
        begin, end = max(1, first + 1), min(len(curve) - 1, last)
        if begin >= end:
            continue
        here = curve[begin:end]
        with np.errstate(invalid="ignore"):
            higher = (here > curve[begin - 1 : end - 1]) & (here >= curve[begin + 1 : end + 1])
        inside = begin + np.flatnonzero(higher if allowed is None else higher & allowed[begin:end])
        if len(inside):
            found.append(path.at_s(_vertex(curve, int(inside[np.argmax(curve[inside])]))))
    return np.array(found)
