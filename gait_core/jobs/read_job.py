"""Reads one job folder; what cannot be read comes back as a damaged job, to be shown, run again or deleted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gait_core.errors import GaitError, NotFoundError, StorageError
from gait_core.jobs.job import Job, state_of
from gait_core.jobs.stored_job import RUN_AGAIN, START_ANEW, checked_spec, checked_status
from gait_core.workspace import read_json

__all__ = ["read_job"]

_SECOND_LOOKS: Final = 3
_LOOK_AGAIN_S: Final = 0.15
_FRESH_S: Final = 5.0
_NEW_S: Final = 60.0
"""Age up to which a folder without a specification may be a job that is just being written, s."""


def read_job(folder: Path) -> Job:
    """Return the job of a folder.

    Returns
    -------
    Job
        In the state ``damaged`` when its specification or its status cannot be read.

    Raises
    ------
    NotFoundError
        When there is none, or not yet.
    """
    if not folder.is_dir() or (not (folder / "spec.json").exists() and time.time() - _changed_s(folder) < _NEW_S):
        raise NotFoundError(f"Expected a job {folder.name!r}, but there is none.", "Look at the list of jobs again.")
    try:
        spec = checked_spec(read_json(folder / "spec.json"), folder)
    except (StorageError, NotFoundError) as error:
        known = {"id": folder.name, "kind": "", "title": folder.name, "params": {}, "created_s": _changed_s(folder)}
        return _damaged(folder, known, StorageError(error.message, START_ANEW))
    try:
        status, state = _status(folder, spec)
    except (StorageError, NotFoundError) as error:
        return _damaged(folder, spec, StorageError(error.message, RUN_AGAIN))
    return _job(folder, spec, status=status, state=state)


def _status(folder: Path, spec: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    status = checked_status(read_json(folder / "status.json"), folder)
    state = state_of(folder, spec, status)
    for _ in range(_SECOND_LOOKS):
        # A worker that ends between the look at its status and the look at its process has not crashed.
        if state != "crashed" or time.time() - float(status.get("heartbeat_s", 0.0)) > _FRESH_S:
            break
        time.sleep(_LOOK_AGAIN_S)
        status = checked_status(read_json(folder / "status.json"), folder)
        state = state_of(folder, spec, status)
    return status, state


def _damaged(folder: Path, spec: Mapping[str, Any], error: GaitError) -> Job:
    if not folder.is_dir():
        raise NotFoundError(f"Expected a job {folder.name!r}, but it is gone.", "Look at the list of jobs again.")
    return _job(folder, spec, status={}, state="damaged", damage=error.to_dict())


def _job(folder: Path, spec: Mapping[str, Any], **known: Any) -> Job:
    return Job(id=folder.name, kind=spec["kind"], title=spec["title"], spec=spec, folder=folder, **known)


def _changed_s(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0
