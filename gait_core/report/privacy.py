"""Makes people in an image unrecognisable once their pose is known."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.landmarks import BONES, INDEX

__all__ = ["blur_face", "blur_surroundings", "face_circle"]

Image = NDArray[np.uint8]

_HEAD: Final = tuple(range(11))
_BLOCKS: Final = 5
"""Blocks across a face after coarsening: too few for a likeness."""


def face_circle(points: NDArray[np.float64]) -> tuple[float, float, float] | None:
    """Return centre and radius of a circle that covers the head, px.

    Parameters
    ----------
    points : ndarray, shape (33, 2)
        Landmarks, px; NaN where missing.

    Returns
    -------
    tuple of float, or None
        x, y, radius; None when neither head nor shoulders nor hips are known.
    """
    head = points[list(_HEAD)]
    head = head[np.isfinite(head).all(axis=1)]
    shoulders = _middle(points, "shoulder")
    hips = _middle(points, "hip")
    trunk = float(np.hypot(*(shoulders - hips))) if shoulders is not None and hips is not None else 0.0
    if len(head):
        centre = (head.min(axis=0) + head.max(axis=0)) / 2
        spread = float(np.hypot(*(head - centre).T).max())
        # From the side ear and nose lie on one line: the trunk says how large a head at least is.
        return float(centre[0]), float(centre[1]), max(1.7 * spread, 0.33 * trunk, 4.0)
    if shoulders is None or trunk == 0.0 or hips is None:
        return None
    centre = shoulders + 0.5 * (shoulders - hips)
    return float(centre[0]), float(centre[1]), 0.6 * trunk


def _middle(points: NDArray[np.float64], name: str) -> NDArray[np.float64] | None:
    both = points[[INDEX[f"left_{name}"], INDEX[f"right_{name}"]]]
    both = both[np.isfinite(both).all(axis=1)]
    return np.asarray(both.mean(axis=0)) if len(both) else None


def blur_face(image: Image, points: NDArray[np.float64]) -> Image:
    """Coarsen and blur the head.

    Parameters
    ----------
    image : ndarray, shape (height, width, 3), uint8
    points : ndarray, shape (33, 2)
        Landmarks in that image, px.

    Returns
    -------
    ndarray, shape (height, width, 3), uint8
        A copy. Where the head is not known, the upper third is blurred instead.
    """
    import cv2

    height, width = image.shape[:2]
    circle = face_circle(points)
    mask = np.zeros((height, width), np.uint8)
    if circle is None:
        mask[: height // 3] = 255
        radius = height / 8
    else:
        x, y, radius = circle
        reach = 2 * max(width, height)
        centre = (round(float(np.clip(x, -reach, reach))), round(float(np.clip(y, -reach, reach))))
        cv2.circle(mask, centre, max(2, round(min(radius, reach))), 255, -1)
    return _blended(image, mask, radius)


def blur_surroundings(image: Image, points: NDArray[np.float64]) -> Image:
    """Coarsen and blur everything that is not near the body.

    Parameters
    ----------
    image : ndarray, shape (height, width, 3), uint8
    points : ndarray, shape (33, 2)
        Landmarks in that image, px.

    Returns
    -------
    ndarray, shape (height, width, 3), uint8
        A copy; without any landmark all of it is blurred.
    """
    import cv2

    height, width = image.shape[:2]
    mask = np.full((height, width), 255, np.uint8)
    finite = np.asarray(np.isfinite(points).all(axis=1))
    tall = float(np.ptp(points[finite, 1])) if finite.any() else float(height)
    reach = 2 * max(width, height)
    for a, b in BONES:
        if finite[a] and finite[b]:
            start, end = ((round(float(x)), round(float(y))) for x, y in np.clip(points[[a, b]], -reach, reach))
            cv2.line(mask, start, end, 0, max(2, round(0.11 * tall)))
    circle = face_circle(points)
    if circle is not None:
        cv2.circle(mask, (round(circle[0]), round(circle[1])), max(2, round(circle[2])), 0, -1)
    return _blended(image, mask, 0.07 * tall)


def _blended(image: Image, mask: NDArray[np.uint8], radius: float) -> Image:
    """Put a coarse image where the mask is set, with a soft edge outside it."""
    import cv2

    height, width = image.shape[:2]
    blocks = max(2.0 * radius / _BLOCKS, 2.0)
    small = (max(1, round(width / blocks)), max(1, round(height / blocks)))
    coarse = cv2.resize(cv2.resize(image, small, interpolation=cv2.INTER_AREA), (width, height))
    edge = max(3, round(0.12 * radius)) | 1
    soft = np.maximum(cv2.GaussianBlur(mask, (edge, edge), 0), mask).astype(np.float32)[:, :, None] / 255.0
    return np.asarray(image * (1.0 - soft) + coarse * soft, np.uint8)
