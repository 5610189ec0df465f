"""Views of the planes of a decoded frame, without a copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gait_core.video.colour import space_of

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

__all__ = ["Planes", "planes_of", "shrunk", "stacked", "view_of"]

Plane = NDArray[Any]

_FULL_RANGE = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Planes:
    """Brightness and, at half the size, the differences of blue and red.

    Attributes
    ----------
    luma : ndarray, shape (h, w), uint8 or uint16
    chroma : ndarrays, shape ((h + 1) // 2, (w + 1) // 2)
        Two, or one of shape (…, 2) with both interleaved.
    bits : int
        8, or 10 in the lower bits of uint16.
    space : int
        Colour space by FFmpeg's number.
    full_range : bool
        Black is 0; else 16, or 64 in 10 bits.
    """

    luma: Plane
    chroma: tuple[Plane, ...]
    bits: int
    space: int
    full_range: bool

    @property
    def black(self) -> int:
        """Brightness of black."""
        return 0 if self.full_range else 16 << (self.bits - 8)

    @property
    def no_colour(self) -> int:
        """Colour difference of grey."""
        return 128 << (self.bits - 8)

    def cut(self, left: int, top: int, right: int, bottom: int) -> tuple[Plane, Plane, Plane]:
        """Return a box of all three; `left` and `top` even, px of the brightness."""
        rows, columns = slice(top // 2, (bottom + 1) // 2), slice(left // 2, (right + 1) // 2)
        chroma = [plane[rows, columns] for plane in self.chroma]
        if len(chroma) == 1:
            import cv2

            chroma = [cv2.extractChannel(chroma[0], 0), cv2.extractChannel(chroma[0], 1)]
        return self.luma[top:bottom, left:right], chroma[0], chroma[1]

    def in_8_bits(self, plane: Plane) -> NDArray[np.uint8]:
        """Return a plane in 8 bits; the same where it has them."""
        if self.bits == 8:
            return plane
        import cv2

        return np.asarray(cv2.convertScaleAbs(plane, alpha=1 / (1 << (self.bits - 8))), np.uint8)


def planes_of(frame: VideoFrame) -> Planes | None:
    """Return the planes of a frame.

    Parameters
    ----------
    frame : VideoFrame
        Its memory is held as long as one of the views lives.

    Returns
    -------
    Planes or None
        Views of the frame's memory; None for a format, or a layout in memory, that has to be converted as a whole.
    """
    name = frame.format.name
    if name in ("yuv420p", "yuvj420p"):
        views = [view_of(plane, np.uint8, 1) for plane in frame.planes]
    elif name == "nv12":
        views = [view_of(plane, np.uint8, number + 1) for number, plane in enumerate(frame.planes)]
    elif name == "yuv420p10le":
        views = [view_of(plane, np.dtype("<u2"), 1) for plane in frame.planes]
    else:
        return None
    if any(view is None for view in views):
        return None
    luma, *chroma = (view for view in views if view is not None)
    return Planes(
        luma=luma,
        chroma=tuple(chroma),
        bits=10 if name.endswith("10le") else 8,
        space=space_of(frame.colorspace),
        full_range=name == "yuvj420p" or frame.color_range == _FULL_RANGE,
    )


def view_of(plane: Any, kind: Any, channels: int) -> Plane | None:
    """Return a view of a plane of a frame; nothing is copied.

    Parameters
    ----------
    plane : av.VideoPlane
    kind : dtype
        Of one value.
    channels : int
        Values per pixel, interleaved.

    Returns
    -------
    ndarray, shape (h, w) or (h, w, channels), or None
        Without the channels where there is one. None where the lines are not laid out as expected, as in a
        frame that is stored upside down.
    """
    line_px, rest = divmod(plane.line_size, np.dtype(kind).itemsize)
    if rest or line_px < plane.width * channels:  # upside down, or not as expected
        return None
    view = np.frombuffer(plane, kind).reshape(plane.height, line_px)[:, : plane.width * channels]
    return view if channels == 1 else view.reshape(plane.height, plane.width, channels)


def stacked(planes: tuple[Plane, Plane, Plane], times: int) -> Plane:
    """Return brightness, colours and brightness again as one frame, halved `times` times.

    Four channels are warped twice as fast as three.

    Parameters
    ----------
    planes : tuple of ndarray
        As `Planes.cut` gives them; each pixel of the colours stands for four of the brightness.
    times : int

    Returns
    -------
    ndarray, shape (h, w, 4)
        Brightness, difference of blue, difference of red, brightness; dtype of the planes.
    """
    import cv2

    luma = _halved(planes[0], times)
    height, width = luma.shape
    colours = [_halved(plane, times - 1) if times else _doubled(plane) for plane in planes[1:]]
    return np.asarray(cv2.merge([luma, *(plane[:height, :width] for plane in colours), luma]))


def _doubled(plane: Plane) -> Plane:
    """Return a plane in which each pixel fills two columns and two rows."""
    import cv2

    height, width = plane.shape
    # The fastest ways there are: interleaving with itself, and copying rows.
    found = np.empty((height, 2, 2 * width), plane.dtype)
    found[:] = cv2.merge([plane, plane]).reshape(height, 1, 2 * width)
    return found.reshape(2 * height, 2 * width)


def _halved(plane: Plane, times: int) -> Plane:
    """Return a plane whose pixels are means of blocks of 2**times; an incomplete block at the edges is left out."""
    import cv2

    # Halving twice is many times faster than quartering once, and rounds once more.
    for _ in range(times):
        height, width = (side // 2 for side in plane.shape)
        if min(height, width) < 1:
            break
        plane = cv2.resize(plane[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    return plane


def shrunk(plane: Plane, size: tuple[int, int]) -> Plane:
    """Return a plane in another size.

    Parameters
    ----------
    plane : ndarray, shape (h, w)
    size : (int, int)
        Width and height, px.

    Returns
    -------
    ndarray, shape (height, width)
        Means of the pixels where it becomes smaller, interpolated where it becomes larger; the same array where it has
        the size already.
    """
    import cv2

    height, width = plane.shape
    while width >= 2 * size[0] and height >= 2 * size[1] and width % 2 == height % 2 == 0:
        plane = _halved(plane, 1)
        height, width = plane.shape
    if (width, height) == size:
        return plane
    smaller = size[0] * size[1] < width * height
    found: Plane = cv2.resize(plane, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return found
