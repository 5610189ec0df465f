"""What a ``.keras`` file must not be before Keras reads it: a bomb, an endless description, weights from elsewhere."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any, Final

from gait_core.storage.json_file import MOST_JSON_BYTES, parse_json
from gait_core.storage.ordinary_file import ordinary_size
from gait_core.storage.zip_archive import ArchiveLimits, checked_members

__all__ = ["check_keras_archive"]

_LIMITS: Final = ArchiveLimits(unpacked_bytes=4 * 1024**3, ratio=20, small_bytes=16 * 1024**2, members=1_000)
"""Weights hardly compress, and Keras does not even try."""


def check_keras_archive(path: Path) -> None:
    """Check the parts of a ``.keras`` file; nothing is unpacked that is larger than it may be.

    The description has to be JSON of bounded size and depth. The weights have to lie in the file itself, uncompressed,
    so that reading them takes no more memory than the file is large.

    Raises
    ------
    ValueError, OSError
        When it is no such file, or one that would take more than it may.
    """
    ordinary_size(path)
    members = checked_members(path, _LIMITS)
    with zipfile.ZipFile(path) as archive:
        for member in members:
            if member.filename.endswith(".json"):
                if member.file_size > MOST_JSON_BYTES:
                    raise ValueError(f"{member.filename} of {member.file_size} bytes")
                parse_json(archive.read(member))
            elif member.filename.endswith(".h5"):
                _check_weights(archive.read(member), member.filename)


def _check_weights(content: bytes, name: str) -> None:
    import h5py

    announced = 0

    def look(place: str, item: Any) -> None:
        nonlocal announced
        if isinstance(item, h5py.Dataset):
            announced += item.size * item.dtype.itemsize if item.shape is not None else 0
            if item.is_virtual or item.external:
                raise ValueError(f"{name}: {place} lies in another file")
        elif any(not isinstance(item.get(key, getlink=True), h5py.HardLink) for key in item):
            raise ValueError(f"{name}: {place or 'the root'} leads out of the file")

    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            look("", file)
            file.visititems(look)
    except (RuntimeError, KeyError) as error:
        raise ValueError(f"{name}: {error}") from error
    if announced > len(content):
        raise ValueError(f"{name} of {len(content)} bytes announces weights of {announced}")
