"""Hands a job to a worker process that has already loaded what it needs.

::

    jobs/.spare/
      lock            held by the one idle spare of the workspace; the system frees it when that dies
      ready.json      who waits, and with which code; gone once it has a job or is to leave
      offer-<pid>     the name of a job, put there by who submits; the spare of that number renames it
      taken-<pid>     the job that a spare has taken so

Every step is one atomic rename or link, so two dashboards cannot give two jobs to one spare, and a spare
that hangs or dies loses no job: who submits takes it back and starts a fresh worker.
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
from gait_core.workspace import Workspace, read_json, storage_guard, write_json

__all__ = ["IDLE_S", "Spare", "code_stamp"]

IDLE_S: Final = 15 * 60.0
"""How long a spare waits for a job, s."""

_ACCEPT_S: Final = 0.6
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
        """Return the process that waits for a job and runs the code of today, or None."""
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
        """Give a job to the spare; False when there is none or it does not take it: then nobody has it.

        Parameters
        ----------
        job : Path
            Job folder, queued.
        """
        facts = self._facts()
        process = self.waiting()
        if facts is None or process is None:
            return False
        # Whoever looks at the job has to see at once when the spare dies over it.
        _claim(job, pid=facts["pid"], pid_started_s=facts["pid_started_s"])
        try:
            offered = self._offer(job, process)
        except OSError:
            offered = False  # another dashboard was faster, or a disk without links
        if offered:
            self._gone.add(process.pid)  # busy from now on, or hung: another one may come
            if self._accepted(job, process):
                return True
        _claim(job, pid=None, pid_started_s=0.0)
        return False

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
        """Tell whether the process that was started last has not had its job yet."""
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
        written.write_text(job.name, encoding="utf-8")
        try:
            os.link(written, self.folder / f"offer-{process.pid}")  # fails where another one lies
        finally:
            written.unlink()
        return True

    def _accepted(self, job: Path, process: psutil.Process) -> bool:
        """Wait for the spare to take the offer; take it back when it does not."""
        offer, taken = self.folder / f"offer-{process.pid}", self.folder / f"taken-{process.pid}"
        end_s = time.monotonic() + _ACCEPT_S
        while offer.exists() and time.monotonic() < end_s and process.is_running():
            time.sleep(_LOOK_EVERY_S)
        try:
            offer.unlink()
        except FileNotFoundError:
            # It took this job or was swept away. If it died over it, nobody works on the job and nobody will.
            mine = taken.is_file() and taken.read_text(encoding="utf-8") == job.name
            return mine and (self._runs(process) or _begun(job))
        if not taken.exists():
            self._retire(process)
        return False

    def _retire(self, process: psutil.Process) -> None:
        """End a spare that waits and yet takes nothing: it hangs."""
        (self.folder / "ready.json").unlink(missing_ok=True)
        try:
            process.kill()
        except psutil.Error:
            return  # it is gone already

    def _runs(self, process: psutil.Process) -> bool:
        try:
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


def _begun(job: Path) -> bool:
    """Tell whether a worker has reported from a job: then it had it, and may have ended it already."""
    try:
        return "stages" in read_json(job / "status.json")
    except GaitError:
        return False


def _claim(job: Path, **values: Any) -> None:
    write_json(job / "status.json", {"state": "queued", "heartbeat_s": time.time(), **values})


def code_stamp() -> int:
    """Return when the code last changed, ns; a spare with older code is of no use."""
    return max(path.stat().st_mtime_ns for path in (_PROJECT / "gait_core").rglob("*.py"))
