"""Arrays in files: written and read in pieces, so that a long one never lies in memory whole.

A large array that is read or gathered is mapped from a file without a name. No other process can change, replace or
delete that file, and the system frees it when the process ends, however it ends: so an entry of the cache may go
while its arrays are still in use, on every platform and on shared disks.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import mmap
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gait_core.storage.npz_file import array_layout

__all__ = ["MAP_FROM_BYTES", "Spool", "array_pieces", "read_array", "release_pages", "write_array"]

Array: TypeAlias = NDArray[Any]

MAP_FROM_BYTES: Final = 4 * 1024**2
"""Size from which an array is mapped; a smaller one is read."""
_PIECE_BYTES: Final = 1024**2


class Spool:
    """An array that grows on disk, in an unnamed file.

    Parameters
    ----------
    dtype : dtype
    row_shape : tuple of int
        Shape of the array without its first axis.
    folder : Path, optional
        Folder of the file; the system's folder of temporary files where that one cannot be used.
    """

    def __init__(self, dtype: DTypeLike, row_shape: tuple[int, ...], folder: Path | None = None) -> None:
        self._dtype = np.dtype(dtype)
        self._row_shape = row_shape
        self._rows = 0
        self._file = _unnamed_file(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return self._rows

    def append(self, rows: Array) -> None:
        """Add rows at the end; raises `OSError` when the disk is full."""
        rows = np.ascontiguousarray(rows, self._dtype)
        if rows.shape[1:] != self._row_shape:
            raise ValueError(f"Expected rows of shape {self._row_shape}, but got {rows.shape[1:]}.")
        self._file.write(rows.data)
        self._rows += len(rows)

    def fill(self, start: int, stop: int, value: float) -> None:
        """Overwrite the rows from `start` to before `stop` with one value."""
        piece = max(1, _PIECE_BYTES // self._row_bytes)
        self._file.seek(start * self._row_bytes)
        for first in range(start, stop, piece):
            rows = np.full((min(piece, stop - first), *self._row_shape), value, self._dtype)
            self._file.write(rows.data)
        self._file.seek(0, os.SEEK_END)

    def array(self) -> Array:
        """Return what was gathered: read when it is small, else mapped read-only; the spool may be closed then."""
        shape = (self._rows, *self._row_shape)
        self._file.flush()
        if self._rows * self._row_bytes >= MAP_FROM_BYTES and _may_stay_open(self._file):
            # A plain array, because NumPy keeps the class `memmap` even for copies; the map lives as long as its views.
            return np.memmap(self._file, self._dtype, "r", shape=shape).view(np.ndarray)
        self._file.seek(0)
        return np.fromfile(self._file, self._dtype, int(np.prod(shape))).reshape(shape)

    def close(self) -> None:
        """Give the file up; arrays mapped from it stay."""
        with contextlib.suppress(OSError):  # what did not fit on a full disk is no longer needed
            self._file.close()

    @property
    def _row_bytes(self) -> int:
        return self._dtype.itemsize * int(np.prod(self._row_shape, dtype=int))


def release_pages(array: Array) -> None:
    """Let go of the memory that reading a mapped array has filled; it comes back from its file when it is needed.

    Does nothing to an array in memory, nor where the system has no way to do it.
    """
    owner: Any = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    if isinstance(owner, mmap.mmap) and sys.platform != "win32":
        owner.madvise(mmap.MADV_DONTNEED)


def array_pieces(array: Array) -> Iterator[Array]:
    """Yield an array in contiguous pieces of about 1 MiB along its first axis; pages are released after each.

    Yields
    ------
    ndarray
        Consecutive pieces of `array`.
    """
    rows = array.reshape(1) if array.ndim == 0 else array
    step = max(1, _PIECE_BYTES * len(rows) // max(1, rows.nbytes))
    for start in range(0, len(rows), step):
        yield np.ascontiguousarray(rows[start : start + step])
        release_pages(array)


def write_array(handle: IO[bytes], array: Array) -> str:
    """Write an array as a ``.npy`` file and return the checksum of what was written.

    Returns
    -------
    str
        Checksum.
    """
    if array.dtype.hasobject:
        raise ValueError(f"Expected an array of numbers or text, but got {array.dtype}.")
    head = io.BytesIO()
    layout = {"descr": np.lib.format.dtype_to_descr(array.dtype), "fortran_order": False, "shape": array.shape}
    np.lib.format.write_array_header_1_0(head, layout)
    digest = _digest(head.getvalue())
    handle.write(head.getvalue())
    for piece in array_pieces(array):
        content = piece.tobytes()
        digest.update(content)
        handle.write(content)
    return digest.hexdigest()


def read_array(path: Path, checksum: str, folder: Path | None = None) -> Array:
    """Read a ``.npy`` file whose checksum is known.

    Parameters
    ----------
    path : Path
    checksum : str
        As `write_array` gave it.
    folder : Path, optional
        Where a large array may take space for the copy that is mapped.

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        When the content is not what was written.
    """
    with path.open("rb") as handle:
        if os.fstat(handle.fileno()).st_size >= MAP_FROM_BYTES:
            try:
                return _mapped_copy(handle, checksum, folder)
            except OSError:
                handle.seek(0)  # no space for a copy: keep it in memory
        content = handle.read()
    _check(path.name, _digest(content), checksum)
    stream = io.BytesIO(content)
    shape, fortran_order, dtype = array_layout(stream, len(content))
    found = np.frombuffer(content, dtype, offset=stream.tell()).reshape(shape, order="F" if fortran_order else "C")
    return found.copy(order="K")


def _mapped_copy(handle: IO[bytes], checksum: str, folder: Path | None) -> Array:
    shape, fortran_order, dtype = array_layout(handle, os.fstat(handle.fileno()).st_size)
    if fortran_order or not shape:
        raise OSError("a layout that can only be read as a whole")
    begin = handle.tell()
    handle.seek(0)
    digest = _digest(handle.read(begin))
    with Spool(dtype, shape[1:], folder) as spool:
        row_bytes = max(1, dtype.itemsize * int(np.prod(shape[1:], dtype=int)))
        while block := handle.read(row_bytes * max(1, _PIECE_BYTES // row_bytes)):
            digest.update(block)
            spool.append(np.frombuffer(block, dtype).reshape(-1, *shape[1:]))
        _check(handle.name, digest, checksum)
        return spool.array()


def _digest(content: bytes) -> hashlib.blake2b:
    return hashlib.blake2b(content, digest_size=16)


def _check(name: str, digest: hashlib.blake2b, expected: str) -> None:
    if digest.hexdigest() != expected:
        raise ValueError(f"Expected {name} as it was written, but its checksum differs.")


def _unnamed_file(folder: Path | None) -> IO[bytes]:
    if folder is not None:
        with contextlib.suppress(OSError):
            return tempfile.TemporaryFile(dir=folder)
    return tempfile.TemporaryFile()


def _may_stay_open(file: IO[bytes]) -> bool:
    """Return whether a map may keep a file open: half of what a process may open is left for other purposes."""
    if sys.platform == "win32":
        return True
    import resource

    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most < 0 or file.fileno() < most // 2
