"""An image that stands still while the person walks: frames that a recorder or a conversion lost and filled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from gait_core.errors import WalkWarning
from gait_core.gait.body import body_height_px
from gait_core.gait.gaps import runs
from gait_core.gait.view import Segment
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track

__all__ = ["frozen_image"]

_ROWS: Final = tuple(INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("hip", "knee", "ankle"))
STILL_PER_S: Final = 0.035
"""Fastest median landmark in an image that is repeated, body heights per second: it settles within a few frames. In 25
videos of real walks the slowest frame has 0.09, of which the pose model's unrest alone makes 0.05."""
SHORTEST_S: Final = 0.15
"""A frame that is shown twice, as after a change of the frame rate, is no standing image."""


def frozen_image(track: Track, segments: Sequence[Segment]) -> WalkWarning | None:
    """Return that the image stands still within a pass.

    Parameters
    ----------
    track : Track
        As found in a video.
    segments : sequence of Segment
        The passes.

    Returns
    -------
    WalkWarning or None
        Blocking, with the code ``image_frozen``: times and lengths that span it are wrong.
    """
    if not track.detected.any():
        return None
    apart = np.linalg.norm(np.diff(track.position[:, _ROWS].astype(np.float64), axis=0), axis=2)
    still = np.median(np.where(np.isfinite(apart), apart, np.inf), axis=1)
    speed_per_s = still / body_height_px(track.position[track.detected]) / np.diff(track.time_s)
    longest_s, at_s = 0.0, 0.0
    for start, stop in runs(speed_per_s < STILL_PER_S):
        begin_s, end_s = float(track.time_s[start]), float(track.time_s[stop])
        inside = any(segment.start_s <= begin_s and end_s <= segment.end_s for segment in segments)
        if inside and end_s - begin_s > longest_s:
            longest_s, at_s = end_s - begin_s, begin_s
    if longest_s < SHORTEST_S:
        return None
    return WalkWarning(
        code="image_frozen",
        message=f"The image stands still for about {longest_s:.1f} s at {at_s:.1f} s while the person walks: the "
        "camera or a conversion lost frames. Use the original recording, or cut the video there.",
        blocking=True,
    )
