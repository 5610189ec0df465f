"""What an archive must not be before anything of it is unpacked."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Final

__all__ = ["ArchiveLimits", "checked_members"]


_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1


@dataclass(frozen=True, kw_only=True)
class ArchiveLimits:
    """How large an archive may be.

    Attributes
    ----------
    unpacked_bytes : int
        Most bytes of all members together.
    ratio : int
        Most unpacked bytes per byte of the file; counts from `small_bytes` on.
    small_bytes : int
        What unpacks to no more than this may be as compressible as it likes.
    members : int
    """

    unpacked_bytes: int = 8 * 1024**3
    ratio: int = 250
    small_bytes: int = 64 * 1024**2
    members: int = 10_000


def checked_members(file: IO[bytes] | Path, limits: ArchiveLimits) -> list[zipfile.ZipInfo]:
    """Return the members of an archive after checking that it is safe to unpack.

    Parameters
    ----------
    file : file or Path
    limits : ArchiveLimits

    Returns
    -------
    list of zipfile.ZipInfo
        All of them, in the order of the archive's directory.

    Raises
    ------
    ValueError
        When it is not an archive, or one that would unpack to more than it may, leaves its place, is encrypted, or is
        packed by another method than those in use.
    OSError
        When it cannot be read.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            packed_bytes = _size(archive)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise ValueError(f"no archive: {error}") from error
    if len(members) > limits.members:
        raise ValueError(f"{len(members)} parts, more than the {limits.members} that are read")
    if sum(member.compress_size for member in members) > packed_bytes:
        raise ValueError("its parts overlap")
    unpacked = sum(member.file_size for member in members)
    if unpacked > limits.unpacked_bytes:
        raise ValueError(f"it unpacks to {unpacked} bytes, more than the {limits.unpacked_bytes} that are read")
    if unpacked > max(limits.small_bytes, limits.ratio * packed_bytes):
        raise ValueError(f"{packed_bytes} bytes that unpack to {unpacked}")
    for member in members:
        _check_member(member)
    return members


def _check_member(member: zipfile.ZipInfo) -> None:
    if member.compress_type not in _METHODS or member.flag_bits & _ENCRYPTED:
        raise ValueError(f"{member.filename!r} is encrypted or packed in an unknown way")
    for pure in (PurePosixPath(member.filename), PureWindowsPath(member.filename)):
        if pure.is_absolute() or pure.drive or ".." in pure.parts:
            raise ValueError(f"a part outside the archive: {member.filename!r}")


def _size(archive: zipfile.ZipFile) -> int:
    stream = archive.fp
    if stream is None:
        return 0
    return stream.seek(0, 2)
