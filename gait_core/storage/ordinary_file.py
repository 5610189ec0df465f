"""Distinguishes an ordinary file from what else can be in its place: a folder, a pipe, a device, a link to itself."""

from __future__ import annotations

import stat
from pathlib import Path

from gait_core.errors import InputError, NotFoundError

__all__ = ["check_file", "ordinary_size"]


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


def check_file(path: Path) -> None:
    """Refuse what is no ordinary file before anything opens it.

    Raises
    ------
    NotFoundError
        When there is nothing of this name.
    InputError
        When it is a folder, a pipe or a device, or the system does not let it be looked at.
    """
    try:
        ordinary_size(path)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"Expected a file at {path}, but there is none.", "Check the path.") from None
    except ValueError as error:
        raise InputError(f"Expected a file at {path}, but {error}.", "Name the file itself.") from error
    except OSError as error:
        raise InputError(
            f"Expected a file at {path}, but it cannot be opened.", "Check the path, and who may read it."
        ) from error
