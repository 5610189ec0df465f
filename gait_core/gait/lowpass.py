"""The zero-lag Butterworth filter that smooths signals of gait."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["lowpass", "zero_lag_corner"]

PAD_S: Final = 0.25
"""Length of the mirrored signal by which the filter starts before and ends after a piece, s."""


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
