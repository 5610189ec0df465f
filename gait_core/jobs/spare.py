"""Hands a job to a worker process that has already loaded what it needs.

::

    jobs/.spare/
      lock            held by the one idle spare of the workspace; the system frees it when that dies
      ready.json      who waits, and with which code; gone once it has a job or is to leave
      offer-<pid>     the name of a job, put there by who submits; the spare of that number renames it
      taken-<pid>     the job that a spare has taken so

Every step is one atomic rename or link, so two dashboards cannot give two jobs to one spare. A spare that hangs or
dies loses no job: who submits starts a fresh worker. Files here state only who was offered a job; that no two workers
run it is seen to by `gait_core.jobs.turn`, and whether a spare has accepted is whether it has begun the job.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

import psutil

from gait_core.errors import GaitError
from gait_core.jobs.job import worker_process
from gait_core.jobs.turn import has_begun, write_while_waiting
from gait_core.workspace import Workspace, read_json, storage_guard

__all__ = ["IDLE_S", "Spare", "code_stamp"]

IDLE_S: Final = 15 * 60.0
"""How long a spare waits for a job, s."""

_ACCEPT_S: Final = 0.6
_BEGIN_S: Final = 5.0
"""How long a spare that has taken a job may need to begin it, s."""
_LOOK_EVERY_S: Final = 0.005
_LEAVE_S: Final = 1.5
_BEGIN_EVERY_S: Final = 2.0
_PROJECT: Final = Path(__file__).resolve().parents[2]


class Spare:
    """The spare worker of one workspace, seen by who submits jobs.

    Parameters
    ----------
    workspace : Workspace
    idle_s : float
        How long a spare waits for a job before it ends, s.
    """

    def __init__(self, workspace: Workspace, *, idle_s: float = IDLE_S) -> None:
        self._workspace = workspace
        self._idle_s = idle_s
        self._process: subprocess.Popen[bytes] | None = None
        self._begun_s = float("-inf")
        self._gone: set[int] = set()
        self.folder = workspace.jobs / ".spare"

    def waiting(self) -> psutil.Process | None:
        """Return the process that waits for a job and runs the current code, or None."""
        facts = self._facts()
        if facts is None:
            return None
        if facts.get("stamp") != code_stamp():
            (self.folder / "ready.json").unlink(missing_ok=True)  # so that it leaves, and another can come
            return None
        return worker_process(facts)

    def start(self) -> bool:
        """Start a spare unless one waits or loads already; without a job it ends with this process.

        Whoever starts a second one does no harm: it sees the lock and ends.

        Returns
        -------
        bool
            False when it is too early for another one; ask again.
        """
        if self._loading() or self.waiting() is not None:
            return True
        now_s = time.monotonic()
        if now_s - self._begun_s < _BEGIN_EVERY_S:
            return False
        self._begun_s = now_s
        command = [sys.executable, "-m", "gait_core", "worker", "--spare", "--workspace", str(self._workspace.root)]
        command += ["--idle-s", str(self._idle_s)]
        log = self.folder / "log.txt"
        with storage_guard(log):
            self.folder.mkdir(parents=True, exist_ok=True)
            with log.open("wb") as handle:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=handle,
                    stderr=handle,
                    cwd=_PROJECT,
                    start_new_session=True,
                    env=dict(os.environ, PYTHONUNBUFFERED="1"),
                )
        threading.Thread(target=self._process.wait, daemon=True, name=f"reap-{self._process.pid}").start()
        return True

    def wait_until_ready(self, limit_s: float = 60.0) -> bool:
        """Wait until a spare can take a job; False when none could within the limit."""
        end_s = time.monotonic() + limit_s
        while time.monotonic() < end_s:
            if self.waiting() is not None:
                return True
            self.start()
            time.sleep(0.05)
        return False

    def hand_over(self, job: Path) -> bool:
        """Give a job to the spare.

        Parameters
        ----------
        job : Path
            Job folder, waiting for a worker.

        Returns
        -------
        bool
            True when a worker has begun the job. False when none had: a fresh worker is needed, and should the spare
            still come, the one that begins first runs the job.
        """
        process = self.waiting()
        if process is None:
            return False
        try:
            facts = {"pid": process.pid, "pid_started_s": process.create_time()}
        except psutil.Error:
            return False
        # Whoever looks at the job has to see at once when the spare dies over it.
        if not write_while_waiting(job, _queued(**facts)):
            return True
        if self._offer(job, process):
            self._gone.add(process.pid)  # busy from now on, or hung: another may be started
            self._await_begin(job, process)
        return not write_while_waiting(job, _queued(pid=None))

    def stop(self) -> None:
        """Ask the spare that waits to leave, and end the one that this process started if it has no job."""
        (self.folder / "ready.json").unlink(missing_ok=True)
        process = self._process
        if process is None:
            return
        end_s = time.monotonic() + _LEAVE_S
        while process.poll() is None and time.monotonic() < end_s:
            time.sleep(0.02)
        if process.poll() is None and not self._has_job(process.pid):
            process.terminate()

    def _loading(self) -> bool:
        """Return whether the process that was started last has not had its job yet."""
        process = self._process
        return process is not None and process.poll() is None and process.pid not in self._gone

    def _has_job(self, pid: int) -> bool:
        return (self.folder / f"taken-{pid}").exists()

    def _facts(self) -> dict[str, Any] | None:
        try:
            return dict(read_json(self.folder / "ready.json"))
        except (GaitError, ValueError, TypeError):
            return None

    def _offer(self, job: Path, process: psutil.Process) -> bool:
        written = self.folder / f"written-{secrets.token_hex(4)}"
        try:
            written.write_text(job.name, encoding="utf-8")
            os.link(written, self.folder / f"offer-{process.pid}")
        except OSError:
            return False  # another dashboard was faster, or a disk without links
        finally:
            written.unlink(missing_ok=True)
        return True

    def _await_begin(self, job: Path, process: psutil.Process) -> None:
        """Wait for the spare to begin a job that it was offered; withdraw the offer when it does not."""
        offer, taken = self.folder / f"offer-{process.pid}", self.folder / f"taken-{process.pid}"
        offered_s = time.monotonic()
        while not has_begun(job) and self._runs(process):
            patience_s = _BEGIN_S if _names(taken, job) else _ACCEPT_S
            if time.monotonic() - offered_s > patience_s:
                break
            time.sleep(_LOOK_EVERY_S)
        if taken.exists():
            # It has this job or another one. An offer that lies here now may be that of another dashboard.
            if _names(offer, job):
                offer.unlink(missing_ok=True)
            return
        (self.folder / "ready.json").unlink(missing_ok=True)  # first: what it takes from now on, it does not begin
        try:
            offer.unlink()
        except FileNotFoundError:
            return  # it has moved after all
        if not taken.exists():
            self._end(process)

    def _end(self, process: psutil.Process) -> None:
        """End a spare that waits and yet takes nothing: it hangs."""
        try:
            process.kill()
        except psutil.Error:
            return  # already gone

    def _runs(self, process: psutil.Process) -> bool:
        try:
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


def _names(file: Path, job: Path) -> bool:
    """Return whether an offer is that of a job."""
    try:
        return file.read_text(encoding="utf-8") == job.name
    except OSError:
        return False


def _queued(**worker: Any) -> dict[str, Any]:
    return {"state": "queued", "heartbeat_s": time.time(), **worker}


def code_stamp() -> int:
    """Return when the code last changed; a spare with older code is of no use.

    Returns
    -------
    int
        Latest modification of a Python file of the package, ns since the Unix epoch.
    """
    return max(path.stat().st_mtime_ns for path in (_PROJECT / "gait_core").rglob("*.py"))
