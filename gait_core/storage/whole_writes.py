"""Writing whole files and folders: a reader sees the old one or the new one, never half of one."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from gait_core.errors import StorageError
from gait_core.storage.leftovers import writer_mark

__all__ = ["atomic_file", "storage_guard", "whole_folder", "write_atomic", "write_json"]

_UNUSABLE = frozenset(
    {errno.ENOENT, errno.EIO, errno.EINVAL, errno.ELOOP, errno.ENAMETOOLONG, errno.ENODEV, errno.ENXIO, errno.ENOSYS}
    | {errno.ENOTCONN, errno.ESTALE}
)
"""What a place answers that can hold no files: a virtual folder, a lost network disk, a failing one."""
_LONG_CHARACTERS: Final = 1_000_000
"""JSON longer than this is not read by people."""


@contextmanager
def storage_guard(path: Path) -> Iterator[None]:
    """Turn a read-only or full disk into one `StorageError` that names the place.

    Parameters
    ----------
    path : Path
        File or folder that the block writes.

    Yields
    ------
    None

    Raises
    ------
    StorageError
        When the place is read-only, full, or cannot hold files; other errors pass.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            free_mb = _free_bytes(path) / 1024**2
            raise StorageError(
                f"Expected space for {path.name!r} in {path.parent}, but the disk is full ({free_mb:.0f} MB left).",
                "Free some space or clear the cache, then run again; finished work is kept.",
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise StorageError(
                f"Expected to be allowed to write in {path.parent}, but it is read-only.",
                "Choose another folder (that of the workspace: --workspace), or change its permission.",
            ) from error
        if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
            raise StorageError(
                f"Expected a folder at {path.parent}, but something else is there.",
                "Choose another folder (that of the workspace: --workspace).",
            ) from error
        if error.errno in _UNUSABLE:
            raise StorageError(
                f"Expected to write {path.name!r} in {path.parent}, but the system refused: {error.strerror}.",
                "Choose another folder (that of the workspace: --workspace).",
            ) from error
        raise


def _free_bytes(path: Path) -> int:
    for folder in (path, *path.parents):
        if folder.exists():
            return shutil.disk_usage(folder).free
    return 0


@contextmanager
def atomic_file(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """Open a file to be written in pieces, so that readers never see half of it.

    Parameters
    ----------
    path : Path
        File to write; its folder is made when missing.
    durable : bool
        Wait until the disk has it; False for what is written again within a second.

    Yields
    ------
    binary file
        A temporary file beside `path`, open for writing; it takes the name when the block ends without an error.

    Raises
    ------
    StorageError
        When the place is read-only or full; the earlier file is left as it was.
    """
    temporary = path.with_name(f".{path.name}.{writer_mark()}.tmp")
    with storage_guard(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as handle:
                yield handle
                if durable:
                    handle.flush()
                    os.fsync(handle.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_atomic(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Write a file so that readers never see half of it; arguments and errors as of `atomic_file`."""
    with atomic_file(path, durable=durable) as handle:
        handle.write(content)


def write_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """Write JSON atomically, indented for people who look; above a megabyte on one line, which is ten times as fast.

    Parameters
    ----------
    path : Path
        File to write; its folder is made when missing.
    value : JSON value
        NaN and infinity are refused with a `ValueError`.
    durable : bool
        Wait until the disk has it, as in `atomic_file`.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    indent = None if len(text) > _LONG_CHARACTERS else 2
    try:
        content = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        # A file name that is not in UTF-8 comes with lone surrogates, which JSON can only hold as escapes.
        content = json.dumps(value, indent=indent, ensure_ascii=True, allow_nan=False).encode()
    write_atomic(path, content + b"\n", durable=durable)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Fill a folder under another name and rename it, so that it exists whole or not; replaces an earlier one.

    Yields
    ------
    Path
        The temporary folder, empty, to be filled.

    Raises
    ------
    StorageError
        When the place is read-only or full; nothing stays behind.
    """
    temporary = folder.with_name(f".{folder.name}.{writer_mark()}.tmp")
    with storage_guard(folder):
        try:
            temporary.mkdir(parents=True)
            yield temporary
            replaced = folder.with_name(f"{temporary.name}.old")
            if folder.is_dir():
                folder.rename(replaced)
            temporary.rename(folder)
            shutil.rmtree(replaced, ignore_errors=True)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
