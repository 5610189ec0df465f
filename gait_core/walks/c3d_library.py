"""Access to ezc3d, which reads and writes C3D files."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from gait_core.errors import InputError, LibraryError
from gait_core.storage.npz_file import load_arrays
from gait_core.storage.ordinary_file import ordinary_size
from gait_core.walks.c3d_child import ARRAYS_NAME, NO_LIBRARY, NO_MEMORY, TEXTS_NAME, UNREADABLE

__all__ = ["load_ezc3d", "read_c3d"]

BLOCK_BYTES: Final = 512
BIG_ENDIAN: Final = bytes([86])
_IEEE: Final = (bytes([84]), BIG_ENDIAN)
"""Kinds of CPU whose floating-point numbers are as everywhere today; 85 is a DEC."""
BASE_BYTES: Final = 1_500_000_000
BYTES_PER_BYTE: Final = 40
"""Memory for each byte of a file: ezc3d keeps a list for every point of every frame."""
BASE_S: Final = 60.0
LEAST_BYTES_PER_S: Final = 500_000
_CHILD: Final = ("-m", "gait_core.walks.c3d_child")
_PROJECT: Final = Path(__file__).resolve().parents[2]


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


def read_c3d(path: Path) -> dict[str, Any]:
    """Read a C3D file, in a process of its own: a damaged one can crash the library that reads it.

    Returns
    -------
    dict
        ``header``, ``parameters`` and ``data`` as `ezc3d.c3d` has them: of the data ``points``, shape (4, points,
        frames), and ``meta_points`` with ``residuals``; no analogue channels.

    Raises
    ------
    InputError
        When it is missing, cut off or not a C3D file, or reading it crashes or takes too long or too much memory.
    LibraryError
        When ezc3d is not installed.
    """
    if importlib.util.find_spec("ezc3d") is None:
        load_ezc3d()
    try:
        size_bytes = ordinary_size(path)
        with tempfile.TemporaryDirectory(prefix="gait-c3d-") as folder:
            _read_apart(path, size_bytes, Path(folder))
            arrays = load_arrays(Path(folder) / ARRAYS_NAME)
            texts = json.loads((Path(folder) / TEXTS_NAME).read_text(encoding="ascii"))
        announced, rate_hz = _head(path)
    except (OSError, ValueError, IndexError) as error:
        reason = "there is none" if isinstance(error, FileNotFoundError) else "it cannot be opened or is damaged"
        raise _unreadable(path, reason) from error
    found = int(arrays["points"].shape[2])
    if found < announced:
        raise InputError(
            f"Expected {announced} frames in {path.name}, but it ends after {found}: the file is cut off.",
            "Copy the whole file again.",
        )
    _to_arrays(texts["parameters"])
    if rate_hz is not None:
        texts["header"]["points"]["frame_rate"] = rate_hz  # ezc3d passes on that of the parameters
    return {**texts, "data": {"points": arrays["points"], "meta_points": {"residuals": arrays["residuals"]}}}


def _read_apart(path: Path, size_bytes: int, folder: Path) -> None:
    """Let a process of its own read a file and leave what it finds in a folder."""
    memory_bytes = BASE_BYTES + BYTES_PER_BYTE * size_bytes
    limit_s = BASE_S + size_bytes / LEAST_BYTES_PER_S
    source = _named_in_utf8(path.absolute(), folder)
    command = [sys.executable, *_CHILD, str(source), str(folder), str(memory_bytes)]
    # The threads of a numerical library reserve memory that is never used.
    alone = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        status = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=_PROJECT,
            env={**os.environ, **alone},
            timeout=limit_s,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired as error:
        raise _unreadable(path, f"reading it took more than {limit_s:.0f} s") from error
    if status == NO_LIBRARY:
        load_ezc3d()
    if status == NO_MEMORY:
        raise _unreadable(path, f"reading it took more than {memory_bytes / 1e9:.1f} GB of memory")
    if status:
        raise _unreadable(path, "it is of another kind or damaged" if status == UNREADABLE else "reading it crashed")


def _to_arrays(parameters: dict[str, Any]) -> None:
    """Make lists of numbers arrays again, as ezc3d has them."""
    for group in parameters.values():
        for parameter in group.values():
            value = parameter.get("value") if isinstance(parameter, dict) else None
            if value and not isinstance(value[0], str):
                parameter["value"] = np.asarray(value)


def _named_in_utf8(path: Path, folder: Path) -> Path:
    """Return a name that ezc3d can open: it takes no other than those in UTF-8."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        link = folder / "recording.c3d"
        try:
            link.symlink_to(path)
        except OSError:  # not every system lets everyone make links
            shutil.copyfile(path, link)
        return link
    return path


def _unreadable(path: Path, reason: str) -> InputError:
    return InputError(
        f"Expected a C3D file, but {path.name} cannot be read: {reason}.",
        "Export it again from the program that made it.",
    )


def _head(path: Path) -> tuple[int, float | None]:
    """Return how many frames the head of a file promises, 0 where it cannot say, and its frame rate, Hz, if readable.

    ezc3d reads a file that is cut off as a shorter one. The head holds the number of the first and of the last frame as
    two 16-bit words; 65,535 stands for a length that lies elsewhere. The byte order is given in the parameter section.
    """
    with path.open("rb") as file:
        head = file.read(24)
        file.seek(max(head[0] - 1, 0) * BLOCK_BYTES + 3)
        made_on = file.read(1)
    order: Literal["big", "little"] = "big" if made_on == BIG_ENDIAN else "little"
    first, last = (int.from_bytes(head[at : at + 2], order) for at in (6, 8))
    (rate_hz,) = struct.unpack(">f" if order == "big" else "<f", head[20:24].ljust(4, b"\0"))
    return last - first + 1 if 0 < first <= last < 65_535 else 0, rate_hz if made_on in _IEEE else None
