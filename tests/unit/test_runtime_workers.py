"""What run and worker agree on: the mark, answers in every case, errors that travel and name the machine."""

from __future__ import annotations

import json
import os
import threading
import time
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from gait_core.errors import Cancelled, ClusterError, GaitError, ModelError, VideoError, WalkRefused
from gait_core.progress import Event, Reporter
from gait_core.runtime import workers
from gait_core.runtime.executors import local_threads
from gait_core.runtime.workers import in_worker, run_mark, run_tasks, worker_name


def answer(mark: Path, work, reporter: Reporter | None = None) -> dict[str, Any]:
    found = in_worker(mark, work, name="a.mp4", remedy="Run again.", reporter=reporter)
    assert json.loads(json.dumps(found)) == found
    return found


def raising(error: BaseException):
    def work(reporter: Reporter) -> dict[str, Any]:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "state", "kind"),
    [
        (WalkRefused("Expected a person.", "Film again."), "failed", "WalkRefused"),
        (ModelError("Expected a model.", "Fetch it."), "broken", "ModelError"),
        (ZeroDivisionError("of ours"), "failed", "VideoError"),
        (Cancelled(), "stopped", None),
    ],
)
def test_a_worker_answers_whatever_happens(workspace, caplog, error, state, kind):
    with run_mark(workspace) as mark:
        found = answer(mark, raising(error))
    assert (found["state"], found["worker"]) == (state, worker_name())
    assert found.get("error", {}).get("kind") == kind
    # An unexpected error has a traceback in the log of the worker.
    assert ("ZeroDivisionError" in caplog.text) == isinstance(error, ZeroDivisionError)


def test_the_facts_come_with_who_and_how_long(workspace):
    def work(reporter: Reporter) -> dict[str, Any]:
        time.sleep(0.02)
        return {"frames": 7}

    with run_mark(workspace) as mark:
        begun_s = time.perf_counter()
        found = answer(mark, work)
        most_s = time.perf_counter() - begun_s
    assert found["state"] == "done"
    assert found["frames"] == 7
    assert found["worker"].endswith(f":{os.getpid()}")
    assert 0.02 <= found["duration_s"] <= most_s


def test_the_work_stops_when_the_mark_goes_and_its_events_reach_the_run(workspace, monkeypatch):
    monkeypatch.setattr(workers, "_WATCH_EVERY_S", 0.01)
    events: list[Event] = []
    found: list[dict[str, Any]] = []

    def work(reporter: Reporter) -> dict[str, Any]:
        reporter.note("score", "begun")
        while True:
            reporter.check()
            time.sleep(0.005)

    with run_mark(workspace) as mark:
        thread = threading.Thread(target=lambda: found.append(answer(mark, work, Reporter(sink=events.append))))
        thread.start()
        thread.join(0.1)
        assert thread.is_alive()
    thread.join(5)
    assert found[0]["state"] == "stopped"
    assert [event.message for event in events] == ["begun"]
    assert answer(mark, work)["state"] == "stopped"


def test_the_mark_takes_along_what_lies_beside_it_and_what_is_old(workspace):
    folder = workspace.cache / "runs"
    folder.mkdir(parents=True)
    for name in ("run-old.running", "run-new.running"):
        (folder / name).touch()
    os.utime(folder / "run-old.running", (0, 0))
    with run_mark(workspace) as mark:
        mark.with_name(f"{mark.stem}-walk.lock").touch()
        assert len(list(folder.iterdir())) == 3
    assert [path.name for path in folder.iterdir()] == ["run-new.running"]


class Answers(Executor):
    """Workers that have their answers ready."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def submit(self, fn, /, *args, **kwargs):
        future: Future[Any] = Future()
        future.set_result(self.answers[args[0]["number"]])
        return future


def run(executor: Executor, count: int, **options: Any) -> dict[int, Any]:
    taken: dict[int, Any] = {}

    def take(number: int, found: Any) -> None:
        assert number not in taken
        taken[number] = found

    tasks = [{"number": number} for number in range(count)]
    names = [f"{number}.mp4" for number in range(count)]
    run_tasks(executor, lambda task, attempt: {}, tasks, names, take=take, kept=lambda: "All is kept.", **options)
    return taken


def failed(state: str, worker: str, kind: str = "VideoError") -> dict[str, Any]:
    error = {"kind": kind, "message": "Expected more.", "remedy": "Do it."}
    return {"state": state, "worker": worker, "error": error}


def test_an_error_of_one_video_is_handed_on_and_the_others_go_on():
    done = {"state": "done", "worker": "far:1", "frames": 3}
    taken = run(Answers(done, failed("failed", "far:1"), done), 3)
    assert taken[0] == taken[2] == done
    assert isinstance(taken[1], VideoError)
    assert taken[1].to_dict()["message"] == "Expected more."


@pytest.mark.parametrize(
    ("worker", "words"),
    [("far:1", "^On far:1: Expected"), (worker_name(), "^Expected more")],
    ids=["another", "this"],
)
def test_what_a_machine_lacks_names_the_machine_when_it_is_another(worker, words):
    with pytest.raises(ModelError, match=words) as caught:
        run(Answers(failed("broken", worker, "ModelError")), 1)
    assert caught.value.remedy == "Do it."


def test_a_kind_of_error_that_is_not_known_here_is_a_plain_one():
    found = run(Answers(failed("failed", "far:1", "ErrorOfTomorrow")), 1)[0]
    assert type(found) is GaitError


def test_a_worker_that_does_not_see_the_run_says_what_is_kept():
    with pytest.raises(ClusterError, match=r"far:1 to see the mark.* All is kept\.") as caught:
        run(Answers({"state": "stopped", "worker": "far:1"}), 1)
    assert "run the same command again" in caught.value.remedy


def test_a_thread_that_felt_the_cancelling_first_is_no_failure_of_the_cluster():
    asked: list[int] = []

    def check() -> None:
        asked.append(1)
        if len(asked) > 1:
            raise Cancelled()

    with pytest.raises(Cancelled):
        run(Answers({"state": "stopped", "worker": worker_name()}), 1, check=check)


def test_threads_end_soon_when_the_user_cancels(workspace):
    cancelled = threading.Event()
    reporter = Reporter(cancelled=cancelled.is_set)

    def wait_for_it(inner: Reporter) -> dict[str, Any]:
        while True:
            inner.check()
            time.sleep(0.005)

    begun_s = time.monotonic()
    with run_mark(workspace) as mark, local_threads(2) as pool, pytest.raises(Cancelled):
        threading.Timer(0.2, cancelled.set).start()
        run_tasks(
            pool,
            lambda task, attempt: answer(mark, wait_for_it, reporter),
            [{}, {}, {}],
            ["a", "b", "c"],
            take=lambda number, found: None,
            kept=lambda: "",
            check=reporter.check,
        )
    assert time.monotonic() - begun_s < 3
