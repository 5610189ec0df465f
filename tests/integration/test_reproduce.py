"""“Reproduce this”: the command that stands below a result, run again, gives the same numbers."""

from __future__ import annotations

import json
import shlex
import shutil
from typing import Any

import pytest

from gait_core.api.reproduce import reproduce
from gait_core.baseline.analyses import load_analysis
from gait_core.baseline.store import load_baseline
from gait_core.cli.main import main
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.jobs.run import run_now
from gait_core.walks.measurements import load_measurement, remeasure
from gait_core.workspace import Workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def space(made, tmp_path_factory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("again") / "workspace")
    shutil.copytree(made.workspace.root, workspace.root)
    return workspace


def again(kind: str, params: Any, space: Workspace, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    command = shlex.split(reproduce(kind, params, workspace=space.root).command)
    assert command[:3] == ["python", "-m", "gait_core"]
    capsys.readouterr()
    assert main([*command[3:], "--json", "--quiet"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def test_an_analysis_and_its_measurement(made, space, capsys):
    params = {"videos": [str(made.later["impaired"])], "baseline_id": made.baseline_id, "overlay": False}
    (first,) = run_now(space, "analyse", params, "First")["walks"]
    summary = load_analysis(space, first["analysis_id"]).summary
    (second,) = again("analyse", {**summary.request, "overlay": False}, space, capsys)["walks"]
    assert [second[name] for name in ("level", "score", "joints")] == [summary.level, summary.score, summary.joints]
    stored = load_measurement(space, first["measurement_id"])
    (measured,) = again("measure", stored.job_params(), space, capsys)["walks"]
    assert measured["parameters"] == as_json(stored.measurement.to_dict()["parameters"])


def test_a_measurement_whose_scale_was_changed_by_hand(made, space, capsys):
    (walk,) = run_now(space, "measure", {"videos": [str(made.videos[0])]}, "First")["walks"]
    stored = load_measurement(space, walk["measurement_id"])
    assert "step_length_m" not in stored.measurement.parameters
    changed = remeasure(space, stored, scale=ScaleInput(kind="height", value=1.72))
    (measured,) = again("measure", changed.job_params(), space, capsys)["walks"]
    assert measured["parameters"]["step_length_m"]["mean"] > 0.3
    assert measured["parameters"] == as_json(changed.measurement.to_dict()["parameters"])


def test_a_baseline(made, space, capsys):
    stored = load_baseline(space, made.baseline_id)
    result = again("baseline", stored.manifest.request, space, capsys)
    assert result["baseline_id"] != made.baseline_id
    assert result["thresholds"] == made.result["thresholds"]
    assert [walk["score"] for walk in result["walks"]] == [walk["score"] for walk in made.result["walks"]]
