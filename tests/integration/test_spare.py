"""The spare worker: takes a job at once, and whatever happens to it, no job is lost or run twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from gait_core.errors import NotFoundError
from gait_core.jobs.job import Job
from gait_core.jobs.spare import Spare
from gait_core.jobs.store import JobStore
from gait_core.jobs.warm import WarmWorker
from gait_core.pose.models.assets import list_models
from gait_core.workspace import Workspace, read_json

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0


def wait_for(condition, what: str, patience_s: float = PATIENCE_S):
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {patience_s:.0f} s in vain for {what}")


@pytest.fixture(autouse=True)
def models() -> None:
    if not all(status.ready for status in list_models()):
        pytest.skip("the pose models are not on this machine: python -m gait_core models fetch")


@pytest.fixture
def store(workspace: Workspace) -> Iterator[JobStore]:
    kept = JobStore(workspace, spare=True)
    assert kept.spare is not None
    assert kept.spare.wait_until_ready()
    yield kept
    for job in kept.list():
        kept.cancel(job.id)
    wait_for(lambda: not any(job.active for job in kept.list()), "the jobs to end")
    time.sleep(0.6)  # the thread that renews the spare has seen it
    kept.stop_spare()
    wait_for(lambda: kept.spare is None or kept.spare.waiting() is None, "the spare to leave")


def spare_pid(store: JobStore) -> int:
    return int(read_json(store.workspace.jobs / ".spare" / "ready.json")["pid"])


def ended(store: JobStore, job: Job, state: str = "done") -> Job:
    found = wait_for(lambda: (j := store.get(job.id)).active is False and j, "the end")
    assert found.state == state, store.log(job.id)
    return found


def running(store: JobStore, job: Job) -> Job:
    return wait_for(lambda: (j := store.get(job.id)).state == "running" and j.done >= 1 and j, "some work")


def test_the_spare_takes_the_job_and_another_spare_takes_its_place(store):
    first = spare_pid(store)
    assert read_json(store.workspace.jobs / ".spare" / "ready.json")["memory_bytes"] < 400e6
    job = store.submit("models", {}, "For the spare")
    assert job.state in ("queued", "running")
    assert ended(store, job).status["pid"] == first
    assert "start models" in store.log(job.id)
    second = wait_for(lambda: store.spare.waiting(), "the next spare")
    assert second.pid != first
    wait_for(lambda: not psutil.pid_exists(first), "the first one to be gone")
    assert [job.id for job in store.list()] == [job.id]


def test_a_spare_killed_while_idle_costs_nothing(store):
    pid = spare_pid(store)
    os.kill(pid, signal.SIGKILL)
    job = store.submit("models", {}, "Fresh")
    assert ended(store, job).status["pid"] != pid


def test_a_hung_spare_is_passed_over_at_once(store):
    pid = spare_pid(store)
    os.kill(pid, signal.SIGSTOP)
    begun_s = time.monotonic()
    job = store.submit("models", {}, "Fresh")
    assert time.monotonic() - begun_s < 5
    assert ended(store, job).status["pid"] != pid
    wait_for(lambda: not psutil.pid_exists(pid), "the hung one to be gone")


def test_a_spare_killed_over_its_job_shows_as_crashed_and_the_job_resumes(store):
    pid = spare_pid(store)
    job = store.submit("demo_walks", {"count": 3}, "Killed")
    os.kill(pid, signal.SIGKILL)
    crashed = wait_for(lambda: (j := store.get(job.id)).state == "crashed" and j, "the crash", 10)
    assert crashed.error is not None
    store.resume(job.id)
    assert running(store, job).status["pid"] != pid


def test_a_job_in_the_spare_is_cancelled_like_any_other(store):
    pid = spare_pid(store)
    job = store.submit("demo_walks", {"count": 20}, "Cancelled")
    assert running(store, job).status["pid"] == pid
    store.cancel(job.id)
    ended(store, job, "cancelled")


def test_two_dashboards_that_submit_at_once_get_two_workers(store):
    other = JobStore(store.workspace, spare=True)
    jobs: list[Job] = []
    threads = [
        threading.Thread(target=lambda s=s: jobs.append(s.submit("models", {}, "At once")))
        for s in (store, other, store, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pids = [ended(store, job).status["pid"] for job in jobs]
    assert len(set(pids)) == 4
    starts = [store.log(job.id).count("start models") for job in jobs]
    assert starts == [1, 1, 1, 1]


def test_there_is_one_spare_per_workspace(store):
    pid = spare_pid(store)
    command = [sys.executable, "-m", "gait_core", "worker", "--spare", "--workspace", str(store.workspace.root)]
    subprocess.run(command, cwd=ROOT, timeout=30, check=True)
    assert spare_pid(store) == pid


def test_a_spare_ends_when_nobody_needs_it(workspace):
    idle = Spare(workspace, idle_s=0.3)
    idle.start()
    found = wait_for(lambda: (idle.folder / "ready.json").exists() and idle.waiting(), "the spare")
    wait_for(lambda: not psutil.pid_exists(found.pid), "the spare to end")

    code = (
        "import sys\nfrom gait_core.jobs.spare import Spare\nfrom gait_core.workspace import Workspace\n"
        "spare = Spare(Workspace(sys.argv[1]))\nassert spare.wait_until_ready()\nprint(spare.waiting().pid)"
    )
    command = [sys.executable, "-c", code, str(workspace.root)]
    pid = int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    wait_for(lambda: not psutil.pid_exists(pid), "the orphan to end")
    assert not (workspace.jobs / ".spare" / "ready.json").exists()


def test_a_spare_with_older_code_gets_no_job(store, monkeypatch):
    pid = spare_pid(store)
    monkeypatch.setattr("gait_core.jobs.spare.code_stamp", lambda: 1)
    assert store.spare.waiting() is None
    wait_for(lambda: not psutil.pid_exists(pid), "the old one to leave")


def test_a_warm_worker_gives_results_and_errors(workspace):
    with WarmWorker(workspace) as worker:
        result = worker.run("models", {}, "Models")
        assert set(result["models"]) == {"lite", "full", "heavy"}
        worker.wait_until_ready()
        with pytest.raises(NotFoundError):
            worker.run("analyse", {"videos": ["a.mp4"], "baseline_id": "none"}, "Fails")
