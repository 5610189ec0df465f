"""Access to ezc3d, which reads and writes C3D files."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Final, Literal

from gait_core.errors import InputError, LibraryError

__all__ = ["load_ezc3d", "read_c3d"]

BLOCK_BYTES: Final = 512
BIG_ENDIAN: Final = bytes([86])


def load_ezc3d() -> Any:
    """Import ezc3d where it is used.

    Returns
    -------
    module
        ``ezc3d``.

    Raises
    ------
    LibraryError
        When it is not installed.
    """
    try:
        return importlib.import_module("ezc3d")
    except ImportError as error:
        raise LibraryError(
            f"Expected the package ezc3d for C3D files, but it cannot be loaded ({error}).",
            "Install what requirements.txt names.",
        ) from error


def read_c3d(path: Path) -> Any:
    """Open a C3D file.

    Returns
    -------
    ezc3d.c3d
        Its contents by ``header``, ``parameters`` and ``data``.

    Raises
    ------
    InputError
        When it is missing, empty, cut off or not a C3D file.
    LibraryError
        When ezc3d is not installed.
    """
    ezc3d = load_ezc3d()
    try:
        content = ezc3d.c3d(str(path))
    except (OSError, RuntimeError, ValueError, IndexError) as error:
        raise InputError(
            f"Expected a C3D file, but {path.name} cannot be read ({error}).",
            "Export it again from the program that made it.",
        ) from error
    announced = _announced_frames(path)
    found = int(content["data"]["points"].shape[2])
    if found < announced:
        raise InputError(
            f"Expected {announced} frames in {path.name}, but it ends after {found}: the file is cut off.",
            "Copy the whole file again.",
        )
    return content


def _announced_frames(path: Path) -> int:
    """Return how many frames the head of a file promises; 0 where it cannot say.

    ezc3d reads a file that is cut off as a shorter one. The head holds the number of the first and of the last frame as
    two 16-bit words; 65,535 stands for a length that lies elsewhere. The byte order is given in the parameter section.
    """
    with path.open("rb") as file:
        head = file.read(10)
        file.seek((head[0] - 1) * BLOCK_BYTES + 3)
        order: Literal["big", "little"] = "big" if file.read(1) == BIG_ENDIAN else "little"
    first, last = (int.from_bytes(head[at : at + 2], order) for at in (6, 8))
    return last - first + 1 if 0 < first <= last < 65_535 else 0
