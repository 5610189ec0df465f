"""Whether a body stands upright in the image, and how large it is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import WalkRefused
from gait_core.phrases import percent
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track

__all__ = ["body_height_px", "check_orientation", "leg_length_px", "middle"]

SHORTEST_LEG_M, LONGEST_LEG_M = 0.3, 1.4
"""Hip to ankle, from a child of one year to the tallest people; of two units of length only one can fit."""


def middle(values: NDArray[Any], name: str) -> NDArray[np.float64]:
    """Return the middle between a left and a right landmark.

    Parameters
    ----------
    values : ndarray, shape (n, 33, k)
        Coordinates of all landmarks.
    name : str
        Landmark without its side, for example ``hip``.

    Returns
    -------
    ndarray, shape (n, k)
        Mean of both sides; NaN where one is missing.
    """
    left, right = values[:, INDEX[f"left_{name}"]], values[:, INDEX[f"right_{name}"]]
    return np.asarray((left.astype(np.float64) + right) / 2)


def check_orientation(track: Track) -> None:
    """Refuse a video that is upside down or lies on its side.

    Raises
    ------
    WalkRefused
        When the ankles are above the shoulders in most frames, or the body lies along the horizontal.
    """
    found = track.detected
    if not found.any():
        return
    position = track.position[found]
    trunk = middle(position, "shoulder") - middle(position, "hip")
    body = middle(position, "shoulder") - middle(position, "ankle")
    lying = (np.abs(body[:, 0]) > np.abs(body[:, 1])) & (np.abs(trunk[:, 0]) > np.abs(trunk[:, 1]))
    if lying.mean() > 0.5:
        raise WalkRefused(
            f"Expected an upright person, but the body lies sideways in {percent(lying.mean())} of the frames.",
            "Turn the video by 90 degrees with your phone or a video player, save it, and load it again.",
        )
    inverted = (body[:, 1] > 0) & (trunk[:, 1] > 0)
    if inverted.mean() > 0.5:
        raise WalkRefused(
            f"Expected an upright person, but the ankles are above the shoulders in {percent(inverted.mean())} of the "
            "frames: the image is upside down.",
            "Turn the video by 180 degrees with your phone or a video player, save it, and load it again.",
        )


def leg_length_px(position: NDArray[Any]) -> float:
    """Return the usual length of the longer leg, px: the median over time of thigh plus shank.

    Parameters
    ----------
    position : ndarray, shape (n, 33, 2)

    Returns
    -------
    float
        Length, px.
    """
    lengths = []
    for side in ("left", "right"):
        hip, knee, ankle = (position[:, INDEX[f"{side}_{joint}"]] for joint in ("hip", "knee", "ankle"))
        lengths.append(np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1))
    return float(np.nanmedian(np.maximum(*lengths)))


def body_height_px(position: NDArray[Any]) -> float:
    """Return the usual height of a body in the frame, from the lowest landmark to the highest, px.

    Parameters
    ----------
    position : ndarray, shape (n, 33, 2)
        Frames with a person; single landmarks may be missing.

    Returns
    -------
    float
        Median over the frames, px.
    """
    return float(np.median(np.nanmax(position[:, :, 1], axis=1) - np.nanmin(position[:, :, 1], axis=1)))
