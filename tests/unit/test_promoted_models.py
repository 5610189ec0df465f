"""Promoted models: stored, withdrawn, and asked about a walk that is prepared already."""

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from gait_walks import simulated
from support.walk_stages import STAGES, counting
from test_walks_prepare import prepared

from gait_core.api.analysed import WalkAnalysis
from gait_core.api.training_results import TrainingRun
from gait_core.cli.main import main
from gait_core.config import FeatureSettings
from gait_core.errors import InputError, NotFoundError
from gait_core.gait.cleaned_walk import clean_walk
from gait_core.gait.features import FEATURE_NAMES, compute_features
from gait_core.gait.measurement import measure, motion_of
from gait_core.gait.windows import windows_of
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.stored import save_dataset
from gait_core.learn.datasets.walk_rows import CURVE_CHANNELS, curve_rows
from gait_core.learn.promoted_models import list_promoted, promote_model, promoted_model, withdraw_model
from gait_core.learn.trained_model import load_model
from gait_core.progress import silent
from gait_core.workflows.classify_walk import WalkClassifiers, promoted_for_walks
from gait_core.workflows.predict import predict_prepared
from gait_core.workflows.train import train_classifier
from gait_core.workflows.train_request import TrainRequest
from gait_core.workspace import Workspace

STIFF = np.array([0.6 if "knee" in name else 1.0 for name in (*CURVE_CHANNELS, *FEATURE_NAMES)], np.float32)
ROWS = {"curves": tuple(CURVE_CHANNELS), "windows": FEATURE_NAMES}


def stored(place: Path, kind: str) -> Path:
    """Store what five simulated people give as a dataset of two classes; the second bends the knees less."""
    settings = FeatureSettings(window_s=1.92, hop_s=0.32)
    parts = []
    for seed in range(1, 6):
        _, track = simulated(seed=seed, duration_s=6.0)
        walk = clean_walk(track, settings)
        features = compute_features(walk, settings)
        found = curve_rows(measure(motion_of(walk)).curves) if kind == "curves" else None
        parts.append(windows_of(features, settings).stacked() if found is None else found)
    stiff = STIFF[: len(CURVE_CHANNELS)] if kind == "curves" else STIFF[len(CURVE_CHANNELS) :]
    rows = np.concatenate([*parts, *(part * stiff for part in parts)])
    people = np.array([f"{label}{number}" for label in "ns" for number, part in enumerate(parts) for _ in part])
    samples = Samples(
        values=rows,
        lengths=np.full(len(rows), rows.shape[1]),
        labels=np.array([int(name[0] == "s") for name in people]),
        subjects=people,
        walks=people,
        channels=ROWS[kind],
        classes=("normal", "stiff"),
        kind=kind,
    )
    save_dataset(place, samples, {})
    return place


def train(dataset: Path, workspace: Workspace) -> str:
    request = TrainRequest(dataset=str(dataset), model="logistic_regression", folds=2)
    return str(train_classifier(request, workspace, silent())["run"])


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Return a workspace with a run on windows and one on strides."""
    place = tmp_path_factory.mktemp("lab")
    workspace = Workspace(place / "space")
    return workspace, {kind: train(stored(place / kind, kind), workspace) for kind in ROWS}


@pytest.fixture
def runs(lab, workspace):
    """Return the runs, copied into the workspace of this test."""
    shutil.copytree(lab[0].runs, workspace.runs)
    return lab[1]


def test_a_promoted_model_is_listed_replaced_and_withdrawn(workspace, runs):
    found = promote_model(workspace, runs["windows"], " Stiff  knee, ward 3 ")
    assert (found.name, found.title, found.run) == ("stiff-knee-ward-3", "Stiff knee, ward 3", runs["windows"])
    assert found.classifies_walks and "## Limits" in found.card
    shutil.rmtree(workspace.runs / runs["windows"])
    assert load_model(found.folder).facts.classes == ("normal", "stiff"), "it does without its run"
    again = TrainingRun(id=runs["curves"], workspace=workspace, answer={}).promote("stiff knee, Ward 3")
    assert [(one.name, one.run) for one in list_promoted(workspace)] == [(found.name, runs["curves"])]
    again.withdraw()
    assert list_promoted(workspace) == []
    with pytest.raises(NotFoundError, match="to be one of none, but got 'stiff-knee-ward-3'"):
        withdraw_model(workspace, found.name)


def test_what_cannot_be_promoted_is_refused(workspace, runs):
    with pytest.raises(InputError, match="a letter or a digit"):
        promote_model(workspace, runs["windows"], "???")
    with pytest.raises(NotFoundError, match="nobody"):
        promote_model(workspace, "nobody", "a")
    (workspace.models / "gait-net").mkdir(parents=True)
    with pytest.raises(InputError, match="was not promoted from a run"):
        promote_model(workspace, runs["windows"], "gait net")
    assert list_promoted(workspace) == []


def test_a_damaged_model_is_shown_as_damaged(workspace, runs):
    first = promote_model(workspace, runs["windows"], "first")
    second = promote_model(workspace, runs["curves"], "second")
    with (first.folder / "model.npz").open("ab") as handle:
        handle.write(b"x")
    (second.folder / "promoted.json").write_text("{}")
    states = {one.name: (one.error or {})["message"] for one in list_promoted(workspace)}
    assert "has changed" in states["first"]
    assert "Expected the record of a promoted model" in states["second"]
    assert withdraw_model(workspace, "second").name == "second"


@pytest.mark.parametrize("kind", ["windows", "curves"])
def test_a_prepared_walk_is_classified_without_preparing_it_again(workspace, runs, monkeypatch, kind):
    promoted = promote_model(workspace, runs[kind], "model")
    walk = prepared()
    measurement = measure(walk.motion())
    again: Counter[str] = Counter()
    for name, stage in counting(lambda name: again.update([name])).items():
        monkeypatch.setattr(STAGES[name], name, stage)
    names = promoted_for_walks(workspace)
    (said,) = WalkClassifiers(workspace, names).classify(walk, measurement, FeatureSettings())
    assert not again
    assert (said["name"], said["run"], said["classifier"]) == ("model", runs[kind], "Logistic regression")
    assert said["trained_on"]["subjects"] == {"normal": 5, "stiff": 5}
    assert sum(said["probabilities"].values()) == pytest.approx(1.0)
    json.dumps(said, allow_nan=False)
    analysed = WalkAnalysis(answer={"path": "/walk.mp4", "classified": [said]}, workspace=workspace)
    assert analysed.classified["model"].probabilities == said["probabilities"]
    monkeypatch.undo()
    alone = prepared(settings=FeatureSettings(window_s=1.92, hop_s=0.32))
    usual = predict_prepared(alone, load_model(promoted.folder))
    assert {name: said[name] for name in usual if name != "warnings"} == {
        name: value for name, value in usual.items() if name != "warnings"
    }, "the same as `predict` says of the video"


def test_a_model_that_cannot_be_asked_says_why_and_the_others_are_asked(workspace, runs, monkeypatch):
    for name, run in (("broken", "windows"), ("gone", "windows"), ("strides", "curves"), ("windows", "windows")):
        promote_model(workspace, runs[run], name)
    (workspace.models / "broken" / "model.npz").unlink()
    names = promoted_for_walks(workspace)
    assert names == ("broken", "gone", "strides", "windows")
    withdraw_model(workspace, "gone")
    walk = prepared()
    broken, gone, unmeasured, sound = WalkClassifiers(workspace, names).classify(walk, None, FeatureSettings())
    assert (broken["error"]["kind"], gone["error"]["kind"]) == ("ModelError", "NotFoundError")
    assert "no strides to classify" in unmeasured["error"]["message"]
    assert "error" not in sound
    (other,) = WalkClassifiers(workspace, ["windows"]).classify(walk, None, FeatureSettings(cutoff_hz=8.0))
    assert "the baseline has other settings" in other["error"]["message"]

    def failing(*_: object, **__: object) -> None:
        raise RuntimeError("out of paper")

    monkeypatch.setattr("gait_core.workflows.classify_walk.predict_prepared", failing)
    (failed,) = WalkClassifiers(workspace, ["windows"]).classify(walk, None, FeatureSettings())
    assert (failed["class"], failed["abstained"]) == (None, True)
    assert "RuntimeError: out of paper" in failed["error"]["message"]


def test_the_command_line_promotes_lists_and_withdraws(workspace, runs, capsys):
    place = ["--workspace", str(workspace.root), "--json"]
    assert main(["models", "promote", runs["windows"], "--name", "Ward 3", *place]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["name"], answer["run"], answer["replaced"]) == ("ward-3", runs["windows"], False)
    assert answer["classifies_walks"] is True
    assert main(["models", "promote", runs["curves"], "--name", "Ward 3", *place]) == 0
    assert json.loads(capsys.readouterr().out)["replaced"] is True
    assert main(["models", "list", *place]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["promoted"]] == ["ward-3"]
    assert main(["models", "withdraw", "Ward 3", *place]) == 0
    assert json.loads(capsys.readouterr().out) == {"withdrawn": "ward-3", "run": runs["curves"]}
    assert main(["models", "withdraw", "ward-3", *place]) == 1
    with pytest.raises(NotFoundError):
        promoted_model(workspace, "ward-3")
