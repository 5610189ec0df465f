"""Sliding windows over the walking pieces, without copying."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from gait_core.config import FeatureSettings
from gait_core.gait.features import GaitFeatures
from gait_core.gait.gaps import runs

__all__ = ["Windows", "windows_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Windows:
    """Fixed-length pieces of the feature sequence.

    Attributes
    ----------
    pieces : tuple of ndarray, shape (m_i, window_frames, n_features), float32
        Read-only views into the feature sequence, one per uninterrupted piece; no NaN inside.
    start_s, end_s : ndarray, shape (m,), float64
        Times of the first and last sample of every window, s.
    dropped : int
        Windows inside walking left out because a value is missing.
    """

    pieces: tuple[NDArray[np.float32], ...]
    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    dropped: int

    def __len__(self) -> int:
        return len(self.start_s)

    @property
    def middle_s(self) -> NDArray[np.float64]:
        """Times of the middles, s, shape (m,)."""
        return (self.start_s + self.end_s) / 2

    def stacked(self) -> NDArray[np.float32]:
        """Copy all windows into one array, shape (m, window_frames, n_features)."""
        return np.concatenate(self.pieces)


def windows_of(features: GaitFeatures, settings: FeatureSettings) -> Windows:
    """Cut the walking pieces into overlapping windows.

    Parameters
    ----------
    features : GaitFeatures
        On the grid of `settings`.
    settings : FeatureSettings
        Length and hop of the windows.

    Returns
    -------
    Windows
        Windows that never cross the end of a walking segment or a missing value; possibly none.

    Raises
    ------
    ValueError
        When the features are on another grid than `settings`.
    """
    if len(features.time_s) > 1 and abs(features.rate_hz - settings.rate_hz) > 1e-3 * settings.rate_hz:
        raise ValueError(f"Expected features at {settings.rate_hz:g} Hz, but got {features.rate_hz:g} Hz.")
    length, hop = settings.window_frames, settings.hop_frames
    complete = features.walking & np.isfinite(features.values).all(axis=1)
    pieces: list[NDArray[np.float32]] = []
    starts: list[NDArray[np.int64]] = []
    possible = 0
    for segment in features.segments:
        if not segment.used:
            continue
        possible += max(0, (segment.stop - segment.start - length) // hop + 1)
        for start, stop in runs(complete[segment.start : segment.stop]):
            if stop - start < length:
                continue
            first = segment.start + start
            view = sliding_window_view(features.values[first : segment.start + stop], length, axis=0)[::hop]
            pieces.append(view.transpose(0, 2, 1))
            starts.append(first + hop * np.arange(len(view)))
    if not pieces:
        pieces = [np.empty((0, length, features.values.shape[1]), dtype=np.float32)]
        starts = [np.empty(0, dtype=np.int64)]
    first_samples = np.concatenate(starts)
    return Windows(
        pieces=tuple(pieces),
        start_s=features.time_s[first_samples],
        end_s=features.time_s[first_samples + length - 1],
        dropped=max(0, possible - len(first_samples)),
    )
