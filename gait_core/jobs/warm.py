"""Runs jobs one after another in workers that have loaded everything before they get their job."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final, Self

from gait_core.errors import Cancelled, GaitError, LibraryError
from gait_core.jobs.job import Job
from gait_core.jobs.store import JobStore
from gait_core.workspace import Workspace

__all__ = ["WarmWorker"]

_LOOK_EVERY_S: Final = 0.02


class WarmWorker:
    """A spare worker that is always ready; for the dashboard's speed in programs of your own.

    Use it in a ``with`` statement. Each job has a process of its own, which ends with it, so that memory
    comes back and one job cannot spoil the next; the next process is loaded between two jobs.

    Parameters
    ----------
    workspace : Workspace

    Examples
    --------
    >>> with WarmWorker(workspace) as worker:  # doctest: +SKIP
    ...     baseline = worker.run("baseline", {"videos": videos, "subject": "P014"}, "Baseline of P014")
    ...     analysis = worker.run("analyse", {"videos": later, "baseline_id": baseline["baseline_id"]}, "Visit 2")
    """

    def __init__(self, workspace: Workspace) -> None:
        self._store = JobStore(workspace, spare=True)

    def __enter__(self) -> Self:
        self.wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self._store.stop_spare()

    def wait_until_ready(self) -> None:
        """Wait until the next job begins at once.

        Raises
        ------
        LibraryError
            When no worker can be started.
        """
        if self._store.spare is None or not self._store.spare.wait_until_ready():
            raise LibraryError(
                "Expected a worker to be ready within a minute, but none was.",
                "Run `python -m gait_core doctor`; the log of the worker lies in jobs/.spare/log.txt.",
            )

    def run(self, kind: str, params: Mapping[str, Any], title: str) -> dict[str, Any]:
        """Run a job in the worker and return its result.

        Raises
        ------
        GaitError
            Whatever ended the job.
        """
        job = self._store.submit(kind, params, title)
        while job.active:
            time.sleep(_LOOK_EVERY_S)
            job = self._store.get(job.id)
        result = self._store.result(job.id) if job.state == "done" else None
        if result is None:
            raise _error_of(job)
        return result


def _error_of(job: Job) -> GaitError:
    if job.state == "cancelled" or job.error is None:
        return Cancelled()
    return GaitError.from_dict(job.error)
