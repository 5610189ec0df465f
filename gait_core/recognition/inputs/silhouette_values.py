"""Brings silhouettes made by other programs to one form: whole numbers from 0 to 255, aligned or to be aligned."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError

__all__ = ["are_aligned", "as_masks"]

_LAST_LABEL: Final = 11
_WHITE: Final = 128
_ALIGNED_SHAPES: Final = ((64, 64), (64, 44), (128, 128), (128, 88))
_FULL_HEIGHT: Final = 0.95
_SCALED_TWICE: Final = 1 / 255 + 1e-6


def as_masks(values: NDArray[Any], name: str) -> NDArray[np.uint8]:
    """Return silhouettes as grey values from 0 to 255.

    Parameters
    ----------
    values : ndarray, shape (n, height, width), or with one axis of length 1 for the channel
        Truth values, 0 and 1 (also as floating-point shares), or 0 to 255.
    name : str
        How messages call them.

    Returns
    -------
    ndarray, shape (n, height, width), uint8

    Raises
    ------
    InputError
        When they have another shape or order of axes, hold NaN, are out of range, look like labels of body parts, or
        are too dark for a silhouette: nothing of that is scaled by a guess.
    """
    values = _three_axes(values, name)
    if values.dtype.kind not in "fiub":
        raise InputError(f"Expected numbers in {name}, but got {values.dtype}.", "Give an array of whole numbers.")
    _check_order_of_axes(values, name)
    if values.dtype.kind == "b":
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise InputError(f"Expected finite values in {name}, but some are NaN or infinite.", "Leave these frames out.")
    lowest, highest = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if lowest < 0 or highest > 255:
        raise InputError(
            f"Expected silhouettes from 0 to 1 or from 0 to 255 in {name}, but got {lowest:g} to {highest:g}.",
            "Save them as grey images of 8 bits.",
        )
    if 0.0 < highest <= _SCALED_TWICE:
        raise InputError(
            f"Expected silhouettes from 0 to 1 or from 0 to 255 in {name}, but none exceeds {highest:.3g}.",
            "Divide by 255 once only.",
        )
    if highest <= 1:
        return np.rint(values * np.float32(255)).astype(np.uint8)
    if highest <= _LAST_LABEL:
        raise InputError(
            f"Expected silhouettes in {name}, but the highest value is {highest:g}: these look like labels of body "
            "parts.",
            "Give the silhouettes, for example (labels > 0) * 255.",
        )
    if highest < _WHITE:
        raise InputError(
            f"Expected white silhouettes (255) in {name}, but the highest value is {highest:g}.",
            "Check what the files hold, and scale them to 0 to 255.",
        )
    return np.asarray(np.rint(values), np.uint8)


def are_aligned(masks: NDArray[np.uint8]) -> bool:
    """Return whether silhouettes are aligned already.

    Parameters
    ----------
    masks : ndarray, shape (n, height, width), uint8

    Returns
    -------
    bool
        True for frames of 64 x 64 or 64 x 44 px (or twice that) in which most people reach from top to bottom.
    """
    if masks.shape[1:] not in _ALIGNED_SHAPES:
        return False
    rows = np.asarray((masks > 0).any(axis=2))
    rows = rows[np.asarray(rows.any(axis=1))]
    if not len(rows):
        return True
    first, last = rows.argmax(axis=1), rows.shape[1] - rows[:, ::-1].argmax(axis=1)
    return bool(np.median(last - first) >= _FULL_HEIGHT * rows.shape[1])


def _check_order_of_axes(values: NDArray[Any], name: str) -> None:
    """Refuse silhouettes whose frames stand along the last axis.

    Aligned sizes in front show it. So do frames as wide as high there, when each image, read as usual, holds something
    that goes from the left side to the right and seldom from top to bottom: a row of the person over time.
    """
    first, second, third = values.shape
    in_front = (first, second) in _ALIGNED_SHAPES and (second, third) not in _ALIGNED_SHAPES
    if not in_front and first == second and values.size:
        lit = np.asarray(values > 0)
        lit = lit[lit.any(axis=(1, 2))]
        across = lit[:, :, 0].any(axis=1) & lit[:, :, -1].any(axis=1)
        upright = lit[:, 0].any(axis=1) & lit[:, -1].any(axis=1)
        in_front = len(lit) > 0 and bool(across.mean() > 0.5 > upright.mean())
    if in_front:
        raise InputError(
            f"Expected silhouettes of shape (frames, height, width) in {name}, but {values.shape} looks like (height, "
            "width, frames).",
            "Move the frames to the first axis, for example with numpy.moveaxis(silhouettes, -1, 0).",
        )


def _three_axes(values: NDArray[Any], name: str) -> NDArray[Any]:
    if values.ndim == 4 and values.shape[-1] == 1:
        values = values[..., 0]
    elif values.ndim == 4 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 3:
        raise InputError(
            f"Expected silhouettes of shape (frames, height, width) in {name}, but got {values.shape}.",
            "Give the silhouettes of one walk as one array.",
        )
    return values
