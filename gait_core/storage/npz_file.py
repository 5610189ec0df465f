"""The one reader of stored arrays: headers are checked against sizes before anything is allocated; never pickle."""

from __future__ import annotations

import math
import threading
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import NotFoundError, StorageError
from gait_core.storage.ordinary_file import ordinary_size
from gait_core.storage.zip_archive import ArchiveLimits, checked_members

__all__ = ["NPZ_LIMITS", "NUMPY_READS", "array_layout", "load_arrays"]

NPZ_LIMITS: Final = ArchiveLimits(unpacked_bytes=16 * 1024**3, ratio=400, members=100_000)
"""Masks of silhouettes and columns of zeros compress a hundredfold; a bomb about a thousandfold."""
NUMPY_READS = threading.Lock()
"""NumPy parses the header of a file with `ast`, which Python 3.11 cannot do in two threads at once."""
_PIECE_BYTES: Final = 1024**2
_HEADERS: Final = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_DAMAGE: Final = (ValueError, KeyError, EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error)


def array_layout(stream: IO[bytes], size_bytes: int) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read the header of a ``.npy`` file and check it against the size of the file.

    Parameters
    ----------
    stream : file
        At its beginning; afterwards at the first number.
    size_bytes : int
        Of the whole file, head included.

    Returns
    -------
    shape : tuple of int
    fortran_order : bool
    dtype : dtype

    Raises
    ------
    ValueError
        When the header announces more or less than is there, holds objects, or has a version that is not in use.
    """
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"arrays of format {version[0]}.{version[1]}")
    with NUMPY_READS:
        shape, fortran_order, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        raise ValueError("it holds Python objects")
    announced = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or stream.tell() + announced != size_bytes:
        raise ValueError(f"its header announces shape {shape} of {dtype}, but the file has {size_bytes} bytes")
    return shape, fortran_order, dtype


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays of an ``.npz`` file.

    Returns
    -------
    dict of str to ndarray
        Name, without ``.npy``, → array; all of them in memory.

    Raises
    ------
    NotFoundError
        When it is missing.
    StorageError
        When it is damaged, cannot be read, or announces more than it holds.
    """
    try:
        ordinary_size(path)
        with path.open("rb") as file:
            members = checked_members(file, NPZ_LIMITS)
            with zipfile.ZipFile(file) as archive:
                return {member.filename.removesuffix(".npy"): _array(archive, member) for member in members}
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"Expected {path.name} in {path.parent}, but it is missing.", "Make it again.") from None
    except (*_DAMAGE, OSError, MemoryError) as error:
        raise StorageError(
            f"Expected arrays in {path}, but the file is damaged ({error}).",
            "Make again what it belongs to, or restore the file.",
        ) from error


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(member) as stream:
        shape, fortran_order, dtype = array_layout(stream, member.file_size)
        found = np.empty(shape[::-1] if fortran_order else shape, dtype)
        bytes_of = found.reshape(-1).view(np.uint8) if found.nbytes else np.empty(0, np.uint8)
        filled = 0
        while block := stream.read(_PIECE_BYTES):  # to the end, where the checksum is compared
            bytes_of[filled : filled + len(block)] = np.frombuffer(block, np.uint8)
            filled += len(block)
    if filled != found.nbytes:
        raise ValueError(f"{filled} bytes where {found.nbytes} are announced")
    return found.T if fortran_order else found
