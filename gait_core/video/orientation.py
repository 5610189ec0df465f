"""How a stored frame has to be turned to stand upright."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

__all__ = ["UPRIGHT", "Orientation", "orientation_of", "turn"]


class Orientation(NamedTuple):
    """Quarter turns counter-clockwise, then mirrored left to right or not."""

    quarter_turns: int
    mirrored: bool

    @property
    def rotation_deg(self) -> int:
        """Counter-clockwise rotation that makes the frame upright, degrees in {0, 90, 180, 270}."""
        return 90 * self.quarter_turns

    @property
    def swaps_sides(self) -> bool:
        """True when width and height change places."""
        return self.quarter_turns % 2 == 1


UPRIGHT = Orientation(0, False)


def orientation_of(frame: VideoFrame) -> Orientation:
    """Read the display matrix that the camera wrote.

    Returns
    -------
    Orientation
        What makes the frame upright; nothing to be turned where there is no matrix, or none that can be used.
    """
    from av.sidedata.sidedata import SideDataContainer, Type

    # Not `frame.side_data`: the frame keeps that, and it keeps the frame, so that only a garbage collection would free
    # the frame; hundreds of them lay in memory until then.
    container: Any = SideDataContainer  # declared without arguments, and as a mapping of names instead of types
    found = container(frame).get(Type.DISPLAYMATRIX)
    stored = bytes(found) if found is not None else b""
    if len(stored) < 36:
        return UPRIGHT
    matrix = struct.unpack("=9i", stored[:36])
    a, b, c, d = (matrix[index] / 65536 for index in (0, 1, 3, 4))
    mirrored = a * d - b * c < 0
    if mirrored:
        # A mirror is undone first: what is left is a plain rotation.
        a, c = -a, -c
    scale = math.hypot(a, c)
    if scale == 0:
        return UPRIGHT
    clockwise_deg = math.degrees(math.atan2(b, a))
    return Orientation(round(-clockwise_deg / 90) % 4, mirrored)


def turn(image: NDArray[np.uint8], orientation: Orientation) -> NDArray[np.uint8]:
    """Return the upright frame, contiguous.

    Parameters
    ----------
    image : ndarray, shape (h, w, 3), uint8
        As it is stored.
    orientation : Orientation

    Returns
    -------
    ndarray, shape (h, w, 3) or (w, h, 3), uint8
    """
    if orientation.quarter_turns:
        image = np.rot90(image, orientation.quarter_turns)
    if orientation.mirrored:
        image = image[:, ::-1]
    return np.ascontiguousarray(image)
