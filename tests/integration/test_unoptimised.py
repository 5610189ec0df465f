"""The pipeline without optimisations: as usable as the other, only slower."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gait_core.baseline.store import list_baselines, load_baseline
from gait_core.bench.extraction_parity import event_parity
from gait_core.bench.pipeline_quality import judge
from gait_core.cache.archive import load_arrays
from gait_core.cli.main import main
from gait_core.config import PoseSettings
from gait_core.errors import Cancelled, SettingsError
from gait_core.pose.extract import extract_track
from gait_core.pose.parity import compare_tracks
from gait_core.progress import Reporter, silent
from gait_core.video.probe import probe
from gait_core.workflows.before.pose import plain_track
from gait_core.workflows.create_baseline import BaselineRequest, create_baseline
from gait_core.workspace import Workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def before(made, tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("before") / "workspace")
    events = []
    request = BaselineRequest(
        videos=[str(path) for path in made.videos[:3]], subject="Before", disable_optimizations=True
    )
    return workspace, create_baseline(request, workspace, Reporter(sink=events.append)), events


def test_the_answer_is_the_documented_one(before):
    _, result, _ = before
    assert set(result) >= {"baseline_id", "walks", "timing_s", "training", "thresholds", "artefacts"}
    timing = result["timing_s"]
    assert set(timing) == {"probe", "extract", "features", "train", "thresholds", "total"}
    assert all(seconds > 0 for seconds in timing.values())
    training = result["training"]
    assert (training["mode"], training["cell"], training["batch_size"], training["optimised"]) == (
        "scratch",
        "lstm",
        32,
        False,
    )
    assert 1 <= training["epochs"] <= 50
    assert training["val_loss"] == min(training["folds"][0]["val_loss"])
    assert result["thresholds"]["method"] == "mean_sd"
    assert "held out" in result["thresholds"]["note"]
    json.dumps(result, allow_nan=False)


def test_progress_is_told(before):
    _, _, events = before
    frames = [event for event in events if event.kind == "progress" and event.unit == "frames" and event.item is None]
    assert frames[-1].done == frames[-1].total
    assert sum(event.kind == "epoch" for event in events) == before[1]["training"]["epochs"]


def test_nothing_is_cached(before):
    workspace, result, _ = before
    assert not any(walk["cached"] for walk in result["walks"])
    assert not (workspace.cache / "track").exists()


def test_a_later_walk_can_be_analysed(before, made, capsys):
    workspace, result, _ = before
    stored = load_baseline(workspace, result["baseline_id"])
    assert not stored.manifest.optimised
    later = [str(made.later[name]) for name in ("normal", "impaired")]
    command = ["analyse", *later, "--baseline", result["baseline_id"], "--workspace", str(workspace.root)]
    assert main([*command, "--json", "--quiet"]) == 0
    normal, impaired = json.loads(capsys.readouterr().out)["walks"]
    assert impaired["level"] in ("watch", "alert")
    assert impaired["score"] > normal["score"]


def test_the_stored_model_is_the_one_that_was_trained(before):
    _, result, _ = before
    arrays = load_arrays(Path(result["artefacts"]["scorer"]))
    missed = arrays["misses"][arrays["walk"] == result["training"]["held_out"]].astype(float)
    assert np.mean(missed**2) == pytest.approx(result["training"]["val_loss"], rel=0.01)


def test_both_baselines_can_be_judged_in_one_unit(before, made):
    quality = judge(before[1], made.result, [{"level": "normal"}], [{"level": "normal"}])
    assert quality.figures()["same_levels"] == 1.0
    assert 0 < quality.val_loss_now < quality.val_loss_before


def test_the_plain_loop_sees_what_the_default_engine_sees(made, workspace):
    info = probe(made.videos[0])
    plain = plain_track(info, PoseSettings(), lambda _: None)
    ours = extract_track(made.videos[0], PoseSettings(decoding="display"), workspace=workspace).track
    assert np.allclose(plain.time_s, ours.time_s, atol=1e-3)
    parity = compare_tracks(plain, ours)
    assert parity.found_same >= 0.98
    assert np.median(parity.in_view_pct) < 0.4
    events = event_parity(plain, ours)
    assert events is not None
    # Six or seven events, some on a flat piece of their curve, where another CPU's rounding moves them by a
    # frame: `bench extraction` counts how many lie within one over all clips.
    assert len(events.apart_frames) >= 0.8 * events.events > 0
    assert np.median(events.apart_frames) <= 1.0
    assert max(events.apart_frames) <= 2.0


def test_cancelling_leaves_nothing(made, workspace):
    seen = []
    request = BaselineRequest(videos=[str(path) for path in made.videos[:3]], subject="No", disable_optimizations=True)
    with pytest.raises(Cancelled):
        create_baseline(request, workspace, Reporter(sink=seen.append, cancelled=lambda: len(seen) > 8))
    assert list_baselines(workspace) == []


def test_a_certain_person_is_refused(made, workspace):
    request = BaselineRequest(
        videos=[str(path) for path in made.videos[:3]], subject="No", disable_optimizations=True, person="leftmost"
    )
    with pytest.raises(SettingsError, match="without optimisations"):
        create_baseline(request, workspace, silent())


def test_the_command_line_knows_the_switch(made, workspace, capsys):
    command = ["baseline", "create", *map(str, made.videos[:3]), "--subject", "No", "--disable-optimizations"]
    assert main([*command, "--person", "leftmost", "--workspace", str(workspace.root), "--json", "--quiet"]) == 1
    assert "without optimisations" in json.loads(capsys.readouterr().out)["error"]["message"]
