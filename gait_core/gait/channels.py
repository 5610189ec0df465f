"""The channels of the feature sequence, and the parts of the body they belong to.

Every channel is independent of the image size, of the distance to the camera and of the walking direction. Channels
are named by near and far leg, because the camera sees them differently: a baseline from the right side and a
walk from the left are not the same. Of the far arm only the swing of the wrist is a channel: the body hides
the rest, and pose models guess it with a confidence near 0.1, but the swing before and behind the trunk shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.angles import SIDES

__all__ = ["FEATURE_NAMES", "JOINTS", "ROWS", "channels", "joint_label", "other_side"]

FEATURE_NAMES: Final[tuple[str, ...]] = (
    "near_hip_deg",
    "far_hip_deg",
    "near_knee_deg",
    "far_knee_deg",
    "near_ankle_deg",
    "far_ankle_deg",
    "near_foot_deg",
    "far_foot_deg",
    "near_ankle_forward_leg",
    "far_ankle_forward_leg",
    "near_ankle_up_leg",
    "far_ankle_up_leg",
    "pelvis_up_leg",
    "trunk_deg",
    "head_forward_leg",
    "near_arm_deg",
    "near_elbow_deg",
    "near_wrist_forward_leg",
    "far_wrist_forward_leg",
)
"""Channels in order; angles in degrees (see `angles.ANGLES`), lengths in leg lengths."""

JOINTS: Final[Mapping[str, tuple[int, ...]]] = {
    joint: tuple(FEATURE_NAMES.index(name) for name in names)
    for joint, names in {
        "near hip": ("near_hip_deg",),
        "far hip": ("far_hip_deg",),
        "near knee": ("near_knee_deg",),
        "far knee": ("far_knee_deg",),
        "near ankle and foot": ("near_ankle_deg", "near_foot_deg"),
        "far ankle and foot": ("far_ankle_deg", "far_foot_deg"),
        "near step": ("near_ankle_forward_leg", "near_ankle_up_leg"),
        "far step": ("far_ankle_forward_leg", "far_ankle_up_leg"),
        "pelvis": ("pelvis_up_leg",),
        "trunk": ("trunk_deg",),
        "head": ("head_forward_leg",),
        "near arm": ("near_arm_deg", "near_elbow_deg", "near_wrist_forward_leg"),
        "far arm": ("far_wrist_forward_leg",),
    }.items()
}
"""Part of the body → channels; used to say where a walk deviates."""

ROWS: Final[tuple[str, ...]] = (
    "left_ear",
    "right_ear",
    *(
        f"{side}_{name}"
        for side in SIDES
        for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "heel", "foot_index")
    ),
)
"""Landmarks that the channels need."""


def other_side(side: str) -> str:
    """Return ``left`` for ``right`` and vice versa.

    Returns
    -------
    {"left", "right"}
    """
    return "left" if side == "right" else "right"


def joint_label(joint: str, visible_side: str) -> str:
    """Return the name of a part of the body for people: ``near knee`` → ``right knee``.

    Parameters
    ----------
    joint : str
        Key of `JOINTS`.
    visible_side : {"left", "right"}
        Side nearer to the camera.

    Returns
    -------
    str
        ``left`` and ``right`` instead of ``near`` and ``far``.
    """
    return joint.replace("near ", f"{visible_side} ").replace("far ", f"{other_side(visible_side)} ")


def channels(
    points: Mapping[str, NDArray[np.float64]],
    angles: Mapping[str, NDArray[np.float64]],
    bounce: NDArray[np.float64],
    near: str,
) -> NDArray[np.float64]:
    """Put the channels of one segment together, shape (n, n_features).

    Parameters
    ----------
    points : mapping of str to ndarray, shape (n, 2)
        Landmarks from the middle of the hips, forward and up, leg lengths.
    angles : mapping of str to ndarray, shape (n,)
        As `angles.joint_angles` gives them, degrees.
    bounce : ndarray, shape (n,)
        Height of the pelvis without its slow part, leg lengths.
    near : {"left", "right"}
        Side nearer to the camera.

    Returns
    -------
    ndarray, shape (n, n_features)
        Columns in the order of `FEATURE_NAMES`.
    """
    mid_shoulder = (points["left_shoulder"][:, 0] + points["right_shoulder"][:, 0]) / 2
    curves: dict[str, NDArray[np.float64]] = {
        "pelvis_up_leg": bounce,
        "trunk_deg": angles["trunk"],
        "head_forward_leg": points[f"{near}_ear"][:, 0] - mid_shoulder,
    }
    for place, side in (("near", near), ("far", other_side(near))):
        for name in ("hip", "knee", "ankle", "foot", "arm", "elbow"):
            curves[f"{place}_{name}_deg"] = angles[f"{side}_{name}"]
        curves[f"{place}_ankle_forward_leg"] = points[f"{side}_ankle"][:, 0]
        curves[f"{place}_ankle_up_leg"] = points[f"{side}_ankle"][:, 1]
        curves[f"{place}_wrist_forward_leg"] = points[f"{side}_wrist"][:, 0] - mid_shoulder
    return np.stack([curves[name] for name in FEATURE_NAMES], axis=1)
