"""Reads one C3D file in a process of its own: a damaged file can crash the library that reads it, or fill the memory.

``python -m gait_core.walks.c3d_child SOURCE FOLDER BYTES`` leaves `ARRAYS_NAME` and `TEXTS_NAME` in the folder; the
exit status is one of `UNREADABLE`, `NO_MEMORY` and `NO_LIBRARY` where it cannot.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from gait_core.errors import LibraryError

__all__ = ["ARRAYS_NAME", "NO_LIBRARY", "NO_MEMORY", "TEXTS_NAME", "UNREADABLE", "limit_memory", "main", "plain"]

ARRAYS_NAME: Final = "points.npz"
TEXTS_NAME: Final = "texts.json"
UNREADABLE, NO_MEMORY, NO_LIBRARY = 3, 4, 5


def main(source: str, folder: Path, memory_bytes: int) -> int:
    """Read a file and leave what is in it.

    Parameters
    ----------
    source : str
        In UTF-8.
    folder : Path
    memory_bytes : int
        Largest address space of this process.

    Returns
    -------
    int
        Exit status.
    """
    from gait_core.walks.c3d_library import load_ezc3d

    try:
        ezc3d = load_ezc3d()
        limit_memory(memory_bytes)
        content = ezc3d.c3d(source)
        np.savez(
            folder / ARRAYS_NAME,
            points=np.asarray(content["data"]["points"], dtype=np.float64),
            residuals=np.asarray(content["data"]["meta_points"]["residuals"], dtype=np.float64),
        )
        texts = {"header": plain(content["header"]), "parameters": plain(content["parameters"])}
        (folder / TEXTS_NAME).write_text(json.dumps(texts), encoding="ascii")
    except LibraryError:
        return NO_LIBRARY
    except MemoryError:
        return NO_MEMORY
    except Exception as error:  # noqa: BLE001 - the process ends here, and its status says why
        return NO_MEMORY if "bad_alloc" in str(error) else UNREADABLE
    return 0


def limit_memory(largest_bytes: int) -> None:
    """Limit the address space of this process, where the system can; it leaves no core dump either.

    Parameters
    ----------
    largest_bytes : int
    """
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    for which, size in ((resource.RLIMIT_AS, largest_bytes), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(which)[1]
        allowed = size if hard == resource.RLIM_INFINITY else min(size, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(which, (allowed, hard))


def plain(value: Any) -> Any:
    """Return header and parameters of ezc3d as JSON can hold them, NaN included.

    Returns
    -------
    object
    """
    if isinstance(value, Mapping):
        return {plain(str(name)): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, str):
        return _text(value)
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def _text(text: str) -> str:
    """Return a text of the file; one that is not in UTF-8 as Latin-1, which older programs write."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
