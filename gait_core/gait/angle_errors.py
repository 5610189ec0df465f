"""How far joint angles usually lie from the truth, from the errors of the landmarks that they are taken from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.angles import SIDES
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.position_errors import position_sd_leg
from gait_core.pose.landmarks import INDEX

__all__ = ["angle_sd_deg"]

Array = NDArray[np.float64]
_USED = tuple(
    f"{side}_{name}" for side in SIDES for name in ("shoulder", "elbow", "hip", "knee", "ankle", "heel", "foot_index")
)


def angle_sd_deg(motion: Kinematics) -> dict[str, Array]:
    """Return 1 SD of the error of the angles that have a curve.

    Parameters
    ----------
    motion : Kinematics

    Returns
    -------
    dict of str to ndarray, shape (n,)
        ``trunk``, ``left_hip_to_trunk``, ``left_knee``, ``left_ankle``, ``left_shoulder`` and the same of the right
        side, degrees, on the grid of `motion`; NaN where a landmark is missing.

    Notes
    -----
    The errors of different landmarks are taken as independent and equal in both axes, and angles as straight lines
    within them (first-order propagation: JCGM 100:2008, section 5.1). A landmark between two segments turns both.
    """
    track = motion.track
    per_frame = position_sd_leg(track)
    nearest = np.searchsorted((track.time_s[1:] + track.time_s[:-1]) / 2, motion.time_s)
    sd = {name: per_frame[nearest, INDEX[name]].astype(np.float64) for name in _USED}
    middle = {
        name: (motion.points[f"left_{name}"] + motion.points[f"right_{name}"]) / 2 for name in ("hip", "shoulder")
    }
    spine = _turn(middle["shoulder"], middle["hip"])
    of_shoulders = _square(spine) / 4 * (sd["left_shoulder"] ** 2 + sd["right_shoulder"] ** 2)
    found = {"trunk": _degrees(of_shoulders + _square(spine) / 4 * (sd["left_hip"] ** 2 + sd["right_hip"] ** 2))}
    for side, other in (SIDES, SIDES[::-1]):
        points = {name: motion.points[f"{side}_{name}"] for name in ("shoulder", "elbow", "hip", "knee", "ankle")}
        own = {
            name: sd[f"{side}_{name}"] for name in ("shoulder", "elbow", "hip", "knee", "ankle", "heel", "foot_index")
        }
        thigh, shank = _turn(points["hip"], points["knee"]), _turn(points["knee"], points["ankle"])
        arm = _turn(points["shoulder"], points["elbow"])
        foot = _turn(motion.points[f"{side}_heel"], motion.points[f"{side}_foot_index"])
        found[f"{side}_knee"] = _degrees(
            _square(thigh) * own["hip"] ** 2
            + _square(thigh + shank) * own["knee"] ** 2
            + _square(shank) * own["ankle"] ** 2
        )
        found[f"{side}_ankle"] = _degrees(
            _square(foot) * (own["heel"] ** 2 + own["foot_index"] ** 2)
            + _square(shank) * (own["knee"] ** 2 + own["ankle"] ** 2)
        )
        found[f"{side}_hip_to_trunk"] = _degrees(
            _square(thigh) * own["knee"] ** 2
            + _square(thigh + spine / 2) * own["hip"] ** 2
            + _square(spine) / 4 * sd[f"{other}_hip"] ** 2
            + of_shoulders
        )
        found[f"{side}_shoulder"] = _degrees(
            _square(arm) * own["elbow"] ** 2
            + _square(arm - spine / 2) * own["shoulder"] ** 2
            + _square(spine) / 4 * (sd[f"{other}_shoulder"] ** 2 + sd["left_hip"] ** 2 + sd["right_hip"] ** 2)
        )
    return found


def _turn(upper: Array, lower: Array) -> Array:
    """Return how a segment turns as its lower end moves, rad per leg length along each axis, shape (n, 2)."""
    along = lower - upper
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    return np.asarray(across / (along**2).sum(axis=1)[:, None])


def _square(turn: Array) -> Array:
    return np.asarray((turn**2).sum(axis=1))


def _degrees(variance: Array) -> Array:
    return np.asarray(np.degrees(np.sqrt(variance)))
