"""How much more red than blue there is at the face, at the nearer hand and in the whole frame."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.engine import PoseResult
from gait_core.pose.landmarks import INDEX
from gait_core.video.pixels import Pixels

__all__ = ["FRAME", "SKIN", "frame_red_over_blue", "skin_red_over_blue"]

SKIN: Final = ("face_red_over_blue", "hand_red_over_blue")
FRAME: Final = "frame_red_over_blue"

_FACE: Final = [INDEX[name] for name in ("left_eye", "right_eye", "left_ear", "right_ear")]
"""Above a mask."""
_HANDS: Final = tuple(
    [INDEX[f"{side}_{name}"] for name in ("wrist", "pinky", "index", "thumb")] for side in ("left", "right")
)
_FACE_SIZE, _HAND_SIZE = 1 / 20, 1 / 32
"""Sides of the squares looked at, over the height of the body: well inside a face and a hand."""
_SIDE_PX: Final = 8
_FRAME_PX: Final = 64


def skin_red_over_blue(pixels: Pixels, found: PoseResult) -> tuple[float, float]:
    """Return red minus blue where skin is seen.

    Parameters
    ----------
    pixels : Pixels
    found : PoseResult
        The person in it.

    Returns
    -------
    face, hand : float
        Means, -255 to 255; the hand is the one that is seen more surely. NaN where it lies outside the frame.
    """
    position = found.position * np.array([pixels.width_px, pixels.height_px])
    height = float(np.ptp(position[:, 1]))
    hand = max(_HANDS, key=lambda points: float(found.confidence[points].mean()))
    return (
        _at(pixels, position[_FACE].mean(axis=0), _FACE_SIZE * height),
        _at(pixels, position[hand].mean(axis=0), _HAND_SIZE * height),
    )


def frame_red_over_blue(pixels: Pixels) -> float:
    """Return red minus blue, the mean of all pixels.

    Parameters
    ----------
    pixels : Pixels

    Returns
    -------
    float
        -255 to 255.
    """
    return _difference(pixels.rgb(_FRAME_PX))


def _at(pixels: Pixels, middle: NDArray[np.floating], side_px: float) -> float:
    """Return the mean of a square."""
    inside = 0 <= middle[0] < pixels.width_px and 0 <= middle[1] < pixels.height_px
    if not inside or side_px < 1:
        return math.nan
    step = side_px / _SIDE_PX
    left, top = (float(value) - step * (_SIDE_PX - 1) / 2 for value in middle)
    square = pixels.warp(np.array([[step, 0.0, left], [0.0, step, top]]), _SIDE_PX, repeat_edges=True)
    return _difference(square)


def _difference(image: NDArray[np.uint8]) -> float:
    means = image.mean(axis=(0, 1))
    return float(means[0] - means[2])
