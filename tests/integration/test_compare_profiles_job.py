"""One simulated video under two profiles, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from gait_core.compare.comparison_store import list_comparisons, load_comparison, overlay_path
from gait_core.compare.profile_store import save_profile
from gait_core.config import PROFILES
from gait_core.errors import Cancelled, GaitError, InputError
from gait_core.jobs.profile_runs import measure_under, peak_bytes
from gait_core.jobs.run import run_now
from gait_core.jobs.store import JobStore
from gait_core.progress import Reporter
from gait_core.simulate.cohort import simulate_walks
from gait_core.video.probe import probe
from gait_core.workspace import Workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    (path,) = simulate_walks(tmp_path_factory.mktemp("walks"), walks=1, seed=3)
    return path


def test_a_comparison_is_made_whole_and_kept(video, workspace):
    save_profile(workspace, "Evening", {"performance_mode": "fast", "target_fps": 15, "max_side_px": 320})
    params = {"video": str(video), "profiles": ["Evening", "balanced"]}
    result = run_now(workspace, "compare_profiles", params, "ProfileComparison")
    made = load_comparison(workspace, result["comparison_id"])
    assert made.reference == "balanced"
    evening, balanced = made.runs
    assert evening.error is None
    assert balanced.error is None
    assert evening.frames < balanced.frames
    for run in made.runs:
        assert run.frames_per_s > 0
        assert 100 * 1024**2 < run.peak_bytes < run.limit_bytes
        assert run.detection_rate > 0.5
        assert {"start", "pose", "measure"} <= run.stages_s.keys()
        assert run.total_s > run.work_s > 0
    assert evening.agreement["frames"] > 10
    assert evening.agreement["median_pct"] < 5
    assert balanced.agreement is None
    assert evening.values.keys() & {"cadence_spm", "stance_pct"}
    assert made.curve(evening, "knee_near").shape == (101,)
    first, second = (probe(overlay_path(workspace, made.id, number)) for number in (0, 1))
    assert first.frame_count == second.frame_count > 20, "the videos play in step"
    assert [entry["id"] for entry in list_comparisons(workspace)] == [made.id]
    folder = workspace.root / "comparisons" / made.id
    assert {path.name for path in folder.iterdir()} == {
        "comparison.json",
        "curves.npz",
        "overlay_0.mp4",
        "overlay_1.mp4",
    }
    assert not list(workspace.cache.glob("**/*.npy")), "every profile did all the work, in a place of its own"


def test_a_video_that_no_profile_can_use_leaves_nothing(tmp_path, workspace):
    text = tmp_path / "walk.mp4"
    text.write_text("no video")
    with pytest.raises(InputError):
        run_now(workspace, "compare_profiles", {"video": str(text), "profiles": ["fast", "balanced"]}, "x")
    with pytest.raises(InputError, match="Expected the profile to be one of"):
        run_now(workspace, "compare_profiles", {"video": str(text), "profiles": ["fast", "none"]}, "x")
    assert list_comparisons(workspace) == []
    assert not list((workspace.root / "comparisons").glob("*")) if (workspace.root / "comparisons").exists() else True


def test_a_cancelled_run_ends_its_process(video, tmp_path):
    begun = time.monotonic()
    children_before = set(psutil.Process().children(recursive=True))
    reporter = Reporter(cancelled=lambda: time.monotonic() - begun > 1.0)
    with pytest.raises(Cancelled):
        measure_under([video], PROFILES["accurate"], tmp_path / "run", reporter)
    assert set(psutil.Process().children(recursive=True)) <= children_before


def test_a_killed_process_is_told(video, tmp_path):
    def kill_soon():
        for _ in range(200):
            time.sleep(0.05)
            own = [c for c in psutil.Process().children() if "gait_core.jobs.attached_worker" in " ".join(c.cmdline())]
            if own:
                own[0].kill()
                return

    killer = threading.Thread(target=kill_soon)
    killer.start()
    with pytest.raises(GaitError, match="stopped unexpectedly"):
        measure_under([video], PROFILES["fast"], tmp_path / "run", Reporter())
    killer.join()


def test_the_process_ends_with_the_one_that_started_it(video, tmp_path):
    space = Workspace(tmp_path / "run")
    job = JobStore(space).create("measure", {"videos": [str(video)], "profile": "accurate"}, "x")
    starter = (
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen([sys.executable, '-m', 'gait_core.jobs.attached_worker', {str(job.folder)!r}, "
        f"{str(space.root)!r}], stdin=subprocess.PIPE)\nprint(p.pid, flush=True)\ntime.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parents[2]
    )
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    gone, alive = psutil.wait_procs([child], timeout=20)
    assert not alive, gone


def test_the_peak_of_a_process_is_read():
    assert peak_bytes(os.getpid()) > 10 * 1024**2
    assert peak_bytes(2**22 + 1) == 0
