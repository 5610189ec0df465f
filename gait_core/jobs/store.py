"""Job folders as the dashboard and the command line see them.

::

    jobs/<id>/
      spec.json       what to do; never changes
      status.json     where it stands; replaced atomically, at most twice a second
      events.jsonl    everything that happened, one JSON object a line
      log.txt         what the worker logged
      result/         result.json, written once the work is done
      waiting, lock   who may run the job; see `gait_core.jobs.turn`
      cancel          present once the user asked to stop and discard
      stop_early      present once the user asked training to end and keep its best weights
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeAlias

from gait_core.errors import InputError, NotFoundError, StorageError
from gait_core.jobs.job import ACTIVE_STATES, Job, worker_process
from gait_core.jobs.read_job import read_job
from gait_core.jobs.spare import Spare
from gait_core.jobs.stored_job import RUN_AGAIN
from gait_core.jobs.turn import holding, open_turn
from gait_core.phrases import one_spelling
from gait_core.storage.json_file import parse_json
from gait_core.storage.seal import check_seal, unsealed
from gait_core.workspace import Workspace, new_id, read_json, storage_guard, write_json

__all__ = ["ACTIVE_STATES", "Job", "JobStore"]

Events: TypeAlias = list[dict[str, Any]]
_KILL_AFTER_S = 8.0
_RENEW_EVERY_S = 0.5
_KEEP_EVERY_S = 5.0
_PROJECT = Path(__file__).resolve().parents[2]


class JobStore:
    """All jobs of one workspace.

    Parameters
    ----------
    workspace : Workspace
    spare : bool
        Keep one worker process that has loaded everything and waits for the next job.
    """

    def __init__(self, workspace: Workspace, *, spare: bool = False) -> None:
        self.workspace = workspace
        self.spare = Spare(workspace) if spare else None
        self._kept_s = float("-inf")

    def create(self, kind: str, params: Mapping[str, Any], title: str) -> Job:
        """Write the folder of a new job without starting it."""
        job_id = new_id(kind.replace("_", "-"))
        folder = self._folder(job_id)
        if isinstance(params.get("subject"), str):
            params = {**params, "subject": one_spelling(params["subject"])}
        spec = {"id": job_id, "kind": kind, "title": title, "params": dict(params), "created_s": time.time()}
        write_json(folder / "status.json", {"state": "queued", "heartbeat_s": time.time(), "pid": None})
        open_turn(folder)
        write_json(folder / "spec.json", spec)
        return self.get(job_id)

    def submit(self, kind: str, params: Mapping[str, Any], title: str) -> Job:
        """Write the folder of a new job and start a worker for it; it waits for its turn."""
        job = self.create(kind, params, title)
        self._give_out(job.folder)
        return job

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises
        ------
        NotFoundError
            When there is none of that name.
        """
        return read_job(self._folder(job_id))

    def list(self) -> list[Job]:
        """Return all jobs, newest first, including damaged ones."""
        jobs = []
        for folder in self.workspace.entries("jobs"):
            try:
                jobs.append(self.get(folder.name))
            except (NotFoundError, StorageError):
                continue  # deleted or made just now
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
            When the job is still active, or has been resumed elsewhere.
        """
        job = self.reopen(job_id)
        self._give_out(job.folder)
        return self.get(job_id)

    def reopen(self, job_id: str) -> Job:
        """Let an ended job wait for a worker again, without starting one; see `resume`.

        Raises
        ------
        InputError
            When the job is still active, or has been resumed elsewhere.
        StorageError
            When its specification is damaged.
        """
        ended = self._ended(job_id)
        if not ended.can_run_again:
            problem = ended.error or {}
            raise StorageError(problem["message"], problem["remedy"])
        _end_silent_worker(ended)
        with holding(self._folder(job_id)):
            folder = self._ended(job_id).folder  # still, now that no other process can start or resume it
            for marker in ("cancel", "stop_early"):
                _clear(folder / marker)
            _clear(folder / "status.json")
            write_json(folder / "status.json", {"state": "queued", "heartbeat_s": time.time(), "pid": None})
            open_turn(folder)
        return self.get(job_id)

    def delete(self, job_id: str) -> None:
        """Delete the folder of an ended job.

        Raises
        ------
        InputError
            When the job is still active.
        """
        job = self._ended(job_id)
        with holding(job.folder) if job.state == "damaged" else nullcontext(), storage_guard(job.folder):
            shutil.rmtree(job.folder)

    def events(self, job_id: str, kinds: Iterable[str] | None = None) -> Events:
        """Return what happened, oldest first, optionally of some kinds only; a half-written last line is left out."""
        wanted = set(kinds) if kinds is not None else None
        path = self._folder(job_id) / "events.jsonl"
        found: Events = []
        for line in path.read_bytes().splitlines() if path.is_file() else []:
            try:
                event = parse_json(line)
            except ValueError:
                continue
            if isinstance(event, dict) and (wanted is None or event.get("kind") in wanted):
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
        if not path.is_file():
            return None
        result = read_json(path)
        if not isinstance(result, dict):
            raise StorageError(f"Expected the result of a job in {path}, but it is damaged.", RUN_AGAIN)
        check_seal(result, path, what=f"the result of the job {job_id}", stored_s=None, remedy=RUN_AGAIN)
        return unsealed(result)

    def _folder(self, job_id: str) -> Path:
        return self.workspace.entry("jobs", job_id)

    def _ended(self, job_id: str) -> Job:
        job = self.get(job_id)
        if job.active:
            raise InputError(
                f"Expected a job that has ended, but {job_id!r} is {job.state}.", "Cancel it first, or wait."
            )
        return job

    def keep_spare(self) -> None:
        """See to it that a spare worker waits, where this store keeps one; cheap when one does."""
        now_s = time.monotonic()
        if self.spare is not None and now_s - self._kept_s > _KEEP_EVERY_S:
            self._kept_s = now_s
            self.spare.start()

    def stop_spare(self) -> None:
        """Let the spare worker go."""
        if self.spare is not None:
            self.spare.stop()

    def _give_out(self, folder: Path) -> None:
        """Give a job to the spare worker, or to a fresh one."""
        if self.spare is None:
            self._spawn(folder)
            return
        if not self.spare.hand_over(folder):
            self._spawn(folder)
        threading.Thread(target=self._renew, args=(folder.name,), daemon=True, name="renew-spare").start()

    def _renew(self, job_id: str) -> None:
        """Keep a spare again once a job has ended: while it runs, loading would take CPUs from it."""
        try:
            while self.get(job_id).active:
                time.sleep(_RENEW_EVERY_S)
        except (NotFoundError, StorageError):
            pass  # deleted meanwhile
        while self.spare is not None and not self.spare.start():
            time.sleep(_RENEW_EVERY_S)

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
        # The exit status has to be collected, or a dead worker stays in the process table.
        threading.Thread(target=process.wait, daemon=True, name=f"reap-{process.pid}").start()


def _end_silent_worker(job: Job) -> None:
    """End a worker that counts as crashed because it has been silent for long, before it can wake up again."""
    process = worker_process(job.status) if job.state == "crashed" else None
    if process is not None:
        process.kill()
        process.wait(5)


def _clear(path: Path) -> None:
    """Take away whatever is in the place of a file."""
    with storage_guard(path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
