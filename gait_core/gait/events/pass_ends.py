"""Foremost heels and hindmost toes where a pass begins or ends, so near that one of their sides was not seen.

Around such a moment a foot changes its speed against the hips: a heel that was foremost slows down until it stands and
moves with the floor. How far it has come when the pass begins tells how long ago the moment was; the other steps of the
same foot show the course.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.events.methods import FootPath

__all__ = ["turn_at_begin_s", "turn_at_end_s"]

Array = NDArray[np.float64]

SEEN_S: Final = 0.06
"""How much of the pass is compared with the other steps, s."""
INSIDE_S, OUTSIDE_S = 0.04, 0.07
"""Farther inside it is a turning point of its own; farther outside the foot stands, s."""
NEAREST_SHARE: Final = 0.7
"""No other turning point of the kind is as near to the end of the pass, strides."""
MOST_APART: Final = 0.1
"""Root mean square difference from the other steps, as a share of the range of speeds and places in the pass."""


def turn_at_begin_s(curve: Array, path: FootPath, found_s: Array) -> float | None:
    """Return when a curve has a turning point where the pass begins, s.

    Parameters
    ----------
    curve : ndarray, shape (n,)
        Of the foot, at the times of `path`.
    path : FootPath
    found_s : ndarray
        Its turning points of the same kind within the pass, s, rising.

    Returns
    -------
    float or None
        From 70 ms before to 40 ms after the first time of `path`; None where the pass begins in another phase of the
        stride, or the foot has no other step to compare with.
    """
    ago = _samples_ago(curve, [path.sample(time_s) for time_s in found_s], path)
    return None if ago is None else path.at_s(-ago)


def turn_at_end_s(curve: Array, path: FootPath, found_s: Array) -> float | None:
    """Return when a curve has a turning point where the pass ends, s; see `turn_at_begin_s`.

    Parameters
    ----------
    curve : ndarray, shape (n,)
    path : FootPath
    found_s : ndarray

    Returns
    -------
    float or None
        From 40 ms before to 70 ms after the last time of `path`.
    """
    last = len(curve) - 1
    ago = _samples_ago(curve[::-1], [last - path.sample(time_s) for time_s in found_s[::-1]], path)
    return None if ago is None else path.at_s(last + ago)


def _samples_ago(curve: Array, found: list[int], path: FootPath) -> int | None:
    """Return how many samples before the first one the turning point lies; negative after it."""
    count, inside, outside = (round(part_s * path.rate_hz) for part_s in (SEEN_S, INSIDE_S, OUTSIDE_S))
    if len(curve) < count or not found or found[0] < NEAREST_SHARE * path.stride_s * path.rate_hz:
        return None
    spans = [slice(sample - inside, sample + outside + count) for sample in found]
    whole = [span for span in spans if span.start >= 0 and span.stop <= len(curve)]
    if not whole:
        return None
    apart = np.zeros(inside + outside + 1)
    for of in (np.gradient(curve), curve):
        course = np.median([of[span] for span in whole], axis=0)
        parts = [course[first : first + count] for first in range(len(apart))]
        apart += ((of[:count] - parts) ** 2).mean(axis=1) / max(float(np.nanmax(of) - np.nanmin(of)), 1e-9) ** 2
    first = int(np.argmin(np.where(np.isfinite(apart), apart, np.inf)))
    if first in (0, len(apart) - 1) or not apart[first] <= MOST_APART**2:
        return None
    return first - inside
