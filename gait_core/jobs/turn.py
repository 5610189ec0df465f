"""The right to run a job: one worker holds it, however many were notified of the job.

::

    jobs/<id>/
      waiting     present from the moment a job is submitted or resumed until a worker begins it
      lock        held by the worker while it runs the job; the system frees it when the worker dies

A hand-over can fail in ways that the submitter cannot see: a spare worker answers after the submitter has given up,
or a worker that was thought lost wakes up again. So nothing depends on who was told. Whoever wants to run a job has to
hold its lock and remove ``waiting``; only one can, and everybody else leaves the job alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from gait_core.errors import InputError, StorageError
from gait_core.workspace import storage_guard, write_json

__all__ = ["has_begun", "holding", "open_turn", "taking_turn", "write_while_waiting"]

_WAITING: Final = "waiting"
_PATIENCE_S: Final = 5.0
"""Longest wait for a process that holds the lock only to write the status, s."""


def open_turn(folder: Path) -> None:
    """Let the next worker that comes begin the job."""
    marker = folder / _WAITING
    with storage_guard(marker):
        marker.touch()


def has_begun(folder: Path) -> bool:
    """Return whether a worker has begun the job since it was last submitted or resumed.

    Returns
    -------
    bool
    """
    return not (folder / _WAITING).exists()


@contextmanager
def taking_turn(folder: Path) -> Iterator[None]:
    """Begin a job, and hold it until it ends.

    Parameters
    ----------
    folder : Path
        Job folder.

    Yields
    ------
    None
        Once the job has begun; no other worker can begin it until the end.

    Raises
    ------
    InputError
        When another worker has begun the job. It stays as it is.
    StorageError
        When the folder cannot be written.
    """
    if has_begun(folder):
        raise _begun(folder)
    with holding(folder):
        with storage_guard(folder):
            try:
                (folder / _WAITING).unlink()
            except FileNotFoundError:
                raise _begun(folder) from None
        yield


@contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Keep workers from beginning a job.

    Parameters
    ----------
    folder : Path
        Job folder.

    Yields
    ------
    None
        While the lock is held; it is waited for up to 5 s.

    Raises
    ------
    InputError
        When a worker holds the job.
    StorageError
        When the folder cannot be locked.
    """
    path = folder / "lock"
    lock = FileLock(path)
    try:
        with storage_guard(path):
            lock.acquire(timeout=_PATIENCE_S, poll_interval=0.01)
    except Timeout:
        raise _begun(folder) from None
    except OSError as error:
        raise StorageError(
            f"Expected to lock {path}, but it failed ({error.strerror}).", "Choose another workspace."
        ) from error
    try:
        yield
    finally:
        lock.release()


def write_while_waiting(folder: Path, status: Mapping[str, Any]) -> bool:
    """Write the status of a job that has not started; from then on the status belongs to the worker.

    Parameters
    ----------
    folder : Path
        Job folder.
    status : mapping
        Contents of ``status.json``.

    Returns
    -------
    bool
        False when a worker has begun the job; nothing is written then.
    """
    if has_begun(folder):
        return False
    try:
        with holding(folder):
            if has_begun(folder):
                return False
            write_json(folder / "status.json", status)
            return True
    except InputError:
        return False


def _begun(folder: Path) -> InputError:
    return InputError(
        f"Expected a job that waits for a worker, but {folder.name!r} has one already, or had one.",
        "Wait for its end; a job that ended can be resumed.",
    )
