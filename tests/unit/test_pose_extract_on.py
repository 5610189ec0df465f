"""Extraction handed to an executor: small facts, in order, each once; workers that lack something say what."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gait_core.config import PoseSettings
from gait_core.errors import ClusterError, ModelError, VideoError, WalkRefused, WalkWarning
from gait_core.pose import cluster as pose_cluster
from gait_core.pose import extract_on as extraction
from gait_core.pose.cluster import check_workers
from gait_core.pose.extract_on import RemoteWalk, extract_on, extract_task
from gait_core.progress import Event, Reporter
from gait_core.runtime import workers
from gait_core.runtime.executors import local_threads
from gait_core.runtime.workers import run_mark
from gait_core.workspace import Workspace

SETTINGS = PoseSettings(engine="mediapipe", precision="f32")


class Track(list):
    detection_rate, frame_rate_hz = 0.9, 30.0


def pretended(path: str, settings: PoseSettings, *, workspace: Workspace, reporter: Reporter, share: int) -> Any:
    """Answer as `extract_track` does, by the name of the video."""
    name = Path(path).name
    if "refused" in name:
        raise WalkRefused("Expected a person, but got none.", "Film again.")
    if "machine" in name:
        raise ModelError("Expected a model, but got none.", "Fetch it.")
    if "defect" in name:
        raise ZeroDivisionError("of ours")
    if "wait" in name:
        while True:
            reporter.check()
    warnings = (WalkWarning(code="dark", message="Too dark."),) if "dark" in name else ()
    return SimpleNamespace(track=Track([0] * 7), address=f"a-{name}", cached="known" in name, warnings=warnings)


@pytest.fixture(autouse=True)
def pretend(monkeypatch):
    monkeypatch.setattr(extraction, "extract_track", pretended)


def test_results_come_in_order_each_once_and_bad_videos_do_not_stop_the_others(workspace):
    names = ["b.mp4", "refused.mp4", "a-dark.mp4", "defect.mp4", "known.mp4"]
    events: list[Event] = []
    seen: list[int] = []
    with local_threads(3) as pool:
        walks = extract_on(
            pool,
            names,
            SETTINGS,
            workspace=workspace,
            reporter=Reporter(sink=events.append),
            on_result=lambda number, _: seen.append(number),
        )
    assert [walk.path.name for walk in walks if isinstance(walk, RemoteWalk)] == ["b.mp4", "a-dark.mp4", "known.mp4"]
    assert isinstance(walks[1], WalkRefused)
    assert walks[1].remedy == "Film again."
    assert isinstance(walks[3], VideoError)
    assert "ZeroDivisionError" in walks[3].message
    assert sorted(seen) == [0, 1, 2, 3, 4]
    ends = {event.item: event.data["state"] for event in events if event.kind == "item_end"}
    assert [ends[name] for name in names] == ["done", "failed", "done", "failed", "cached"]
    assert [event.item for event in events if event.kind == "warning"] == ["a-dark.mp4"]
    last = [event for event in events if event.kind == "progress"][-1]
    assert (last.done, last.total, last.unit, last.eta_s) == (5, 5, "videos", 0)


def test_what_a_machine_lacks_ends_the_run(workspace):
    with local_threads(1) as pool, pytest.raises(ModelError, match=r"^Expected a model"):
        extract_on(pool, ["a.mp4", "machine.mp4", "b.mp4"], SETTINGS, workspace=workspace)
    assert not list((workspace.cache / "runs").iterdir())


def test_only_small_json_travels(workspace):
    with run_mark(workspace) as mark:
        task = {
            "path": "/videos/dark.mp4",
            "settings": SETTINGS.to_dict(),
            "workspace": str(workspace.root),
            "mark": str(mark),
            "videos_at_once": 1,
        }
        answer = extract_task(json.loads(json.dumps(task)), 0)
    assert len(json.dumps(answer)) < 1000


def test_a_worker_stops_when_the_run_is_over_and_does_not_begin_without_it(workspace, monkeypatch):
    monkeypatch.setattr(workers, "_WATCH_EVERY_S", 0.01)
    with run_mark(workspace) as mark:
        task = {
            "path": "wait.mp4",
            "settings": SETTINGS.to_dict(),
            "workspace": str(workspace.root),
            "mark": str(mark),
            "videos_at_once": 1,
        }
        answers: list[dict[str, Any]] = []
        worker = threading.Thread(target=lambda: answers.append(extract_task(task, 0)))
        worker.start()
        worker.join(0.05)
        assert worker.is_alive()
    worker.join(5)
    assert answers[0]["state"] == "stopped"
    assert extract_task(task, 0)["state"] == "stopped"


def test_a_worker_that_does_not_see_the_run_is_a_clear_error(workspace, monkeypatch):
    monkeypatch.setattr(extraction, "extract_task", lambda task, attempt: {"state": "stopped", "worker": "far:1"})
    with local_threads(1) as pool, pytest.raises(ClusterError, match=r"far:1 to see the mark.* 0 of 1 videos"):
        extract_on(pool, ["a.mp4"], SETTINGS, workspace=workspace)


class FakeCluster:
    address = "tcp://fake:1"

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def everywhere(self, function, question):
        good = function(question)
        return {name: good | change if isinstance(change, dict) else change for name, change in self.answers.items()}


@pytest.fixture
def installed(monkeypatch):
    monkeypatch.setattr(pose_cluster, "_installation", lambda settings: {"Gait Studio": "1", "pose model": "abc"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"workspace": False}, "worker b on .* does not see the workspace"),
        ({"missing": ["/videos"]}, "does not see the videos in /videos"),
        ({"installation": {"Gait Studio": "2", "pose model": "abc"}}, "has Gait Studio 2 instead of 1"),
        ({"installation": {"Gait Studio": "1"}}, "has pose model missing instead of abc"),
        ({"installation": {"problem": "no model"}}, "lacks something: no model"),
        (ModuleNotFoundError("No module named 'gait_core'"), "cannot load Gait Studio"),
    ],
)
def test_a_worker_that_does_not_fit_is_named(workspace, installed, tmp_path, change, words):
    cluster: Any = FakeCluster(a={}, b=change)
    with pytest.raises(ClusterError, match=words) as caught:
        check_workers(cluster, [tmp_path / "a.mp4"], SETTINGS, workspace=workspace)
    assert "worker a" not in caught.value.message
    assert caught.value.remedy


def test_workers_that_fit_pass(workspace, installed, tmp_path):
    cluster: Any = FakeCluster(a={}, b={})
    check_workers(cluster, [tmp_path / "a.mp4"], SETTINGS, workspace=workspace)
    assert not list((workspace.cache / "runs").iterdir())
