"""Jobs: real workers that are watched, cancelled, killed, resumed and queued."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from gait_core.errors import GaitError, InputError, NotFoundError
from gait_core.jobs.run import run_folder, run_now
from gait_core.jobs.status import StatusWriter
from gait_core.jobs.store import JobStore
from gait_core.progress import Event, Reporter
from gait_core.workspace import Workspace, read_json, write_json

pytestmark = pytest.mark.slow
PATIENCE_S = 90.0


def wait_for(condition, what: str, patience_s: float = PATIENCE_S):
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {patience_s:.0f} s in vain for {what}")


@pytest.fixture
def store(workspace: Workspace) -> JobStore:
    return JobStore(workspace)


def at_work(store: JobStore, job_id: str):
    def look():
        job = store.get(job_id)
        assert job.state in ("queued", "running", "done"), job.error
        return job.state == "running" and job.done >= 1

    return look


def rendering(store: JobStore):
    return store.submit("demo_walks", {"count": 3}, "Three demo walks")


def test_a_job_runs_in_a_process_of_its_own_and_leaves_its_result(store):
    job = rendering(store)
    assert job.active
    ended = wait_for(lambda: (j := store.get(job.id)).active is False and j, "the end")
    assert ended.state == "done", store.log(job.id)
    result = store.result(job.id)
    assert result is not None
    assert all(Path(path).is_file() for path in result["videos"])
    assert [stage["name"] for stage in ended.stages] == ["simulate"]
    assert ended.stages[0]["duration_s"] > 0
    assert ended.peak_memory_bytes > 20e6
    report = read_json(ended.folder / "result" / "performance_report.json")
    assert report["job"]["state"] == "done"
    assert report["stages"][0]["peak_memory_mb"] > 10
    assert report["memory_usage"]["rss_mb"] > 10
    assert "Recommendations" in (ended.folder / "result" / "performance_report.txt").read_text()
    assert {event["kind"] for event in store.events(job.id)} >= {"stage", "progress", "stage_end"}
    assert "start demo_walks" in store.log(job.id)
    store.delete(job.id)
    with pytest.raises(NotFoundError):
        store.get(job.id)


def test_cancel_is_felt_within_a_second_and_keeps_no_half_video(store, workspace):
    job = rendering(store)
    wait_for(at_work(store, job.id), "some work")
    asked = time.monotonic()
    store.cancel(job.id)
    assert store.get(job.id).state in ("cancelling", "cancelled")
    wait_for(lambda: store.get(job.id).state == "cancelled", "the cancelled state", 5)
    assert time.monotonic() - asked < 2.0  # one second for the worker, one for a busy machine
    assert store.get(job.id).error is None
    assert read_json(store.get(job.id).folder / "result" / "performance_report.json")["job"]["state"] == "cancelled"
    assert not [path for path in (workspace.root / "demo").iterdir() if path.suffix not in (".mp4", ".json")]


def test_a_killed_worker_shows_as_crashed_and_resumes(store):
    job = rendering(store)
    wait_for(at_work(store, job.id), "some work")
    os.kill(store.get(job.id).status["pid"], signal.SIGKILL)
    crashed = wait_for(lambda: (j := store.get(job.id)).state == "crashed" and j, "the crash", 10)
    assert crashed.error is not None
    assert "Resume" in crashed.error["remedy"]
    assert not crashed.active
    store.resume(job.id)
    wait_for(lambda: store.get(job.id).state == "done", "the second run")


def test_jobs_run_one_at_a_time_and_a_queued_one_can_be_cancelled(store):
    first = rendering(store)
    second = store.submit("demo_walks", {"count": 3}, "Waiting")
    wait_for(at_work(store, first.id), "the first job")
    assert store.get(second.id).state == "queued"
    with pytest.raises(InputError, match="queued"):
        store.resume(second.id)
    with pytest.raises(InputError, match="Cancel it first"):
        store.delete(second.id)
    store.cancel(second.id)
    wait_for(lambda: store.get(second.id).state == "cancelled", "the queued job to leave", 20)
    assert store.get(first.id).active
    store.cancel(first.id)
    wait_for(lambda: not store.get(first.id).active, "the first job to end", 10)
    assert [job.id for job in store.list()] == [second.id, first.id]


def test_a_failed_job_keeps_message_and_remedy(workspace):
    store = JobStore(workspace)
    made = store.create("analyse", {"videos": ["nowhere.mp4"], "baseline_id": "none"}, "Fails")
    with pytest.raises(NotFoundError):
        run_folder(made.folder, workspace)
    job = store.get(made.id)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error["kind"] == "NotFoundError"
    assert "baseline list" in job.error["remedy"]
    assert "Traceback" in JobStore(workspace).log(job.id)
    report = read_json(job.folder / "result" / "performance_report.json")
    assert report["error"]["kind"] == "NotFoundError"


def test_an_unknown_kind_is_refused(workspace):
    with pytest.raises(GaitError, match="job kind"):
        run_now(workspace, "magic", {}, "No such thing")
    assert not workspace.jobs.exists()


def test_a_worker_that_never_started_shows_as_crashed(store):
    job = store.create("demo_walks", {}, "Never started")
    write_json(job.folder / "status.json", {"state": "queued", "heartbeat_s": time.time() - 120, "pid": None})
    assert store.get(job.id).state == "crashed"


def test_a_process_that_got_the_same_number_is_not_the_worker(store):
    job = store.create("demo_walks", {}, "Old number")
    status = {"state": "running", "heartbeat_s": time.time(), "pid": os.getpid(), "pid_started_s": 1.0}
    write_json(job.folder / "status.json", status)
    assert store.get(job.id).state == "crashed"


def test_a_damaged_job_folder_does_not_hide_the_others(store):
    good = store.create("demo_walks", {}, "Good")
    bad = store.create("demo_walks", {}, "Bad")
    (bad.folder / "spec.json").write_text("{half")
    assert {job.id: job.state for job in store.list()} == {good.id: "queued", bad.id: "damaged"}


def test_the_status_follows_the_events(tmp_path):
    with StatusWriter(tmp_path) as writer:
        writer.start()
        for event in (
            Event(kind="stage", stage="extract", time_s=1.0),
            Event(kind="progress", stage="extract", item="a.mp4", done=5, total=10, unit="frames", rate_per_s=2.0),
            Event(kind="progress", stage="extract", done=5, total=20, unit="frames", eta_s=7.0),
            Event(kind="item_end", stage="extract", item="a.mp4", data={"state": "failed"}, message="broken"),
            Event(kind="warning", item="a.mp4", message="broken"),
            Event(kind="stage_end", stage="extract", data={"duration_s": 2.5}),
        ):
            writer.sink(event)
        writer.end("done")
    status = read_json(tmp_path / "status.json")
    assert status["state"] == "done"
    assert status["items"][0]["state"] == "failed"
    assert status["warnings"] == ["a.mp4: broken"]
    (stage,) = status["stages"]
    assert (stage["name"], stage["state"], stage["started_s"], stage["duration_s"]) == ("extract", "done", 1.0, 2.5)
    assert stage["peak_memory_bytes"] > 5e6
    assert read_json(tmp_path / "samples.json")["lanes"][0]["state"] == "failed"


def test_a_worker_that_ends_between_two_looks_has_not_crashed(store, monkeypatch):
    job = store.create("demo_walks", {"count": 3}, "Ends just now")
    now = {"state": "running", "pid": 2**22 + 1, "pid_started_s": 0.0, "heartbeat_s": time.time()}
    looks = []

    def read(path):
        value = read_json(path)
        if path.name == "status.json":
            looks.append(path)
            return value | now | ({"state": "done"} if len(looks) > 1 else {})
        return value

    monkeypatch.setattr("gait_core.jobs.read_job.read_json", read)
    assert store.get(job.id).state == "done"
    assert len(looks) == 2


def test_the_stage_that_is_shown_is_the_one_that_runs_in_the_list(tmp_path):
    """A stage within a stage, progress of a stage that does not run, and the end of both."""
    job = JobStore(Workspace(tmp_path)).create("demo_walks", {}, "Stages")
    seen: list[tuple[str, float]] = []

    def look() -> None:
        writer._write(force=True)
        now = JobStore(Workspace(tmp_path)).get(job.id)
        running = [stage["name"] for stage in now.stages if stage["state"] == "running"]
        assert now.stage == now.status["stage"] == (running or [now.stages[-1]["name"]])[-1]
        seen.append((now.stage, now.done))

    with StatusWriter(job.folder) as writer:
        writer.start()
        told = Reporter(sink=writer.sink)
        with told.stage("score"):
            told.progress("score", 3, 4, "walks")
            with told.stage("overlay"):
                told.progress("overlay", 2, 9, "s")
                told.progress("score", 4, 4, "walks")
                look()
            look()
            told.progress("score", 4, 4, "walks")
            look()
        look()
        with pytest.raises(InputError), told.stage("agreement"):
            raise InputError("Wrong.")
        look()
        writer.end("done")
        look()
    assert seen == [("overlay", 2), ("score", 0), ("score", 4), ("overlay", 0), ("agreement", 0), ("agreement", 0)]
    assert [stage["state"] for stage in JobStore(Workspace(tmp_path)).get(job.id).stages] == ["done", "done", "failed"]
