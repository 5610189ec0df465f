"""Two training runs against each other: in the library, from the command line and from Python, with one answer."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gait_core as gait
from gait_core.cli.main import main
from gait_core.errors import InputError, NotFoundError, StorageError
from gait_core.learn.comparison import compare_folds
from gait_core.learn.runs import Run, load_run
from gait_core.learn.scores import METRICS
from gait_core.progress import silent
from gait_core.workflows.compare_runs import compare_runs, difference_between, differing_settings
from gait_core.workflows.train import train_classifier
from gait_core.workflows.train_request import TrainRequest
from gait_core.workspace import Workspace

FIRST, SECOND = "logistic", "majority"
ASKED = {
    FIRST: {"model": "logistic_regression", "settings": {"strength": 0.5}},
    SECOND: {"model": "majority"},
    "other-folds": {"model": "majority", "folds": 4},
    "other-classes": {"model": "majority", "data": {"reference_class": "control"}},
    "control": {"model": "logistic_regression", "settings": {"strength": 0.5}, "permuted": True},
}


def save_table(path: Path) -> None:
    """Write parameters of three groups that overlap."""
    order = np.random.default_rng(0)
    lines = ["subject,label,cadence_spm,stride_m"]
    for number in range(24):
        values = order.normal(number % 3, 1.0, 2)
        lines.append(
            f"s{number:02d},{('control', 'stroke', 'ataxia')[number % 3]}," + ",".join(f"{v:.4f}" for v in values)
        )
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the root of a workspace with runs that are named after what they are."""
    folder = tmp_path_factory.mktemp("trained")
    save_table(folder / "gait.csv")
    for name, values in ASKED.items():
        common = {"dataset": str(folder / "gait.csv"), "folds": 3, "final": False, "run": name}
        train_classifier(TrainRequest.from_dict({**common, **values}), Workspace(folder / "space"), silent())
    return folder / "space"


@pytest.fixture
def space(trained: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(trained, tmp_path / "space")
    return Workspace(tmp_path / "space")


Loaded = Callable[[str], Run]


@pytest.fixture
def run(space: Workspace) -> Loaded:
    return lambda name: load_run(space, name)


def test_each_figure_has_both_runs_and_the_corrected_test(run):
    one, other = run(FIRST), run(SECOND)
    found = compare_runs(one, other)
    assert (found["comparable"], found["problem"]) == (True, None)
    assert list(found["metrics"]) == list(METRICS)
    for name, own in found["metrics"].items():
        test = compare_folds(one.records, other.records, name).to_dict()
        assert own["first"] == one.manifest.scores["metrics"][name]
        assert own["second"] == other.manifest.scores["metrics"][name]
        assert own["difference"] == {"mean": test["difference"], "ci_low": test["ci_low"], "ci_high": test["ci_high"]}
        assert {key: own[key] for key in ("t", "p", "degrees_of_freedom", "folds")} == {
            key: test[key] for key in ("t", "p", "degrees_of_freedom", "folds")
        }
    assert found["metrics"]["balanced_accuracy"]["difference"]["mean"] > 0.1
    assert found["metrics"]["balanced_accuracy"]["folds"] == 3


def test_the_order_of_the_runs_turns_the_sign_and_nothing_else(run):
    there, back = (compare_runs(run(a), run(b))["metrics"]["f1"] for a, b in ((FIRST, SECOND), (SECOND, FIRST)))
    assert back["difference"]["mean"] == pytest.approx(-there["difference"]["mean"])
    assert back["difference"]["ci_low"] == pytest.approx(-there["difference"]["ci_high"])
    assert (back["p"], back["t"]) == (pytest.approx(there["p"]), pytest.approx(-there["t"]))


def test_only_settings_that_differ_are_told(run):
    found = compare_runs(run(FIRST), run("control"))
    assert found["settings"] == {"permuted": [False, True]}
    assert found["notes"] == ["control is a control with labels exchanged at random."]
    assert compare_runs(run(FIRST), run(SECOND))["settings"]["strength"] == [0.5, None]
    assert differing_settings([run(FIRST).manifest] * 2) == {}


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ("other-folds", "tested different ones"),
        ("other-classes", "classes, but they have (control, ataxia, stroke) and (control, other)"),
    ],
)
def test_runs_whose_figures_mean_different_things_are_not_tested(run, other, told):
    found = compare_runs(run(SECOND), run(other))
    assert not found["comparable"]
    assert told in found["problem"]["message"]
    assert found["problem"]["remedy"]
    assert found["metrics"]["accuracy"]["first"] is not None
    assert {own["p"] for own in found["metrics"].values()} == {None}
    with pytest.raises(InputError, match=re.escape(told)):
        difference_between(run(SECOND), run(other), "accuracy")


def test_runs_without_common_folds_and_with_some_of_them(run, space):
    shutil.rmtree(space.runs / SECOND / "folds" / "0-3")
    found = compare_runs(run(FIRST), run(SECOND))
    assert {own["folds"] for own in found["metrics"].values()} == {2}
    assert found["notes"] == ["2 folds are compared, of 3 and 3 that were planned."]
    shutil.rmtree(space.runs / SECOND / "folds")
    assert "there is none" in compare_runs(run(FIRST), run(SECOND))["problem"]["message"]


def test_a_figure_that_is_not_defined_in_a_fold_is_told_and_the_others_are_tested(run, space):
    path = space.runs / SECOND / "folds" / "0-1" / "fold.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "scores": {**record["scores"], "auc": None}}))
    found = compare_runs(run(FIRST), run(SECOND))
    assert found["comparable"]
    assert "nan" in found["metrics"]["auc"]["problem"]["message"]
    assert found["metrics"]["auc"]["p"] is None
    assert found["metrics"]["recall"]["p"] is not None


def test_one_run_twice_and_a_damaged_one_are_refused(run, space):
    with pytest.raises(InputError, match="two different runs"):
        compare_runs(run(FIRST), run(FIRST))
    (space.runs / SECOND / "run.json").write_text("{}")
    with pytest.raises(StorageError, match="manifest"):
        compare_runs(run(FIRST), run(SECOND))


def test_a_damaged_fold_is_noted(run, space):
    (space.runs / SECOND / "folds" / "0-2" / "fold.json").write_text("{}")
    notes = compare_runs(run(FIRST), run(SECOND))["notes"]
    assert any("fold 2 of seed 0" in note for note in notes)


# From the command line.


def said(capsys: pytest.CaptureFixture[str], space: Workspace, *arguments: str, code: int = 0) -> str:
    assert main(["runs", "compare", *arguments, "--workspace", str(space.root)]) == code
    return capsys.readouterr().out


def test_the_command_gives_the_same_answer(capsys, space, run):
    answer: dict[str, Any] = json.loads(said(capsys, space, FIRST, SECOND, "--json"))
    assert answer == {**compare_runs(run(FIRST), run(SECOND)), "exit_code": 0}


def test_the_command_tells_people_what_the_answer_says(capsys, space, run):
    text = said(capsys, space, FIRST, SECOND)
    own = compare_runs(run(FIRST), run(SECOND))["metrics"]["balanced_accuracy"]
    assert f"A − B {own['difference']['mean']:+.3f}" in text
    assert f"t = {own['t']:.2f}" in text
    assert "3 folds" in text
    assert "strength: A 0.5, B –" in text


def test_the_command_says_why_runs_cannot_be_compared(capsys, space):
    text = said(capsys, space, SECOND, "other-classes", code=1)
    assert "✗ Not comparable. Expected two runs with the same classes" in text
    answer = json.loads(said(capsys, space, SECOND, "nobody", "--json", code=1))
    assert "'nobody'" in answer["error"]["message"]


# From Python.


def test_python_gives_the_same_answer_as_tables(space, run):
    found = gait.compare_runs(FIRST, SECOND, workspace=space)
    assert found.to_dict() == compare_runs(run(FIRST), run(SECOND))
    table = found.to_dataframe()
    assert table["metric"].tolist() == list(METRICS)
    assert table["p"].between(0, 1).all()
    assert (table["difference_ci_low"] <= table["difference"]).all()
    assert table["first"].tolist() == [found.metrics[name]["first"]["mean"] for name in METRICS]
    settings = found.to_dataframe("settings").set_index("setting")
    assert settings.loc["strength", "first"] == 0.5
    with pytest.raises(InputError, match="settings"):
        found.to_dataframe("folds")
    assert found.comparable
    assert "balanced accuracy differs by +" in repr(found)
    assert "balanced_accuracy" in found._repr_html_()
    assert len(found.plot().axes[0].get_yticks()) == len(METRICS)


def test_python_takes_runs_and_says_why_they_cannot_be_compared(space, run):
    first = gait.TrainingRun(id=FIRST, workspace=space, answer={})
    assert gait.compare_runs(first, SECOND).to_dict() == compare_runs(run(FIRST), run(SECOND))
    found = gait.compare_runs(first, "other-classes")
    assert not found.comparable
    assert "same classes" in found.problem
    assert "same classes" in repr(found)
    assert found.to_dataframe()["problem"].str.contains("same classes").all()
    assert found.plot().axes[0].get_yticklabels() == []
    with pytest.raises(NotFoundError, match="nobody"):
        gait.compare_runs(first, "nobody")
