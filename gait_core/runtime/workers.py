"""What a run and its workers agree on: a mark that lasts as long as the run, small answers, errors that travel.

A worker may be a thread of this process or a process of another machine. Only paths, identifiers and small facts
travel; everything else goes through the workspace, which all of them see under the same path.
"""

from __future__ import annotations

import logging
import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from gait_core.errors import Cancelled, ClusterError, GaitError, InputError, VideoError
from gait_core.progress import Reporter, silent
from gait_core.runtime.executors import run_each
from gait_core.workspace import Workspace, new_id, write_atomic

__all__ = ["Answer", "in_worker", "run_mark", "run_tasks", "worker_name"]

_WATCH_EVERY_S: Final = 1.0
_OLD_MARK_S: Final = 24 * 3600.0

Answer = Mapping[str, Any]
"""What a worker reports: JSON values, ``worker``, ``duration_s`` and ``state``."""

_logger = logging.getLogger(__name__)


@contextmanager
def run_mark(workspace: Workspace) -> Iterator[Path]:
    """Keep a file in the workspace for as long as a run lasts; its workers stop when it goes.

    A worker on another machine cannot be told to stop in the middle of a task, but it can see this. Files beside
    it whose names begin with its stem go with it.

    Yields
    ------
    Path
        The file.
    """
    folder = workspace.cache / "runs"
    for old in folder.glob("run-*"):
        with suppress(OSError):  # another run may be sweeping too
            if time.time() - old.stat().st_mtime > _OLD_MARK_S:
                old.unlink()  # of a run that was killed
    mark = folder / f"{new_id('run')}.running"
    write_atomic(mark, f"{platform.node()} {os.getpid()}\n".encode(), durable=False)
    try:
        yield mark
    finally:
        mark.unlink(missing_ok=True)
        for beside in folder.glob(f"{mark.stem}*"):
            beside.unlink(missing_ok=True)


def worker_name() -> str:
    """Name this process, as people are told who did a task.

    Returns
    -------
    str
        ``<machine>:<process number>``.
    """
    return f"{platform.node()}:{os.getpid()}"


def in_worker(
    mark: Path,
    work: Callable[[Reporter], Answer],
    *,
    name: str,
    remedy: str,
    reporter: Reporter | None = None,
) -> dict[str, Any]:
    """Do one task in a worker and return an answer whatever happens to it.

    Parameters
    ----------
    mark : Path
        Of the run; without it nothing is begun, and once it goes the work stops within about a second.
    work : callable
        Receives the reporter that tells it to stop; returns small facts.
    name : str
        Of the video, for messages.
    remedy : str
        What the user can do where the work fails unexpectedly.
    reporter : Reporter, optional
        Of the run itself, where it shares the process.

    Returns
    -------
    dict
        ``state``: ``done`` with the facts, ``stopped``, ``failed`` where only this video is concerned, or
        ``broken`` where the machine lacks something; the last two with ``error``.
    """
    begun_s, known = time.perf_counter(), {"worker": worker_name()}
    if not mark.is_file():
        return {"state": "stopped", **known}
    try:
        facts = work((reporter or silent()).stopped_by(_gone(mark)))
    except Cancelled:
        return {"state": "stopped", **known}
    except GaitError as error:
        state = "failed" if isinstance(error, InputError) else "broken"
        return {"state": state, "error": error.to_dict(), **known}
    except Exception as error:  # one video must not stop the others
        _logger.exception("%s failed unexpectedly", name)
        found = VideoError(
            f"Expected to analyse {name}, but it failed: {type(error).__name__}: {error}".strip(), remedy
        )
        return {"state": "failed", "error": found.to_dict(), **known}
    return {"state": "done", **facts, "duration_s": time.perf_counter() - begun_s, **known}


def run_tasks(
    executor: Executor,
    function: Callable[[Mapping[str, Any], int], dict[str, Any]],
    tasks: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    *,
    take: Callable[[int, Answer | GaitError], None],
    kept: Callable[[], str],
    check: Callable[[], None] = lambda: None,
) -> None:
    """Run one function that answers by `in_worker` on many tasks, and hand on what comes, each once.

    Parameters
    ----------
    executor : Executor
    function : callable
        Called as ``function(task, attempt)``.
    tasks : sequence of mapping
        JSON values.
    names : sequence of str
        Of the videos, for messages; one per task.
    take : callable
        Receives the place of a task and its facts, or the error that concerns it alone.
    kept : callable
        Says in one sentence what is finished, for the message of an executor that went away.
    check : callable
        Called several times a second; what it raises ends the run.

    Raises
    ------
    ClusterError
        When the executor went away, or a worker does not see the run.
    ModelError, LibraryError, StorageError
        When a machine lacks something, which no other video could escape there.
    """
    try:
        for outcome in run_each(executor, function, tasks, check=check):
            if outcome.result is not None and outcome.result["state"] == "stopped":
                check()  # a worker of this process notices sooner than this loop that the user stopped
            take(outcome.number, _unpacked(names[outcome.number], outcome.result, outcome.lost))
    except ClusterError as error:
        raise ClusterError(
            f"{error.message} {kept()}",
            "Look whether the machines still run and see the workspace, then run the same command again: "
            "it continues from what is in the cache.",
        ) from error


def _gone(mark: Path) -> Callable[[], bool]:
    """Return a cheap test whether the run is over: at most one look a second, on a disk that may be remote."""
    looked_s, gone = time.monotonic(), False

    def test() -> bool:
        nonlocal looked_s, gone
        now_s = time.monotonic()
        if not gone and now_s - looked_s >= _WATCH_EVERY_S:
            looked_s, gone = now_s, not mark.is_file()
        return gone

    return test


def _unpacked(name: str, facts: Answer | None, lost: int) -> Answer | GaitError:
    """Return what a worker answered; raise what no other video could escape."""
    if facts is None:
        return ClusterError(
            f"Expected to analyse {name}, but {lost} workers died over it.",
            "It may need more memory than a worker has: analyse it alone, or with the profile 'fast'.",
        )
    if facts["state"] == "stopped":
        raise ClusterError(f"Expected the worker {facts['worker']} to see the mark of this run, but it did not.")
    if facts["state"] not in ("failed", "broken"):
        return facts
    error = GaitError.from_dict(facts["error"])
    if facts["state"] == "broken":
        where = "" if facts["worker"] == worker_name() else f"On {facts['worker']}: "
        raise type(error)(f"{where}{error.message}", error.remedy)
    return error
