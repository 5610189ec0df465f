"""What is known of each video, kept on disk until the file changes."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from gait_core.errors import StorageError
from gait_core.video.info import VideoInfo
from gait_core.workspace import Workspace, write_json

__all__ = ["MetadataCache"]

_VERSION = 2
"""2: the main stream is chosen, and frames cut off by an edit list are not declared."""


class MetadataCache:
    """One JSON file per video, keyed by its absolute path, its size and its time of change.

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
        try:
            stored = json.loads(self._file(path).read_text(encoding="utf-8", errors="surrogateescape"))
            if stored["version"] != _VERSION or stored["state"] != _state(path):
                return None
            return VideoInfo.from_dict(stored["info"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, path: Path, info: VideoInfo) -> None:
        """Keep what is known of a file; a read-only or full workspace is no reason to fail here."""
        try:
            write_json(
                self._file(path),
                {"version": _VERSION, "state": _state(path), "info": info.to_dict()},
                durable=False,
            )
        except (StorageError, OSError):
            return  # the next probe takes longer, nothing is lost

    def clear(self) -> int:
        """Delete everything; return the number of files deleted."""
        files = list(self.folder.glob("*.json"))
        for file in files:
            file.unlink(missing_ok=True)
        return len(files)

    def _file(self, path: Path) -> Path:
        name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:32]
        return self.folder / f"{name}.json"


def _state(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]
