"""The plain alternative that the autoencoder has to beat: a linear reconstruction of windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.features import FEATURE_NAMES

__all__ = ["LinearBaseline"]

Array = NDArray[np.float32]
COMPONENTS: Final = 12
_ANGLES: Final = [number for number, name in enumerate(FEATURE_NAMES) if name.endswith("_deg")]


class LinearBaseline:
    """Principal components of the windows of joint angles of the baseline's walks.

    Parameters
    ----------
    walks : sequence of ndarray, shape (n_i, window_frames, n_features)
        Windows of the walks of the baseline, in physical units.
    """

    def __init__(self, walks: Sequence[Array]) -> None:
        angles = np.concatenate(walks)[:, :, _ANGLES].astype(np.float64)
        self._sd = angles.std(axis=(0, 1))
        flat = (angles / self._sd).reshape(len(angles), -1)
        self._mean = flat.mean(axis=0)
        self._components = np.linalg.svd(flat - self._mean, full_matrices=False)[2][:COMPONENTS]

    def score(self, windows: Array) -> float:
        """Return the mean squared error of reconstruction, in units of the variance of each angle."""
        flat = (windows[:, :, _ANGLES].astype(np.float64) / self._sd).reshape(len(windows), -1) - self._mean
        rest = flat - flat @ self._components.T @ self._components
        return float(np.mean(rest**2))
