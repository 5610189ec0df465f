"""The joints from which skeleton maps are drawn: two named formats, both as the seventeen joints of COCO."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError

__all__ = ["LEFT_HIP", "RIGHT_HIP", "Joints", "coco_joints", "filled_joints"]

LEFT_HIP: Final = 11
RIGHT_HIP: Final = 12
_JOINTS: Final = 17
_COCO_OF_MEDIAPIPE: Final = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
_NEIGHBOURS: Final = 4
_LEAST_RANGE_PX: Final = 4.0


class Joints(Enum):
    """The order of joints in an array; it is always named, never guessed."""

    COCO_17 = "coco_17"
    MEDIAPIPE_33 = "mediapipe_33"

    @property
    def count(self) -> int:
        """Number of joints."""
        return _JOINTS if self is Joints.COCO_17 else 33


def coco_joints(joints: NDArray[Any], kind: Joints, *, least_visibility: float | None = None) -> NDArray[np.float64]:
    """Return joints of either format as the seventeen of COCO, with (0, 0, 0) where one is missing.

    Parameters
    ----------
    joints : ndarray, shape (n, 17 or 33, 3)
        x and y in px of the frame, and score or visibility in [0, 1]. NaN, or 0 for both coordinates, where missing.
    kind : Joints
        Order of the joints.
    least_visibility : float, optional
        Joints below it count as missing; default 0.3 for MediaPipe, which places hidden joints as well, and 0 for COCO.

    Returns
    -------
    ndarray, shape (n, 17, 3), float64

    Raises
    ------
    InputError
        When the array has another shape than `kind` says, or coordinates are shares of the frame instead of px.
    """
    if not isinstance(kind, Joints):
        raise InputError(f"Expected a joint format, but got {kind!r}.", "Give Joints.COCO_17 or Joints.MEDIAPIPE_33.")
    if joints.ndim != 3 or joints.shape[1:] != (kind.count, 3):
        raise InputError(
            f"Expected joints of shape (frames, {kind.count}, 3) for {kind.value}, but got {joints.shape}.",
            "State the format of the joints, and give x, y and score of each.",
        )
    if least_visibility is None:
        least_visibility = 0.3 if kind is Joints.MEDIAPIPE_33 else 0.0
    found = np.array(joints, np.float64)
    if kind is Joints.MEDIAPIPE_33:
        found = found[:, _COCO_OF_MEDIAPIPE]
    known = np.isfinite(found).all(axis=2) & (found[..., :2] != 0).any(axis=2) & (found[..., 2] >= least_visibility)
    _check_pixels(found, known)
    found[~known] = 0.0
    return found


def _check_pixels(joints: NDArray[np.float64], known: NDArray[np.bool_]) -> None:
    if known.any() and np.ptp(joints[known][:, :2], axis=0).max() < _LEAST_RANGE_PX:
        low, high = joints[known][:, :2].min(), joints[known][:, :2].max()
        raise InputError(
            f"Expected joints in px of the frame, but all lie between {low:.3g} and {high:.3g}.",
            "Multiply x by the width and y by the height of the frame.",
        )
    if known.any() and not (joints[known][:, 2] <= 1.0).all():
        raise InputError(
            f"Expected scores from 0 to 1, but got {joints[known][:, 2].max():g}.", "Scale the scores of the joints."
        )


def filled_joints(joints: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fill missing coordinates from the four most similar frames; scores stay as they are.

    Parameters
    ----------
    joints : ndarray, shape (n, 17, 3)
        As `coco_joints` gives them, of the whole sequence.

    Returns
    -------
    ndarray, shape (n, 17, 3), float64
        NaN for a joint that is missing in all frames. (The public pretreatment fills nothing in that case.)

    Notes
    -----
    Imputation by nearest neighbours, weighted by distance, over all coordinates of a frame. As in the public
    pretreatment, each coordinate that is exactly 0 counts as missing.

    References
    ----------
    Troyanskaya O. et al. Missing value estimation methods for DNA microarrays. Bioinformatics 17 (2001).
    """
    found = joints.copy()
    flat = found[..., :2].reshape(len(found), -1)
    flat[flat == 0] = np.nan
    ever = np.isfinite(flat).any(axis=0)
    flat[:, ever] = _from_neighbours(flat[:, ever])
    found[..., :2] = flat.reshape(len(found), -1, 2)
    return found


def _from_neighbours(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fill NaN in each row from the most similar rows that know the value, weighted by the inverse distance.

    The distance takes the columns that both rows know, scaled up to all columns. Written out here, because loading
    scikit-learn for it takes longer than all the maps of a walk.
    """
    filled, known = values.copy(), np.isfinite(values)
    for row in np.flatnonzero(~known.all(axis=1)):
        shared = known & known[row]
        differences = np.where(shared, values - values[row], 0.0)
        counts = shared.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            distances = np.sqrt((differences**2).sum(axis=1) * (values.shape[1] / counts))
        for column in np.flatnonzero(~known[row]):
            filled[row, column] = _weighted(values[:, column], np.where(known[:, column], distances, np.nan))
    return filled


def _weighted(values: NDArray[np.float64], distances: NDArray[np.float64]) -> float:
    """Return the mean of the values at the smallest distances; NaN distances do not count unless all are NaN."""
    nearest = np.argsort(distances, kind="stable")[:_NEIGHBOURS]
    nearest = nearest[np.isfinite(distances[nearest])]
    if not len(nearest):
        return float(np.nanmean(values))
    equal = distances[nearest] == 0.0
    if equal.any():
        return float(values[nearest[equal]].mean())
    weights = 1.0 / distances[nearest]
    return float((values[nearest] * weights).sum() / weights.sum())
