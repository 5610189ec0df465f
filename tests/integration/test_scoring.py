"""Scoring on threads, on processes and on a real Dask cluster: each analysis once and the same, whoever dies."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Made
from dask_machines import Machines
from many_clips import copies_of
from support.walk_stages import STAGES, counting

from gait_core.baseline import analyses
from gait_core.baseline.analyses import AnalysisSummary, list_analyses, load_analysis
from gait_core.baseline.assessment import ScoringBaseline
from gait_core.cache import ArrayCache
from gait_core.config import PoseSettings, profile_named
from gait_core.errors import Cancelled, ClusterError, GaitError, VideoError
from gait_core.jobs.run import run_now
from gait_core.pose.extract import extract_many
from gait_core.progress import Event, Reporter
from gait_core.report import overlay
from gait_core.runtime.cluster import Cluster
from gait_core.runtime.executors import LocalProcesses, local_threads
from gait_core.runtime.workers import run_mark
from gait_core.video.probe import probe
from gait_core.walks import prepare
from gait_core.walks.measurements import list_measurements, load_measurement
from gait_core.workflows import analyse
from gait_core.workflows import analyse_on_executor as scoring
from gait_core.workflows import analyse_task as score_task
from gait_core.workflows.analyse_on_executor import score_on
from gait_core.workspace import Workspace, write_json

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Found:
    path: Path
    address: str
    cached: bool = True


@dataclass(frozen=True)
class Visits:
    """Later walks of the demo person, their landmarks in the cache, and what the usual way says of them."""

    workspace: Workspace
    baseline_id: str
    pose: PoseSettings
    videos: list[Path]
    found: list[Found]
    answers: list[dict[str, Any]]

    def score(self, executor: Executor, count: int | None = None, **options: Any) -> list[AnalysisSummary | GaitError]:
        return score_on(
            executor,
            self.found[:count],
            ScoringBaseline.load(self.workspace, self.baseline_id),
            workspace=self.workspace,
            pose=self.pose,
            profile="balanced",
            **options,
        )


@pytest.fixture(scope="module")
def visits(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Visits:
    folder = tmp_path_factory.mktemp("visits")
    workspace = Workspace(folder / "workspace")
    shutil.copytree(made.workspace.root, workspace.root)
    videos = [
        *copies_of(made.later["normal"], folder / "videos", 2, stem="normal"),
        *copies_of(made.later["impaired"], folder / "videos", 2, stem="impaired"),
    ]
    params = {"videos": [str(video) for video in videos], "baseline_id": made.baseline_id}
    answers = run_now(workspace, "analyse", params, "The usual way")["walks"]
    pose = profile_named("balanced").pose_settings()
    walks = extract_many(videos, pose, workspace=workspace)
    found = [
        Found(path=video, address=walk.address)
        for video, walk in zip(videos, walks, strict=True)
        if not isinstance(walk, GaitError)
    ]
    assert len(found) == len(videos)
    return Visits(workspace, made.baseline_id, pose, videos, found, answers)


@pytest.fixture(autouse=True)
def nothing_half_written(visits: Visits) -> Iterator[None]:
    yield
    for collection in ("analyses", "measurements"):
        assert not list((visits.workspace.root / collection).glob(".*"))
    assert not list((visits.workspace.root / "analyses").glob("*/.*"))
    assert not list((visits.workspace.cache / "runs").iterdir())


def stored(workspace: Workspace, analysis_id: str) -> tuple[dict[str, Any], list[np.ndarray], dict[str, Any]]:
    """Return everything that an analysis and its measurement hold, but names and times of the run."""
    analysis = load_analysis(workspace, analysis_id)
    summary = analysis.summary.to_dict()
    measured = load_measurement(workspace, summary["measurement_id"]).measurement.to_dict()
    for name in ("id", "measurement_id", "created_s"):
        del summary[name]
    del summary["facts"]["cached"]
    arrays = [analysis.window_time_s, analysis.window_scores, analysis.joint_time_s, analysis.joint_time_scores]
    return summary, arrays, measured


def assert_same(visits: Visits, ids: list[str], *, overlays: bool = True) -> None:
    """Every walk has one analysis of its own, equal to the usual way's."""
    assert len(set(ids)) == len(ids)
    for analysis_id, usual in zip(ids, visits.answers, strict=False):
        (summary, arrays, measured) = stored(visits.workspace, analysis_id)
        (other_summary, others, other_measured) = stored(visits.workspace, usual["analysis_id"])
        assert summary == other_summary
        assert measured == other_measured
        for array, other in zip(arrays, others, strict=True):
            np.testing.assert_array_equal(array, other)
        drawn = visits.workspace.analysis_folder(analysis_id) / "overlay.mp4"
        assert drawn.is_file() == overlays
        if overlays:
            other_drawn = visits.workspace.analysis_folder(usual["analysis_id"]) / "overlay.mp4"
            assert probe(drawn).frame_count == probe(other_drawn).frame_count > 50


def counted(workspace: Workspace) -> tuple[int, int]:
    return len(list_analyses(workspace)), len(list_measurements(workspace))


def ids_of(outcomes: list[AnalysisSummary | GaitError]) -> list[str]:
    return [outcome.id for outcome in outcomes if isinstance(outcome, AnalysisSummary)]


def test_the_usual_way_is_the_walk_alone(visits):
    levels = [walk["level"] for walk in visits.answers]
    assert levels[:2] == ["normal"] * 2
    assert set(levels[2:]) <= {"watch", "alert"}
    params = {"videos": [str(visits.videos[0])], "baseline_id": visits.baseline_id}
    (alone,) = run_now(visits.workspace, "analyse", params, "Alone")["walks"]
    assert_same(visits, [alone["analysis_id"]])
    assert (alone["cached"], visits.answers[0]["cached"]) == (True, False)


def count_stages(workspace: str, put: Callable[[Any, str, Any], None] = setattr) -> None:
    """Have every stage of a walk, and its preparation, write a line when it runs."""

    def tell(name: str) -> None:
        with (Path(workspace) / "stages.txt").open("a") as file:
            file.write(f"{name}\n")

    def features_of(*arguments: Any, **options: Any) -> Any:
        tell("features_of")
        return FEATURES_OF(*arguments, **options)

    put(prepare, "features_of", features_of)
    for name, stage in counting(tell).items():
        put(STAGES[name], name, stage)


def score_and_count(task: dict[str, Any], attempt: int) -> dict[str, Any]:
    count_stages(task["workspace"])
    return score_task.score_task(task, attempt)


def draw_and_count(task: dict[str, Any], attempt: int) -> dict[str, Any]:
    count_stages(task["workspace"])
    return score_task.draw_task(task, attempt)


FEATURES_OF: Callable[..., Any] = prepare.features_of


@pytest.mark.parametrize("where", ["here", "processes"])
def test_a_walk_passes_each_stage_once_from_the_command_to_the_overlay(visits, monkeypatch, where):
    told = visits.workspace.root / "stages.txt"
    told.unlink(missing_ok=True)
    # With features from the cache nothing would be cleaned for them.
    shutil.rmtree(ArrayCache.of(visits.workspace).root / "features")
    if where == "here":
        count_stages(str(visits.workspace.root), monkeypatch.setattr)
        params = {"videos": [str(video) for video in visits.videos[:2]], "baseline_id": visits.baseline_id}
        walks = run_now(visits.workspace, "analyse", params, "Counted")["walks"]
        ids = [walk["analysis_id"] for walk in walks]
    else:
        monkeypatch.setattr(scoring, "score_task", score_and_count)
        monkeypatch.setattr(scoring, "draw_task", draw_and_count)
        with LocalProcesses(2) as pool:
            ids = ids_of(visits.score(pool, 2))
    assert_same(visits, ids)
    assert Counter(told.read_text().split()) == dict.fromkeys(["features_of", *STAGES], 2)


def test_a_video_that_fails_is_its_own_error_in_its_place(visits, tmp_path):
    broken = tmp_path / "notes.mp4"
    broken.write_text("not a video")
    videos = [visits.videos[0], broken, visits.videos[2]]
    events: list[Event] = []
    params = {"videos": [str(video) for video in videos], "baseline_id": visits.baseline_id}
    walks = run_now(visits.workspace, "analyse", params, "Mixed", sink=events.append)["walks"]
    assert [walk["path"] for walk in walks] == params["videos"]
    assert walks[1]["error"]["kind"] == "VideoError"
    assert [walk["score"] for walk in walks] == [visits.answers[0]["score"], None, visits.answers[2]["score"]]
    assert [event.item for event in events if event.kind == "warning"] == ["notes.mp4"]
    stages = [event.stage for event in events if event.kind == "stage"]
    assert stages == ["probe", "extract", "features", "score", "overlay"]
    drawn = [event.item for event in events if event.kind == "item_end" and event.stage == "overlay"]
    assert sorted(drawn) == ["impaired-000.mp4 (overlay)", "normal-000.mp4 (overlay)"]
    assert any(event.kind == "progress" and event.stage == "overlay" and event.unit == "s" for event in events)


def dying(task: dict[str, Any], kind: str, name: str) -> bool:
    """Tell whether the worker of this task is to die now: once, over the walk of that name."""
    marker = Path(task["workspace"]) / f"died-{kind}"
    if marker.exists() or not task["path"].endswith(name):
        return False
    marker.touch()
    return True


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def score_and_die(task: dict[str, Any], attempt: int) -> dict[str, Any]:
    # When half of the analysis is written.
    analyses.save_arrays = die if dying(task, "score", "normal-001.mp4") else SAVE_ARRAYS
    return score_task.score_task(task, attempt)


def draw_and_die(task: dict[str, Any], attempt: int) -> dict[str, Any]:
    def frames(*arguments: Any, **options: Any) -> Iterator[Any]:
        for number, frame in enumerate(ITER_FRAMES(*arguments, **options)):
            if number == 20:
                die()
            yield frame

    overlay.iter_frames = frames if dying(task, "draw", "impaired-000.mp4") else ITER_FRAMES
    return score_task.draw_task(task, attempt)


SAVE_ARRAYS: Callable[..., None] = analyses.save_arrays
ITER_FRAMES: Callable[..., Iterator[Any]] = overlay.iter_frames


def test_processes_killed_in_the_middle_of_writing_leave_each_analysis_once(visits, monkeypatch):
    monkeypatch.setattr(scoring, "score_task", score_and_die)
    monkeypatch.setattr(scoring, "draw_task", draw_and_die)
    before = counted(visits.workspace)
    with LocalProcesses(2) as pool:
        outcomes = visits.score(pool)
    assert sorted(path.name for path in visits.workspace.root.glob("died-*")) == ["died-draw", "died-score"]
    assert_same(visits, ids_of(outcomes))
    assert counted(visits.workspace) == (before[0] + 4, before[1] + 4)


def test_a_cluster_of_which_a_worker_is_killed_scores_every_walk_once(machines: Machines, visits, monkeypatch):
    machines.add_workers(2)
    connections: list[str] = []
    connect = Cluster.connect

    def counting(address: str, *arguments: Any) -> Cluster:
        connections.append(address)
        return connect(address, *arguments)

    monkeypatch.setattr(Cluster, "connect", counting)
    events: list[Event] = []

    def sink(event: Event) -> None:
        events.append(event)
        if event.kind == "progress" and event.stage == "score" and event.done == 2:
            machines.workers[0].kill()

    # Nothing is in the cache: the workers find the landmarks too.
    ArrayCache.of(visits.workspace).clear()
    before = counted(visits.workspace)
    params = {"videos": [str(video) for video in visits.videos], "baseline_id": visits.baseline_id}
    params |= {"cluster": machines.address}
    walks = run_now(visits.workspace, "analyse", params, "On a cluster", sink=sink)["walks"]
    assert machines.workers[0].wait() == -signal.SIGKILL
    assert connections == [machines.address]
    assert_same(visits, [walk["analysis_id"] for walk in walks])
    assert counted(visits.workspace) == (before[0] + 4, before[1] + 4)
    assert [walk["path"] for walk in walks] == params["videos"]
    assert not any(walk["cached"] for walk in walks)
    assert [event.stage for event in events if event.kind == "stage"] == ["extract", "score", "overlay"]
    drawn = [event for event in events if event.kind == "item_end" and event.stage == "overlay"]
    assert len(drawn) == 4
    own = f":{os.getpid()}"
    assert all(not event.data["worker"].endswith(own) for event in drawn)


class Leaving(Executor):
    """Does two tasks, then drops what it is given, as a cluster that goes away."""

    def __init__(self) -> None:
        self.given = 0

    def submit(self, fn, /, *args, **kwargs):
        future: Future[Any] = Future()
        self.given += 1
        if self.given > 2:
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_result(fn(*args, **kwargs))
        return future


def test_workers_that_go_away_say_what_is_stored(visits):
    with pytest.raises(ClusterError, match=r"2 of 4 walks are analysed and stored, 0 with an overlay") as caught:
        visits.score(Leaving())
    assert "run the same command again" in caught.value.remedy
    with local_threads(2) as pool:
        assert_same(visits, ids_of(visits.score(pool, overlay=False)), overlays=False)


def test_cancelling_while_an_overlay_is_drawn_keeps_the_scores_and_no_half_video(visits):
    cancelled = threading.Event()

    def sink(event: Event) -> None:
        if event.stage == "overlay" and event.kind == "progress":
            cancelled.set()

    before = counted(visits.workspace)
    with local_threads(2) as pool, pytest.raises(Cancelled):
        visits.score(pool, 3, reporter=Reporter(sink=sink, cancelled=cancelled.is_set))
    assert counted(visits.workspace) == (before[0] + 3, before[1] + 3)
    newest = list_analyses(visits.workspace)[:3]
    assert not any((visits.workspace.analysis_folder(one.id) / "overlay.mp4").exists() for one in newest)


def test_landmarks_that_left_the_cache_are_found_again(visits):
    ArrayCache.of(visits.workspace).delete("track", visits.found[2].address)
    with local_threads(1) as pool:
        (outcome,) = score_on(
            pool,
            visits.found[2:3],
            ScoringBaseline.load(visits.workspace, visits.baseline_id),
            workspace=visits.workspace,
            pose=visits.pose,
            profile="balanced",
            overlay=False,
        )
    assert isinstance(outcome, AnalysisSummary)
    assert outcome.score == visits.answers[2]["score"]


def test_an_overlay_that_cannot_be_drawn_is_a_warning(visits, monkeypatch):
    def refuse(path: Path, video: Path, *_: Any) -> None:
        if video.name == "normal-001.mp4":
            raise VideoError("Expected the video, but it has gone.", "Put it back.")
        path.write_bytes(b"drawn")

    monkeypatch.setattr(score_task, "write_overlay", refuse)
    events: list[Event] = []
    with local_threads(2) as pool:
        outcomes = visits.score(pool, 3, reporter=Reporter(sink=events.append))
    assert [path.exists() for path in overlays_of(visits, outcomes)] == [True, False, True]
    (warning,) = [event for event in events if event.kind == "warning"]
    assert (warning.item, warning.stage) == ("normal-001.mp4", "overlay")
    assert "Put it back" in warning.message
    (failed,) = [event for event in events if event.kind == "item_end" and event.data["state"] == "failed"]
    assert failed.item == "normal-001.mp4 (overlay)"


def overlays_of(visits: Visits, outcomes: list[AnalysisSummary | GaitError]) -> list[Path]:
    return [visits.workspace.analysis_folder(analysis_id) / "overlay.mp4" for analysis_id in ids_of(outcomes)]


def test_two_workers_with_the_same_walk_store_it_once(visits):
    """As when a scheduler takes a worker for dead that is only slow."""
    before = counted(visits.workspace)
    with run_mark(visits.workspace) as mark:
        task = score_task.WalkToScore(
            path=str(visits.videos[0]),
            address=visits.found[0].address,
            cached=True,
            baseline_id=visits.baseline_id,
            profile="balanced",
            analysis_id="twice-a",
            measurement_id="twice-m",
            created_s=1.0,
            workspace=str(visits.workspace.root),
            mark=str(mark),
        ).to_dict()
        with local_threads(3) as pool:
            answers = [
                future.result() for future in [pool.submit(score_task.score_task, task, number) for number in range(3)]
            ]
    folder = visits.workspace.analysis_folder("twice-a")
    assert [answer["state"] for answer in answers] == ["done"] * 3
    assert answers[0]["summary"] == answers[1]["summary"] == answers[2]["summary"]
    assert counted(visits.workspace) == (before[0] + 1, before[1] + 1)
    # What is there already is told, and not made again.
    write_json(folder / "analysis.json", answers[0]["summary"] | {"subject": "first"})
    with run_mark(visits.workspace) as mark:
        again = score_task.score_task(task | {"mark": str(mark)}, 1)
    assert again["summary"]["subject"] == "first"


def test_only_as_many_at_once_as_the_memory_bears(visits, monkeypatch):
    class Narrow:
        def __init__(self, limit_bytes: int) -> None:
            self.limit_bytes = limit_bytes

        def workers_for(self, wanted: int, bytes_each: int) -> int:
            asked.append((self.limit_bytes, wanted, bytes_each))
            return 1

    asked: list[tuple[int, int, int]] = []
    monkeypatch.setattr(analyse, "MemoryMonitor", Narrow)
    params = {"videos": [str(video) for video in visits.videos[:2]], "baseline_id": visits.baseline_id}
    run_now(visits.workspace, "analyse", params | {"overlay": False}, "Short of memory")
    ((limit, wanted, each),) = asked
    assert limit == profile_named("balanced").memory_limit_bytes
    assert 1 <= wanted <= 2
    assert each > 64 * 1024**2
