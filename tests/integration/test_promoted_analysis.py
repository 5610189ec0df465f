"""A promoted model is asked by a real analysis: the same answer as `predict`, and the level stays as it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import Made
from support.clip_model import save_clip_model

from gait_core.baseline.analyses import load_analysis
from gait_core.jobs.run import run_now
from gait_core.learn.datasets.simulated import make_dataset
from gait_core.learn.promoted_models import promote_model
from gait_core.pose.masks import MASKS_KIND
from gait_core.progress import silent
from gait_core.workflows.analyse import analyse_walks
from gait_core.workspace import Workspace

pytestmark = pytest.mark.slow


def test_an_analysis_asks_the_promoted_model_and_keeps_its_answer(made: Made, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    shutil.copytree(made.workspace.root, workspace.root)
    data = make_dataset(tmp_path / "data", subjects=4, walks=1, impairments=("stiff_knee",))
    request = {"dataset": str(data), "model": "logistic_regression", "folds": 2}
    run = run_now(workspace, "train", request, "Training")["run"]
    video = str(made.later["impaired"])
    asked = {"videos": [video], "baseline_id": made.baseline_id, "overlay": False}
    (alone,) = run_now(workspace, "analyse", asked, "Before any model is promoted")["walks"]
    assert alone["classified"] == []
    promote_model(workspace, run, "Ward 3")
    (walk,) = run_now(workspace, "analyse", asked, "With the model")["walks"]
    (said,) = walk["classified"]
    assert (said["name"], said["run"]) == ("ward-3", run)
    assert load_analysis(workspace, walk["analysis_id"]).summary.classified == [said]
    assert [walk[name] for name in ("level", "score", "joints")] == [
        alone[name] for name in ("level", "score", "joints")
    ]
    (usual,) = run_now(workspace, "predict", {"model": "ward-3", "videos": [video]}, "The usual way")["walks"]
    assert said["probabilities"] == pytest.approx(usual["probabilities"], abs=1e-6)
    assert (said["class"], said["abstained"]) == (usual["class"], usual["abstained"])
    (without,) = run_now(workspace, "analyse", {**asked, "classify": False}, "Without it")["walks"]
    assert without["classified"] == []


def test_a_model_of_clips_is_asked_when_the_walk_is_decoded_for_the_first_time(made: Made, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    shutil.copytree(made.workspace.root, workspace.root, ignore=shutil.ignore_patterns(MASKS_KIND))
    promote_model(workspace, str(save_clip_model(tmp_path / "made" / "model")), "Bars")
    new = tmp_path / "new.mp4"
    new.write_bytes(made.videos[0].read_bytes() + (12).to_bytes(4, "big") + b"free" + b"new.")
    videos = [str(made.videos[1]), str(new)]
    known, first = analyse_walks(videos, made.baseline_id, workspace, silent(), overlay=False)["walks"]
    assert "not in the cache" in known["classified"][0]["error"]["message"] and known["cached"]
    (said,) = first["classified"]
    assert "error" not in said and sum(said["probabilities"].values()) == pytest.approx(1.0)
    assert not first["cached"]
    again = analyse_walks(videos[1:], made.baseline_id, workspace, silent(), overlay=False)["walks"]
    assert again[0]["classified"] == [said] and again[0]["cached"]
