"""One job folder at one moment, and whether its worker is alive."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

__all__ = ["ACTIVE_STATES", "Job", "running_stage", "state_of", "worker_process"]

ACTIVE_STATES = frozenset({"queued", "running", "cancelling"})
_START_GRACE_S = 30.0
_SILENCE_LIMIT_S = 90.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """One job folder at one moment.

    Attributes
    ----------
    id, kind, title : str
    state : {"queued", "running", "cancelling", "cancelled", "failed", "crashed", "done", "damaged"}
        ``damaged``: what is stored of it cannot be read; `error` says what can be done.
    spec, status : mapping
        Contents of ``spec.json`` and ``status.json``.
    folder : Path
    damage : mapping of str to str, or None
        Message and remedy where what is stored of it cannot be read.
    """

    id: str
    kind: str
    title: str
    state: str
    spec: Mapping[str, Any]
    status: Mapping[str, Any]
    folder: Path = field(repr=False)
    damage: Mapping[str, str] | None = None

    @property
    def active(self) -> bool:
        """True while a worker has it or will have it."""
        return self.state in ACTIVE_STATES

    @property
    def can_run_again(self) -> bool:
        """Whether it has ended and enough is known of it to resume it."""
        return not self.active and bool(self.kind)

    @property
    def stage(self) -> str:
        """Name of the running stage, or of the last one: what `stages` says, so that the two never disagree."""
        return running_stage(self.stages) or str(self.status.get("stage", ""))

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
        if self.damage is not None:
            return dict(self.damage)
        if self.state == "crashed":
            return {
                "kind": "Crashed",
                "message": "The worker process stopped unexpectedly; it may have been killed or run out of memory.",
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


def running_stage(stages: Sequence[Mapping[str, Any]]) -> str:
    """Return the name of the stage that runs, the innermost of several; when none does, of the last one.

    Parameters
    ----------
    stages : sequence of mapping
        Stages in the order of their beginning, each with `name` and `state`.

    Returns
    -------
    str
        Empty when nothing has begun.
    """
    running = [stage for stage in stages if stage["state"] == "running"]
    last = (running or stages)[-1:]
    return str(last[0]["name"]) if last else ""


def worker_process(status: Mapping[str, Any]) -> psutil.Process | None:
    """Return the living worker of a status.

    Returns
    -------
    psutil.Process or None
        None when no worker has begun, when it is dead or a zombie, or when a new process got the same number.
    """
    pid = status.get("pid")
    if not pid:
        return None
    try:
        process = psutil.Process(int(pid))
        same = abs(process.create_time() - float(status.get("pid_started_s", 0.0))) < 2.0
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.Error, ValueError, OverflowError):  # also a number that no process can have
        return None


def state_of(folder: Path, spec: Mapping[str, Any], status: Mapping[str, Any]) -> str:
    """Return the state that a stored status really means: a dead worker does not run.

    Parameters
    ----------
    folder : Path
        Job folder; a file ``cancel`` in it means that the worker is to stop.
    spec, status : mapping
        Contents of ``spec.json`` and ``status.json``.

    Returns
    -------
    str
        As `Job.state`, never ``damaged``. A job that is active by its status is ``crashed`` when its worker is dead,
        has been silent for 90 s, or has not come 30 s after the status was last written; ``cancelled`` where it was to
        stop.
    """
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
