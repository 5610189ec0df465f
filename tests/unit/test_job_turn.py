"""A job is begun once, however its hand-over goes: every interleaving is played out step by step."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from filelock import FileLock

from gait_core.errors import InputError
from gait_core.jobs import spare as spare_module
from gait_core.jobs import spare_process
from gait_core.jobs.kinds import REGISTERED, JobKind, job_kinds
from gait_core.jobs.run import run_folder
from gait_core.jobs.spare import Spare
from gait_core.jobs.store import JobStore
from gait_core.workspace import Workspace, read_json, write_json

Step = Callable[[], object]


class SpareProcess:
    """The process of a spare that a test plays: alive until it is killed."""

    pid = os.getpid()  # `spare_process` names its files by the number of the process that it is
    killed = False

    def create_time(self) -> float:
        return psutil.Process().create_time()

    def is_running(self) -> bool:
        return not self.killed

    def status(self) -> str:
        return psutil.STATUS_SLEEPING

    def kill(self) -> None:
        self.killed = True


class Stage:
    """A workspace with a spare that waits, a clock, and what happens while a submitter waits for the spare."""

    def __init__(self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        self.workspace, self.store = workspace, JobStore(workspace)
        self.begun: list[str] = []
        self.process = SpareProcess()
        self.steps: Iterator[Step] = iter(())
        self._now_s = 0.0
        monkeypatch.setattr(Spare, "waiting", lambda _: self.process)
        monkeypatch.setattr(spare_module, "time", self)
        job_kinds()
        kind = JobKind(name="counted", title="Counted", task=lambda params, *_: self.begun.append(params["name"]) or {})
        monkeypatch.setitem(REGISTERED, "counted", kind)
        self.folder = Spare(workspace).folder
        write_json(self.folder / "ready.json", {"pid": self.process.pid})

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return self._now_s

    def sleep(self, seconds: float) -> None:
        """Let the next thing happen; when nothing does any more, time passes."""
        step = next(self.steps, None)
        if step is None:
            self._now_s += max(seconds, 0.3)
        else:
            step()

    def job(self, name: str) -> Path:
        return self.store.create("counted", {"name": name}, name).folder

    def offer(self, job: Path) -> None:
        assert Spare(self.workspace)._offer(job, self.process)

    def take(self) -> None:
        assert spare_process._take(self.folder) is not None

    def run(self, job: Path) -> None:
        run_folder(job, self.workspace)

    def hand_over(self, job: Path, *steps: Step) -> bool:
        self.steps = iter(steps)
        return Spare(self.workspace).hand_over(job)

    def state(self, job: Path) -> str:
        return str(read_json(job / "status.json")["state"])


@pytest.fixture
def stage(workspace, monkeypatch) -> Stage:
    return Stage(workspace, monkeypatch)


def test_the_offer_of_another_dashboard_is_not_taken_for_ones_own(stage):
    """The spare takes the first job; before its submitter looks, the offer of a second one lies in the same place."""
    first, second = stage.job("first"), stage.job("second")
    steps = (stage.take, lambda: stage.offer(second), lambda: None, lambda: stage.run(first))
    assert stage.hand_over(first, *steps)
    assert stage.begun == ["first"]
    assert stage.state(first) == "done"
    assert not stage.process.killed
    assert (stage.folder / f"offer-{os.getpid()}").exists(), "the second submitter withdraws its own offer"


def test_who_offers_to_a_spare_that_has_a_job_gets_a_fresh_worker(stage):
    first, second = stage.job("first"), stage.job("second")
    stage.offer(first)
    stage.take()
    assert not stage.hand_over(second)
    assert not stage.process.killed
    assert not (stage.folder / f"offer-{os.getpid()}").exists()
    stage.run(first)
    stage.run(second)
    assert stage.begun == ["first", "second"]


@pytest.mark.parametrize("spare_is_first", [True, False])
def test_a_spare_that_begins_after_it_was_given_up_runs_the_job_alone_or_not_at_all(stage, spare_is_first):
    job = stage.job("late")
    assert not stage.hand_over(job, stage.take)  # taken, then nothing for seconds: the submitter starts a fresh worker
    stage.run(job)  # whichever of the two this is
    written = read_json(job / "status.json")
    with pytest.raises(InputError, match="has one already, or had one"):
        stage.run(job)
    assert stage.begun == ["late"]
    assert read_json(job / "status.json") == written
    assert JobStore(stage.workspace).log(job.name).count("start counted") == 1
    if spare_is_first:  # and the submitter, who looks only now, leaves the status to the worker
        assert stage.hand_over(job)
        assert read_json(job / "status.json") == written


def test_a_spare_that_hangs_is_ended_and_begins_nothing(stage):
    job = stage.job("hung")
    assert not stage.hand_over(job)
    assert stage.process.killed
    assert spare_process._take(stage.folder) is None
    assert stage.state(job) == "queued"
    assert read_json(job / "status.json")["pid"] is None


def test_a_spare_that_was_given_up_begins_nothing_that_it_still_takes(stage, monkeypatch):
    job = stage.job("kept")
    stage.offer(job)
    monkeypatch.setattr(spare_process, "PRELOADED", ())
    monkeypatch.setattr(spare_process, "_load", lambda: None)
    monkeypatch.setattr(spare_process, "_sweep", lambda _: None)
    taken = spare_process._take

    def take_when_given_up(folder: Path) -> str | None:
        (folder / "ready.json").unlink()
        return taken(folder)

    monkeypatch.setattr(spare_process, "_take", take_when_given_up)
    assert spare_process._wait(stage.workspace, stage.folder, os.getppid(), 60.0) is None
    stage.run(job)
    assert stage.begun == ["kept"]


def test_a_spare_that_died_before_it_began_leaves_the_job_to_a_fresh_worker(stage):
    job = stage.job("orphan")
    assert not stage.hand_over(job, stage.take, stage.process.kill)
    stage.run(job)
    assert stage.begun == ["orphan"]


def test_a_running_job_cannot_be_begun_again_whatever_its_status_says(stage):
    job = stage.job("outer")

    def again(*_: Any) -> dict[str, Any]:
        stage.begun.append("outer")
        write_json(job / "status.json", {"state": "failed"})  # as a damaged or an older status might say
        with pytest.raises(InputError, match="has one already"):
            run_folder(job, stage.workspace)
        return {}

    REGISTERED["counted"] = JobKind(name="counted", title="Counted", task=again)
    stage.run(job)
    assert stage.begun == ["outer"]


def test_of_two_that_resume_a_job_one_is_told(stage, monkeypatch):
    job = stage.job("twice")
    stage.run(job)
    spawned: list[str] = []
    monkeypatch.setattr(JobStore, "_spawn", lambda _, folder: spawned.append(folder.name))
    ended = JobStore._ended
    looks: list[str] = []

    def look(store: JobStore, job_id: str) -> Any:
        """Answer the first look, then let another dashboard be faster."""
        found = ended(store, job_id)
        looks.append(job_id)
        if len(looks) == 1:
            JobStore(stage.workspace).resume(job_id)
        return found

    monkeypatch.setattr(JobStore, "_ended", look)
    with pytest.raises(InputError, match="is queued"):
        stage.store.resume(job.name)
    assert spawned == [job.name]
    stage.run(job)
    assert stage.begun == ["twice", "twice"]


def test_a_resume_waits_for_nobody_who_runs_the_job(stage, monkeypatch):
    job = stage.job("held")
    stage.run(job)
    monkeypatch.setattr("gait_core.jobs.turn._PATIENCE_S", 0.0)
    with FileLock(job / "lock"), pytest.raises(InputError, match="has one already"):
        stage.store.resume(job.name)


def test_a_job_of_an_unknown_kind_fails_with_a_message(stage):
    job = stage.job("odd")
    spec = json.loads((job / "spec.json").read_text())
    write_json(job / "spec.json", spec | {"kind": "magic"})
    with pytest.raises(InputError, match="job kind"):
        stage.run(job)
    assert stage.state(job) == "failed"
