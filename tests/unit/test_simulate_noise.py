"""The fast path, truth files and cohorts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gait_core.errors import InputError, SettingsError
from gait_core.pose.landmarks import INDEX
from gait_core.simulate.cohort import simulate_walks
from gait_core.simulate.noise import NoiseModel, observe
from gait_core.simulate.noise_fit import fit_noise
from gait_core.simulate.noise_report import compare, joint_angles_deg
from gait_core.simulate.truth import WalkTruth
from gait_core.simulate.walker import sample_person, walk


@pytest.fixture(scope="module")
def truth() -> WalkTruth:
    return walk(sample_person(4), seed=3, impairment="foot_drop", severity=0.4, affected_side="right")


def test_truth_survives_a_file(truth: WalkTruth, tmp_path: Path) -> None:
    path = tmp_path / "walk.truth.json"
    truth.to_json(path)
    assert "NaN" not in path.read_text()
    again = WalkTruth.from_json(path)
    assert again.to_dict() == truth.to_dict()
    assert again.position_px == pytest.approx(truth.position_px, abs=0.006)
    assert again.events == truth.events
    assert again.camera == truth.camera


def test_the_fast_path_gives_the_same_bytes(truth: WalkTruth) -> None:
    first, again, other = observe(truth, seed=1), observe(truth, seed=1), observe(truth, seed=2)
    for name, array in first.to_arrays().items():
        assert array.tobytes() == again.to_arrays()[name].tobytes()
    assert first.position.tobytes() != other.position.tobytes()


def test_the_fast_path_looks_like_a_track(truth: WalkTruth) -> None:
    track = observe(truth, seed=1)
    assert track.info["source"] == "simulated"
    assert track.position.dtype == np.float32
    assert track.detection_rate > 0.95
    assert track.frame_rate_hz == pytest.approx(30.0)
    near, far = ("right", "left") if truth.near_side == "right" else ("left", "right")
    assert track.confidence[:, INDEX[f"{near}_ankle"]].mean() > track.confidence[:, INDEX[f"{far}_ankle"]].mean()


def test_without_noise_the_track_is_the_truth(truth: WalkTruth) -> None:
    track = observe(truth, seed=1, noise=NoiseModel.none())
    assert track.position == pytest.approx(truth.position_px, abs=1e-3)
    assert track.world == pytest.approx(truth.world_m, abs=1e-5)
    middle = track.world[:, 23:25].mean(axis=1)
    assert middle == pytest.approx(np.zeros_like(middle), abs=1e-5)


def test_projected_angles_are_near_the_true_ones() -> None:
    truth = walk(sample_person(6), seed=1)
    seen = joint_angles_deg(truth.position_px, truth.direction)
    assert np.abs(seen[:, :, 1] - truth.angles_deg[:, :, 1]).mean() < 2.5
    assert np.abs(seen[:, :, 0] - truth.angles_deg[:, :, 0]).mean() < 2.5


def test_the_noise_model_survives_json() -> None:
    noise = NoiseModel.default()
    again = NoiseModel.from_dict(json.loads(json.dumps(noise.to_dict())))
    assert again.to_dict() == noise.to_dict()
    assert "decoding measure" in noise.source, "it is that of the landmarks that profiles read"


def test_the_fit_finds_the_noise_that_was_put_in() -> None:
    known = NoiseModel.default()
    truths = [walk(sample_person(p), seed=s, direction=(-1) ** s) for p in range(6) for s in range(2)]
    pairs = [(truth, observe(truth, seed=7, noise=known)) for truth in truths]
    found = fit_noise(pairs, source="a test")
    assert found.bias[[23, 25, 27]] == pytest.approx(known.bias[[23, 25, 27]], abs=0.004)
    figures = compare(found, pairs).figures
    for key in ("near_leg_sd_pct", "far_leg_sd_pct", "near_knee_rmse_deg", "far_leg_confidence"):
        assert figures["fast"][key] == pytest.approx(figures["real"][key], rel=0.3)


def test_the_fit_refuses_what_does_not_belong_together() -> None:
    truths = [walk(sample_person(p), seed=0) for p in range(4)]
    tracks = [observe(truth, seed=0) for truth in truths]
    with pytest.raises(InputError, match="at least 4"):
        fit_noise(list(zip(truths[:2], tracks[:2], strict=True)), source="a test")
    longer = walk(sample_person(0), seed=0, fps=60.0)
    with pytest.raises(InputError, match="frames"):
        fit_noise([(longer, tracks[0]), *zip(truths[1:], tracks[1:], strict=True)], source="a test")


def test_a_wrong_cohort_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    for wrong in ({"walks": 0}, {"walks": 1, "pattern": "moonwalk"}):
        with pytest.raises(SettingsError):
            simulate_walks(tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()
