"""The part of a video whose time stamps follow each other: what a long hole leaves of a walk."""

from __future__ import annotations

from typing import Final

import numpy as np

from gait_core.errors import WalkWarning
from gait_core.pose.track import Track

__all__ = ["LONGEST_HOLE_S", "longest_stretch"]

LONGEST_HOLE_S: Final = 1.0
"""Hole between the time stamps of two frames beyond which a video counts as two recordings, s."""


def longest_stretch(track: Track) -> tuple[Track, WalkWarning | None]:
    """Return the longest part of a track without a long hole in its time stamps, and what is to be said of the rest.

    A camera that pauses, a clock that jumps, or a damaged file can put hours between two frames. Everything that is
    measured lies on a uniform time grid, which would then be hours long and almost empty.

    Parameters
    ----------
    track : Track
        Landmarks on the clock of the video.

    Returns
    -------
    track : Track
        The part with the most frames, its time stamps unchanged; the track itself where there is no hole.
    warning : WalkWarning or None
        None where there is no hole.
    """
    holes = np.flatnonzero(np.diff(track.time_s) > LONGEST_HOLE_S)
    if not len(holes):
        return track, None
    edges = [0, *(int(hole) + 1 for hole in holes), len(track)]
    longest = int(np.argmax(np.diff(edges)))
    part = slice(edges[longest], edges[longest + 1])
    kept = track.with_(
        position=track.position[part],
        world=track.world[part],
        confidence=track.confidence[part],
        time_s=track.time_s[part],
        candidates=None if track.candidates is None else track.candidates[part],
    )
    first = int(holes[0])
    hole_s = float(track.time_s[first + 1] - track.time_s[first])
    more = f" (and {len(holes) - 1} more)" if len(holes) > 1 else ""
    message = (
        f"After {track.time_s[first]:.1f} s there is no frame for {_duration(hole_s)}{more}. Only the longest part "
        f"without such a hole is used: {kept.duration_s:.1f} s from {kept.time_s[0]:.1f} s on. Record without a pause."
    )
    return kept, WalkWarning(code="time_gap", message=message)


def _duration(seconds: float) -> str:
    if seconds < 120.0:
        return f"{seconds:.1f} s"
    return f"{seconds / 60.0:.0f} minutes" if seconds < 7200.0 else f"{seconds / 3600.0:.1f} hours"
