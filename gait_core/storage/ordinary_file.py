"""Distinguishes an ordinary file from what else can be in its place: a folder, a pipe, a device, a link to itself."""

from __future__ import annotations

import stat
from pathlib import Path

__all__ = ["ordinary_size"]


def ordinary_size(path: Path) -> int:
    """Return the size of an ordinary file; a pipe is never opened, for that could wait forever.

    Returns
    -------
    int
        Bytes.

    Raises
    ------
    OSError
        When there is none, or its folder cannot be read.
    ValueError
        When something else is in its place.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("a folder is in its place" if stat.S_ISDIR(found.st_mode) else "it is not an ordinary file")
    return found.st_size
