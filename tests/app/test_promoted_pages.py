"""Promoted models on the pages: promoted from a run, withdrawn, and shown beside the level of a walk."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fake
import pytest
from reading import text_of
from streamlit.testing.v1 import AppTest
from training_runs import Trained

from app.views import training_tensorboard
from gait_core.jobs.store import JobStore
from gait_core.learn.model_verdicts import verdict
from gait_core.learn.promoted_models import list_promoted, promote_model, withdraw_model
from gait_core.workspace import Workspace, read_json, write_json

Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobStore, "_spawn", lambda *_: None)


def test_a_run_is_promoted_replaced_and_withdrawn(open_page: Open, space: Workspace, full: Trained) -> None:
    assert "No model is promoted" in text_of(open_page("training_lab", tab="Models"))
    test = open_page("training_lab", run=full.runs["svm"])
    assert test.button(key="training_promote").label == "Promote"
    test.text_input(key=f"promote_name_{full.runs['svm']}").set_value("Ward 3 [beta]").run()
    test.button(key="training_promote").click().run()
    assert not test.exception
    assert [(one.name, one.run) for one in list_promoted(space)] == [("ward-3-beta", full.runs["svm"])]
    assert "Promoted as “Ward 3 [beta]”" in text_of(test)
    other = open_page("training_lab", run=full.runs["majority"])
    other.text_input(key=f"promote_name_{full.runs['majority']}").set_value("ward 3 beta").run()
    assert other.button(key="training_promote").label == "Replace"
    assert "it would be replaced" in text_of(other)
    test = open_page("training_lab", tab="Models")
    test.button(key="promoted_open_ward-3-beta").click().run()
    said = text_of(test)
    for part in ("Balanced accuracy", "21 subjects", "## Limits", "Not used by Analyse a walk"):
        assert part in said, part
    test.button(key="training_withdraw").click().run()
    assert list_promoted(space) == []
    assert "model" not in test.query_params
    assert "This model is not promoted" in text_of(open_page("training_lab", model="ward-3-beta"))


def test_a_control_has_nothing_to_promote(open_page: Open, full: Trained) -> None:
    keys = [button.key for button in open_page("training_lab", run=full.runs["control"]).button]
    assert "training_promote" not in keys


def said(name: str, run: str, **changes: Any) -> dict[str, Any]:
    """Return what a model said of a walk."""
    found: dict[str, Any] = {
        "name": name,
        "title": "Ward 3",
        "classifier": "Logistic regression",
        "run": run,
        "trained_on": {
            "name": "stroke_cycles.csv",
            "subjects": {"control": 38, "after_stroke": 29},
            "balanced_accuracy": {"mean": 0.89, "ci_low": 0.81, "ci_high": 0.96},
        },
        "class": "after_stroke",
        "probabilities": {"control": 0.29, "after_stroke": 0.71},
        "abstained": False,
        "reasons": [],
        "distance": 1.4,
        "limit": 2.1,
        "rows": 9,
    }
    return {**found, **changes}


def analysed(space: Workspace, classified: list[dict[str, Any]]) -> str:
    baseline = fake.baseline(space)
    analysis = fake.analysis(space, baseline)
    path = space.analysis_folder(analysis) / "analysis.json"
    write_json(path, {**read_json(path), "classified": classified})
    return analysis


def test_an_analysis_shows_what_the_models_said_beside_the_level(
    open_page: Open, space: Workspace, full: Trained
) -> None:
    run = full.runs["svm"]
    promote_model(space, run, "ward 3")
    unlike = {"class": None, "abstained": True, "reasons": ["it lies 3.1 from the training data"]}
    failed = {
        "name": "broken",
        "title": "broken",
        "class": None,
        "probabilities": {},
        "abstained": True,
        "reasons": [],
        "error": {"kind": "ModelError", "message": "It is damaged.", "remedy": "Withdraw it."},
    }
    analysis = analysed(
        space, [said("ward-3", run), said("ward-3", "an-earlier-run"), said("gone", run, **unlike), failed]
    )
    told = text_of(open_page("analyse", analysis=analysis)).replace("&nbsp;", " ")
    for part in (
        "What the trained models say",
        "have no part in the level",
        "After stroke, 71 %",
        "Logistic regression, trained on stroke_cycles.csv; subjects: 38 control, 29 after stroke",
        "balanced accuracy in cross-validation 0.89",
        "Another model has since been promoted under this name",
        "Abstains: this walk is unlike those that it learned from",
        "It abstains: it lies 3.1 from the training data",
        "This model has since been withdrawn",
        "Could not be used. It is damaged. Withdraw it.",
    ):
        assert part in told, part
    assert "Alert" in told
    withdraw_model(space, "ward-3")
    again = text_of(open_page("analyse", analysis=analysis)).replace("&nbsp;", " ")
    assert "After stroke, 71 %" in again, "what was said stays with the analysis"


def test_without_promoted_models_nothing_is_said(open_page: Open, space: Workspace) -> None:
    analysis = fake.analysis(space, fake.baseline(space))
    assert "What the trained models say" not in text_of(open_page("analyse", analysis=analysis))


def test_the_analysis_can_do_without_the_models(
    open_page: Open, space: Workspace, full: Trained, tmp_path: Path
) -> None:
    fake.baseline(space)
    model = promote_model(space, full.runs["svm"], "ward 3")
    assert "classify" not in [toggle.key for toggle in open_page("analyse").toggle], "it takes tables, not walks"
    manifest = model.folder / "model.json"
    values = read_json(manifest)
    values["details"]["trained_model"]["kind"] = "windows"
    manifest.write_text(json.dumps(values))
    test = open_page("analyse")
    assert "ward 3" in test.toggle(key="classify").label
    test.text_input(key="walk_path_0").set_value(fake.videos(tmp_path, 1)[0]).run()
    test.toggle(key="classify").set_value(False).run()
    test.button(key="analyse_start").click().run()
    assert JobStore(space).list()[0].spec["params"]["classify"] is False


def test_a_class_without_probability_is_told_in_words() -> None:
    assert verdict({"error": {"message": "No strides.", "remedy": ""}}) == "Could not be used. No strides."


# --- TensorBoard ------------------------------------------------------------------------------------------------


def test_a_log_is_offered_to_tensorboard(
    open_page: Open, space: Workspace, full: Trained, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = full.runs["svm"]
    folder = space.runs / run
    assert "TensorBoard" not in text_of(open_page("training_lab", run=run))
    (folder / "logs").mkdir()
    (folder / "logs" / "events.out.tfevents.1.machine").touch()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(training_tensorboard.importlib.util, "find_spec", lambda _: None)
    assert "pip install tensorboard" in open_page("training_lab", run=run).code[0].value
    monkeypatch.setattr(training_tensorboard.importlib.util, "find_spec", lambda _: object())
    command = open_page("training_lab", run=run).code[0].value
    assert f"--logdir {folder}" in command and "--host 127.0.0.1" in command
    info = tmp_path / ".tensorboard-info"
    info.mkdir()
    (info / "pid-1.info").write_text("{")
    (info / "pid-2.info").write_text(json.dumps({"logdir": "/elsewhere", "port": 1, "pid": os.getpid()}))
    assert training_tensorboard.running_port(folder) is None
    (info / "pid-3.info").write_text(json.dumps({"logdir": str(space.runs), "port": 6007, "pid": os.getpid()}))
    assert training_tensorboard.running_port(folder) == 6007
