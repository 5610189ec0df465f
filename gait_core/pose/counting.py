"""Is another person in the frame? The rule that both engines share."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.engine import PoseResult
from gait_core.pose.landmarks import INDEX
from gait_core.pose.person_path import same_person
from gait_core.video.pixels import Pixels

__all__ = [
    "CLOSE_CONFIDENCE",
    "COUNTING_CONFIDENCE",
    "COUNTING_SIDE_PX",
    "HIP_TO_END",
    "beside_legs",
    "cover_box",
    "covered",
    "is_beside_legs",
    "is_somebody_else",
    "paint_over",
]

COUNTING_SIDE_PX: Final = 512
COUNTING_CONFIDENCE: Final = 0.6
CLOSE_CONFIDENCE: Final = 0.75
"""For a person close by: what is left of the walker alone scores 0.5 on average, a child in front of the walker 0.8."""
_CLOSE_SIDE: Final = 0.9
_CLOSE_BELOW: Final = 0.12
_TRUNK_HALF_WIDTH: Final = 0.13
HIP_TO_END: Final = 0.56
"""From the middle of the hips to the end of the body as the detector draws it, body heights."""
_CLOSE_HIP: Final = (0.15, 0.45)
_CLOSE_SIZE: Final = (0.26, 0.48)
"""Of the other one, in body heights of the walker: how far the hips lie below, and from the hips to the end."""
_VISIBILITY: Final = 0.75
_MARGIN: Final = 0.12


def cover_box(known: PoseResult, width_px: int, height_px: int) -> NDArray[np.float64]:
    """Return left, top, right, bottom of what hides a person in a frame of a size, px.

    Parameters
    ----------
    known : PoseResult
        The person to hide.
    width_px, height_px : int
        Size of the frame, px.

    Returns
    -------
    ndarray, shape (4,)
    """
    low, high = (edge * (width_px, height_px) for edge in (known.position.min(axis=0), known.position.max(axis=0)))
    margin = _MARGIN * (high[1] - low[1])
    return np.concatenate([low - margin, high + margin])


def paint_over(image: NDArray[np.uint8], box: NDArray[np.floating]) -> None:
    """Fill a box (left, top, right, bottom, px) with the mean colour of the frame."""
    height, width = image.shape[:2]
    (left, top), (right, bottom) = np.clip(box.reshape(2, 2), 0, (width, height)).astype(int)
    image[top:bottom, left:right] = image.mean(axis=(0, 1)).astype(np.uint8)


def covered(small: NDArray[np.uint8], known: PoseResult) -> NDArray[np.uint8]:
    """Return a copy of a small frame in which the known person is painted over.

    Returns
    -------
    ndarray
        Of the shape of `small`.
    """
    small = small.copy()
    height, width = small.shape[:2]
    paint_over(small, cover_box(known, width, height))
    return small


def is_somebody_else(found: PoseResult | None, known: PoseResult, pixels: Pixels) -> bool:
    """Return whether what was found beside the known person is a person, and another one.

    Parameters
    ----------
    found : PoseResult or None
        What the model sees when the known person is covered.
    known : PoseResult
        The known person.
    pixels : Pixels
        The whole frame.

    Returns
    -------
    bool
    """
    if found is None or float(found.confidence.mean()) < _VISIBILITY:
        return False
    aspect = np.array([pixels.width_px / pixels.height_px, 1.0], np.float32)
    return not same_person(known.position * aspect, found.position * aspect)


def beside_legs(pixels: Pixels, known: PoseResult, side_px: int) -> NDArray[np.uint8]:
    """Return a square image around the walker's legs in which head and trunk of the walker are painted over.

    A smaller person who walks close by is hidden from `covered`, which covers them as well.

    Parameters
    ----------
    pixels : Pixels
        The whole frame.
    known : PoseResult
        The walker.
    side_px : int
        Side of the image that is returned, px.

    Returns
    -------
    ndarray, shape (side_px, side_px, 3), uint8
    """
    position = known.position * (pixels.width_px, pixels.height_px)
    top, bottom = float(position[:, 1].min()), float(position[:, 1].max())
    body = max(bottom - top, 1.0)
    hip = position[[INDEX["left_hip"], INDEX["right_hip"]]].mean(axis=0)
    side = _CLOSE_SIDE * body
    corner = np.array([hip[0], hip[1] + _CLOSE_BELOW * body]) - side / 2
    scale = side / side_px
    matrix = np.array([[scale, 0.0, corner[0]], [0.0, scale, corner[1]]])
    image = pixels.warp(matrix, side_px, repeat_edges=True).copy()
    half = _TRUNK_HALF_WIDTH * body
    trunk = np.array([[hip[0] - half, top - 0.1 * body], [hip[0] + half, hip[1] - 0.02 * body]])
    paint_over(image, ((trunk - corner) / scale).ravel())
    return image


def is_beside_legs(hip: NDArray[np.floating], end: NDArray[np.floating]) -> bool:
    """Return whether a person found in the image of `beside_legs` is one who can stand there.

    Parameters
    ----------
    hip, end : ndarray, shape (2,)
        Middle of the hips, and the end of the body above or below it, as shares of the side of the image.

    Returns
    -------
    bool
    """
    below = _CLOSE_SIDE * (float(hip[1]) - 0.5) + _CLOSE_BELOW
    size = _CLOSE_SIDE * float(np.linalg.norm(end - hip))
    return _CLOSE_HIP[0] <= below <= _CLOSE_HIP[1] and _CLOSE_SIZE[0] <= size <= _CLOSE_SIZE[1]
