"""The files of stored models: their digests, and what a file must not be before anything of it is read."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from pathlib import Path
from typing import Final

from gait_core.errors import ModelError
from gait_core.learn.keras_archive import check_keras_archive
from gait_core.learn.manifest import ArtefactFile
from gait_core.storage.npz_file import NPZ_LIMITS
from gait_core.storage.zip_archive import checked_members

__all__ = ["MANIFEST_BYTES", "RESTORE", "check_archive", "check_file", "check_size", "described"]

MANIFEST_BYTES: Final = 64 * 1024**2
"""The most that a manifest may have."""
RESTORE: Final = "Restore the files, or make the model again."
"""The remedy for a damaged model."""
_FILE_BYTES: Final = 4 * 1024**3


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
        raise ModelError(f"Expected {path.name} in {path.parent}, but it is missing.", RESTORE)
    size = check_size(path, _FILE_BYTES)
    if expected.size_bytes != size or _sha256(path) != expected.sha256:
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
    """Raise `ModelError` for what is not an archive, or when unpacked is absurdly large or leaves its place."""
    try:
        if path.suffix == ".keras":
            check_keras_archive(path)
        else:
            checked_members(path, NPZ_LIMITS)
    except (OSError, ValueError, zlib.error, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        raise ModelError(
            f"Expected {path} to be an archive that can be unpacked, but it is not ({error}).", RESTORE
        ) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
