"""The stride profile of a walk: which way each channel deviates in each part of the stride.

Errors of the pose model change sign from stride to stride and from moment to moment; a change of gait comes back in
every stride. Averaging the signed residual by the phase of the stride therefore keeps the change and drops the noise.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.features import FEATURE_NAMES

__all__ = ["HARMONICS", "profile_metric", "profile_size", "stride_phase", "stride_profile"]

Array = NDArray[np.float32]
HARMONICS: Final = 2
"""Harmonics of the stride that are kept: the mean and the first two."""
_RIDGE: Final = 0.3
_NEAR: Final = FEATURE_NAMES.index("near_ankle_forward_leg")
_FAR: Final = FEATURE_NAMES.index("far_ankle_forward_leg")


def stride_phase(windows: Array) -> NDArray[np.float64]:
    """Return the phase of the stride at every moment of every window of one walk.

    Parameters
    ----------
    windows : ndarray, shape (n, window_frames, n_features)
        In physical units.

    Returns
    -------
    ndarray, shape (n, window_frames)
        Radians in (−π, π]; 0 where the near ankle is farthest in front of the far one, near its initial contact.

    Notes
    -----
    The distance between the ankles is nearly a sine; with its velocity, scaled to the same size, it draws a circle
    once a stride. The angle on that circle is the phase, as in the phase portraits of Burgess-Limerick et al. 1993,
    J Biomech 26:91.
    """
    apart = windows[:, :, _NEAR].astype(np.float64) - windows[:, :, _FAR]
    apart -= apart.mean()
    velocity = np.gradient(apart, axis=1)
    velocity *= apart.std() / max(float(velocity.std()), 1e-9)
    return np.asarray(np.arctan2(-velocity, apart))


def stride_profile(scaled: Array, phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fit mean and harmonics of the stride to the scaled residuals of a walk.

    Parameters
    ----------
    scaled : ndarray, shape (n, window_frames, n_features)
        Residuals in units of what is usual for the person.
    phase : ndarray, shape (n, window_frames)
        See `stride_phase`, radians.

    Returns
    -------
    ndarray, shape (1 + 2 × HARMONICS, n_features)
        Mean, cosines and sines, each of unit mean square; by ridge regression, so that a walk that does not cover all
        phases gives no wild values.
    """
    angle = phase.reshape(-1, 1) * np.arange(1, HARMONICS + 1)
    waves = np.sqrt(2.0) * np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
    design = np.concatenate([np.ones((len(waves), 1)), waves], axis=1)
    flat = scaled.reshape(len(design), -1).astype(np.float64)
    gram = design.T @ design / len(design) + 0.05 * np.eye(design.shape[1])
    return np.asarray(np.linalg.solve(gram, design.T @ flat / len(design)))


def profile_metric(profiles: NDArray[np.float64]) -> Array:
    """Return what whitens profiles, learned from normal walks of many people against their own others.

    Parameters
    ----------
    profiles : ndarray, shape (n, 1 + 2 × HARMONICS, n_features)

    Returns
    -------
    ndarray, shape (m, m), float32
        With m = (1 + 2 × HARMONICS) × n_features. A share of the mean variance is added to every direction, so that
        directions in which walks hardly ever differ do not rule.

    References
    ----------
    Mahalanobis 1936, Proc Natl Inst Sci India 2:49.
    """
    flat = profiles.reshape(len(profiles), -1)
    moments = flat.T @ flat / len(flat)
    variance, directions = np.linalg.eigh(moments)
    shrunk = np.maximum(variance, 0.0) + _RIDGE * float(np.trace(moments)) / len(moments)
    return np.asarray(directions / np.sqrt(shrunk), dtype=np.float32)


def profile_size(profile: NDArray[np.float64], metric: Array | None) -> float:
    """Return the root mean square of a profile, whitened where a metric is known.

    Returns
    -------
    float
        In units of what is usual for the person.
    """
    flat = profile.ravel()
    return float(np.sqrt(np.mean((flat if metric is None else flat @ metric.astype(np.float64)) ** 2)))
