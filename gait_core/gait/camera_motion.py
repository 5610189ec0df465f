"""Whether a camera moved, by what the background shows."""

from __future__ import annotations

from typing import Final

from gait_core.pose.track import Track

__all__ = ["CAMERA_SHAKE", "CAMERA_SPEED", "is_shaken"]

CAMERA_SPEED: Final = 0.02
CAMERA_SHAKE: Final = 0.015
"""Image widths per second; a camera on a stand has 0.002 at most, one in the hand 0.02 and more."""


def is_shaken(track: Track) -> bool:
    """Return whether the camera moves or shakes.

    Parameters
    ----------
    track : Track

    Returns
    -------
    bool
        False where the background tells nothing.
    """
    figures = track.info.get("frame_quality") or {}
    return (figures.get("camera_speed") or 0.0) > CAMERA_SPEED or (figures.get("camera_shake") or 0.0) > CAMERA_SHAKE
