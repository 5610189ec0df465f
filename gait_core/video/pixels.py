"""One decoded frame, of which only what is needed is converted."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pixels", "RgbPixels", "resized", "scaled_size"]


class Pixels(Protocol):
    """One upright frame with square pixels; its size is that before any resizing."""

    @property
    def width_px(self) -> int:
        """Width, px."""

    @property
    def height_px(self) -> int:
        """Height, px."""

    def rgb(self, max_side_px: int | None = None) -> NDArray[np.uint8]:
        """Return the frame in RGB, shape (height, width, 3), its longer side at most `max_side_px`."""

    def luma(self, max_side_px: int | None = None) -> NDArray[np.uint8]:
        """Return the brightness, shape (height, width), 0 (black) to 255, its longer side at most `max_side_px`."""

    def warp(self, matrix: NDArray[np.float64], side_px: int, *, repeat_edges: bool = False) -> NDArray[np.uint8]:
        """Return a square of the frame, turned, moved and scaled.

        Parameters
        ----------
        matrix : ndarray, shape (2, 3)
            Takes (column, row, 1) of the square to (x, y) of the upright frame, px; both count from the middle of
            the first pixel.
        side_px : int
        repeat_edges : bool
            Beyond an edge of the image its outermost pixels go on; else it is black there.

        Returns
        -------
        ndarray, shape (side_px, side_px, 3), uint8
            RGB.
        """


class RgbPixels:
    """A frame that is RGB already.

    Parameters
    ----------
    image : ndarray, shape (height, width, 3), uint8
    """

    def __init__(self, image: NDArray[np.uint8]) -> None:
        self._image = image
        self.height_px, self.width_px = image.shape[:2]

    def rgb(self, max_side_px: int | None = None) -> NDArray[np.uint8]:
        """Return the frame."""
        return resized(self._image, scaled_size(self.width_px, self.height_px, max_side_px))

    def luma(self, max_side_px: int | None = None) -> NDArray[np.uint8]:
        """Return the brightness."""
        import cv2

        return np.asarray(cv2.cvtColor(self.rgb(max_side_px), cv2.COLOR_RGB2GRAY), np.uint8)

    def warp(self, matrix: NDArray[np.float64], side_px: int, *, repeat_edges: bool = False) -> NDArray[np.uint8]:
        """Return a square of the frame."""
        import cv2

        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        border = cv2.BORDER_REPLICATE if repeat_edges else cv2.BORDER_CONSTANT
        size = (side_px, side_px)
        return np.asarray(cv2.warpAffine(self._image, matrix, size, flags=flags, borderMode=border), np.uint8)


def scaled_size(width_px: int, height_px: int, max_side_px: int | None) -> tuple[int, int]:
    """Return the size of a frame whose longer side is limited.

    Parameters
    ----------
    width_px, height_px : int
    max_side_px : int or None
        Longest side allowed, px; None allows any.

    Returns
    -------
    tuple of int
        Width and height, px, at least 1; a frame that is small enough keeps its size.
    """
    longer = max(width_px, height_px)
    if max_side_px is None or longer <= max_side_px:
        return width_px, height_px
    factor = max_side_px / longer
    return max(1, round(width_px * factor)), max(1, round(height_px * factor))


def resized(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a frame in another size.

    Parameters
    ----------
    image : ndarray, shape (h, w) or (h, w, channels), uint8
    size : (int, int)
        Width and height, px.

    Returns
    -------
    ndarray, uint8
        The same array where it has the size already.
    """
    height, width = image.shape[:2]
    if (width, height) == size:
        return image
    import cv2

    smaller = size[0] * size[1] < width * height
    found = cv2.resize(image, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return np.asarray(found, np.uint8)
