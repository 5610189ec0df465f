"""Tells a photographic negative by the colour of skin: it has more red than blue in people of every complexion."""

from __future__ import annotations

from typing import Final

from gait_core.errors import WalkWarning
from gait_core.pose.skin_colour import FRAME, SKIN
from gait_core.pose.track import Track

__all__ = ["inverted_colours"]

BLUISH: Final = -8.0
"""Red minus blue, of 255, up to which skin is bluish: faces have 22 and more on 34 real videos, -15 and less in their
negatives. Face and hand both have to be, so that a mask or gloves do not look like a negative."""
LIGHT: Final = 2.0
"""By how much a face is bluer than the frame at least: under a bluish light skin is less blue than the rest."""


def inverted_colours(track: Track) -> tuple[WalkWarning, ...]:
    """Return a blocking warning where the video is certainly a negative.

    Parameters
    ----------
    track : Track
        Landmarks as found; nothing is said where colours were not measured, and of a grey video.

    Returns
    -------
    tuple of WalkWarning
        Empty or one.
    """
    figures = track.info.get("frame_quality") or {}
    face, hand, frame = (figures.get(name) for name in (*SKIN, FRAME))
    if face is None or hand is None or frame is None:
        return ()
    if max(face, hand) > BLUISH or face > frame - LIGHT:
        return ()
    message = (
        f"Expected skin with more red than blue, but the face has {-face:.0f} and a hand {-hand:.0f} of 255 less: the "
        "colours seem inverted, as in a photographic negative. Analyse the video with its true colours; if these are "
        "true, film again with face and hands uncovered."
    )
    return (WalkWarning(code="colours_inverted", message=message, blocking=True),)
