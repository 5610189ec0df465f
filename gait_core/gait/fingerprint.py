"""Whether two videos are one recording, judged by the motion in them, whatever became of their bytes and pixels.

A recording that was copied into another container, encoded again, made smaller, cropped, trimmed, slowed a little or
sent by a messenger shows the same body at the same moments. Another walk of the same person does not: people never put
their feet in the same places at the same times again.

What tells them apart is how long a difference lasts. Another encoding moves the landmarks to and fro from frame to
frame; another walk is ahead or behind for a step or longer. So differences are averaged over `SMOOTH_S` before their
size is taken.
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
SMOOTH_S: Final = 0.36
"""Differences that last less are those of another encoding, s."""
LIMIT_LEG: Final = 0.05
"""Distance between the bodies, leg lengths, up to which two videos of one length and place are one recording.

Copies of nine real and rendered walks: up to 0.02 when encoded again, even coarsely, or made 640 px wide, and up to
0.046 at 480 px and the quality of a messenger. Other walks: 0.095 and more among 36 pairs of the same videos, 0.15 and
more among 91 pairs of rendered walks that enter the image at the same place. Only simulated walks of one even walker
that begin at the same place with the same step come nearer (5 % of 210 pairs).
"""
FREE_LIMIT_LEG: Final = 0.032
"""The same where one was trimmed, cropped, padded or slowed. With any shift in time or place allowed, simulated walks
of one even walker come as near as 0.023 (1 % of 150 pairs lie below this limit), other real walks as near as 0.056.
"""
MOST_STRETCH: Final = 1.12
"""Ratio of the lengths up to which one may be the other played at another speed."""
_STEP: Final = 0.0005
_MISSING: Final = -32768
_PAIRS: Final = ("ankle", "knee", "wrist")
_ACROSS: Final = [0, 2, *range(4, 4 + 2 * len(_PAIRS))]
_UP: Final = [1, 3]
"""Columns of a fingerprint along each axis of the image: hips and shoulders first, then the pairs, without heights."""
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
        As `fingerprint_of` gives them. Where one recording was trimmed, 70 % of the shorter one have to be in both;
        one that was trimmed and also cropped or slowed is not found.

    Returns
    -------
    bool
    """
    (a, leg_a, length_a), (b, leg_b, length_b) = _unpacked(first), _unpacked(second)
    if min(len(a), len(b)) < SHORTEST_S * RATE_HZ or a.shape[1] != b.shape[1]:
        return False
    leg = (leg_a + leg_b) / 2
    same_length = abs(length_a - length_b) <= WHOLE_S
    if same_length and _nearest(a / leg, b / leg, trimmed=False) <= LIMIT_LEG:
        return True
    if _nearest(a / leg, b / leg, trimmed=True) <= FREE_LIMIT_LEG:
        return True
    if not same_length:
        ratio = length_a / length_b
        if not 1.0 / MOST_STRETCH <= ratio <= MOST_STRETCH:
            return False
        b = _stretched(b, round(ratio * len(b)))
    # Cropping and padding change the height of the image, the unit of the curves; then each leg is its own unit.
    return any(
        _nearest(a / own_a, b / own_b, trimmed=False, anywhere=True) <= FREE_LIMIT_LEG
        for own_a, own_b in ((leg, leg), (leg_a, leg_b))
    )


def _nearest(a: Array, b: Array, *, trimmed: bool, anywhere: bool = False) -> float:
    """Return the distance of two recordings at the best shift in time.

    Parameters
    ----------
    a, b : ndarray, shape (n, k)
        Curves, leg lengths.
    trimmed : bool
        Try every shift that leaves enough in common, not only up to `WHOLE_S`.
    anywhere : bool
        Leave out where in the image the body is.

    Returns
    -------
    float
        Leg lengths.
    """
    least = max(math.ceil(LEAST_OVERLAP * min(len(a), len(b))), math.ceil(SHORTEST_S * RATE_HZ))
    whole = round(WHOLE_S * RATE_HZ)
    lags = range(least - len(b), len(a) - least + 1) if trimmed else range(-whole, whole + 1)
    distance, lag = min(((_distance(a, b, lag, least, anywhere), lag) for lag in lags), default=(math.inf, 0))
    if not math.isfinite(distance):
        return math.inf
    return min(_distance(a, _moved(b, part), lag, least, anywhere) for part in _PARTS_OF_A_SAMPLE)


def _distance(a: Array, b: Array, lag: int, least: int, anywhere: bool) -> float:
    """Return the root mean square of the lasting distance, with sample 0 of `b` under sample `lag` of `a`."""
    start, stop = max(0, lag), min(len(a), lag + len(b))
    if stop - start < least:
        return math.inf
    apart = a[start:stop] - b[start - lag : stop - lag]
    apart = apart[np.isfinite(apart).all(axis=1)]
    if len(apart) < 0.8 * least:
        return math.inf
    if anywhere:
        for columns in (_ACROSS, _UP):
            apart[:, columns] -= np.median(apart[:, columns[:2]])
    width = round(SMOOTH_S * RATE_HZ)
    sums = np.cumsum(np.concatenate([np.zeros((1, apart.shape[1])), apart]), axis=0)
    return float(np.sqrt(np.mean(((sums[width:] - sums[:-width]) / width) ** 2)))


def _stretched(samples: Array, count: int) -> Array:
    """Return curves with another number of samples."""
    places = np.linspace(0.0, len(samples) - 1.0, count)
    return np.stack([np.interp(places, np.arange(len(samples)), column) for column in samples.T], axis=1)


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
