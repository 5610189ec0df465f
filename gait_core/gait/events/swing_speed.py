"""When a foot stops and starts to move over the floor, from its own speed.

A swinging foot is fast, a standing one is not: the moments in which a foot has a given share of its greatest speed left
or reached lie near contact and foot off, however long the stride is. What is measured is the speed against the floor,
and the floor is where the other foot is: at foot off that one stands flat, whether the camera stands still, follows, or
looks at a treadmill, and however much the hips slow down within a step.

Two constants tie these moments to the events. Foot off is where the toe has a fifth of its speed: simulated walkers of
seeds that no benchmark uses, seen through the pose model, leave the floor at 0.21 of it when they walk normally and at
0.15 with an impairment. Contact is 66 ms after the heel has half of its speed left: 61 ms in the same walkers, 72 ms by
eight public recordings with force plates (`lag`: the foremost heel 49 ms before contact, and half of the speed 23 ms
before that). No recording or walker that a benchmark quotes took part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.events.methods import Candidates, FootPath

__all__ = ["own_contacts_s", "own_offs_s"]

Array = NDArray[np.float64]

CONTACT_SHARE: Final = 0.5
"""Share of the heel's greatest speed in swing."""
CONTACT_AFTER_S: Final = 0.066
"""How long after that moment the foot meets the floor, s."""
OFF_SHARE: Final = 0.2
"""Share of the toe's greatest speed in swing at which it leaves the floor."""
SMOOTHED_S: Final = 0.02
"""Over how long a speed is averaged, 1 SD, s."""
SWING_S: Final = 0.5
"""The foot is fastest within this time before it is foremost, or after it is hindmost, s."""
STANDING_PERCENTILE: Final = 15.0
"""Percentile of the heel's speed against the hips at which it stands on the floor."""
CONTACT_WINDOW_S: Final = (0.0, 0.110)
OFF_WINDOW_S: Final = (-0.150, 0.150)
"""An event farther from the foremost heel or the hindmost toe has seen something else, s."""
FEWEST_SAMPLES: Final = 3


def own_contacts_s(candidates: Candidates, path: FootPath) -> Array:
    """Return each contact as its own heel shows it, s; NaN where the heel was not seen through its swing.

    Parameters
    ----------
    candidates : Candidates
        Foremost heels.
    path : FootPath

    Returns
    -------
    ndarray, shape (n_candidates,)
    """
    speed = _speed(path.heel[:, 0], path)
    known = speed[np.isfinite(speed)]
    if not len(known):
        return np.full(len(candidates.contact_s), np.nan)
    over_floor = speed - float(np.percentile(known, STANDING_PERCENTILE))

    def contact_s(foremost_s: float) -> float:
        last = path.sample(foremost_s)
        half = _last_fast(over_floor, max(0, path.sample(foremost_s - SWING_S)), last, CONTACT_SHARE)
        return path.at_s(half) + CONTACT_AFTER_S if np.isfinite(half) else np.nan

    return _each(candidates.contact_s, contact_s, CONTACT_WINDOW_S)


def own_offs_s(candidates: Candidates, path: FootPath) -> Array:
    """Return each foot off as its own toe shows it, s; NaN where the toe was not seen into its swing.

    Parameters
    ----------
    candidates : Candidates
        Hindmost toes.
    path : FootPath

    Returns
    -------
    ndarray, shape (n_candidates,)
    """
    over_floor = (_speed(path.toe[:, 0], path) - path.floor)[::-1]
    end = len(over_floor) - 1

    def off_s(hindmost_s: float) -> float:
        # Backwards in time: from the swing to the last sample of stance that is asked for.
        first = end - path.sample(hindmost_s + SWING_S)
        last = end - path.sample(hindmost_s + OFF_WINDOW_S[0])
        return path.at_s(end - _last_fast(over_floor, first, last, OFF_SHARE))

    return _each(candidates.off_s, off_s, OFF_WINDOW_S)


def _speed(curve: Array, path: FootPath) -> Array:
    """Return the speed of a point along the walking direction, leg lengths/s, without the noise of a single frame."""
    from scipy.ndimage import gaussian_filter1d

    speed = np.gradient(curve, 1.0 / path.rate_hz)
    return np.asarray(gaussian_filter1d(speed, SMOOTHED_S * path.rate_hz, mode="nearest"))


def _each(near_s: Array, event_s: Callable[[float], float], window_s: tuple[float, float]) -> Array:
    found = np.array([event_s(float(time_s)) for time_s in near_s])
    away_s = found - near_s
    return np.where((away_s >= window_s[0]) & (away_s <= window_s[1]), found, np.nan) if len(found) else found


def _last_fast(speed: Array, first: int, last: int, share: float) -> float:
    """Return where, between two samples, a speed falls below a share of its maximum for the first time, or NaN."""
    swing = speed[first : last + 1]
    if len(swing) < FEWEST_SAMPLES or not np.isfinite(swing).all():
        return np.nan
    fastest = int(swing.argmax())
    limit = share * swing[fastest]
    slow = np.flatnonzero(swing[fastest:] < limit)
    if fastest == 0 or not len(slow) or limit <= 0.0:
        return np.nan  # the swing began before the person was seen, or is not over
    after = fastest + int(slow[0])
    before, here = swing[after - 1], swing[after]
    return first + after - 1 + float((before - limit) / (before - here))
