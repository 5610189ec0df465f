"""Draws the landmarks of one frame into its image."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.landmarks import BONES, LANDMARKS

__all__ = ["FAR", "NEAR", "RIM", "draw_bones"]

NEAR: Final = (63, 201, 214)
"""Colour of the side near the camera, RGB."""
FAR: Final = (232, 236, 234)
"""Colour of the other side and the trunk, RGB."""
RIM: Final = (16, 30, 33)
"""Colour of the rim that sets the lines off from the image, RGB."""
_SHOWN_CONFIDENCE: Final = 0.3


def draw_bones(
    image: NDArray[np.uint8],
    points: NDArray[np.float64],
    confidence: NDArray[np.float32],
    near: str,
    *,
    thickness: int = 3,
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
        colour = NEAR if side_near else FAR
        bones = [(a, b) for a, b in BONES if (near in LANDMARKS[a] and near in LANDMARKS[b]) == side_near]
        lines = [
            tuple((round(float(x)), round(float(y))) for x, y in points[[a, b]])
            for a, b in bones
            if shown(a) and shown(b)
        ]
        for width, tint in ((thickness + 2, RIM), (thickness, colour)):
            for start, end in lines:
                cv2.line(image, start, end, tint, width, cv2.LINE_AA)
        for point in {point for line in lines for point in line}:
            cv2.circle(image, point, thickness + 1, RIM, -1, cv2.LINE_AA)
            cv2.circle(image, point, thickness, colour, -1, cv2.LINE_AA)
