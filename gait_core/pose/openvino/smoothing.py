"""Filters that MediaPipe runs over the landmarks of a video, one sample after the other."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["LowPass", "OneEuro"]

Array = NDArray[np.float64]


class LowPass:
    """Exponential smoothing; the first sample passes as it is.

    Parameters
    ----------
    alpha : float
        Weight of a new sample, in (0, 1].
    """

    def __init__(self, alpha: float) -> None:
        self._alpha = alpha
        self._last: Array | None = None

    def __call__(self, values: Array) -> Array:
        """Return the smoothed sample."""
        self._last = values if self._last is None else self._last + self._alpha * (values - self._last)
        return self._last

    def reset(self) -> None:
        """Forget what came before."""
        self._last = None


class OneEuro:
    """Low-pass whose corner rises with the speed: calm points are steadied, fast ones follow at once.

    Parameters
    ----------
    min_cutoff_hz : float or ndarray
        Corner at rest; an array where the parts of a sample differ, as with `beta`.
    beta : float or ndarray
        How fast the corner rises with speed.
    derivative_cutoff_hz : float
        Corner of the low-pass over the speed.

    References
    ----------
    Casiez, Roussel & Vogel 2012, CHI, 2527. As in MediaPipe the speed is taken between raw samples.
    """

    def __init__(self, min_cutoff_hz: float | Array, beta: float | Array, derivative_cutoff_hz: float = 1.0) -> None:
        self._min_cutoff_hz = min_cutoff_hz
        self._beta = beta
        self._derivative_cutoff_hz = derivative_cutoff_hz
        self.reset()

    def reset(self) -> None:
        """Forget what came before."""
        self._time_s = math.nan
        self._raw: Array | None = None
        self._smooth: Array | None = None
        self._speed: Array | None = None

    def __call__(self, values: Array, time_s: float, size: float | Array = 1.0) -> Array:
        """Return the smoothed sample.

        Parameters
        ----------
        values : ndarray
        time_s : float
            Time stamp, s; has to rise.
        size : float or ndarray
            What the speed is measured in, in units of `values`.
        """
        if self._raw is None or self._smooth is None or self._speed is None:
            self._raw, self._smooth, self._speed, self._time_s = values, values, np.zeros_like(values), time_s
            return values
        step_s = time_s - self._time_s
        speed = (values - self._raw) / (size * step_s)
        self._speed = self._speed + _alpha(self._derivative_cutoff_hz, step_s) * (speed - self._speed)
        cutoff_hz = self._min_cutoff_hz + self._beta * np.abs(self._speed)
        self._smooth = self._smooth + _alpha(cutoff_hz, step_s) * (values - self._smooth)
        self._raw, self._time_s = values, time_s
        return self._smooth


def _alpha(cutoff_hz: float | Array, step_s: float) -> float | Array:
    """Return the weight of a new sample of a first-order low-pass."""
    turns = 2 * math.pi * cutoff_hz * step_s
    return turns / (1.0 + turns)
