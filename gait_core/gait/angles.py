"""Sagittal joint angles from the image, both sides.

All angles are taken in the image plane after turning it so that the person walks towards +x and up is
+y. Square pixels are assumed: a track is in pixels of the upright frame after its sample aspect.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["ANGLES", "SIDES", "angles_of_placed", "joint_angles", "tilt_deg"]

SIDES: Final = ("left", "right")

ANGLES: Final[Mapping[str, str]] = {
    "hip": "Thigh against the vertical; flexion (knee in front) positive.",
    "hip_to_trunk": "Thigh against the trunk; flexion positive, 0 when in line.",
    "knee": "Shank against the thigh; flexion positive, 0 = straight.",
    "ankle": "Foot (heel to toe) against the shank; dorsiflexion positive, 0 = perpendicular.",
    "foot": "Foot (heel to toe) against the horizontal; toe up positive.",
    "arm": "Upper arm against the vertical; forward positive.",
    "shoulder": "Upper arm against the trunk; flexion positive, 0 = along the trunk.",
    "elbow": "Forearm against the upper arm; flexion positive, 0 = straight.",
}
"""Angles of each side and their conventions; beside them there is ``trunk``."""
_ARM: Final = (("arm", "shoulder", "elbow"), ("shoulder", "shoulder", "elbow"), ("elbow", "elbow", "wrist"))


def tilt_deg(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the angle of a downward limb from the vertical, degrees; positive when its far end is in front.

    Parameters
    ----------
    vector : ndarray, shape (…, 2)
        From the upper to the lower joint: forward and up components.

    Returns
    -------
    ndarray, shape (…)
        Degrees in [−180, 180].
    """
    return np.asarray(np.degrees(np.arctan2(vector[..., 0], -vector[..., 1])))


def joint_angles(points: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Compute trunk lean and the angles of `ANGLES` for both sides.

    Parameters
    ----------
    points : mapping of str to ndarray, shape (n, 2)
        Landmarks by name (``left_hip`` …): forward and up, in any one unit; NaN where missing.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        Degrees in [−180, 180), knee and elbow in [−60, 300): ``trunk`` (lean of the line from mid-hip to mid-shoulder,
        forward positive) and ``left_knee``, ``right_knee`` …

    Notes
    -----
    The pelvis has only two landmarks, whose line is perpendicular to the image: its sagittal tilt cannot
    be seen. Hip flexion is therefore the thigh against the vertical. It differs from flexion against the pelvis by the
    pelvic tilt, about 10° and in walking constant to within 2 to 4° (Perry & Burnfield 2010).
    MediaPipe's heel lies at the back of the heel and its foot index at the tip of the big toe; on a flat
    foot that line is within a few degrees of the floor, so the ankle angle carries a constant offset of that size.

    References
    ----------
    Winter, Biomechanics and Motor Control of Human Movement, 4th ed. 2009, section 3.5 (segment and joint
    angles in the sagittal plane). Wu et al. 2002, J Biomech 35:543 (ISB, signs of hip and ankle).
    """
    mid_hip = (points["left_hip"] + points["right_hip"]) / 2
    mid_shoulder = (points["left_shoulder"] + points["right_shoulder"]) / 2
    lean = -tilt_deg(mid_hip - mid_shoulder)
    angles = {"trunk": lean}
    for side in SIDES:
        hip, knee, ankle = (points[f"{side}_{name}"] for name in ("hip", "knee", "ankle"))
        shoulder, elbow, wrist = (points[f"{side}_{name}"] for name in ("shoulder", "elbow", "wrist"))
        foot = points[f"{side}_foot_index"] - points[f"{side}_heel"]
        thigh, shank = tilt_deg(knee - hip), tilt_deg(ankle - knee)
        upper_arm, forearm = tilt_deg(elbow - shoulder), tilt_deg(wrist - elbow)
        pitch = np.degrees(np.arctan2(foot[:, 1], foot[:, 0]))
        angles |= {
            f"{side}_hip": thigh,
            f"{side}_hip_to_trunk": _wrapped(thigh + lean),
            f"{side}_knee": _wrapped(thigh - shank, lowest_deg=-60.0),
            f"{side}_ankle": _wrapped(pitch - shank),
            f"{side}_foot": pitch,
            f"{side}_arm": upper_arm,
            f"{side}_shoulder": _wrapped(upper_arm + lean),
            f"{side}_elbow": _wrapped(forearm - upper_arm, lowest_deg=-60.0),
        }
    return angles


def angles_of_placed(placed: Collection[str]) -> frozenset[str]:
    """Return the angles that show nothing because a landmark was placed instead of being found.

    Parameters
    ----------
    placed : collection of str
        Names of such landmarks; placed shoulders stand upright above the hips.

    Returns
    -------
    frozenset of str
        Names as `joint_angles` has them. Hip flexion stays: with an upright trunk it is the thigh against the vertical.
    """
    needs = {
        f"{side}_{angle}": (f"{side}_{upper}", f"{side}_{lower}") for side in SIDES for angle, upper, lower in _ARM
    }
    needs["trunk"] = ("left_shoulder", "right_shoulder")
    return frozenset(name for name, landmarks in needs.items() if any(one in placed for one in landmarks))


def _wrapped(angle_deg: NDArray[np.float64], lowest_deg: float = -180.0) -> NDArray[np.float64]:
    """Bring angles into one turn from `lowest_deg`: a fully bent elbow is 170°, and noise must not make it −175°."""
    return np.asarray(np.mod(angle_deg - lowest_deg, 360.0) + lowest_deg)
