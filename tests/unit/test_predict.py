"""Videos are classified by a trained model, and people that a file keeps for testing are tested by the final model."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from test_promoted_models import stored, train
from test_walks_prepare import prepared

from gait_core.config import FeatureSettings
from gait_core.errors import InputError, WalkRefused
from gait_core.learn.datasets.recognise import open_dataset
from gait_core.learn.runs import load_run
from gait_core.progress import Reporter, silent
from gait_core.workflows import final_model, predict
from gait_core.workflows.predict import PredictRequest, predict_walks
from gait_core.workflows.train import train_classifier
from gait_core.workflows.train_request import TrainRequest


@pytest.fixture
def table(tmp_path):
    """Return a table of parameters of 24 people."""
    order = np.random.default_rng(0)
    lines = ["subject,label,speed_mps,step_m"]
    for number in range(24):
        ill = number % 2
        speed, step = order.normal(1.3 - 0.4 * ill, 0.05), order.normal(0.7 - 0.2 * ill, 0.02)
        lines.append(f"p{number:02d},{('well', 'ill')[ill]},{speed:.3f},{step:.3f}")
    place = tmp_path / "people.csv"
    place.write_text("\n".join(lines) + "\n")
    return place


def test_every_video_gets_its_answer_also_beside_one_that_cannot_be_used(workspace, tmp_path, monkeypatch):
    run = train(stored(tmp_path / "data", "curves"), workspace)
    walk = prepared(settings=FeatureSettings(window_s=1.92, hop_s=0.32))
    refused = WalkRefused("Expected a walk, but no person is in view.", "Film again.")
    asked = []

    def prepare(videos, *_, **options):
        asked.append((len(videos), options["need_windows"]))
        return [walk, refused]

    monkeypatch.setattr(predict, "prepare_walks", prepare)
    warnings = []
    reporter = Reporter(sink=lambda event: warnings.append(event.message) if event.kind == "warning" else None)
    request = PredictRequest(model=run, videos=("a/one.mp4", "a/two.mp4"), use_cache=False)
    answer = predict_walks(request, workspace, reporter)
    assert asked == [(2, False)]
    good, bad = answer["walks"]
    assert (good["path"], good["name"], bad["name"]) == ("a/one.mp4", "one.mp4", "two.mp4")
    assert sum(good["probabilities"].values()) == pytest.approx(1.0)
    assert good["rows"] >= 1
    assert good["abstained"] == (good["class"] is None) == bool(good["reasons"])
    assert bad["class"] is None
    assert bad["error"]["message"] == refused.message
    assert any("no person is in view" in warning for warning in warnings)
    assert answer["classes"] == ["normal", "stiff"]
    json.dumps(answer, allow_nan=False)


def test_people_kept_for_testing_are_in_no_fold_and_judged_by_the_final_model(workspace, table, monkeypatch):
    kept = {f"p{number:02d}" for number in range(24) if number % 8 < 2}

    def with_splits(*arguments):
        found = open_dataset(*arguments)
        found.splits = dict.fromkeys(kept, "test")  # as the column `split` of a label file gives them
        return found

    monkeypatch.setattr("gait_core.workflows.train.open_dataset", with_splits)
    request = TrainRequest(dataset=str(table), model="logistic_regression", folds=3, run="run")
    answer = train_classifier(request, workspace, silent())
    run = load_run(workspace, "run")
    everybody = {name for record in run.records for name in (*record.training_subjects, *record.test_subjects)}
    assert len(everybody) == 18
    assert not everybody & kept
    assert run.manifest.dataset["kept_for_testing"] == len(kept)
    assert answer["test_metrics"]["balanced_accuracy"]["mean"] == 1.0
    assert "### Subjects kept for testing" in (run.folder / "model" / "card.md").read_text()
    with pytest.raises(InputError, match="was trained on parameters"):
        predict_walks(PredictRequest(model="run", videos=("walk.mp4",)), workspace, silent())


def test_the_final_training_shows_a_total_from_its_beginning(workspace, table):
    events = []
    request = TrainRequest(dataset=str(table), model="majority", folds=2)
    train_classifier(request, workspace, Reporter(sink=events.append))
    own = [event for event in events if event.kind == "progress" and event.stage == "final"]
    assert [(event.done, event.total, event.unit) for event in own] == [(done, 3, "steps") for done in range(4)]


@pytest.mark.parametrize(
    ("settings", "best", "epochs"),
    [({}, None, 0), ({"epochs": 40}, 7, 7), ({"epochs": 40, "schedule": "plateau"}, 7, 40), ({"epochs": 40}, None, 40)],
)
def test_a_network_is_trained_for_as_many_epochs_as_its_progress_says(settings, best, epochs):
    found, manifest = SimpleNamespace(best_epochs=best), SimpleNamespace(settings=settings)
    assert final_model._epochs(found, manifest) == epochs
