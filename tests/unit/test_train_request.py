"""What a training is asked for: options beside a settings file win one by one, also where a run is resumed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gait_core.cli.console import Console
from gait_core.cli.main import build_parser
from gait_core.errors import GaitError, SettingsError
from gait_core.learn.run_manifest import RunManifest
from gait_core.learn.runs import write_run
from gait_core.workflows.train_request import TrainRequest, merged, resumed_request
from gait_core.workspace import Workspace

Asked = Callable[..., dict[str, Any]]
FEATURES = ["left_knee_flexion_deg", "right_knee_flexion_deg"]
SVM = {
    "dataset": "/data/cycles.csv",
    "model": "svm",
    "settings": {"kernel": "linear", "strength": 0.25},
    "data": {"features": FEATURES, "missing": "refuse"},
    "folds": 2,
    "final": False,
}
NETWORK = {**SVM, "model": "naive_cnn", "settings": {"epochs": 2, "patience": 2, "learning_rate": 0.01}}


@pytest.fixture
def asked(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Return what tells the request that a command makes; nothing is trained."""
    found: list[Mapping[str, Any]] = []

    def run_now(_: Workspace, __: str, params: Mapping[str, Any], *___: Any, **____: Any) -> None:
        found.append(params)
        raise InterruptedError

    monkeypatch.setattr("gait_core.jobs.run.run_now", run_now)

    def of_command(*arguments: str) -> dict[str, Any]:
        parsed = build_parser().parse_args(["train", *arguments])
        with pytest.raises(InterruptedError):
            parsed.run(parsed, workspace, Console(quiet=True))
        return {name: value for name, value in found.pop().items() if name != "run"}

    return of_command


def written(folder: Path, values: Any) -> str:
    path = folder / "settings.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("values", "options", "changed"),
    [
        (SVM, ("--set", "strength=2"), {"settings": {"kernel": "linear", "strength": 2}}),
        (SVM, ("--set", "width=2"), {"settings": {"kernel": "linear", "strength": 0.25, "width": 2}}),
        (SVM, ("--data", "missing=drop"), {"data": {"features": FEATURES, "missing": "drop"}}),
        (NETWORK, ("--tensorboard",), {"settings": {**NETWORK["settings"], "tensorboard": True}}),
        (
            NETWORK,
            ("--set", "epochs=3", "--folds", "4"),
            {"settings": {**NETWORK["settings"], "epochs": 3}, "folds": 4},
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_option_beside_a_settings_file_wins_and_leaves_the_rest(asked, tmp_path, values, options, changed):
    alone = asked("--config", written(tmp_path, values))
    assert alone == {name: value for name, value in TrainRequest.from_dict(values).to_dict().items() if name != "run"}
    assert asked("--config", written(tmp_path, values), *options) == {**alone, **changed}


def test_a_settings_file_without_settings_takes_those_of_the_command_line(asked, tmp_path):
    bare = {"dataset": "/data/cycles.csv", "model": "svm"}
    found = asked("--config", written(tmp_path, bare), "--set", "kernel=linear", "--data", "missing=drop")
    assert (found["settings"], found["data"]) == ({"kernel": "linear"}, {"missing": "drop"})


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("settings", 3, "settings to be a JSON object, but got 3"),
        ("data", ["missing"], "data to be a JSON object"),
        ("model", 3, "model to be text, but got 3"),
        ("dataset", ["a.csv"], "dataset to be text"),
    ],
)
def test_a_value_of_the_wrong_kind_in_a_settings_file_is_told(workspace, tmp_path, name, value, told):
    arguments = ["train", "--config", written(tmp_path, {**SVM, name: value}), "--set", "width=2"]
    parsed = build_parser().parse_args([*arguments, "--data", "missing=drop"])
    with pytest.raises(SettingsError, match=told):
        parsed.run(parsed, workspace, Console(quiet=True))


def test_merging_changes_neither_side():
    below, above = {"settings": {"a": 1}}, {"settings": {"b": 2}}
    assert merged(below, above) == {"settings": {"a": 1, "b": 2}}
    assert (below, above) == ({"settings": {"a": 1}}, {"settings": {"b": 2}})


@pytest.fixture
def stored(workspace: Workspace) -> str:
    """Return the name of a run that has only begun."""
    request = TrainRequest.from_dict({**SVM, "run": "begun"})
    folder = workspace.entry("runs", "begun")
    folder.mkdir(parents=True)
    manifest = RunManifest(
        id="begun",
        created_s=0.0,
        state="cancelled",
        model="svm",
        title="Support vector machine",
        request=request.to_dict(),
        settings=request.model_settings().to_dict(),
        validation=request.validation().to_dict(),
        dataset={},
        splits=[],
        versions={},
    )
    write_run(folder, manifest)
    return "begun"


def test_resuming_with_what_the_run_was_started_with_is_allowed(workspace, stored):
    """A part of it, all of it, and a default that nobody wrote down."""
    wanted = TrainRequest.from_dict({**SVM, "run": stored})
    for given in (
        {"settings": {"kernel": "linear"}},
        {"settings": {"class_weights": True}},
        {"data": {"features": FEATURES}},
        SVM,
    ):
        assert resumed_request(workspace, stored, given) == wanted


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"settings": {"kernel": "rbf"}}, "kernel 'linear'"),
        ({"data": {"missing": "drop"}}, "missing 'refuse'"),
        ({"model": "tcn", "settings": {"epochs": 3}}, "model 'svm'"),
        ({"folds": 3}, "folds 2"),
        ({"settings": {"epochs": 3}}, "epochs"),
    ],
)
def test_resuming_with_something_else_is_refused(workspace, stored, given, told):
    with pytest.raises(GaitError, match=told):
        resumed_request(workspace, stored, given)


def test_a_settings_file_beside_a_run_to_resume_is_held_against_it(workspace, stored, asked, tmp_path):
    assert asked("--resume", stored, "--config", written(tmp_path, SVM)) == asked("--resume", stored)
    other = written(tmp_path, {**SVM, "settings": {"kernel": "linear", "strength": 4.0}})
    parsed = build_parser().parse_args(["train", "--resume", stored, "--config", other])
    with pytest.raises(SettingsError, match=r"strength 0\.25"):
        parsed.run(parsed, workspace, Console(quiet=True))
