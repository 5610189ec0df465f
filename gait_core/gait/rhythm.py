"""The rhythm of the steps, before any event is known."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.gaps import runs

__all__ = ["stride_time_s"]

LEAST_RHYTHM: Final = 0.35
LONG_PIECE: Final = 8192
SLOWEST_STRIDE_S: Final = 2.4
FASTEST_WALK_S, FASTEST_STRIDE_S = 0.6, 0.4
"""Stride times of the fastest walking, and of the fastest running or a video that plays too fast, s."""
LEAST_TURN_SHARE: Final = 0.3
"""Each ankle is in front for at least that share of the time, where legs are not exchanged."""


def stride_time_s(separation: NDArray[np.float64], rate_hz: float) -> float | None:
    """Estimate the time of a stride from the distance between the ankles, for information only.

    Parameters
    ----------
    separation : ndarray, shape (n,)
        Near ankle minus far ankle along the walking direction, leg lengths; NaN outside walking.
    rate_hz : float
        Samples per second.

    Returns
    -------
    float or None
        Lag of the first clear maximum of the autocorrelation between 0.4 and 2.4 s, s; None when there is none. From
        0.6 s on only, where the ankles do not take turns: an exchange of left and right makes a stride of each step.

    References
    ----------
    Moe-Nilssen & Helbostad 2004, J Biomech 37:121 (autocorrelation for cadence).
    """
    longest = round(SLOWEST_STRIDE_S * rate_hz)
    fastest_s = FASTEST_STRIDE_S if _takes_turns(separation) else FASTEST_WALK_S
    products, energy = np.zeros(longest + 1), np.zeros(longest + 1)
    for start, stop in runs(np.isfinite(separation)):
        piece = separation[start:stop] - separation[start:stop].mean()
        count = len(piece)
        reach = min(longest + 1, count)
        lags = np.arange(reach)
        squares = np.concatenate(([0.0], np.cumsum(piece**2)))
        products[:reach] += _products(piece, reach)
        energy[:reach] += np.sqrt(squares[count - lags] * (squares[count] - squares[lags]))
    enough = energy > 0.2 * max(energy[0], 1e-12)
    curve = np.where(enough, products / np.maximum(energy, 1e-12), -1.0)
    peak = (curve[1:-1] >= curve[:-2]) & (curve[1:-1] > curve[2:]) & (curve[1:-1] > LEAST_RHYTHM) & enough[2:]
    lags = np.flatnonzero(peak) + 1
    lags = lags[lags >= round(fastest_s * rate_hz)]
    if not len(lags):
        return None
    # The first good maximum, not the highest: two strides fit as well as one, on fewer samples.
    best = lags[np.flatnonzero(curve[lags] >= 0.7 * curve[lags].max())[0]]
    before, at, after = curve[best - 1 : best + 2]
    bend = before - 2 * at + after
    return float((best + (0.5 * (before - after) / bend if bend else 0.0)) / rate_hz)


def _takes_turns(separation: NDArray[np.float64]) -> bool:
    """Return whether each ankle is in front for about half of the time."""
    known = separation[np.isfinite(separation)]
    share = float((known > 0).mean()) if len(known) else 0.0
    return LEAST_TURN_SHARE <= share <= 1.0 - LEAST_TURN_SHARE


def _products(piece: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Return the sums of products of a curve with itself at the lags from 0 to below `reach`."""
    count = len(piece)
    if count < LONG_PIECE:
        return np.correlate(piece, piece, "full")[count - 1 :][:reach]
    # By the spectrum (Wiener-Khinchin): product by product would cost the square of the length.
    spectrum = np.fft.rfft(piece, 1 << (count + reach).bit_length())
    return np.asarray(np.fft.irfft(np.abs(spectrum) ** 2)[:reach])
