"""Which videos could not be used the last time, so that a later run over the same folder can say so."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from gait_core.errors import GaitError, NotFoundError, StorageError
from gait_core.workspace import Workspace, read_json, write_json

__all__ = ["FailureLog"]


class FailureLog:
    """One small file per video that failed; it goes when the video succeeds.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        self._folder = workspace.cache / "failed-videos"

    def last(self, path: Path) -> str | None:
        """Return why a video failed the last time, or None when it did not."""
        try:
            return str(read_json(self._file(path))["message"])
        except (NotFoundError, StorageError, KeyError, TypeError):
            return None

    def note(self, path: Path, outcome: GaitError | None) -> None:
        """Remember that a video failed, or that it is well again."""
        file = self._file(path)
        if outcome is None:
            file.unlink(missing_ok=True)
        else:
            write_json(file, {"path": str(path), "time_s": time.time(), **outcome.to_dict()}, durable=False)

    def _file(self, path: Path) -> Path:
        return self._folder / f"{hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:32]}.json"
