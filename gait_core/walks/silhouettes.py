"""From the mask of a person to the aligned silhouette that recognition networks take."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.pose.masks import PersonMasks

__all__ = [
    "ALIGNED_PX",
    "Cut",
    "aligned_labels",
    "aligned_silhouette",
    "cut_of",
    "landmarks_on_mask",
    "person_part",
    "upright_mask",
    "with_hips_first",
]

ALIGNED_PX: Final = 64
"""Height and width of an aligned frame."""
_LEAST_SUM: Final = 10_000
_CLOSING_SHARE: Final = 0.02
_HIPS: Final = [23, 24]
Cut = tuple[int, int, int]
"""First row and row after the last of the mask, and the column of the resized mask that is centred."""


def aligned_silhouette(mask_u8: NDArray[np.uint8], *, width_px: int = ALIGNED_PX) -> NDArray[np.uint8] | None:
    """Return a mask as a silhouette of 64 px height: as high as the frame and centred.

    Parameters
    ----------
    mask_u8 : ndarray, shape (height, width), uint8
        0 where there is no person, 255 where there is; grey at the outline is allowed.
    width_px : int
        Even width of the result; what lies beyond is cut off. The scale does not depend on it.

    Returns
    -------
    ndarray, shape (64, width_px), uint8, or None
        None where there are fewer than about 40 pixels, or the person cannot be centred.

    Raises
    ------
    InputError
        When the mask has another shape or type.

    Notes
    -----
    The rule of the public pretreatment of silhouettes: rows from the first to the last that is not empty, scaled to a
    height of 64 px by cubic interpolation; the column that halves the sum of all pixels comes to the middle.
    """
    cut = cut_of(mask_u8)
    return None if cut is None else _aligned(mask_u8, cut, nearest=False, width_px=width_px)


def aligned_labels(labels: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Return a map of labels aligned like the silhouette of all that is labelled; labels are not interpolated.

    Parameters
    ----------
    labels : ndarray, shape (height, width), uint8
        0 where there is no person.

    Returns
    -------
    ndarray, shape (64, 64), uint8, or None
        None where `aligned_silhouette` gives None.
    """
    cut = cut_of(np.where(labels > 0, 255, 0).astype(np.uint8), nearest=True)
    return None if cut is None else _aligned(labels, cut, nearest=True)


def cut_of(mask_u8: NDArray[np.uint8], *, nearest: bool = False) -> Cut | None:
    """Return how a mask is cut out for alignment, or None where it cannot be aligned.

    Parameters
    ----------
    mask_u8 : ndarray, shape (height, width), uint8
    nearest : bool
        Scale without interpolation, as labels are.

    Returns
    -------
    Cut or None
    """
    if mask_u8.ndim != 2 or mask_u8.dtype != np.uint8:
        raise InputError(
            f"Expected a mask of shape (height, width) and type uint8, but got {mask_u8.shape} and {mask_u8.dtype}.",
            "Give one grey image with 0 for the background and 255 for the person.",
        )
    if int(mask_u8.sum(dtype=np.int64)) <= _LEAST_SUM:
        return None
    rows = np.flatnonzero(mask_u8.any(axis=1))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    resized = _resized(mask_u8[top:bottom], nearest=nearest)
    if resized is None:
        return None
    sums = resized.sum(axis=0, dtype=np.int64).cumsum()
    middle = int(np.argmax(sums > sums[-1] / 2))
    return (top, bottom, middle) if middle else None


def _resized(rows: NDArray[np.uint8], *, nearest: bool) -> NDArray[np.uint8] | None:
    import cv2

    height, width = rows.shape
    new_width = int(ALIGNED_PX * width / height)
    if not new_width:
        return None
    how = cv2.INTER_NEAREST if nearest else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rows, (new_width, ALIGNED_PX), interpolation=how), np.uint8)


def _aligned(
    image: NDArray[np.uint8], cut: Cut, *, nearest: bool, width_px: int = ALIGNED_PX
) -> NDArray[np.uint8] | None:
    top, bottom, middle = cut
    resized = _resized(image[top:bottom], nearest=nearest)
    if resized is None:
        return None
    half = width_px // 2
    return np.ascontiguousarray(np.pad(resized, ((0, 0), (half, half)))[:, middle : middle + width_px])


def person_part(mask_u8: NDArray[np.uint8], points: NDArray[Any] | None = None) -> tuple[NDArray[np.uint8], float]:
    """Return the one connected part of a mask that is the person, with its holes closed.

    Parameters
    ----------
    mask_u8 : ndarray, shape (height, width), uint8
        From 128 on, a pixel belongs to the person.
    points : ndarray, shape (points, 2), optional
        Landmarks as (column, row), the middle of the hips first; NaN where not known. The part that holds the middle
        of the hips is taken, else the one that holds most landmarks, else the largest.

    Returns
    -------
    mask : ndarray, shape (height, width), uint8
        0 and 255.
    share : float
        Share of all pixels of the mask that the part has, in [0, 1], before its holes were closed; 0 without any.
    """
    import cv2

    binary = (mask_u8 >= 128).astype(np.uint8)
    total = int(binary.sum())
    if not total:
        return np.zeros_like(binary), 0.0
    _, parts, figures, _ = cv2.connectedComponentsWithStats(binary, connectivity=8)
    areas = figures[:, cv2.CC_STAT_AREA].astype(np.int64)
    areas[0] = 0
    chosen = _part_at(np.asarray(parts), areas, points)
    part = (parts == chosen).astype(np.uint8)
    return _without_holes(part, int(figures[chosen, cv2.CC_STAT_HEIGHT])) * np.uint8(255), float(areas[chosen] / total)


def _part_at(parts: NDArray[Any], areas: NDArray[np.int64], points: NDArray[Any] | None) -> int:
    """Return the number of the part that holds the hips, most landmarks, or most pixels."""
    largest = int(areas.argmax())
    if points is None:
        return largest
    height, width = parts.shape
    known = np.isfinite(points).all(axis=1)
    columns, rows = np.rint(np.where(known[:, None], points, -1)).astype(int).T
    inside = known & (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    held = np.where(inside, parts[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)], 0)
    if held[0]:
        return int(held[0])
    counts = np.bincount(held, minlength=len(areas))
    counts[0] = 0
    # Of parts with equally many landmarks, the larger one.
    return int(np.lexsort((areas, counts))[-1]) if counts.any() else largest


def _without_holes(part: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    """Close gaps in the outline of up to a fiftieth of the height, and small holes inside.

    The gap between the legs opens to the background and stays; so does a large hole, such as between arm and trunk.
    """
    import cv2

    size = max(3, int(_CLOSING_SHARE * height) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    margin = size
    padded = cv2.copyMakeBorder(part, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=0)
    closed = np.asarray(cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel))[margin:-margin, margin:-margin]
    return np.ascontiguousarray(closed)


def upright_mask(
    masks: PersonMasks, frame: int, frame_px: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return the mask of one frame turned upright in its own resolution.

    Only what lies inside the frame: a part of the square beyond the border shows no person.

    Parameters
    ----------
    masks : PersonMasks
        With a person in this frame.
    frame : int
    frame_px : tuple of int
        Width and height of the video.

    Returns
    -------
    mask : ndarray, shape (height, width), uint8
        0 to 255.
    matrix : ndarray, shape (2, 3)
        Takes (column, row, 1) of the mask to (x, y) of the frame, px.
    """
    import cv2

    square = masks.square(frame).astype(np.uint8) * np.uint8(255)
    matrix = masks.matrix[frame]
    step = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    side = square.shape[0]
    corners = np.array([[0, 0, 1], [side, 0, 1], [0, side, 1], [side, side, 1]]) @ matrix.T
    low = np.clip(corners.min(axis=0), 0, frame_px)
    high = np.clip(corners.max(axis=0), 0, frame_px)
    width, height = (max(1, int(np.ceil(extent / step))) for extent in high - low)
    to_frame = np.array([[step, 0.0, low[0]], [0.0, step, low[1]]])
    to_square = np.linalg.inv(np.vstack([matrix, [0, 0, 1]])) @ np.vstack([to_frame, [0, 0, 1]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(square, to_square[:2], (width, height), flags=flags), np.uint8), to_frame


def landmarks_on_mask(landmarks: NDArray[Any], matrix: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Return landmarks of the frame, shape (33, 2), as (column, row) of a mask; `matrix` as from `upright_mask`.

    Returns
    -------
    ndarray, shape (33, 2)
    """
    points = np.asarray(landmarks, np.float64)
    if matrix is None:
        return points
    return np.asarray((points - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T)


def with_hips_first(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return landmarks with the middle of the hips first, as `person_part` expects them.

    Returns
    -------
    ndarray
    """
    return np.vstack([points[_HIPS].mean(axis=0), points])
