"""Smooth the path of a landmark without lag, each frame weighted by how sure it is."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["smooth_path"]

Array = NDArray[np.float64]

ROBUST_SHARE: Final = 2.5
"""A place farther from the path than this many of its own spreads counts less."""


def smooth_path(time_s: Array, point: Array, spread: Array, corner_hz: float) -> tuple[Array, Array]:
    """Return the smooth path through uncertain places, and how far each place counted.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        s; at least four frames.
    point : ndarray, shape (n, 2)
        Places in any unit.
    spread : ndarray, shape (n,)
        Usual error of each place, same unit.
    corner_hz : float
        Half-amplitude frequency for places of the usual spread, Hz.

    Returns
    -------
    path : ndarray, shape (n, 2)
    weight : ndarray, shape (n,)
        1 for a place that fits, less for one that lies off, in (0, 1].

    References
    ----------
    Reinsch 1967, Numer Math 10:177 (smoothing spline); Eilers 2003, Anal Chem 75:3631 (its discrete form). Weights by
    Huber 1964, Ann Math Stat 35:73, which have one best path, and from there by Cauchy's function (Holland & Welsch
    1977, Commun Stat 6:813), which let go of strays.
    """
    from scipy.linalg import solveh_banded

    usual = float(np.median(spread))
    step_s = float(np.median(np.diff(time_s)))
    # A discrete spline of third differences halves the amplitude where lambda (2 sin(pi f dt))^6 = 1.
    stiffness = 1.0 / (2.0 * np.sin(np.pi * min(corner_hz * step_s, 0.5))) ** 6
    bands = _penalty(time_s / step_s) * stiffness
    sure = (usual / spread) ** 2
    weight = np.ones(len(point))
    path = point
    for last_rounds in (False, False, False, True, True):
        system = bands.copy()
        system[-1] += weight * sure
        path = solveh_banded(system, (weight * sure)[:, None] * point)
        away = np.linalg.norm(point - path, axis=1) / (ROBUST_SHARE * spread)
        weight = 1.0 / (1.0 + away**2) if last_rounds else 1.0 / np.maximum(away, 1.0)
    return path, weight


def _penalty(place: Array) -> Array:
    """Return the squared third differences of an uneven grid as upper bands, shape (4, n)."""
    n = len(place)
    rows = np.empty((n - 3, 4))
    for k in range(4):
        others = [j for j in range(4) if j != k]
        rows[:, k] = 6.0 / np.prod([place[k : n - 3 + k] - place[j : n - 3 + j] for j in others], axis=0)
    bands = np.zeros((4, n))
    for first in range(4):
        for second in range(first, 4):
            bands[3 - (second - first), second : n - 3 + second] += rows[:, first] * rows[:, second]
    return bands
