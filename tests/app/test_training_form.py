"""The form of the training lab: settings files, presets, models that do not fit, and the size of a model."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fake
import pytest
from reading import text_of
from streamlit.testing.v1 import AppTest
from training_runs import Trained, table

from app.demo import demo_dataset
from app.views.training_choice import SETTING_PRESETS, presets_of, why_not
from app.views.training_file import file_text
from app.views.training_settings import line_of, names_in
from app.views.training_size import shape_of
from gait_core.api.reproduce import reproduce
from gait_core.cli.console import Console
from gait_core.cli.main import build_parser
from gait_core.jobs.store import JobStore
from gait_core.learn.classifiers import classifier, classifiers
from gait_core.learn.registry import model_kinds
from gait_core.progress import Reporter
from gait_core.workflows.dataset import CheckRequest, MakeRequest, checked_dataset, made_dataset
from gait_core.workflows.train_request import TrainRequest
from gait_core.workspace import Workspace

Open = Callable[..., AppTest]
FILE: dict[str, Any] = {
    "model": "tcn",
    "settings": {"epochs": 7, "batch_size": 16, "loss": "focal", "clipnorm": None, "ema": 0.99},
    "data": {"features": ["knee angle, left", "cadence_spm"], "rows": "curves", "hop_s": 0.5, "several_labels": True},
    "folds": 4,
    "seeds": 3,
    "first_seed": 11,
    "inner_folds": 3,
    "threshold": "inner",
    "calibrate": True,
    "final": False,
}


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobStore, "_spawn", lambda *_: None)


def loaded(test: AppTest, content: bytes, name: str = "settings.json") -> AppTest:
    test.file_uploader[0].upload(name, content, "application/json").run()
    assert not test.exception, [item.value for item in test.exception]
    return test


def started(test: AppTest, space: Workspace) -> TrainRequest:
    test.button(key="training_start").click().run()
    return TrainRequest.from_dict(JobStore(space).list()[0].spec["params"]).with_(run="")


def by_command(args: list[str], space: Workspace, monkeypatch: pytest.MonkeyPatch) -> TrainRequest:
    """Return what the command line asks for."""
    asked: list[Mapping[str, Any]] = []

    def run_now(_: Workspace, __: str, params: Mapping[str, Any], *___: Any, **____: Any) -> None:
        asked.append(params)
        raise InterruptedError

    monkeypatch.setattr("gait_core.jobs.run.run_now", run_now)
    parsed = build_parser().parse_args(args)
    with pytest.raises(InterruptedError):
        parsed.run(parsed, space, Console(quiet=True))
    return TrainRequest.from_dict(asked[0]).with_(run="")


def test_a_settings_file_goes_through_page_command_and_python_unchanged(
    open_page: Open, space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = table(tmp_path / "gait.csv")
    wanted = TrainRequest.from_dict({"dataset": str(data), **FILE})
    test = loaded(open_page("training_lab"), file_text(wanted.to_dict()).encode())
    assert test.text_input(key="training_path_1").value == str(data)
    assert test.segmented_control(key="training_preset_1").value == "Custom"
    shown = started(test, space)
    assert shown == wanted, "what the page starts is what the file says"

    saved = tmp_path / "saved.json"
    saved.write_text(file_text(shown.to_dict()), encoding="utf-8")
    assert "run" not in json.loads(saved.read_text())
    assert by_command(["train", "--config", str(saved)], space, monkeypatch) == wanted
    found = reproduce("train", shown.to_dict())
    assert by_command(shlex.split(found.command)[3:], space, monkeypatch) == wanted.with_(
        inner_folds=wanted.inner_folds if "--inner-folds" in found.command else 5
    )
    asked: list[TrainRequest] = []
    monkeypatch.setattr(
        "gait_core.workflows.train.train_classifier", lambda request, *_: asked.append(request) or 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        exec(compile(found.python, "shown", "exec"), {})
    assert asked == [wanted]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[1]", "Expected a JSON object in bad.json, but got list"),
        (b"\xff\xfe", "Expected a settings file in JSON at bad.json"),
        (b'{"model": "tnc"}', "Did you mean"),
        (b'{"model": "svm", "settings": {"epochs": 3}}', "epochs"),
        (b'{"folds": 1}', "folds"),
    ],
    ids=["list", "binary", "model", "setting", "range"],
)
def test_a_settings_file_that_is_wrong_changes_nothing(open_page: Open, content: bytes, told: str) -> None:
    test = loaded(open_page("training_lab"), content, "bad.json")
    said = text_of(test)
    assert "This settings file cannot be used" in said
    assert told in said
    assert test.radio(key="training_model").value == "svm", "the fields are those of before"


def test_what_a_file_leaves_out_stays_as_it_stands(open_page: Open, tmp_path: Path) -> None:
    test = open_page("training_lab")
    test.text_input(key="training_path").set_value(str(table(tmp_path / "gait.csv"))).run()
    loaded(test, b'{"model": "minirocket", "run": "of-another-day"}')
    assert test.text_input(key="training_path_1").value == str(tmp_path / "gait.csv")
    assert test.radio(key="training_model_1").value == "minirocket"


def test_the_form_is_as_it_was_left(open_page: Open, tmp_path: Path) -> None:
    test = open_page("training_lab")
    test.radio(key="training_model").set_value("tcn").run()
    test.number_input(key="training_set_tcn_epochs").set_value(9).run()
    test.toggle(key="training_calibrate").set_value(True).run()
    test.switch_page("../pages/library.py").run()
    test.switch_page("../pages/training_lab.py").run()
    assert not test.exception
    assert test.radio(key="training_model_1").value == "tcn"
    assert test.number_input(key="training_set_tcn_epochs_1").value == 9
    assert test.toggle(key="training_calibrate_1").value is True


def test_a_run_can_be_changed_and_trained_again(open_page: Open, full: Trained) -> None:
    test = open_page("training_lab", run=full.runs["svm"])
    test.button(key="training_again").click().run()
    assert test.selectbox(key="training_set_svm_kernel_1").value == "linear"
    assert test.segmented_control(key="training_preset_1").value == "Quick look"


def test_presets_set_the_fields_of_a_model(open_page: Open) -> None:
    for name, (values, _) in SETTING_PRESETS.items():
        classifier("tcn").settings.from_dict(dict(values))
        assert name in presets_of(classifier("tcn"))
    assert list(presets_of(classifier("svm"))) == ["Defaults"]
    test = open_page("training_lab")
    test.radio(key="training_model").set_value("tcn").run()
    test.button(key="training_settings_Quick trial_tcn").click().run()
    assert test.number_input(key="training_set_tcn_epochs_1").value == 15
    assert test.radio(key="training_model_1").value == "tcn"
    test.button(key="training_settings_Defaults_tcn").click().run()
    assert test.number_input(key="training_set_tcn_epochs_2").value == classifier("tcn").settings().to_dict()["epochs"]


def test_the_demo_dataset_is_made_once_and_then_chosen(open_page: Open, space: Workspace) -> None:
    test = open_page("training_lab")
    test.button(key="training_demo").click().run()
    (job,) = JobStore(space).list()
    assert job.kind == "dataset_make" and job.spec["params"]["folder"] == str(demo_dataset(space))
    assert not test.exception and "training_demo" not in {button.key for button in test.button}
    JobStore(space).cancel(job.id)
    made_dataset(MakeRequest(folder=str(demo_dataset(space)), subjects=2, walks=1, impairments=("crouch",)), Reporter())
    again = open_page("training_lab")
    again.button(key="training_demo").click().run()
    assert again.text_input(key="training_path").value == str(demo_dataset(space))
    assert "A folder." in text_of(again) and len(JobStore(space).list()) == 1


def report_of(space: Workspace, path: Path) -> tuple[str, dict[str, Any]]:
    """Return a job that checked a dataset, and its report."""
    params = CheckRequest(path=str(path), folds=5).to_dict()
    report = checked_dataset(CheckRequest.from_dict(params), space, Reporter())
    return fake.job(space, "done", kind="dataset_check", params=params, stage="dataset", result=report), report


def test_every_registered_model_is_offered_or_says_why_not(open_page: Open, space: Workspace, tmp_path: Path) -> None:
    path = table(tmp_path / "gait.csv")
    job, report = report_of(space, path)
    test = open_page("training_lab")
    test.text_input(key="training_path").set_value(str(path)).run()
    test.query_params["check"] = job
    test.run()
    offered = set(test.radio(key="training_model").options)
    said = text_of(test)
    for kind in model_kinds():
        reason = why_not(kind, report)
        assert (kind.title in offered) == (not reason), kind.name
        assert reason in said, kind.name
    assert "It takes gait cycles or windows of video features; this dataset gives tables of parameters." in said
    assert "Rows to learn from" in said
    assert "are free now" in said


@pytest.mark.parametrize("spec", classifiers(), ids=lambda spec: spec.name)
def test_the_size_of_every_model_is_known_before_the_start(spec: Any) -> None:
    report = {
        "row_kind": spec.inputs[0],
        "shape": [40, 2],
        "channels": ["limb", "joint"],
        "subjects": {"a": 9, "b": 8},
    }
    shape = shape_of(report)
    assert why_not(spec, report) == "" or spec.inputs == ("clips",)
    assert spec.parameter_count(spec.settings(), shape) > 0
    assert spec.memory_bytes(spec.settings(), shape, 60) > 0


def size_page(changed: dict[str, int]) -> None:
    from app.views.training_size import render
    from gait_core.learn.classifiers import classifier

    report = {
        "row_kind": "curves",
        "shape": [40, 2],
        "channels": ["limb", "joint"],
        "subjects": {"a": 9, "b": 8},
        "rows": {"a": 210, "b": 190},
    }
    render(report, classifier("tcn"), changed, 2)


@pytest.mark.parametrize(
    ("changed", "free_mib", "told", "not_told"),
    [
        ({}, 4096, ("16 rows", "chosen by the free memory and the number of rows"), "More memory than is free"),
        ({"batch_size": 24}, 4096, ("24 rows", "as you set it", "400", "weights to learn"), "More memory than is free"),
        ({"batch_size": 24}, 0, ("24 rows", "More memory than is free"), "does not fit"),
        ({}, 0, ("This model does not fit into the memory",), "Rows to learn from"),
    ],
    ids=["chosen", "set", "too much", "nothing fits"],
)
def test_the_page_says_whether_a_training_fits(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], free_mib: int, told: tuple[str, ...], not_told: str
) -> None:
    machine = SimpleNamespace(available_bytes=free_mib * 1024**2, reserve_bytes=0)
    for module in ("gait_core.workflows.training_size", "gait_core.learn.classifiers.batch_size"):
        monkeypatch.setattr(f"{module}.machine_memory", lambda: machine)
    test = AppTest.from_function(size_page, args=(changed,)).run()
    assert not test.exception
    said = text_of(test)
    assert all(words in said for words in told)
    assert not_told not in said


def test_names_are_written_and_read_alike() -> None:
    for names in ((), ("a",), ("a b", "c, d", 'e "f"'), (" g",)):
        assert names_in(line_of(names)) == tuple(name.strip() for name in names)
