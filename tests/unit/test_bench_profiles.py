"""bench profiles: its figures follow from what the runs gave."""

from __future__ import annotations

import numpy as np
import pytest

from gait_core.bench import profiles as bench
from gait_core.bench import registry
from gait_core.compare.measured_profile import MeasuredProfile
from gait_core.config import PROFILES
from gait_core.errors import NotFoundError
from gait_core.gait.measurement import measure, motion_of
from gait_core.progress import Reporter
from gait_core.simulate.camera import Camera
from gait_core.simulate.noise import observe
from gait_core.simulate.person import sample_person
from gait_core.simulate.walker import walk
from gait_core.walks.measurements import MeasuredWalk

SECONDS = {"fast": 1.0, "balanced": 2.0, "accurate": 4.0}


@pytest.fixture(scope="module")
def measured():
    truth = walk(sample_person(2), seed=2, fps=30.0, duration_s=5.0, camera=Camera(distance_m=8.0))
    track = observe(truth, seed=2)
    found = MeasuredWalk(
        id="x",
        subject="",
        name="walk.mp4",
        path="walk.mp4",
        content_sha256="0",
        created_s=0.0,
        track_address="0",
        time_scale=1.0,
        profile="",
        frame_rate_hz=30.0,
        measurement=measure(motion_of(track)),
    )
    return track, found


def test_figures_follow_from_the_runs(measured, workspace, monkeypatch):
    track, found = measured

    def run(clips, profile, folder, reporter):
        position = track.position + np.float32(5.0 if profile.name == "fast" else 0.0)
        return MeasuredProfile(
            walks=(found,) * len(clips),
            tracks=(track.with_(position=position),) * len(clips),
            stages_s={"start": 9.0, "pose": SECONDS[profile.name]},
            cpu_s=1.0,
            peak_bytes=256 * 1024**2,
        )

    monkeypatch.setattr(bench, "measure_under", run)
    result = registry.run("profiles", workspace, Reporter(), quick=True, data=None)
    figures = result["figures"]
    assert figures["fast_frames_per_s"] == pytest.approx(2 * len(track))
    assert figures["fast_vs_balanced"] == 2.0
    assert figures["accurate_vs_balanced"] == 0.5
    assert [figures[f"{name}_peak_of_limit"] for name in PROFILES] == [0.25, 0.125, 0.0625]
    assert figures["balanced_median_pct"] == figures["balanced_p95_pct"] == 0.0
    assert figures["fast_median_pct"] > 0.5
    assert figures["fast_knee_deg"] == figures["fast_cadence_spm"] == 0.0
    assert "accurate_median_pct" not in figures
    assert [row[0] for row in result["tables"][0]["rows"]] == list(PROFILES)


def test_a_folder_without_walks_is_told(workspace, tmp_path):
    with pytest.raises(NotFoundError, match="Expected walks"):
        registry.run("profiles", workspace, Reporter(), quick=True, data=str(tmp_path))
