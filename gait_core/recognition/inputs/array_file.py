"""Reads arrays saved by other programs, ``.npy`` and ``.npz``: never pickle, and no more than a limit."""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError, NotFoundError
from gait_core.storage.npz_file import NUMPY_READS
from gait_core.storage.ordinary_file import ordinary_size

__all__ = ["MOST_BYTES", "read_silhouette_array"]

MOST_BYTES: Final = 2 * 1024**3
"""Largest array that is read."""
_NAME: Final = "silhouettes"
_HEADERS: Final = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_silhouette_array(path: Path, *, most_bytes: int = MOST_BYTES) -> NDArray[Any]:
    """Return the silhouettes of an array file.

    Parameters
    ----------
    path : Path
        ``.npy``, or ``.npz`` with an array ``silhouettes`` or with one array only.
    most_bytes : int
        Largest array that is read; looked up in the file's header before anything is read.

    Returns
    -------
    ndarray
        Read-only, with shape and type as saved; `gait_core.recognition.inputs.silhouette_values.as_masks` checks them.

    Raises
    ------
    NotFoundError
        When there is no such file.
    InputError
        When it is another kind of file, damaged, too large, or holds objects (pickle).
    """
    try:
        ordinary_size(path)
        with NUMPY_READS, path.open("rb") as file:
            if path.suffix.lower() == ".npy":
                return _array(file, path.name, most_bytes)
            with zipfile.ZipFile(file) as archive:
                member = _member(archive, path.name)
                with archive.open(member) as stream:
                    return _array(stream, f"{path.name}, {member.removesuffix('.npy')}", most_bytes)
    except FileNotFoundError:
        raise NotFoundError(f"Expected {path.name} in {path.parent}, but it is missing.", "Check the path.") from None
    except (ValueError, OSError, zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError) as error:
        raise InputError(
            f"Expected arrays in {path.name}, but the file is damaged or of another kind ({error}).",
            "Save the silhouettes again with numpy.savez_compressed.",
        ) from error


def _member(archive: zipfile.ZipFile, name: str) -> str:
    arrays = [member for member in archive.namelist() if member.endswith(".npy")]
    if f"{_NAME}.npy" in arrays:
        return f"{_NAME}.npy"
    if len(arrays) == 1:
        return arrays[0]
    listing = ", ".join(member.removesuffix(".npy") for member in arrays[:10]) or "none"
    raise InputError(
        f"Expected an array named {_NAME}, or one array only, in {name}, but got {listing}.",
        f"Save the silhouettes as {_NAME}.",
    )


def _array(stream: IO[bytes], name: str, most_bytes: int) -> NDArray[Any]:
    """Read one array after its header was checked."""
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"format {version[0]}.{version[1]}")
    shape, fortran_order, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        raise InputError(
            f"Expected numbers in {name}, but it holds Python objects (pickle), which could run anything.",
            "Save a plain array of whole numbers.",
        )
    size = math.prod(shape) * dtype.itemsize
    if size > most_bytes or min(shape, default=0) < 0:
        raise InputError(
            f"Expected at most {most_bytes / 1024**2:.0f} MiB in {name}, but its header announces shape {shape} "
            f"({size / 1024**2:.0f} MiB).",
            "Give one walk per file.",
        )
    content = stream.read(size + 1)
    if len(content) != size:
        raise ValueError(f"{len(content)} bytes where {size} are announced")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran_order else "C")
