"""Extraction on a real Dask cluster of this machine, with workers and schedulers that are killed."""

from __future__ import annotations

import socket
import sys
import threading
import time

import pytest
from dask_machines import Machines
from many_clips import make_clips

from gait_core.config import PoseSettings, profile_named
from gait_core.errors import Cancelled, ClusterError, GaitError, InputError, LibraryError, VideoError
from gait_core.jobs.run import run_now
from gait_core.pose.extract import extract_many
from gait_core.pose.extract_on import RemoteWalk, extract_on
from gait_core.progress import Event, Reporter
from gait_core.runtime.cluster import Cluster
from gait_core.workspace import Workspace

pytestmark = pytest.mark.slow
LITE = PoseSettings(variant="lite")


def tracks_in(workspace: Workspace) -> int:
    return len(list((workspace.cache / "arrays" / "track").glob("*/*/entry.json")))


def test_a_killed_worker_costs_no_result_and_none_comes_twice(machines, workspace, tmp_path):
    machines.add_workers(2)
    clips = [*make_clips(tmp_path / "clips", 10), tmp_path / "clips" / "notes.mp4"]
    clips[-1].write_text("not a video")
    events: list[Event] = []
    seen: list[int] = []

    def on_result(number: int, outcome: RemoteWalk | GaitError) -> None:
        seen.append(number)
        if len(seen) == 3:
            machines.workers[0].kill()

    walks = extract_on(
        machines.address, clips, LITE, workspace=workspace, reporter=Reporter(sink=events.append), on_result=on_result
    )
    assert machines.workers[0].wait() == -9
    assert sorted(seen) == list(range(11))
    good = walks[:-1]
    assert [walk.path for walk in good if isinstance(walk, RemoteWalk)] == clips[:-1]
    assert isinstance(walks[-1], VideoError)
    # What the killed one had finished but not yet told comes from the cache: nothing was computed to its end twice.
    assert tracks_in(workspace) == len({walk.address for walk in good if isinstance(walk, RemoteWalk)}) == 10
    ends = [event.item for event in events if event.kind == "item_end"]
    assert sorted(ends) == sorted(clip.name for clip in clips)
    last = [event for event in events if event.kind == "progress"][-1]
    assert (last.done, last.total, last.unit) == (11, 11, "videos")
    assert last.rate_per_s is not None
    assert not list((workspace.cache / "runs").iterdir())
    here = extract_many(clips[:2], LITE, workspace=workspace)
    assert all(not isinstance(walk, GaitError) and walk.cached for walk in here)


def test_a_cluster_that_goes_away_says_what_is_kept_and_a_second_run_goes_on(machines, workspace, tmp_path):
    machines.add_workers(1)
    clips = make_clips(tmp_path / "clips", 6)

    def on_result(number: int, outcome: RemoteWalk | GaitError) -> None:
        if number == 1:
            machines.scheduler.kill()

    with pytest.raises(ClusterError, match=r"disappeared.* [2-5] of 6 videos are in the cache") as caught:
        extract_on(machines.address, clips, LITE, workspace=workspace, on_result=on_result)
    assert "continues from what is in the cache" in caught.value.remedy
    machines.workers[0].wait(20)  # without a scheduler it ends
    kept = tracks_in(workspace)
    assert kept >= 2
    again = Machines(tmp_path / "again")
    again.folder.mkdir()
    try:
        again.start().add_workers(1)
        walks = extract_on(again.address, clips, LITE, workspace=workspace)
    finally:
        again.stop()
    assert sum(walk.cached for walk in walks if isinstance(walk, RemoteWalk)) == kept
    assert tracks_in(workspace) == 6


def test_cancelling_stops_the_workers_too(machines, workspace, tmp_path):
    machines.add_workers(1)
    clips = make_clips(tmp_path / "clips", 30)
    cancelled = threading.Event()

    def on_result(number: int, outcome: RemoteWalk | GaitError) -> None:
        cancelled.set()

    with pytest.raises(Cancelled):
        extract_on(
            machines.address,
            clips,
            LITE,
            workspace=workspace,
            reporter=Reporter(cancelled=cancelled.is_set),
            on_result=on_result,
        )
    time.sleep(2.5)
    kept = tracks_in(workspace)
    time.sleep(1.0)
    assert tracks_in(workspace) == kept < 30


def test_workers_that_do_not_fit_are_refused_with_the_reason(machines, workspace, tmp_path):
    (clip,) = make_clips(tmp_path / "clips", 1)
    with pytest.raises(ClusterError, match="the scheduler has none"):
        extract_on(machines.address, [clip], LITE, workspace=workspace)
    machines.add_workers(1, cwd=tmp_path)  # where there is no gait_core
    with pytest.raises(ClusterError, match="cannot load Gait Studio") as caught:
        extract_on(machines.address, [clip], LITE, workspace=workspace)
    assert "same version" in caught.value.remedy


def test_nobody_at_the_address(workspace, tmp_path):
    with pytest.raises(ClusterError, match="nothing answered"):
        extract_on("tcp://127.0.0.1:9", [tmp_path / "a.mp4"], LITE, workspace=workspace)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ClusterError, match="nothing answered"):
        Cluster.connect(f"tcp://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.5)
    with pytest.raises(InputError, match="address"):
        extract_on("127.0.0.1", [tmp_path / "a.mp4"], LITE, workspace=workspace)


def test_dask_is_optional(monkeypatch, workspace, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(LibraryError, match="Dask distributed") as caught:
        extract_on("tcp://127.0.0.1:9", [tmp_path / "a.mp4"], LITE, workspace=workspace)
    assert "requirements-cluster.txt" in caught.value.remedy


def test_a_job_finds_in_the_cache_what_the_cluster_did(machines, workspace, tmp_path):
    machines.add_workers(1)
    clips = make_clips(tmp_path / "clips", 2)
    params = {"videos": [str(clip) for clip in clips], "profile": "fast", "cluster": machines.address}
    result = run_now(workspace, "measure", params, "On a cluster")
    settings = profile_named("fast").pose_settings()
    walks = extract_many(clips, settings, workspace=workspace)
    assert all(not isinstance(walk, GaitError) and walk.cached for walk in walks)
    assert [walk["path"] for walk in result["walks"]] == params["videos"]
    with pytest.raises(InputError, match="--cluster alone"):
        run_now(workspace, "measure", params | {"use_cache": False}, "Contradiction")
