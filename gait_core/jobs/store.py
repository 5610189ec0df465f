"""Job folders as the dashboard and the command line see them.

::

    jobs/<id>/
      spec.json       what to do; never changes
      status.json     where it stands; replaced atomically, at most twice a second
      events.jsonl    everything that happened, one JSON object a line
      log.txt         what the worker logged
      result/         result.json, written once the work is done
      cancel          present once the user asked to stop and discard
      stop_early      present once the user asked training to end and keep its best weights
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import psutil

from gait_core.errors import InputError, NotFoundError, StorageError
from gait_core.workspace import Workspace, new_id, read_json, storage_guard, write_json

__all__ = ["ACTIVE_STATES", "Job", "JobStore"]

Events: TypeAlias = list[dict[str, Any]]
ACTIVE_STATES = frozenset({"queued", "running", "cancelling"})
_START_GRACE_S = 30.0
_SILENCE_LIMIT_S = 90.0
_KILL_AFTER_S = 8.0
_PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """One job folder at one moment.

    Attributes
    ----------
    id, kind, title : str
    state : {"queued", "running", "cancelling", "cancelled", "failed", "crashed", "done"}
    spec, status : mapping
        Contents of ``spec.json`` and ``status.json``.
    folder : Path
    """

    id: str
    kind: str
    title: str
    state: str
    spec: Mapping[str, Any]
    status: Mapping[str, Any]
    folder: Path = field(repr=False)

    @property
    def active(self) -> bool:
        """True while a worker has it or will have it."""
        return self.state in ACTIVE_STATES

    @property
    def stage(self) -> str:
        """Name of the running stage, or of the last one."""
        return str(self.status.get("stage", ""))

    @property
    def done(self) -> float:
        """Work done in the running stage, in `unit`."""
        return float(self.status.get("done", 0.0))

    @property
    def total(self) -> float:
        """Work expected in the running stage; 0 when unknown."""
        return float(self.status.get("total", 0.0))

    @property
    def unit(self) -> str:
        """Unit of `done` and `total`."""
        return str(self.status.get("unit", ""))

    @property
    def rate_per_s(self) -> float | None:
        """Units per second, or None."""
        return self.status.get("rate_per_s")

    @property
    def eta_s(self) -> float | None:
        """Seconds left in the running stage, or None."""
        return self.status.get("eta_s")

    @property
    def message(self) -> str:
        """One line on what is being done."""
        return str(self.status.get("message", ""))

    @property
    def error(self) -> dict[str, str] | None:
        """`kind`, `message` and `remedy` of what ended the job, or None."""
        if self.state == "crashed":
            return {
                "kind": "Crashed",
                "message": "The worker process ended without a word; it may have been killed or run out of memory.",
                "remedy": "Resume the job: what was finished is kept. The log shows the last thing it did.",
            }
        return self.status.get("error")

    @property
    def items(self) -> list[dict[str, Any]]:
        """The videos of a parallel stage, in input order."""
        return list(self.status.get("items", []))

    @property
    def stages(self) -> list[dict[str, Any]]:
        """The stages so far, each with `name`, `state` and `duration_s`."""
        return list(self.status.get("stages", []))

    @property
    def warnings(self) -> list[str]:
        """What the user has to know."""
        return list(self.status.get("warnings", []))

    @property
    def peak_memory_bytes(self) -> int:
        """Largest resident memory of the worker so far."""
        return int(self.status.get("peak_memory_bytes", 0))

    @property
    def created_s(self) -> float:
        """When it was submitted, seconds since the Unix epoch."""
        return float(self.spec["created_s"])

    @property
    def started_s(self) -> float | None:
        """When it began to run."""
        return self.status.get("started_s")

    @property
    def ended_s(self) -> float | None:
        """When it ended."""
        return self.status.get("ended_s")

    @property
    def duration_s(self) -> float | None:
        """Running time so far, or in all."""
        if self.started_s is None:
            return None
        end_s = self.ended_s or (time.time() if self.active else self.status.get("heartbeat_s", self.started_s))
        return float(end_s - self.started_s)


class JobStore:
    """All jobs of one workspace.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def create(self, kind: str, params: Mapping[str, Any], title: str) -> Job:
        """Write the folder of a new job without starting it."""
        job_id = new_id(kind.replace("_", "-"))
        folder = self._folder(job_id)
        spec = {"id": job_id, "kind": kind, "title": title, "params": dict(params), "created_s": time.time()}
        write_json(folder / "status.json", {"state": "queued", "heartbeat_s": time.time(), "pid": None})
        write_json(folder / "spec.json", spec)
        return self.get(job_id)

    def submit(self, kind: str, params: Mapping[str, Any], title: str) -> Job:
        """Write the folder of a new job and start a worker for it; it waits for its turn."""
        job = self.create(kind, params, title)
        self._spawn(job.folder)
        return job

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises
        ------
        NotFoundError
            When there is none of that name.
        """
        folder = self._folder(job_id)
        if not (folder / "spec.json").is_file():
            raise NotFoundError(f"Expected a job {job_id!r}, but there is none.", "Look at the list of jobs again.")
        spec = read_json(folder / "spec.json")
        status = read_json(folder / "status.json")
        return Job(
            id=spec["id"],
            kind=spec["kind"],
            title=spec["title"],
            state=_state_of(folder, spec, status),
            spec=spec,
            status=status,
            folder=folder,
        )

    def list(self) -> list[Job]:
        """Return all jobs, newest first; a damaged folder is left out."""
        jobs = []
        for path in self.workspace.jobs.glob("*/spec.json"):
            try:
                jobs.append(self.get(path.parent.name))
            except (NotFoundError, StorageError, KeyError):
                continue
        return sorted(jobs, key=lambda job: job.created_s, reverse=True)

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop and to discard its work; a second request, seconds later, ends the process."""
        job = self.get(job_id)
        if not job.active:
            return
        marker = job.folder / "cancel"
        asked_s = marker.stat().st_mtime if marker.exists() else None
        if asked_s is None:
            with storage_guard(marker):
                marker.touch()
            return
        if time.time() - asked_s > _KILL_AFTER_S:
            process = worker_process(job.status)
            if process is not None:
                process.kill()
                process.wait(5)
            write_json(job.folder / "status.json", dict(job.status, state="cancelled", ended_s=time.time()))

    def stop_early(self, job_id: str) -> None:
        """Ask training to end now and to keep its best weights."""
        job = self.get(job_id)
        if job.active:
            with storage_guard(job.folder):
                (job.folder / "stop_early").touch()

    def resume(self, job_id: str) -> Job:
        """Run an ended job again in its folder; finished parts come from the cache.

        Raises
        ------
        InputError
            When the job is still active.
        """
        job = self.get(job_id)
        if job.active:
            raise InputError(f"Expected an ended job, but {job_id!r} is {job.state}.", "Cancel it first, or wait.")
        for marker in ("cancel", "stop_early"):
            (job.folder / marker).unlink(missing_ok=True)
        write_json(job.folder / "status.json", {"state": "queued", "heartbeat_s": time.time(), "pid": None})
        self._spawn(job.folder)
        return self.get(job_id)

    def delete(self, job_id: str) -> None:
        """Delete the folder of an ended job.

        Raises
        ------
        InputError
            When the job is still active.
        """
        job = self.get(job_id)
        if job.active:
            raise InputError(f"Expected an ended job, but {job_id!r} is {job.state}.", "Cancel it first.")
        with storage_guard(job.folder):
            shutil.rmtree(job.folder)

    def events(self, job_id: str, kinds: Iterable[str] | None = None) -> Events:
        """Return what happened, oldest first, optionally of some kinds only; a half-written last line is left out."""
        wanted = set(kinds) if kinds is not None else None
        path = self._folder(job_id) / "events.jsonl"
        found: Events = []
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if wanted is None or event.get("kind") in wanted:
                found.append(event)
        return found

    def log(self, job_id: str, last_bytes: int = 200_000) -> str:
        """Return the end of the log."""
        path = self._folder(job_id) / "log.txt"
        if not path.is_file():
            return ""
        with path.open("rb") as handle:
            handle.seek(max(0, path.stat().st_size - last_bytes))
            return handle.read().decode("utf-8", "replace")

    def result(self, job_id: str) -> dict[str, Any] | None:
        """Return the result, or None as long as there is none."""
        path = self._folder(job_id) / "result" / "result.json"
        return dict(read_json(path)) if path.is_file() else None

    def _folder(self, job_id: str) -> Path:
        return self.workspace.entry("jobs", job_id)

    def _spawn(self, folder: Path) -> None:
        command = [sys.executable, "-m", "gait_core", "worker", str(folder), "--workspace", str(self.workspace.root)]
        log = folder / "log.txt"
        with storage_guard(log), log.open("ab") as handle:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=handle,
                cwd=_PROJECT,
                start_new_session=True,
                env=dict(os.environ, PYTHONUNBUFFERED="1"),
            )
        # Somebody has to collect the exit status, or a dead worker stays in the process table.
        threading.Thread(target=process.wait, daemon=True, name=f"reap-{process.pid}").start()


def worker_process(status: Mapping[str, Any]) -> psutil.Process | None:
    """Return the living worker of a status, or None; a new process that got the same number is not it."""
    pid = status.get("pid")
    if not pid:
        return None
    try:
        process = psutil.Process(int(pid))
        same = abs(process.create_time() - float(status.get("pid_started_s", 0.0))) < 2.0
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def _state_of(folder: Path, spec: Mapping[str, Any], status: Mapping[str, Any]) -> str:
    state = str(status.get("state", "queued"))
    if state not in ACTIVE_STATES:
        return state
    silent_s = time.time() - float(status.get("heartbeat_s", spec["created_s"]))
    cancelling = (folder / "cancel").exists()
    if not status.get("pid"):
        if silent_s > _START_GRACE_S:
            return "cancelled" if cancelling else "crashed"
    elif worker_process(status) is None or silent_s > _SILENCE_LIMIT_S:
        return "cancelled" if cancelling else "crashed"
    return "cancelling" if cancelling else state
