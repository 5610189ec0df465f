"""Skeleton maps: the limbs and joints of a person as two grey images, drawn from the landmarks."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.walks.joints import LEFT_HIP, RIGHT_HIP, Joints, coco_joints, filled_joints
from gait_core.walks.silhouettes import ALIGNED_PX

__all__ = ["drawn_maps", "skeleton_maps"]

_CANVAS_PX: Final = 128
_BODY_PX: Final = float(_CANVAS_PX // 1.5)
_SIGMA_PX: Final = 8.0
_REACH_PX: Final = 3 * _SIGMA_PX
_LIMBS: Final = (
    (0, 1), (0, 2), (1, 3), (2, 4), (0, 5), (5, 7), (7, 9), (0, 6), (6, 8), (8, 10), (5, 11), (11, 13), (13, 15),
    (6, 12), (12, 14), (14, 16), (11, 12),
)  # fmt: skip


def skeleton_maps(joints: NDArray[Any], kind: Joints, *, least_visibility: float | None = None) -> NDArray[np.uint8]:
    """Draw the limb map and the joint map of every frame of a sequence.

    Parameters
    ----------
    joints : ndarray, shape (n, 17 or 33, 3)
        x and y in px of the frame, and score or visibility in [0, 1]; of the whole sequence, since missing joints are
        filled from similar frames.
    kind : Joints
        Order of the joints.
    least_visibility : float, optional
        Joints below it count as missing, see `gait_core.walks.joints.coco_joints`.

    Returns
    -------
    ndarray, shape (n, 64, 64, 2), uint8
        Limb map and joint map, 0 to 255; all 0 in frames without any joint.

    Raises
    ------
    InputError
        When the array has another shape than `kind` says, or holds no px.

    Notes
    -----
    Around each limb and each joint the value falls off as a Gaussian of 8 px on a canvas on which the person is 85 px
    high, times the score of the joint (of a limb: the lower score of its two ends). The canvas is cut to the rows
    that are not empty, as wide as high, and reduced to 64 x 64 px.
    """
    return drawn_maps(filled_joints(coco_joints(joints, kind, least_visibility=least_visibility)))


def drawn_maps(filled: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Draw the maps of some frames of a sequence, for long ones piece by piece.

    Parameters
    ----------
    filled : ndarray, shape (n, 17, 3)
        From `gait_core.walks.joints.filled_joints`.

    Returns
    -------
    ndarray, shape (n, 64, 64, 2), uint8
        As `skeleton_maps` gives them.
    """
    found = np.zeros((len(filled), ALIGNED_PX, ALIGNED_PX, 2), np.uint8)
    for frame, points in enumerate(filled):
        on_canvas = _on_canvas(points[:, :2])
        if on_canvas is None:
            continue
        scores = np.where(np.isfinite(on_canvas).all(axis=1), points[:, 2], 0.0)
        ends = [(on_canvas[a], on_canvas[b], min(scores[a], scores[b])) for a, b in _LIMBS]
        found[frame, ..., 0] = _aligned(_drawn(ends))
        found[frame, ..., 1] = _aligned(_drawn([(point, point, scores[j]) for j, point in enumerate(on_canvas)]))
    return found


def _on_canvas(points: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return joints on the canvas: the hips in its middle, 85 px from the highest joint to the lowest."""
    middle = (points[LEFT_HIP] + points[RIGHT_HIP]) / 2
    height = np.nanmax(points[:, 1]) - np.nanmin(points[:, 1]) if np.isfinite(points[:, 1]).any() else 0.0
    if not height or not np.isfinite(middle).all():
        return None
    return np.asarray((points - middle) * (_BODY_PX / height) + _CANVAS_PX // 2)


def _drawn(ends: list[tuple[NDArray[np.float64], NDArray[np.float64], float]]) -> NDArray[np.float64]:
    """Return the highest value of all segments on the canvas; each is drawn in a box of three sigmas around it."""
    canvas = np.zeros((_CANVAS_PX, _CANVAS_PX))
    for a, b, score in ends:
        if score <= 0.0:
            continue
        low, high = np.minimum(a, b) - _REACH_PX, np.maximum(a, b) + _REACH_PX
        left, top = (max(int(value), 0) for value in low)
        right, bottom = (min(int(value) + 1, _CANVAS_PX) for value in high)
        if left >= right or top >= bottom:
            continue
        box = canvas[top:bottom, left:right]
        x, y = np.arange(left, right)[None, :] - a[0], np.arange(top, bottom)[:, None] - a[1]
        along, across = b - a
        length = along**2 + across**2
        if length > 0.0:
            share = np.clip((x * along + y * across) / length, 0.0, 1.0)
            x, y = x - share * along, y - share * across
        np.maximum(box, score * np.exp(-(x**2 + y**2) / (2 * _SIGMA_PX**2)), out=box)
    return canvas


def _aligned(canvas: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return a canvas as grey values, cut to its rows and as wide as high, with 64 x 64 px.

    The grey values step as a table of 256 floating-point colours does when it is cut to bytes: some are 1 less.
    """
    import cv2

    table = (np.linspace(0.0, 1.0, 256) * 255).astype(np.uint8)
    grey = table[np.clip((canvas * 256).astype(np.int64), 0, 255)]
    rows = np.flatnonzero(grey.any(axis=1))
    if not len(rows):
        return np.zeros((ALIGNED_PX, ALIGNED_PX), np.uint8)
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    half, middle = (bottom - top) // 2, _CANVAS_PX // 2
    part = grey[top:bottom, max(middle - half, 0) : middle + max(half, 1)] / 255
    reduced = cv2.resize(part, (ALIGNED_PX, ALIGNED_PX), interpolation=cv2.INTER_AREA)
    return (np.asarray(reduced) * 255).astype(np.uint8)
