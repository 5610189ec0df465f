"""Detects frames that are no silhouettes: grey ones, as photographs are, and those that are white nearly everywhere."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["covers_frame", "grey_of_lit", "is_grey"]

_DARK, _LIGHT, _WHITE = 0.1, 0.9, 0.5
"""Shares of the largest value of a frame."""
_MOST_GREY: Final = 0.35
"""Of all pixels of a frame. Measured on 720 real silhouettes: none as they are, 0.035 at most once aligned, 0.13 when
the person was only 24 px high, 0.22 with 12 to 16 px; 0.12 at most on the reference inputs, which carry noise. Camera
frames and crops of five videos: 0.52 and more."""
_MOST_GREY_OF_LIT: Final = 0.9
"""Of the pixels that are not dark. The same real silhouettes: 0.10 aligned, 0.58 at 24 px, 0.82 at 12 px; reference
inputs 0.42; skeleton maps 0.98."""
_MOST_FILLED: Final = 0.85
"""Of all pixels. Real silhouettes: 0.41 aligned and cut to 44 columns, 0.70 cut out tightly around the person."""
_MOST_OF_SIDE: Final = 0.9
"""Of the first or the last column. Real silhouettes: 0 aligned, 0.62 cut out tightly; a white background: about 1."""


def is_grey(frames: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which frames are photographs with many grey values; a silhouette is grey at its outline only.

    Parameters
    ----------
    frames : ndarray, shape (n, height, width)
        Not negative, in any scale.

    Returns
    -------
    ndarray of bool, shape (n,)
        False for empty frames.
    """
    lit, light = _above(frames, _DARK), _above(frames, _LIGHT)
    filled = np.count_nonzero(lit, axis=(1, 2))
    grey = filled - np.count_nonzero(light, axis=(1, 2))
    pixels = frames.shape[1] * frames.shape[2]
    return np.asarray((grey > _MOST_GREY * pixels) | (grey > _MOST_GREY_OF_LIT * filled))


def grey_of_lit(frames: NDArray[Any]) -> float:
    """Return how much of what is not dark is grey rather than light, over all frames.

    Parameters
    ----------
    frames : ndarray, shape (n, height, width)
        Not negative, in any scale.

    Returns
    -------
    float
        In [0, 1]; 0 where all is empty.
    """
    filled = int(np.count_nonzero(_above(frames, _DARK)))
    return (filled - int(np.count_nonzero(_above(frames, _LIGHT)))) / max(1, filled)


def covers_frame(frames: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which frames are white nearly everywhere or along a whole side, as with a white background.

    Parameters
    ----------
    frames : ndarray, shape (n, height, width)
        Not negative, in any scale.

    Returns
    -------
    ndarray of bool, shape (n,)
        False for empty frames.
    """
    white = _above(frames, _WHITE)
    sides = white[:, :, [0, -1]].mean(axis=1).max(axis=1)
    return np.asarray((white.mean(axis=(1, 2)) > _MOST_FILLED) | (sides > _MOST_OF_SIDE))


def _above(frames: NDArray[Any], share: float) -> NDArray[np.bool_]:
    """Return the pixels above a share of the largest value of their frame."""
    return np.asarray(frames > share * frames.max(axis=(1, 2), keepdims=True).astype(np.float32))
