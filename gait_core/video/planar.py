"""A decoded frame as an image: only the pixels that are needed are converted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gait_core.video.colour import KNOWN_SPACES, full_range_table, rgb_from_stack, space_of
from gait_core.video.orientation import Orientation, orientation_of, turn
from gait_core.video.pixels import RgbPixels, resized, scaled_size
from gait_core.video.planes import Planes, planes_of, shrunk, stacked, view_of

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

__all__ = ["PlanarPixels", "upright_size"]

Image = NDArray[np.uint8]

_WHOLE_AREAS = 6
"""Times the area of a box that swscale converts while the planes of the box are stacked."""


class Affine(NamedTuple):
    """Where a pixel (column, row) lies elsewhere: x = xx * column + xy * row + x0, and y likewise."""

    xx: float
    xy: float
    x0: float
    yx: float
    yy: float
    y0: float

    def after(self, other: Affine) -> Affine:
        """Return what this makes of the result of `other`."""
        return Affine(
            self.xx * other.xx + self.xy * other.yx,
            self.xx * other.xy + self.xy * other.yy,
            self.xx * other.x0 + self.xy * other.y0 + self.x0,
            self.yx * other.xx + self.yy * other.yx,
            self.yx * other.xy + self.yy * other.yy,
            self.yx * other.x0 + self.yy * other.y0 + self.y0,
        )

    def reduced(self, left: int, top: int, factor: int) -> Affine:
        """Return it for a frame cut off at (left, top) and shrunk by a factor; both count from pixel centres."""
        return Affine(
            self.xx / factor,
            self.xy / factor,
            (self.x0 + 0.5 - left) / factor - 0.5,
            self.yx / factor,
            self.yy / factor,
            (self.y0 + 0.5 - top) / factor - 0.5,
        )

    def array(self) -> NDArray[np.float64]:
        """Return the matrix, shape (2, 3)."""
        return np.array((self[:3], self[3:]))


def upright_size(frame: VideoFrame, orientation: Orientation, pixel_ratio: float) -> tuple[int, int]:
    """Return the size of the upright frame with square pixels.

    Parameters
    ----------
    frame : VideoFrame
    orientation : Orientation
    pixel_ratio : float
        Width over height of a stored pixel.

    Returns
    -------
    tuple of int
        Width and height, px.
    """
    # Pixels are stretched along the stored width, which after a quarter turn is the height.
    width, height = max(1, round(frame.width * pixel_ratio)), frame.height
    return (height, width) if orientation.swaps_sides else (width, height)


class PlanarPixels:
    """An image over a decoded frame, which it keeps alive.

    Parameters
    ----------
    frame : VideoFrame
        Of PyAV, in any format; brightness and colour in planes of 8 or 10 bits are looked at where they lie.
    orientation : Orientation, optional
        Default: as the frame says.
    size : (int, int), optional
        Width and height of the upright frame with square pixels, px; default: the pixels are square.

    Notes
    -----
    The four pixels of a block share their colour, as with swscale when it does not scale; blending them would look
    better and move the landmarks by 0.1 % of the body height. What `rgb` gives is kept for the next who asks for the
    same size, so it must not be written to.
    """

    def __init__(
        self, frame: VideoFrame, *, orientation: Orientation | None = None, size: tuple[int, int] | None = None
    ) -> None:
        self._frame = frame
        self._orientation = orientation_of(frame) if orientation is None else orientation
        self.width_px, self.height_px = upright_size(frame, self._orientation, 1.0) if size is None else size
        self._found: Planes | None = None
        self._looked = False
        self._four: Image | None = None
        self._last: tuple[tuple[int, int], Image] | None = None

    def rgb(self, max_side_px: int | None = None) -> Image:
        """Return the frame in RGB."""
        size = scaled_size(self.width_px, self.height_px, max_side_px)
        if self._last is None or self._last[0] != size:
            self._last = size, self._converted(size)
        return self._last[1]

    def luma(self, max_side_px: int | None = None) -> Image:
        """Return the brightness."""
        import cv2

        planes = self._planes
        if planes is None:
            return RgbPixels(self.rgb(max_side_px)).luma()
        size = self._stored(scaled_size(self.width_px, self.height_px, max_side_px))
        grey = planes.in_8_bits(shrunk(planes.luma, size))
        table = full_range_table(planes.full_range)
        return turn(grey if table is None else cv2.LUT(grey, table), self._orientation)

    def warp(self, matrix: NDArray[np.float64], side_px: int, *, repeat_edges: bool = False) -> Image:
        """Return a square of the frame."""
        import cv2

        planes = self._planes
        if planes is None:
            return RgbPixels(self.rgb()).warp(matrix, side_px, repeat_edges=repeat_edges)
        place = self._to_stored().after(Affine(*matrix[0].tolist(), *matrix[1].tolist()))
        halvings = _halvings(place)
        box = _box(place, side_px, planes.luma.shape, 2 << halvings)
        if box is None:
            return np.zeros((side_px, side_px, 3), np.uint8)
        border = cv2.BORDER_REPLICATE if repeat_edges else cv2.BORDER_CONSTANT

        def warped(stack: Image, onto: Affine, beyond: tuple[int, ...]) -> Image:
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            square = cv2.warpAffine(
                stack, onto.array(), (side_px, side_px), flags=flags, borderMode=border, borderValue=beyond
            )
            # Takes the fourth channel away, whatever it is.
            return np.asarray(cv2.cvtColor(planes.in_8_bits(square), cv2.COLOR_RGBA2RGB), np.uint8)

        if halvings == 0 and self._better_whole(planes, box):
            return warped(self._whole(), place, (0, 0, 0, 0))
        black = planes.black, planes.no_colour, planes.no_colour, planes.black
        onto = place.reduced(box[0], box[1], 1 << halvings)
        square = warped(stacked(planes.cut(*box), halvings), onto, black)
        return rgb_from_stack(square, planes.space, planes.full_range)

    def _better_whole(self, planes: Planes, box: tuple[int, int, int, int]) -> bool:
        """Return whether converting all of a small frame is faster than stacking the planes of a box."""
        if planes.bits != 8 or len(planes.chroma) != 2:
            return False  # swscale is fast with nothing else
        area = (box[2] - box[0]) * (box[3] - box[1])
        return self._frame.width * self._frame.height <= _WHOLE_AREAS * area

    def _whole(self) -> Image:
        """Return the frame as it is stored in RGB and a fourth channel, shape (h, w, 4)."""
        if self._four is None:
            frame = self._tagged().reformat(format="rgba", threads=1)
            self._four = np.asarray(view_of(frame.planes[0], np.uint8, 4), np.uint8)
        return self._four

    def _tagged(self) -> VideoFrame:
        """Return the frame with a colour space that swscale knows."""
        if self._planes is not None and self._frame.colorspace not in KNOWN_SPACES:
            self._frame.colorspace = space_of(self._frame.colorspace)
        return self._frame

    @property
    def _planes(self) -> Planes | None:
        if not self._looked:
            self._found, self._looked = planes_of(self._frame), True
        return self._found

    def _stored(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return an upright size as it is in the frame."""
        return (size[1], size[0]) if self._orientation.swaps_sides else size

    def _converted(self, size: tuple[int, int]) -> Image:
        frame, planes = self._frame, self._planes
        stored = self._stored(size)
        if planes is None or stored[0] * stored[1] >= frame.width * frame.height:
            # Without a word of threads, swscale starts some for every frame.
            image = np.asarray(self._tagged().to_ndarray(format="rgb24", threads=1), np.uint8)
            return resized(turn(image, self._orientation), size)
        # Means of the planes are those of the frame, and there is less to convert.
        import cv2

        stack = cv2.merge(
            [planes.in_8_bits(shrunk(plane, stored)) for plane in planes.cut(0, 0, frame.width, frame.height)]
        )
        return turn(rgb_from_stack(stack, planes.space, planes.full_range), self._orientation)

    def _to_stored(self) -> Affine:
        """Return what takes a pixel of the upright image to its place in the decoded frame."""
        width, height = self._frame.width, self._frame.height
        quarters, mirrored = self._orientation
        turned_width, turned_height = (height, width) if self._orientation.swaps_sides else (width, height)
        wide, high = turned_width / self.width_px, turned_height / self.height_px
        place = Affine(wide, 0.0, 0.5 * wide - 0.5, 0.0, high, 0.5 * high - 0.5)
        if mirrored:
            place = Affine(-1.0, 0.0, turned_width - 1.0, 0.0, 1.0, 0.0).after(place)
        if quarters == 1:
            place = Affine(0.0, -1.0, width - 1.0, 1.0, 0.0, 0.0).after(place)
        elif quarters == 2:
            place = Affine(-1.0, 0.0, width - 1.0, 0.0, -1.0, height - 1.0).after(place)
        elif quarters == 3:
            place = Affine(0.0, 1.0, 0.0, -1.0, 0.0, height - 1.0).after(place)
        return place


def _halvings(place: Affine) -> int:
    """Return how often a frame may be halved before a square is taken from it with no pixel larger than its own."""
    scale = min(math.hypot(place.xx, place.xy), math.hypot(place.yx, place.yy))
    return max(0, math.floor(math.log2(scale))) if scale > 0 else 0


def _box(place: Affine, side_px: int, shape: tuple[int, ...], step: int) -> tuple[int, int, int, int] | None:
    """Return left, top, right, bottom of what a square needs of a plane; None when it lies beside it."""
    last = side_px - 1
    across, down = (0.0, last * place.xx), (0.0, last * place.xy)
    left, right = place.x0 + min(across) + min(down), place.x0 + max(across) + max(down)
    across, down = (0.0, last * place.yx), (0.0, last * place.yy)
    top, bottom = place.y0 + min(across) + min(down), place.y0 + max(across) + max(down)
    # Interpolation looks one pixel farther, and that of the colours two blocks.
    margin = 2 * step
    height, width = shape[:2]
    if not (right > -1 and bottom > -1 and left < width and top < height):
        return None
    return (
        max(0, math.floor(left) - margin) // step * step,
        max(0, math.floor(top) - margin) // step * step,
        min(width, math.ceil(right) + margin),
        min(height, math.ceil(bottom) + margin),
    )
