"""The files of stored models: their digests, and what a file must not be before anything of it is read."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from gait_core.errors import ModelError
from gait_core.learn.manifest import ArtefactFile

__all__ = ["MANIFEST_BYTES", "RESTORE", "check_archive", "check_file", "check_size", "described"]

MANIFEST_BYTES: Final = 64 * 1024**2
"""The most that a manifest may have."""
RESTORE: Final = "Restore the files, or make the model again."
"""The remedy for a damaged model."""
_FILE_BYTES: Final = 4 * 1024**3
_UNPACKED_BYTES: Final = 8 * 1024**3
_MEMBERS: Final = 10_000


def described(path: Path) -> ArtefactFile:
    """Return name, size and digest of a file.

    Returns
    -------
    ArtefactFile
    """
    return ArtefactFile(name=path.name, sha256=_sha256(path), size_bytes=path.stat().st_size)


def check_file(path: Path, expected: ArtefactFile) -> None:
    """Raise `ModelError` unless a file is there and has the size and the digest that its manifest gives."""
    if not path.is_file():
        raise ModelError(f"Expected {path.name} in {path.parent}, but it is not there.", RESTORE)
    size = check_size(path, _FILE_BYTES)
    if expected.size_bytes not in (None, size) or _sha256(path) != expected.sha256:
        raise ModelError(
            f"Expected {path.name} as its manifest describes it, but the file has changed.",
            RESTORE,
        )


def check_size(path: Path, most: int) -> int:
    """Return the size of a file in bytes; raise `ModelError` when it is larger than allowed.

    Returns
    -------
    int
        Size, bytes.
    """
    size = path.stat().st_size
    if size > most:
        raise ModelError(f"Expected {path} of at most {most} bytes, but it has {size}.", RESTORE)
    return size


def check_archive(path: Path) -> None:
    """Raise `ModelError` for what is no zip archive, or when unpacked is absurdly large or leaves its place."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise ModelError(f"Expected {path} to be an archive, but it is not ({error}).", RESTORE) from error
    unpacked = sum(member.file_size for member in members)
    if unpacked > _UNPACKED_BYTES or len(members) > _MEMBERS:
        raise ModelError(
            f"Expected at most {_UNPACKED_BYTES} bytes in {_MEMBERS} parts in {path}, "
            f"but it unpacks to {unpacked} bytes in {len(members)} parts.",
            RESTORE,
        )
    for member in members:
        if any(pure.is_absolute() or pure.drive or ".." in pure.parts for pure in _pure_paths(member.filename)):
            raise ModelError(
                f"Expected only parts inside the archive {path}, but one is named {member.filename!r}.", RESTORE
            )


def _pure_paths(name: str) -> tuple[PurePosixPath, PureWindowsPath]:
    return PurePosixPath(name), PureWindowsPath(name)


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
