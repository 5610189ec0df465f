"""From brightness and two colour differences, as videos store frames, to red, green and blue."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["KNOWN_SPACES", "full_range_table", "rgb_from_stack", "space_of"]

_UNSPECIFIED: Final = 2
_WEIGHTS: Final[dict[int, tuple[float, float]]] = {
    1: (0.2126, 0.0722),
    _UNSPECIFIED: (0.299, 0.114),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
"""FFmpeg's number of a colour space → share of red and of blue in the brightness (BT.709, unspecified, FCC, BT.601
twice, SMPTE 240M, BT.2020). A frame that declares nothing is taken as BT.601, as swscale does."""

KNOWN_SPACES: Final = frozenset(_WEIGHTS)


def space_of(declared: int) -> int:
    """Return the colour space to convert with.

    swscale refuses some rare ones, among them BT.2020 with constant luminance (10); a frame in slightly wrong colours
    is better than none.

    Returns
    -------
    int
        FFmpeg's number: the one declared where it is among `KNOWN_SPACES`, else the nearest that is, or 2
        (unspecified).
    """
    if declared in KNOWN_SPACES:
        return declared
    return 9 if declared == 10 else _UNSPECIFIED


@lru_cache(maxsize=32)
def _matrix(space: int, full_range: bool) -> NDArray[np.float32]:
    """Return the matrix from (brightness, blue difference, red difference, 1), 8 bits each, to RGB; shape (3, 4).

    References
    ----------
    ITU-R BT.601-7, BT.709-6, BT.2020-2: the shares of red and blue say everything.
    """
    red, blue = _WEIGHTS[space]
    green = 1 - red - blue
    bright, difference, black = (1.0, 1.0, 0.0) if full_range else (255 / 219, 255 / 224, 16.0)
    matrix = np.array(
        [
            [bright, 0.0, 2 * (1 - red) * difference],
            [bright, -2 * (1 - blue) * blue / green * difference, -2 * (1 - red) * red / green * difference],
            [bright, 2 * (1 - blue) * difference, 0.0],
        ]
    )
    offset = -matrix @ np.array([black, 128.0, 128.0])
    found = np.column_stack([matrix, offset]).astype(np.float32)
    found.flags.writeable = False
    return found


@lru_cache(maxsize=2)
def full_range_table(full_range: bool) -> NDArray[np.uint8] | None:
    """Return the table from stored brightness to 0 (black) … 255 (white).

    Returns
    -------
    ndarray, shape (256,), uint8, or None
        None where brightness is stored in the full range already.
    """
    if full_range:
        return None
    return np.clip(np.round((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)


def rgb_from_stack(stack: NDArray[np.uint8], space: int, full_range: bool) -> NDArray[np.uint8]:
    """Convert brightness and colour differences to RGB.

    Parameters
    ----------
    stack : ndarray, shape (h, w, 3), uint8
        Brightness, difference of blue, difference of red.
    space : int
        One of `KNOWN_SPACES`.
    full_range : bool
        Black is 0 and white 255; else 16 and 235.

    Returns
    -------
    ndarray, shape (h, w, 3), uint8
    """
    import cv2

    return np.asarray(cv2.transform(stack, _matrix(space, full_range)), np.uint8)
