"""Draws the landmarks of one frame into its image."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.landmarks import BONES, LANDMARKS
from gait_core.pose.track import Track

__all__ = ["NEAR", "draw_bones", "draw_frame"]

NEAR: Final = (63, 201, 214)
"""Colour of the side near the camera, RGB."""
_FAR: Final = (232, 236, 234)
"""Colour of the other side and the trunk, RGB."""
_RIM: Final = (16, 30, 33)
"""Colour of the rim that sets the lines off from the image, RGB."""
_SHOWN_CONFIDENCE: Final = 0.3


def draw_bones(
    image: NDArray[np.uint8],
    points: NDArray[np.float64],
    confidence: NDArray[np.float32],
    near: str,
    *,
    thickness: int,
) -> None:
    """Draw the bones of both sides, the near one last and in colour.

    Parameters
    ----------
    image : ndarray, shape (height, width, 3), uint8
        RGB, drawn into.
    points : ndarray, shape (33, 2)
        Landmarks in the image, px; NaN where missing.
    confidence : ndarray, shape (33,)
    near : {"left", "right"}
    thickness : int
        Of the lines, px.
    """
    import cv2

    reach = 4 * max(image.shape)

    def shown(row: int) -> bool:
        there = bool(np.isfinite(points[row]).all()) and bool((np.abs(points[row]) < reach).all())
        return there and float(confidence[row]) >= _SHOWN_CONFIDENCE

    for side_near in (False, True):
        colour = NEAR if side_near else _FAR
        bones = [(a, b) for a, b in BONES if (near in LANDMARKS[a] and near in LANDMARKS[b]) == side_near]
        lines = [
            tuple((round(float(x)), round(float(y))) for x, y in points[[a, b]])
            for a, b in bones
            if shown(a) and shown(b)
        ]
        for width, tint in ((thickness + 2, _RIM), (thickness, colour)):
            for start, end in lines:
                cv2.line(image, start, end, tint, width, cv2.LINE_AA)
        for point in {point for line in lines for point in line}:
            cv2.circle(image, point, thickness + 1, _RIM, -1, cv2.LINE_AA)
            cv2.circle(image, point, thickness, colour, -1, cv2.LINE_AA)


def draw_frame(image: NDArray[np.uint8], track: Track, row: int, near: str) -> tuple[NDArray[np.float64], int]:
    """Draw the landmarks of one frame into its image, whatever size that was brought to.

    Parameters
    ----------
    image : ndarray, shape (height, width, 3), uint8
        RGB, drawn into.
    track : Track
    row : int
        Frame of the track.
    near : {"left", "right"}

    Returns
    -------
    points : ndarray, shape (33, 2)
        Where the landmarks lie in this image, px.
    thickness : int
        Of the lines, px.
    """
    points = track.position[row].astype(float) * (image.shape[1] / track.width_px)
    thickness = max(2, round(image.shape[0] / 240))
    draw_bones(image, points, track.confidence[row], near, thickness=thickness)
    return points, thickness
