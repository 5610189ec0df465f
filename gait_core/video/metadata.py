"""What is known of each video, kept on disk until the file changes.

An entry counts only while the file has the size, the time of change, the time of its last change of any kind, the place
on disk and three samples of content (begin, middle, end) that it had. So a file that was replaced or rewritten at equal
size and time is read again wherever the file system keeps the time of the last change (`ctime`), and elsewhere, as on
the FAT cards of cameras, unless it is equal in all three samples too. An entry has a digest of its own, bound to the
path: one that was changed, or that belongs to another video, counts as unknown.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, Final

from gait_core.errors import NotFoundError, StorageError
from gait_core.storage.json_file import read_json
from gait_core.storage.seal import check_seal, sealed
from gait_core.video.info import VideoInfo
from gait_core.workspace import Workspace, write_json

__all__ = ["MetadataCache"]

_VERSION: Final = 3
"""2: the main stream is chosen, and frames cut off by an edit list are not declared. 3: sealed, with samples."""
_SAMPLE_BYTES: Final = 64 * 1024


class MetadataCache:
    """One JSON file per video, keyed by its absolute path and by what shows that the file has not changed.

    Parameters
    ----------
    folder : Path
        Where the files lie; made when first written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, workspace: Workspace) -> MetadataCache:
        """Return the cache of a workspace."""
        return cls(workspace.cache / "video-metadata")

    def get(self, path: Path) -> VideoInfo | None:
        """Return what is known of a file, or None when it is unknown or has changed."""
        file = self._file(path)
        try:
            stored = read_json(file)
            if stored["version"] != _VERSION or stored["key"] != file.stem or stored["state"] != _state(path):
                return None
            whole = check_seal(stored, file, what="what is known of a video", stored_s=None, remedy="")
            return VideoInfo.from_dict(stored["info"]) if whole else None
        except (OSError, StorageError, NotFoundError, KeyError, TypeError, AttributeError):
            return None

    def put(self, path: Path, info: VideoInfo) -> None:
        """Keep what is known of a file; a read-only or full workspace is no reason to fail here."""
        try:
            file = self._file(path)
            known = {"version": _VERSION, "key": file.stem, "state": _state(path), "info": info.to_dict()}
            write_json(file, sealed(known, self.folder), durable=False)
        except (StorageError, OSError):
            return  # the next probe takes longer, nothing is lost

    def clear(self) -> int:
        """Delete everything; return the number of files deleted."""
        files = list(self.folder.glob("*.json"))
        for file in files:
            file.unlink(missing_ok=True)
        return len(files)

    @staticmethod
    def file_name(path: Path) -> str:
        """Return the name of the file that holds what is known of a video."""
        return f"{hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:32]}.json"

    def _file(self, path: Path) -> Path:
        return self.folder / self.file_name(path)


def _state(path: Path) -> list[Any]:
    """Return what is not the same any more once a file was changed or replaced."""
    samples = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        for place in (0, (status.st_size - _SAMPLE_BYTES) // 2, status.st_size - _SAMPLE_BYTES):
            file.seek(max(0, place))
            samples.update(file.read(_SAMPLE_BYTES))
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, samples.hexdigest()]
