"""Normal joint curves over the gait cycle, and how they differ from person to person."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["ANKLE", "HIP", "JOINTS", "KNEE", "NORMAL_FOOT_OFF", "SAMPLES", "bump", "normal_curves", "vary_curves"]

SAMPLES: Final = 128
"""Samples of one gait cycle; sample 0 is initial contact."""

NORMAL_FOOT_OFF: Final = 0.61
"""Phase of foot off in the normal curves, share of the gait cycle."""

JOINTS: Final[tuple[str, ...]] = ("hip", "knee", "ankle")
HIP: Final = 0
KNEE: Final = 1
ANKLE: Final = 2

# Every 5 % of the cycle from initial contact, degrees. Thigh against the vertical, knee flexion, ankle dorsiflexion.
_THIGH: Final = (
    22,
    20.5,
    17.5,
    13,
    8,
    3,
    -2.5,
    -7.5,
    -12,
    -15.5,
    -17.5,
    -16.5,
    -11,
    -2,
    7.5,
    15.5,
    21,
    24,
    25,
    24,
    22.5,
)
_KNEE: Final = (4, 11.5, 17, 17.5, 14.5, 10.5, 7.5, 5.5, 5.5, 8, 12.5, 22, 37.5, 53, 62, 62.5, 54, 38, 19, 6, 4)
_ANKLE: Final = (1, -4.5, -3, 1, 4, 6, 7.5, 9, 10, 9.5, 5, -4.5, -17, -16, -8.5, -2.5, 1, 2, 2, 1.5, 1)

# Degrees: SD between healthy adults of the whole curve's offset, and of its shape beyond offset and size.
_OFFSET_SD_DEG: Final = (0.9, 1.8, 1.4)
_SHAPE_SD_DEG: Final = (1.0, 1.5, 1.1)
_AMPLITUDE_SD: Final = (0.05, 0.06, 0.12)
_TIMING_SD: Final = 0.008
_HARMONICS: Final = 9


def _smooth_samples(knots: tuple[float, ...]) -> NDArray[np.float64]:
    """Turn 21 knots (0, 5 … 100 %) into `SAMPLES` values of a Fourier series with `_HARMONICS` harmonics."""
    coefficients = np.fft.rfft(np.asarray(knots[:-1], dtype=float)) / (len(knots) - 1)
    spectrum = np.zeros(SAMPLES // 2 + 1, dtype=complex)
    spectrum[: _HARMONICS + 1] = coefficients[: _HARMONICS + 1]
    return np.fft.irfft(spectrum * SAMPLES, SAMPLES)


def normal_curves() -> NDArray[np.float64]:
    """Return the mean curves of healthy adults at natural cadence.

    Returns
    -------
    ndarray, shape (3, 128)
        Thigh against the vertical (forward +), knee flexion (0 = straight), ankle dorsiflexion
        (0 = foot perpendicular to the shank), degrees.

    References
    ----------
    Winter 1991, The Biomechanics and Motor Control of Human Gait, 2nd ed., ch. 3 (natural cadence).
    Perry & Burnfield 2010, Gait Analysis, 2nd ed., ch. 3–5 (thigh segment and joint angles).
    Values are read off such curves and rounded; they are not a copy of a table.
    """
    return np.stack([_smooth_samples(knots) for knots in (_THIGH, _KNEE, _ANKLE)])


def vary_curves(curves: NDArray[np.float64], generator: np.random.Generator, scale: float = 1.0) -> NDArray[np.float64]:
    """Draw the curves of one person round the mean curves.

    Parameters
    ----------
    curves : ndarray, shape (3, 128)
        Mean curves, degrees.
    generator : numpy.random.Generator
        Source of chance.
    scale : float
        1 for the spread between healthy adults, smaller for a difference between the two sides.

    Returns
    -------
    ndarray, shape (3, 128)
        Curves with another offset, size, timing and shape, degrees.

    References
    ----------
    Winter 1991 (between-subject SD about 5–7° at the hip, 5–6° at the knee, 4–5° at the ankle, of
    which a part is marker placement); Kadaba 1990, J Orthop Res 8:383 (repeatability within people 1–2°).
    """
    spectrum = np.fft.rfft(curves, axis=1)
    order = np.arange(spectrum.shape[1])
    mean = spectrum[:, :1].real / SAMPLES
    amplitude = 1.0 + scale * np.asarray(_AMPLITUDE_SD) * generator.standard_normal(3)
    timing = scale * _TIMING_SD * generator.standard_normal()
    shape = generator.standard_normal((3, 6, 2)) @ np.array([1.0, 1j])
    # Higher harmonics differ less between people; the weights keep the SD of the whole curve at _SHAPE_SD_DEG.
    weights = 1.0 / np.arange(1, 7) ** 1.2
    weights = weights / np.sqrt(np.sum(2.0 * weights**2) * 2.0)
    varied = spectrum * amplitude[:, None] * np.exp(-2j * np.pi * order * timing)
    varied[:, 1:7] += scale * np.asarray(_SHAPE_SD_DEG)[:, None] * shape * weights * SAMPLES
    offset = mean[:, 0] + scale * np.asarray(_OFFSET_SD_DEG) * generator.standard_normal(3)
    varied[:, 0] = offset * SAMPLES
    result = np.fft.irfft(varied, SAMPLES, axis=1)
    result[KNEE] = soft_floor(result[KNEE], 2.0)
    return result


def soft_floor(values: NDArray[np.float64], floor: float, width: float = 2.5) -> NDArray[np.float64]:
    """Bend values smoothly so that none lies below a floor: a knee is not hyperextended."""
    return floor + width * np.logaddexp(0.0, (values - floor) / width)


def bump(start: float, end: float) -> NDArray[np.float64]:
    """Return a smooth window over the cycle: 0 outside (start, end), 1 in the middle.

    Parameters
    ----------
    start, end : float
        Phase, share of the cycle; the window may wrap past 1.

    Returns
    -------
    ndarray, shape (128,)
        Window.
    """
    phase = (np.arange(SAMPLES) / SAMPLES - start) % 1.0 / (end - start)
    return np.where(phase < 1.0, np.sin(np.pi * np.clip(phase, 0.0, 1.0)) ** 2, 0.0)
