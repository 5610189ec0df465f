"""Runs one job folder: is queued, does the work, leaves a result or one clear error."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from gait_core.cache.archive import json_ready
from gait_core.errors import Cancelled, GaitError, InputError, StorageError
from gait_core.jobs.kinds import OnPart, kind_named
from gait_core.jobs.status import StatusWriter
from gait_core.jobs.store import Job, JobStore
from gait_core.jobs.stored_job import checked_spec
from gait_core.jobs.turn import taking_turn
from gait_core.progress import Event, Reporter
from gait_core.storage.seal import sealed
from gait_core.workspace import Workspace, read_json, storage_guard, write_json

__all__ = ["run_folder", "run_now"]

_logger = logging.getLogger(__name__)
_POLL_S = 0.2
_LOGGED_CHARACTERS = 2000
"""Of the parameters in the log; all of them are in ``spec.json``."""


def run_now(
    workspace: Workspace,
    kind: str,
    params: Mapping[str, Any],
    title: str,
    sink: Callable[[Event], None] | None = None,
    on_part: OnPart | None = None,
) -> dict[str, Any]:
    """Create a job and run it in this process; the dashboard sees it like any other.

    What never started is not kept as a job: when the parameters turn out to be wrong (`InputError`) before a stage has
    ended or anything has been done (a frame, a walk, an epoch), the job folder is deleted again. The error reaches
    whoever called, who sits in front of it. A job given out by the dashboard stays, for its page has to show the error.

    Parameters
    ----------
    workspace : Workspace
    kind : str
        A name of `gait_core.jobs.kinds.job_kinds`.
    params : mapping
        What the task takes.
    title : str
        One readable line.
    sink : callable, optional
        Also receives every event.
    on_part : callable, optional
        Receives each part of the result as soon as it is known, where the kind has parts: the walks of ``extract``.

    Returns
    -------
    dict
        The result, as stored in ``result/result.json``.

    Raises
    ------
    GaitError
        Whatever ended the work.
    """
    kind_named(kind)
    store = JobStore(workspace)
    job = store.create(kind, params, title)
    done = _WorkWatch(sink)
    try:
        return run_folder(job.folder, workspace, sink=done.take, on_part=on_part)
    except InputError:
        if not done.anything:
            store.delete(job.id)
        raise


class _WorkWatch:
    """Hands events on, and notes whether one reports work done."""

    def __init__(self, sink: Callable[[Event], None] | None) -> None:
        self._sink = sink
        self.anything = False

    def take(self, event: Event) -> None:
        """Take one event of a `Reporter`."""
        state = event.data.get("state")
        worked = {
            "progress": event.done > 0,
            "epoch": True,
            "item_end": state in ("done", "cached"),
            "stage_end": state == "done",
        }
        self.anything = self.anything or worked.get(event.kind, False)
        if self._sink is not None:
            self._sink(event)


def run_folder(
    folder: Path, workspace: Workspace, sink: Callable[[Event], None] | None = None, on_part: OnPart | None = None
) -> dict[str, Any]:
    """Run the job of a folder to its end.

    Parameters
    ----------
    folder : Path
        Job folder.
    workspace : Workspace
    sink : callable, optional
        Also receives every event.
    on_part : callable, optional
        Receives each part of the result as soon as it is known, where the kind has parts.

    Returns
    -------
    dict
        The result, as stored in ``result/result.json``.

    Raises
    ------
    InputError
        When another worker has begun the job: then that one runs it, and nothing happens here.
    GaitError
        Whatever ended the work.
    """
    spec = checked_spec(read_json(folder / "spec.json"), folder)
    with taking_turn(folder):
        handler = _log_to(folder / "log.txt")
        try:
            with StatusWriter(folder) as writer:
                return _run(spec, folder, workspace, writer, sink, on_part)
        finally:
            logging.getLogger("gait_core").removeHandler(handler)
            handler.close()


def _run(
    spec: Mapping[str, Any],
    folder: Path,
    workspace: Workspace,
    writer: StatusWriter,
    sink: Callable[[Event], None] | None,
    on_part: OnPart | None,
) -> dict[str, Any]:
    def listen(event: Event) -> None:
        writer.sink(event)
        if sink is not None:
            sink(event)

    reporter = Reporter(
        sink=listen,
        cancelled=_marker_watch(folder / "cancel"),
        stop_early=_marker_watch(folder / "stop_early"),
        run_id=str(spec["id"]),
    )
    try:
        kind = kind_named(spec["kind"])
        lock = _wait_for_turn(spec, workspace, reporter)
        try:
            writer.start()
            _logger.info("start %s %.*s", spec["kind"], _LOGGED_CHARACTERS, spec["params"])
            result = kind.run(spec["params"], workspace, reporter, on_part)
            write_json(folder / "result" / "result.json", sealed(json_ready(result), folder / "result"))
        finally:
            lock.release()
    except (Cancelled, KeyboardInterrupt) as error:
        _logger.info("cancelled")
        writer.end("cancelled", message="Cancelled; nothing half made was kept.")
        if isinstance(error, KeyboardInterrupt):
            raise Cancelled() from error
        raise
    except GaitError as error:
        _logger.exception("failed")
        writer.end("failed", error)
        raise
    except Exception as error:
        _logger.exception("failed unexpectedly")
        writer.end("failed", _unexpected(error))
        raise
    writer.end("done")
    _logger.info("done")
    return result


def _unexpected(error: Exception) -> GaitError:
    if isinstance(error, MemoryError):
        return GaitError(
            "Expected enough memory for this step, but the machine ran out.",
            "Close other programs or choose the profile 'fast', then resume the job.",
        )
    return GaitError(
        f"Something failed that should not: {type(error).__name__}: {error}".strip(),
        "Resume the job; if it fails again, send the log to the developers.",
    )


def _wait_for_turn(spec: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> FileLock:
    """Return the held lock of the queue once this job is the oldest that waits."""
    path = workspace.jobs / "queue.lock"
    with storage_guard(path):
        lock = FileLock(path)
    store = JobStore(workspace)
    told = False
    while True:
        reporter.check()
        if not any(_is_ahead(job, spec) for job in store.list()):
            try:
                lock.acquire(timeout=0)
                return lock
            except Timeout:
                pass
            except OSError as error:
                raise StorageError(
                    f"Expected to lock {path}, but it failed ({error.strerror}).", "Choose another workspace."
                ) from error
        if not told:
            told = True
            reporter.note("queue", "Waiting for another job of this workspace to end.")
        time.sleep(_POLL_S)


def _is_ahead(job: Job, spec: Mapping[str, Any]) -> bool:
    return (
        job.active
        and job.state != "cancelling"
        and job.status.get("state") == "queued"
        and (job.created_s, job.id) < (spec["created_s"], spec["id"])
    )


def _marker_watch(path: Path, every_s: float = 0.2) -> Callable[[], bool]:
    """Return a cheap test for a marker file: at most one look at the disk each `every_s` seconds."""
    looked_s, seen = 0.0, False

    def present() -> bool:
        nonlocal looked_s, seen
        now_s = time.monotonic()
        if not seen and now_s - looked_s >= every_s:
            looked_s, seen = now_s, path.exists()
        return seen

    return present


class _JobLog(logging.FileHandler):
    """A log that a full disk keeps short, while the work itself says that the disk is full."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Leave the record out where there is no space for it."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def close(self) -> None:
        """Close the file, whether or not its last lines found space."""
        with contextlib.suppress(OSError):
            super().close()


def _log_to(path: Path) -> logging.Handler:
    with storage_guard(path):
        handler = _JobLog(path, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("gait_core")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    return handler
