"""How far the camera is turned about its line of sight, from the path of the hips across the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.body import leg_length_px, middle
from gait_core.gait.view import Segment
from gait_core.pose.track import Track

__all__ = ["camera_tilt_deg"]

LEAST_TRAVEL_LEG: Final = 2.0
"""A shorter path shows little: the hips rise and fall by a twentieth of a leg length with every step."""
CAMERA_OVER_HIPS_LEG: Final = 0.7
"""How far above or below the hips a camera is held at most, leg lengths: 0.6 m. A person who comes nearer then takes a
sloping path through the image of a level camera."""


def camera_tilt_deg(track: Track, segments: Sequence[Segment]) -> float | None:
    """Estimate by how much the camera, or the floor, slopes.

    Parameters
    ----------
    track : Track
        Landmarks in image coordinates, px.
    segments : sequence of Segment
        Passes in which the person walks, seen by a camera at rest.

    Returns
    -------
    float or None
        Angle between the path of the hips and the horizontal of the image, degrees; positive when the path falls
        towards the right of the image. What may come from a person who walks towards the camera or away from it is
        taken off. None when no pass is long enough.

    Notes
    -----
    On a level floor the middle of the hips stays, over whole steps, within a few millimetres of one height, so that its
    path in the image of a level camera at right angles is horizontal; a camera that is turned by an angle turns the
    path by the same angle. The slope is that of a straight line by least squares, weighted by the travel of each pass.
    In a view that is not at right angles the image of a level path slopes too, by the height of the camera above the
    hips times the growth of the image over the travel (pinhole camera, Hartley & Zisserman 2004, section 6.1).
    """
    position = track.position[track.detected]
    if not len(position):
        return None
    time_s, leg = track.time_s[track.detected], leg_length_px(position)
    hip = middle(position, "hip")
    trunk = np.linalg.norm(middle(position, "shoulder") - hip, axis=1)
    products = squares = explained = 0.0
    for segment in segments:
        inside = (time_s >= segment.start_s) & (time_s <= segment.end_s) & np.isfinite(hip).all(axis=1)
        inside &= np.isfinite(trunk)
        across = hip[inside]
        if len(across) < 3 or np.ptp(across[:, 0]) < LEAST_TRAVEL_LEG * leg:
            continue
        away = across - across.mean(axis=0)
        square = float(away[:, 0] @ away[:, 0])
        products += float(away[:, 0] @ away[:, 1])
        squares += square
        explained += abs(_growth_per_px(away[:, 0], trunk[inside])) * CAMERA_OVER_HIPS_LEG * leg * square
    if not squares:
        return None
    return float(np.copysign(np.degrees(np.arctan2(max(0.0, abs(products) - explained), squares)), products))


def _growth_per_px(along: NDArray[np.float64], size: NDArray[np.float64]) -> float:
    """Return the relative growth of the body in the image per pixel along its path; `along` has a mean of 0."""
    return float(along @ size) / float(along @ along) / float(np.median(size))
