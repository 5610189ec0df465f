"""What was learned from landmarks is made anew in order, with a record of what it was made with."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from gait_core.baseline.pretrained import load_pretrained
from gait_core.baseline.thresholds import Reference
from gait_core.errors import InputError
from gait_core.progress import silent
from gait_core.simulate.noise import observe
from gait_core.simulate.noise_model import NoiseModel
from gait_core.simulate.noise_walks import noise_walks
from gait_core.simulate.windows import FIRST_SEED
from gait_core.workflows import from_scratch
from gait_core.workflows import pretrain as pretraining
from gait_core.workspace import read_json

MADE = {"model": "m.keras", "val_loss": 0.1, "manifest": {}}


@pytest.fixture
def without_video(monkeypatch):
    """Stand in for rendering and the pose model with the fast path; return the videos that were asked for."""
    asked = []
    walks = {f"{walk.person_seed}-{walk.number}.mp4": walk for walk in noise_walks()}

    def extracted(paths, settings, **_):
        asked.extend(path.name for path in paths)
        tracks = [observe(walks[path.name].truth(), seed=number) for number, path in enumerate(paths)]
        return [SimpleNamespace(track=track) for track in tracks]

    monkeypatch.setattr(from_scratch, "render", lambda truth, path, **_: path.write_bytes(b"a video"))
    monkeypatch.setattr(from_scratch, "extract_many", extracted)
    monkeypatch.setattr(from_scratch, "model_sha256", lambda variant: "0" * 64)
    return asked


def test_the_walks_take_turns_and_nobody_else_uses_their_people():
    walks = noise_walks(people=4, walks_each=2)
    assert [walk.person_seed - FIRST_SEED["noise"] for walk in walks] == [0, 1, 2, 3, 0, 1, 2, 3]
    assert [walk.direction for walk in walks] == [1, -1, 1, -1, -1, 1, -1, 1]
    assert FIRST_SEED["reference"] + 10_000 < FIRST_SEED["noise"] < 5_000_000


def test_the_noise_comes_first_and_the_model_is_trained_with_it(without_video, workspace, tmp_path, monkeypatch):
    given = {}
    monkeypatch.setattr(from_scratch, "pretrain", lambda out, *_, **options: given.update(options, out=out) or MADE)
    target = tmp_path / "model.keras"
    answer = from_scratch.pretrain_from_scratch(
        target, workspace, silent(), people=9, noise_people=4, noise_walks_each=2
    )
    assert len(without_video) == 8
    written = NoiseModel.from_dict(read_json(tmp_path / "model.noise.json"))
    assert "8 rendered walks of 4 people" in written.source and given["noise"].source == written.source
    assert given["people"] == 9 and given["out"] == target
    record = read_json(tmp_path / "model.made.json")
    assert record["pose"]["decoding"] in written.source
    assert record["noise_walks"] == 8 and record["person_seeds"] == FIRST_SEED and record["val_loss"] == 0.1
    figures = record["noise_figures"]
    assert figures["fast"]["near_knee_rmse_deg"] == pytest.approx(figures["real"]["near_knee_rmse_deg"], rel=0.5)
    assert answer["record"] == str(tmp_path / "model.made.json")
    errors = read_json(tmp_path / "model.errors.json")
    assert answer["errors"] == str(tmp_path / "model.errors.json") and 0 < errors["repeating_share"] < 1


def test_too_few_walks_are_refused(without_video, workspace):
    with pytest.raises(InputError, match="at least 4"):
        from_scratch.fitted_errors(workspace, silent(), people=2, walks_each=1)


def test_another_noise_gives_other_windows():
    from gait_core.config import FeatureSettings
    from gait_core.simulate.windows import simulated_walks

    settings, exact = FeatureSettings(), NoiseModel.none()
    (usual,), (clean,) = (list(simulated_walks(7, range(1), 1, settings, noise=noise)) for noise in (None, exact))
    assert usual.shape == clean.shape and not np.array_equal(usual, clean)


def test_a_kept_network_is_the_shipped_one_with_other_references(workspace, tmp_path, monkeypatch):
    reference = Reference(deviations=np.zeros((3, 3)), prior_sd=0.2, prior_weight=6.0, source="simulated")
    calibrated = []
    monkeypatch.setattr(
        pretraining,
        "_learn_metrics",
        lambda start, people, settings, reporter, noise: calibrated.append(noise) or start,
    )
    monkeypatch.setattr(pretraining, "_reference", lambda *arguments: calibrated.append(arguments[-1]) or reference)
    shipped, noise = load_pretrained(), NoiseModel.none()
    target = tmp_path / "autoencoder_gru.keras"
    pretraining.pretrain(target, workspace, silent(), noise=noise, keep_network=True)
    made = load_pretrained(folder=tmp_path)
    assert calibrated == [noise, noise, noise]
    for name, weight in shipped.weights.items():
        np.testing.assert_array_equal(made.weights[name], weight)
    np.testing.assert_array_equal(made.mean, shipped.mean)
    np.testing.assert_array_equal(made.prior_scale, np.ones_like(shipped.prior_scale))
    assert made.references[5].deviations.shape == (3, 3)
    assert made.manifest.details["noise"] == noise.source != made.manifest.details["network_noise"]
    assert "--keep-network" in made.manifest.details["command"]
