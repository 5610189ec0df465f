"""Distinguishes recorded walks from videos by their file names."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["MARKER_ENDINGS", "is_marker_file"]

MARKER_ENDINGS: Final = (".c3d", ".npz")
"""File name extensions of recorded walks."""


def is_marker_file(path: Path) -> bool:
    """Return whether the name is that of a recorded walk instead of a video.

    Returns
    -------
    bool
    """
    return path.suffix.lower() in MARKER_ENDINGS
