"""Trains in a process of its own, so that a training that the system kills is noticed, reported and tried once more.

When that process was ended from outside, the reason is looked for in this order:

1. It reported that an allocation failed, or it was killed (SIGKILL) and the system's count of processes ended for want
   of memory has risen since it was started, or, where there is no such count, less memory was free during its last
   seconds than has to stay free: memory ran out. The run goes on once with half the batch and the gradients of twice as
   many steps averaged, so that the effective batch stays; the second time it fails with advice.
2. The user had asked to cancel: cancelled.
3. Anything else, such as a person's ``kill -9`` or a crash inside a library: the run fails with the signal named. It
   keeps finished folds and checkpoint, and can be resumed.

A ``kill -9`` by hand at the very moment when the system ends another process of the same control group is taken for
want of memory: the run then goes on with half the batch, which gives the same training.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from gait_core.errors import Cancelled, GaitError, MemoryLimitError
from gait_core.learn.fit_once_more import OUT_OF_MEMORY
from gait_core.learn.memory_kills import kills_for_memory, memory_is_short
from gait_core.learn.runs import end_run, load_run, new_run_id
from gait_core.progress import Event, Reporter
from gait_core.workflows.train_request import TrainRequest
from gait_core.workspace import Workspace

__all__ = ["COMMAND", "train_supervised", "wants_supervision"]

COMMAND: Final = (sys.executable, "-m", "gait_core.workflows.training_process")
_PROJECT: Final = Path(__file__).resolve().parents[2]
_POLL_S: Final = 0.1
_GRACE_S: Final = 5.0
"""Grace time of a training that was asked to cancel; less than a job gets before it is killed."""
_RECENT_S: Final = 3.0
_LAST_LINES: Final = 40
_logger = logging.getLogger(__name__)


def wants_supervision(request: TrainRequest) -> bool:
    """Return whether a training justifies a process of its own.

    Returns
    -------
    bool
        True where the settings of the classifier have `batch_size` and `accumulate`, so that smaller batches take less
        memory.
    """
    return {"batch_size", "accumulate"} <= set(request.model_settings().to_dict())


def train_supervised(
    request: TrainRequest, workspace: Workspace, reporter: Reporter, *, command: Sequence[str] = COMMAND
) -> dict[str, Any]:
    """Train in a process of its own; when the system kills it for want of memory, once more with half the batch.

    Parameters
    ----------
    request : TrainRequest
    workspace : Workspace
    reporter : Reporter
        Gets all events of the training, and is asked whether to cancel or to stop early.
    command : sequence of str
        Starts that process.

    Returns
    -------
    dict
        See `train_classifier`.

    Raises
    ------
    GaitError
        What `train_classifier` raises; `MemoryLimitError` also when half the batch was too much as well.
    Cancelled
    """
    request = request.with_(run=request.run or new_run_id(request.model))
    for halvings in (0, 1):
        task = {"request": request.to_dict(), "workspace": str(workspace.root), "halvings": halvings}
        ended = _Child(command, task).follow(reporter)
        if ended.result is not None:
            return ended.result
        if ended.error is not None:
            raise ended.error
        error = _what_ended(ended)
        if not isinstance(error, MemoryLimitError) or halvings or not _can_halve(workspace, request.run):
            break
        reporter.warn(
            "train",
            "The system ended the training because memory ran out: it continues once more with half the batch, the "
            "gradients of twice as many steps averaged, so that the effective batch stays.",
        )
    end_run(workspace, request.run, "cancelled" if isinstance(error, Cancelled) else "failed", error)
    raise error


@dataclass(frozen=True, kw_only=True, eq=False)
class _Ended:
    """How a training process ended.

    Attributes
    ----------
    result : dict or None
    error : GaitError or None
        What it reported itself.
    code : int
        Exit status; negative for a signal.
    cancelled : bool
        It had been asked to cancel, and did not end in time.
    killed_for_memory : bool
    lines : tuple of str
        The last ones that it wrote to standard error.
    """

    result: dict[str, Any] | None
    error: GaitError | None
    code: int
    cancelled: bool
    killed_for_memory: bool
    lines: tuple[str, ...]


class _Child:
    """One training process.

    Parameters
    ----------
    command : sequence of str
    task : mapping
        ``request``, ``workspace``, ``halvings``.
    """

    def __init__(self, command: Sequence[str], task: Mapping[str, Any]) -> None:
        self._kills = kills_for_memory()
        self._short_s = float("-inf")
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            cwd=_PROJECT,
            start_new_session=True,  # Ctrl-C reaches this process, which asks the other one to cancel
        )
        self._messages: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._threads = [
            threading.Thread(target=self._read_messages, daemon=True, name="training-messages"),
            threading.Thread(target=self._read_log, daemon=True, name="training-log"),
        ]
        for thread in self._threads:
            thread.start()
        self._order(json.dumps(task))

    def follow(self, reporter: Reporter) -> _Ended:
        """Hand on its events and the wishes of the user until it ends; it never outlives this call."""
        found: dict[str, Any] = {}
        asked_s: float | None = None
        stopping = False
        try:
            for message in self._until_the_end():
                found |= {name: value for name, value in message.items() if name != "event"}
                if "event" in message:
                    reporter.emit(Event(**message["event"]))
                if asked_s is None and _is_cancelled(reporter):
                    asked_s = time.monotonic()
                    self._order("cancel")
                if not stopping and reporter.wants_early_stop():
                    stopping = True
                    self._order("stop")
                if asked_s is not None and time.monotonic() - asked_s > _GRACE_S:
                    break
        finally:
            self._end()
        return _Ended(
            result=found.get("result"),
            error=GaitError.from_dict(found["error"]) if "error" in found else None,
            code=self._process.returncode,
            cancelled=asked_s is not None,
            killed_for_memory=self._killed_for_memory(),
            lines=tuple(self._lines),
        )

    def _until_the_end(self) -> Iterator[dict[str, Any]]:
        """Yield the messages of the process, and an empty one whenever there is none for a while."""
        while True:
            if memory_is_short():
                self._short_s = time.monotonic()
            try:
                line = self._messages.get(timeout=_POLL_S)
            except queue.Empty:
                yield {}
                continue
            if line is None:
                return
            with contextlib.suppress(ValueError):  # the last line of a process that was killed may be half a line
                yield json.loads(line)

    def _killed_for_memory(self) -> bool:
        if self._process.returncode != -getattr(signal, "SIGKILL", 0):
            return False
        now = kills_for_memory()
        if now is None or self._kills is None:
            return time.monotonic() - self._short_s < _RECENT_S
        return now > self._kills

    def _end(self) -> None:
        """End the process, unless it has reported everything and exits by itself, and close its streams."""
        told_all = not self._threads[0].is_alive()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_S if told_all else 0)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _order(self, line: str) -> None:
        stream = self._process.stdin
        with contextlib.suppress(OSError):  # it has ended meanwhile, which is noticed elsewhere
            if stream is not None:
                stream.write(line + "\n")
                stream.flush()

    def _read_messages(self) -> None:
        for line in _lines_of(self._process.stdout):
            self._messages.put(line)
        self._messages.put(None)

    def _read_log(self) -> None:
        for line in _lines_of(self._process.stderr):
            self._lines.append(line.rstrip())
            _logger.info("training process: %s", line.rstrip())


def _lines_of(stream: IO[str] | None) -> Iterator[str]:
    if stream is not None:
        yield from stream


def _is_cancelled(reporter: Reporter) -> bool:
    try:
        reporter.check()
    except Cancelled:
        return True
    return False


def _what_ended(ended: _Ended) -> GaitError:
    """Return the error of a process that ended without reporting one."""
    if ended.killed_for_memory or any(word in line for line in ended.lines for word in OUT_OF_MEMORY):
        return MemoryLimitError(
            "Expected enough memory for this training, but it ran out and the system ended the training.",
            "Choose a smaller model, a smaller batch_size or fewer rows, or close other programs; then resume the run.",
        )
    if ended.cancelled:
        return Cancelled()
    how = f"with status {ended.code}" if ended.code >= 0 else f"by signal {-ended.code} ({_signal_name(-ended.code)})"
    return GaitError(
        f"Expected the training to continue, but its process was ended from outside {how}.",
        "Resume the run: finished folds and the last checkpoint are kept. If no user ended it, the log may show why.",
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def _can_halve(workspace: Workspace, run: str) -> bool:
    """Return whether the run has begun and has a batch that can be halved."""
    try:
        manifest = load_run(workspace, run).manifest
    except GaitError:
        return False
    return manifest is not None and int(manifest.settings.get("batch_size") or 1) > 1
