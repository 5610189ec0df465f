"""Whether two videos are one recording, judged by the motion in them, whatever became of their bytes and pixels.

A recording that was copied into another container, encoded again, made smaller, trimmed or sent by a messenger shows
the same body at the same moments. Another walk of the same person does not: people never put their feet in the same
places at the same times again.
"""

from __future__ import annotations

import base64
import math
import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.body import leg_length_px, middle
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track

__all__ = ["fingerprint_of", "same_recording"]

Array = NDArray[np.float64]

RATE_HZ: Final = 25.0
LONGEST_S: Final = 12.0
SHORTEST_S: Final = 1.0
LEAST_OVERLAP: Final = 0.7
"""Of the shorter one; the rest may have been trimmed away."""
WHOLE_S: Final = 0.1
"""Difference in length, and shift in time, up to which neither was trimmed, s."""
LIMIT_LEG: Final = 0.04
"""Usual distance between the bodies, leg lengths, up to which two untrimmed videos are one recording.

Copies of rendered and real walks: 0 in another container, up to 0.02 at 640 px, up to 0.04 at 480 px and the quality of
a messenger. Other walks: 0.05 and more among 500 pairs of rendered and real videos. Only walks that begin at the same
place with the same step, in videos of the same length, come nearer.
"""
TRIMMED_LIMIT_LEG: Final = 0.012
"""The same where one was trimmed and every shift in time is allowed: such copies are known only while hardly encoded
again, because with a free shift the steps of another walk of an even walker come as near as 0.016."""
_STEP: Final = 0.0005
_MISSING: Final = -32768
_PAIRS: Final = ("ankle", "knee", "wrist")
_PARTS_OF_A_SAMPLE: Final = (-0.5, -0.25, 0.0, 0.25, 0.5)


def fingerprint_of(track: Track) -> str:
    """Return the fingerprint of a recording as a short text, at most some kilobytes; empty without a person.

    Parameters
    ----------
    track : Track
        Landmarks as found.

    Returns
    -------
    str
        For 12 s at most and 25 times a second, in image heights: hips and shoulders, and the foremost and hindmost
        ankle, knee and wrist. Left and right are not told apart, because a pose model exchanges them from copy to copy.
    """
    found = track.detected
    times, position = track.time_s[found], track.position[found].astype(np.float64)
    if len(times) < SHORTEST_S * RATE_HZ / 2 or times[-1] - times[0] < SHORTEST_S:
        return ""
    leg = leg_length_px(position) / track.height_px
    if not math.isfinite(leg) or leg <= 0.0:
        return ""
    curves = [middle(position, "hip"), middle(position, "shoulder")]
    for name in _PAIRS:
        sides = position[:, [INDEX[f"left_{name}"], INDEX[f"right_{name}"]], 0]
        curves.append(np.sort(sides, axis=1))
    seen = np.concatenate(curves, axis=1) / track.height_px
    grid = np.arange(track.time_s[0], min(times[-1], times[0] + LONGEST_S), 1.0 / RATE_HZ)[: _most_samples()]
    right = np.clip(np.searchsorted(times, grid), 1, len(times) - 1)
    unseen = (times[right] - times[right - 1] > 3.0 / RATE_HZ) | (grid < times[0])
    samples = np.stack([np.interp(grid, times, column) for column in seen.T], axis=1)
    steps = np.clip(np.rint(np.nan_to_num(samples) / _STEP), -32767, 32767)
    steps[unseen[:, None] | ~np.isfinite(samples)] = _MISSING
    changes = np.diff(steps.astype("<i2"), axis=0, prepend=np.zeros((1, steps.shape[1]), "<i2"))
    length_s = track.time_s[-1] - track.time_s[0]
    return (
        f"1:{leg:.5f}:{length_s:.3f}:{steps.shape[1]}:{base64.b85encode(zlib.compress(changes.tobytes(), 9)).decode()}"
    )


def _most_samples() -> int:
    return round(2.0 * LONGEST_S * RATE_HZ)


def same_recording(first: str, second: str) -> bool:
    """Return whether two fingerprints are of one recording; False where that cannot be determined.

    Parameters
    ----------
    first, second : str
        As `fingerprint_of` gives them. Where one recording was trimmed, 70 % of the shorter one have to be in both.

    Returns
    -------
    bool
    """
    (a, leg_a, length_a), (b, leg_b, length_b) = _unpacked(first), _unpacked(second)
    shorter = min(len(a), len(b))
    if shorter < SHORTEST_S * RATE_HZ or a.shape[1] != b.shape[1]:
        return False
    leg = (leg_a + leg_b) / 2
    least = max(math.ceil(LEAST_OVERLAP * shorter), math.ceil(SHORTEST_S * RATE_HZ))
    whole = round(WHOLE_S * RATE_HZ)
    if abs(length_a - length_b) <= WHOLE_S and _nearest(a, b, range(-whole, whole + 1), least) <= LIMIT_LEG * leg:
        return True
    return _nearest(a, b, range(least - len(b), len(a) - least + 1), least) <= TRIMMED_LIMIT_LEG * leg


def _nearest(a: Array, b: Array, lags: range, least: int) -> float:
    """Return the usual distance of two recordings at the best of some shifts, image heights."""
    distance, lag = min(((_distance(a, b, lag, least), lag) for lag in lags), default=(math.inf, 0))
    if not math.isfinite(distance):
        return math.inf
    return min(_distance(a, _moved(b, part), lag, least) for part in _PARTS_OF_A_SAMPLE)


def _distance(a: Array, b: Array, lag: int, least: int) -> float:
    """Return the usual distance with sample 0 of `b` under sample `lag` of `a`, image heights."""
    start, stop = max(0, lag), min(len(a), lag + len(b))
    if stop - start < least:
        return math.inf
    apart = np.abs(a[start:stop] - b[start - lag : stop - lag])
    known = np.isfinite(apart).all(axis=1)
    return float(np.median(apart[known])) if known.sum() >= 0.8 * least else math.inf


def _moved(samples: Array, part: float) -> Array:
    """Return curves moved by a part of a sample."""
    if part == 0.0:
        return samples
    other = np.roll(samples, -1 if part > 0 else 1, axis=0)
    other[-1 if part > 0 else 0] = np.nan
    return (1.0 - abs(part)) * samples + abs(part) * other


def _unpacked(text: str) -> tuple[Array, float, float]:
    """Return the curves of a fingerprint, shape (n, k), the leg, image heights, and the length, s."""
    try:
        version, leg, length_s, columns, packed = text.split(":", 4)
        if version != "1":
            raise ValueError(version)
        content = zlib.decompressobj().decompress(base64.b85decode(packed), 1 << 20)
        steps = np.cumsum(np.frombuffer(content, "<i2").reshape(-1, int(columns)), axis=0, dtype=np.int16)
        return np.where(steps == _MISSING, np.nan, steps * _STEP), float(leg), float(length_s)
    except (ValueError, zlib.error):
        return np.empty((0, 0)), 1.0, 0.0
