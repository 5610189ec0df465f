"""The page 'Training lab': the form, the check, all states of a run, its result, and the comparison."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fake
import pytest
from reading import primary
from reading import text_of as raw_text_of
from streamlit.testing.v1 import AppTest
from training_runs import Trained, table

from app.views.training_settings import explained
from gait_core.api.reproduce import reproduce
from gait_core.cli.console import Console
from gait_core.cli.main import build_parser
from gait_core.jobs.store import JobStore
from gait_core.learn import run_folds
from gait_core.learn.classifiers import classifiers
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.promoted_models import promote_model
from gait_core.learn.runs import load_run, write_run
from gait_core.progress import Reporter
from gait_core.workflows.compare_runs import differing_settings
from gait_core.workflows.dataset import CheckRequest, checked_dataset
from gait_core.workflows.train_request import TrainRequest
from gait_core.workspace import Workspace

Open = Callable[..., AppTest]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobStore, "_spawn", lambda *_: None)


def text_of(test: AppTest) -> str:
    """Return what a page says, with ordinary spaces before percent signs."""
    return raw_text_of(test).replace("&nbsp;", " ")


def changed(space: Workspace, run_id: str, **changes: Any) -> None:
    """Change the manifest of a run."""
    manifest = load_run(space, run_id).manifest
    assert manifest is not None
    write_run(space.entry("runs", run_id), manifest.with_(**changes))


# --- the form ---------------------------------------------------------------------------------------------------


def test_the_form_trains_what_was_chosen(open_page: Open, space: Workspace, tmp_path: Path) -> None:
    path = table(tmp_path / "gait.csv")
    test = open_page("training_lab")
    assert primary(test) == ["Train"]
    assert test.button(key="training_start").disabled
    test.text_input(key="training_path").set_value("relative.csv").run()
    assert "Enter the full path" in text_of(test)
    test.text_input(key="training_path").set_value(str(tmp_path / "none.csv")).run()
    assert "There is nothing here" in text_of(test)
    test.text_input(key="training_path").set_value(str(path)).run()
    test.segmented_control(key="training_preset").set_value("Thorough").run()
    test.selectbox(key="training_set_svm_kernel").set_value("linear").run()
    test.toggle(key="training_permuted").set_value(True).run()
    test.button(key="training_start").click().run()
    assert not test.exception
    job = JobStore(space).list()[0]
    assert job.kind == "train"
    request = TrainRequest.from_dict(job.spec["params"])
    assert (request.dataset, request.model, request.folds, request.seeds) == (str(path), "svm", 5, 5)
    assert (dict(request.settings), request.permuted, request.final) == ({"kernel": "linear"}, True, False)
    assert request.run.startswith("svm-")
    assert test.query_params["job"] == job.id
    assert "Queued" in text_of(test)


def test_settings_that_contradict_are_told(open_page: Open, space: Workspace, tmp_path: Path) -> None:
    test = open_page("training_lab")
    test.text_input(key="training_path").set_value(str(table(tmp_path / "gait.csv"))).run()
    test.radio(key="training_model").set_value("tcn").run()
    test.selectbox(key="training_set_tcn_schedule").set_value("plateau").run()
    test.number_input(key="training_set_tcn_patience").set_value(2).run()
    test.button(key="training_start").click().run()
    assert "plateau_patience below patience" in text_of(test)
    assert JobStore(space).list() == []


@pytest.mark.parametrize("spec", classifiers(), ids=lambda spec: spec.name)
def test_every_model_has_a_form_with_help(open_page: Open, spec: Any) -> None:
    test = open_page("training_lab")
    test.radio(key="training_model").set_value(spec.name).run()
    assert not test.exception
    known = explained(spec.settings)
    assert [name for name in spec.settings().to_dict() if not known.get(name)] == []
    assert test.toggle(key=f"training_set_{spec.name}_class_weights").help == known["class_weights"] or (
        spec.name == "majority"
    )


def test_what_a_setting_means_comes_from_its_documentation() -> None:
    known = explained(DatasetSettings)
    assert known["window_s"] == known["hop_s"] == "Length and distance of the windows, s."
    assert known["missing"].startswith("``refuse`` makes a missing value")


# --- the check --------------------------------------------------------------------------------------------------


def checked(space: Workspace, path: Path, folds: int = 5) -> str:
    params = CheckRequest(path=str(path), folds=folds).to_dict()
    report = checked_dataset(CheckRequest.from_dict(params), space, Reporter())
    return fake.job(space, "done", kind="dataset_check", params=params, stage="dataset", result=report)


def test_a_check_is_a_job_and_shows_its_report(open_page: Open, space: Workspace, tmp_path: Path) -> None:
    path = table(tmp_path / "gait.csv")
    test = open_page("training_lab")
    test.text_input(key="training_path").set_value(str(path)).run()
    test.button(key="training_check").click().run()
    job = JobStore(space).list()[0]
    assert (job.kind, job.spec["params"]["path"]) == ("dataset_check", str(path))
    test.query_params["check"] = checked(space, path)
    test.run()
    said = text_of(test)
    assert "Ready to train" in said
    assert "the smallest is stroke with 9 subjects, 43 % of all" in said
    assert set(test.radio(key="training_model").options) == {
        spec.title for spec in classifiers() if "parameters" in spec.inputs
    }
    assert not test.button(key="training_start").disabled
    test.segmented_control(key="training_preset").set_value("Quick look").run()
    assert "Ready to train" not in text_of(test), "a check for other folds says nothing about these"


def test_what_stops_a_training_is_told_with_what_to_do(open_page: Open, space: Workspace, tmp_path: Path) -> None:
    path = table(tmp_path / "gait.csv", per_class=(12, 3))
    test = open_page("training_lab")
    test.text_input(key="training_path").set_value(str(path)).run()
    test.query_params["check"] = checked(space, path)
    test.run()
    said = text_of(test)
    assert "Class stroke has 3 subjects, fewer than 5 folds." in said
    assert "Use 3 folds" in said
    assert test.button(key="training_start").disabled


# --- a job ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["queued", "running", "cancelling", "cancelled", "failed", "crashed", "done"])
def test_every_state_of_the_job(open_page: Open, space: Workspace, full: Trained, state: str) -> None:
    error = {"kind": "ModelError", "message": "The loss is NaN.", "remedy": "Lower it."} if state == "failed" else None
    run = full.runs["svm"]
    job = fake.job(space, state, kind="train", stage="train", params={"run": run}, error=error, result={"run": run})
    test = open_page("training_lab", job=job)
    said = text_of(test)
    expected = {
        "queued": "Queued",
        "running": "3 of 3 folds",
        "cancelling": "Stopping",
        "cancelled": "You cancelled this training",
        "failed": "Lower it.",
        "crashed": "The worker stopped unexpectedly",
        "done": "Done",
    }
    assert expected[state] in said
    assert "Cross-validate by subject" in said
    assert "Balanced accuracy of each fold" in said
    assert len(primary(test)) <= 1
    keys = [button.key for button in test.button]
    assert (f"early_{job}" in keys) == (state == "running")
    assert (f"resume_{job}" in keys) == (state in ("cancelled", "failed", "crashed"))
    if state == "done":
        test.button(key="training_open").click().run()
        assert test.query_params["run"] == run


def test_stop_early_and_cancel_reach_the_worker(open_page: Open, space: Workspace) -> None:
    job = fake.job(space, "running", kind="train", stage="train", params={"run": "svm-1"})
    test = open_page("training_lab", job=job)
    assert "The first fold appears here" in text_of(test)
    test.button(key=f"early_{job}").click().run()
    assert (space.jobs / job / "stop_early").is_file()
    test.button(key=f"cancel_{job}").click().run()
    assert (space.jobs / job / "cancel").is_file()


def test_a_running_training_is_shown_on_return(open_page: Open, space: Workspace) -> None:
    job = fake.job(space, "running", kind="train", stage="train")
    test = open_page("training_lab")
    test.run()
    assert test.query_params["job"] == job
    assert "job" not in open_page("training_lab", tab="Compare").query_params, "whoever asks for a tab gets it"


# --- a run ------------------------------------------------------------------------------------------------------


def test_a_finished_run_says_how_good_and_how_sure(open_page: Open, space: Workspace, full: Trained) -> None:
    run = load_run(space, full.runs["svm"])
    assert run.manifest is not None and run.manifest.scores is not None
    test = open_page("training_lab", run=run.id)
    said = text_of(test)
    best = run.manifest.scores["metrics"]["balanced_accuracy"]
    assert f"balanced accuracy of {best['mean']:.3f} (95 % interval {best['ci_low']:.3f} to" in said.replace(
        "&nbsp;", " "
    )
    for part in ("Control and stroke", "Chance is 0.50", "Folds", "Calibration", "By class", "of 21 subjects right"):
        assert part in said, part
    assert said.count("not a medical device") >= 1
    assert len(test.get("plotly_chart")) == 3
    assert "--set kernel=linear" in test.code[-2].value
    assert "--folds 3" in test.code[-2].value
    assert run.id not in test.code[-2].value
    assert any("## Limits" in str(item.value) for item in test.markdown)
    test.selectbox(key="training_metric").set_value("auc").run()
    assert "Area under the ROC curve of each fold" in text_of(test)


def test_a_control_says_whether_it_comes_to_chance(open_page: Open, space: Workspace, full: Trained) -> None:
    run = full.runs["control"]
    assert "Control with permuted labels" in text_of(open_page("training_lab", run=run))
    manifest = load_run(space, run).manifest
    assert manifest is not None and manifest.scores is not None
    scores = json.loads(json.dumps(manifest.scores))
    scores["metrics"]["balanced_accuracy"] = {"mean": 0.9, "ci_low": 0.8, "ci_high": 1.0}
    changed(space, run, scores=scores)
    assert "copies of their rows may be in training and in test" in text_of(open_page("training_lab", run=run))


@pytest.mark.parametrize("state", ["stopped", "cancelled", "failed", "running"])
def test_runs_that_did_not_end_by_themselves(open_page: Open, space: Workspace, full: Trained, state: str) -> None:
    run = full.runs["svm"]
    error = {"kind": "ModelError", "message": "The loss is NaN.", "remedy": "Lower it."} if state == "failed" else None
    changed(space, run, state=state, scores=None, error=error)
    test = open_page("training_lab", run=run)
    said = text_of(test)
    # A run that says it is running while no process holds it was interrupted.
    expected = {"stopped": "Stopped early", "cancelled": "was cancelled", "failed": "Lower it."}
    assert expected.get(state, "was interrupted") in said
    assert "Balanced accuracy of each fold" in said
    test.button(key="training_resume").click().run()
    job = JobStore(space).list()[0]
    assert (job.kind, job.spec["params"]["run"]) == ("train", run)


def test_a_run_that_was_stopped_early_says_over_how_many_folds(
    open_page: Open, space: Workspace, full: Trained
) -> None:
    run = full.runs["svm"]
    shutil.rmtree(space.root / "runs" / run / "folds" / "0-3")
    changed(space, run, state="stopped")
    said = text_of(open_page("training_lab", run=run))
    assert "over the 2 of 3 folds that were finished" in said


def test_damaged_and_gone_runs(open_page: Open, space: Workspace, full: Trained) -> None:
    assert "This run is gone" in text_of(open_page("training_lab", run="none"))
    assert "This run is gone" in text_of(open_page("training_lab", job="none"))
    run = full.runs["svm"]
    fold = space.root / "runs" / run / "folds" / "0-2"
    (fold / "fold.json").write_text("half")
    said = text_of(open_page("training_lab", run=run))
    assert "This run is damaged" in said
    assert "and resume the run" in said
    (space.root / "runs" / run / "run.json").write_text('{"id": "x"}')
    assert "This run is damaged" in text_of(open_page("training_lab", run=run))
    test = open_page("training_lab", tab="Runs")
    assert run in [button.label for button in test.button], "a damaged run is listed, by its identifier"


def test_runs_are_listed_and_opened(open_page: Open, full: Trained) -> None:
    test = open_page("training_lab", tab="Runs")
    said = text_of(test)
    assert "permuted labels" in said
    test.button(key=f"earlier_{full.runs['svm']}").click().run()
    assert test.query_params["run"] == full.runs["svm"]


COMMANDS: list[dict[str, Any]] = [
    {"model": "svm"},
    {"model": "tcn", "folds": 3, "seeds": 4, "first_seed": 7, "settings": {"epochs": 9, "batch_size": None}},
    {"model": "majority", "permuted": True, "final": False, "threshold": "inner", "calibrate": True},
    {"model": "svm", "settings": {"kernel": "linear", "strength": None, "exchange_sides": False}},
    {"model": "svm", "data": {"features": ["knee angle", "-x"], "reference_class": "1", "several_labels": True}},
]


@pytest.mark.parametrize("values", COMMANDS, ids=str)
def test_the_command_that_is_shown_starts_the_same_job(
    values: dict[str, Any], space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[dict[str, Any]] = []

    def run_now(_: Workspace, kind: str, params: dict[str, Any], *__: Any, **___: Any) -> None:
        started.append({"kind": kind, **params})
        raise InterruptedError

    monkeypatch.setattr("gait_core.jobs.run.run_now", run_now)
    request = TrainRequest.from_dict({"dataset": "/data/my walks/it's.csv", **values})
    found = reproduce("train", request.to_dict(), workspace=space.root)
    args = build_parser().parse_args(shlex.split(found.command)[3:])
    with pytest.raises(InterruptedError):
        args.run(args, space, Console(quiet=True))
    assert Path(args.workspace) == space.root
    assert started[0].pop("kind") == "train"
    assert TrainRequest.from_dict(started[0]).with_(run="") == request
    started.clear()
    monkeypatch.setattr(
        "gait_core.workflows.train.train_classifier", lambda given, *_: run_now(space, "train", given.to_dict())
    )
    with pytest.raises(InterruptedError):
        exec(compile(found.python, "shown", "exec"), {})
    assert started[0].pop("kind") == "train"
    assert TrainRequest.from_dict(started[0]).with_(run="") == request


def test_what_the_command_line_cannot_say_is_told() -> None:
    found = reproduce("train", {"dataset": "/data/a.csv", "model": "svm", "inner_folds": 3})
    assert any("inner_folds, which was 3" in sentence for sentence in found.notes)


# --- comparison -------------------------------------------------------------------------------------------------


def test_no_run_and_nothing_to_compare(open_page: Open) -> None:
    assert "No run yet" in text_of(open_page("training_lab", tab="Runs"))
    assert "Two runs are needed" in text_of(open_page("training_lab", tab="Compare"))


def test_the_list_of_runs_to_compare_reads_no_fold(
    open_page: Open, full: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(
        run_folds,
        "read_record",
        lambda folder, read_record=run_folds.read_record: read.append(folder.parts[-3]) or read_record(folder),
    )
    test = open_page("training_lab", tab="Compare")
    listed = test.multiselect(key="training_compared")
    assert len(listed.options) == 3
    read.clear()
    listed.set_value([full.runs["svm"], full.runs["majority"]]).run()
    assert set(read) == {full.runs["svm"], full.runs["majority"]}


def test_runs_are_compared_with_a_corrected_test(open_page: Open, full: Trained) -> None:
    test = open_page("training_lab", tab="Compare")
    test.multiselect(key="training_compared").set_value([full.runs["svm"], full.runs["majority"]]).run()
    assert not test.exception
    said = text_of(test)
    for part in ("A: Support vector machine", "B: Most frequent class", "A − B", "Nadeau and Bengio", "kernel"):
        assert part in said, part
    assert "A is better." in said or "No difference is shown." in said
    test.multiselect(key="training_compared").set_value([full.runs["svm"]]).run()
    assert "Choose at least two runs" in text_of(test)


def test_runs_on_other_subjects_are_not_tested_against_each_other(
    open_page: Open, space: Workspace, full: Trained
) -> None:
    path = space.root / "runs" / full.runs["majority"] / "folds" / "0-1" / "fold.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"test_subjects": record["test_subjects"][:-1]}))
    test = open_page("training_lab", tab="Compare")
    test.multiselect(key="training_compared").set_value([full.runs["svm"], full.runs["majority"]]).run()
    assert "the two runs tested different ones" in text_of(test)


def test_only_settings_that_differ_are_told(space: Workspace, full: Trained) -> None:
    first, second = (load_run(space, full.runs[name]).manifest for name in ("svm", "control"))
    assert first is not None and second is not None
    found = differing_settings([first, second])
    assert found["permuted"] == [False, True]
    assert found["kernel"] == ["linear", None]
    assert "folds" not in found
    assert differing_settings([first, first]) == {}


# --- the process of the dashboard -------------------------------------------------------------------------------


def test_the_page_loads_no_heavy_library(full: Trained, space: Workspace) -> None:
    """A run is drawn in a process of its own, where no test has loaded anything before."""
    promote_model(space, full.runs["svm"], "ward")
    script = f"""
import sys
from streamlit.testing.v1 import AppTest
for params in ({{"run": {full.runs["svm"]!r}}}, {{"tab": "Compare"}}, {{"tab": "Models"}}, {{"model": "ward"}}, {{}}):
    test = AppTest.from_file({str(ROOT / "app" / "main.py")!r}, default_timeout=60).run()
    test.switch_page("../pages/training_lab.py")
    for name, value in params.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception and test.title[0].value == "Training lab"
heavy = ("tensorflow", "keras", "sklearn", "jax", "mediapipe", "openvino")
sys.exit(", ".join(name for name in heavy if name in sys.modules) or None)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
