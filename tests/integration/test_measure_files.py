"""Measuring real video files from the command line: values, edits, exports, reports, and what goes wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from gait_core.baseline.analyses import load_analysis
from gait_core.baseline.findings import compare_with_baseline
from gait_core.baseline.norms import Norms
from gait_core.cli.main import main
from gait_core.errors import NotFoundError
from gait_core.gait.events.edits import Edit, edits_to_json
from gait_core.gait.events.gait_events import INITIAL_CONTACT
from gait_core.jobs.run import run_now
from gait_core.report.write import comparison_of, report_of
from gait_core.simulate.truth import WalkTruth
from gait_core.walks.measurements import (
    MeasuredWalk,
    delete_measurement,
    list_measurements,
    load_measurement,
    remeasure,
)
from gait_core.workspace import Workspace

pytestmark = pytest.mark.slow


def command(capsys, made, *arguments):
    """Run a command and return its exit code and JSON."""
    code = main([*map(str, arguments), "--json", "--quiet", "--workspace", str(made.workspace.root)])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def truth(made):
    return WalkTruth.from_json(made.videos[0].with_suffix(".truth.json"))


@pytest.fixture(scope="module")
def measured(made, truth):
    params = {"videos": [str(made.videos[0])], "subject": "Demo Person"}
    params["scale"] = {"kind": "height", "value": round(truth.height_m, 2), "pixels": None}
    (walk,) = run_now(made.workspace, "measure", params, "Measure")["walks"]
    return walk


def test_the_answer_has_the_promised_keys(measured):
    assert {"path", "parameters", "events", "warnings"} <= set(measured)
    for parameter in measured["parameters"].values():
        assert {"left", "right", "mean", "ci_low", "ci_high", "n"} <= set(parameter)
    for event in measured["events"]:
        assert {"time_s", "side", "kind"} <= set(event)
    assert json.dumps(measured, allow_nan=False)


def test_the_values_are_those_of_the_walker(measured, truth):
    found = measured["parameters"]
    assert found["cadence_spm"]["mean"] == pytest.approx(truth.cadence_spm, rel=0.03)
    assert found["walking_speed_mps"]["mean"] == pytest.approx(truth.speed_mps, rel=0.06)
    assert found["stride_length_m"]["mean"] == pytest.approx(truth.stride_length_m, abs=0.08)
    assert measured["scale"]["source"] == "height"


def test_a_moved_event_changes_the_numbers_and_can_be_undone(made, measured):
    walk = load_measurement(made.workspace, measured["measurement_id"])
    # Not the first one: no step ends with it.
    event = [e for e in walk.measurement.events.events if e.kind == INITIAL_CONTACT and e.side == "left"][1]
    edit = Edit(action="move", side="left", kind=event.kind, time_s=event.time_s, new_time_s=event.time_s + 0.04)
    changed = remeasure(made.workspace, walk, edits=[edit])
    again = load_measurement(made.workspace, walk.id)
    assert again.measurement.edits == (edit,)
    assert again.measurement.events == walk.measurement.events
    before, after = (one.measurement.parameters["step_time_s"].left for one in (walk, changed))
    assert before.mean != after.mean
    undone = remeasure(made.workspace, again, edits=[])
    assert undone.measurement.parameters["step_time_s"].left == before


def test_changed_events_come_from_a_file(capsys, made, measured, tmp_path):
    event = measured["events"][0]
    edit = Edit(action="delete", side=event["side"], kind=event["kind"], time_s=event["time_s"])
    file = tmp_path / "edits.json"
    file.write_text(edits_to_json([edit]))
    code, answer = command(capsys, made, "measure", made.videos[0], "--events", file)
    assert code == 0
    assert len(answer["walks"][0]["events"]) == len(measured["events"]) - 1


def test_exports_and_reports_are_written(capsys, made, tmp_path):
    code, answer = command(
        capsys,
        made,
        "measure",
        made.videos[0],
        made.videos[1],
        "--height-m",
        "1.75",
        "--export",
        tmp_path / "out",
        "--format",
        "csv,trc,mot,c3d,json",
        "--report",
        tmp_path / "walk.pdf",
    )
    assert code == 0
    assert (tmp_path / "out" / "all_parameters.csv").is_file()
    for walk in answer["walks"]:
        assert not walk["export"]["skipped"]
        assert {file.rsplit(".", 1)[1] for file in walk["export"]["files"]} == {"csv", "trc", "mot", "c3d", "json"}
        assert Path(walk["report"]).read_bytes()[:5] == b"%PDF-"


def test_pictures_show_the_legs_on_the_side_on_which_they_were_measured(made, measured, monkeypatch):
    walk = load_measurement(made.workspace, measured["measurement_id"])
    found = walk.track(made.workspace)
    position = found.position.copy()
    legs, other_legs = list(range(25, 33)), [26, 25, 28, 27, 30, 29, 32, 31]
    shown = walk.repaired_track(made.workspace)
    position[:, legs] = shown.position[:, legs]
    middle = slice(len(found) // 3, len(found) // 3 + 40)
    exchanged = position.copy()
    exchanged[middle, legs] = position[middle][:, other_legs]
    for given in (position, exchanged):  # without other places for the joints, so that both start from these
        monkeypatch.setattr(MeasuredWalk, "track", lambda *_, given=given: found.with_(position=given, candidates=None))
        drawn = walk.repaired_track(made.workspace).position[middle][:, legs]
        assert np.median(np.abs(drawn - shown.position[middle][:, legs])) < 1.0
        assert len(report_of(made.workspace, walk).evidence) == 4


def test_an_analysis_measures_and_reports_the_same_walk(capsys, made, tmp_path):
    report = tmp_path / "visit.html"
    arguments = ("analyse", made.later["impaired"], "--baseline", made.baseline_id, "--report", report)
    code, answer = command(capsys, made, *arguments)
    assert code == 0
    (walk,) = answer["walks"]
    assert "Demo Person" in report.read_text(encoding="utf-8")
    stored = load_measurement(made.workspace, walk["measurement_id"])
    comparison = comparison_of(made.workspace, stored, made.baseline_id)
    assert comparison is not None
    assert comparison.n_walks == 5
    assert comparison.level in ("watch", "alert")
    knees = {part: curve for part, curve in comparison.phase_joints.items() if part.endswith("knee")}
    assert len(knees) == 2
    assert any(change.verdict == "real change" for change in comparison.changes)
    # A walk whose baseline has no norms keeps the verdict and loses bands and changes.
    bare = compare_with_baseline(stored.measurement, load_analysis(made.workspace, walk["analysis_id"]), None)
    assert bare.level == comparison.level
    assert not bare.bands
    assert not bare.changes


def test_a_baseline_keeps_the_parameters_of_its_walks(made):
    norms = Norms.load(made.workspace.baseline_folder(made.baseline_id))
    assert norms is not None
    assert len(norms.parameters) == len(norms.curves) == len(norms.proportions) == 5
    # The demo walks are encoded anew on every machine, and a walk may lose its one stride of a side to that.
    assert norms.bands["knee", "left"].n_walks >= 3


def test_landmarks_that_were_changed_are_discarded_and_that_is_said(made, measured, tmp_path):
    workspace = Workspace(tmp_path)
    walk = load_measurement(made.workspace, measured["measurement_id"])
    shutil.copytree(made.workspace.cache / "arrays" / "track", workspace.cache / "arrays" / "track")
    assert len(walk.track(workspace))
    (changed,) = workspace.cache.glob(f"arrays/track/*/{walk.track_address}/position.npy")
    changed.write_bytes(changed.read_bytes()[:-1] + b"\x7f")
    for _ in range(2):  # it is gone after the first look
        with pytest.raises(NotFoundError, match="cleared, or found changed and discarded"):
            walk.track(workspace)


def test_a_deleted_measurement_is_no_longer_listed(made, measured):
    copy = load_measurement(made.workspace, measured["measurement_id"])
    assert any(facts["id"] == copy.id for facts in list_measurements(made.workspace, "Demo Person"))
    delete_measurement(made.workspace, copy.id)
    assert not any(facts["id"] == copy.id for facts in list_measurements(made.workspace))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--height-m", "17"), "height of the person"),
        (("--height-m", "1.7", "--speed-mps", "1.2"), "one source of scale"),
        (("--distance-m", "3"), "length of the known distance in the image"),
        (("--events", "nowhere.json"), "cannot be read"),
        (("--export", "x", "--format", "csv,bvh"), "'bvh'"),
    ],
)
def test_what_is_wrong_is_said_before_any_work(capsys, made, arguments, words):
    code, answer = command(capsys, made, "measure", made.videos[0], *arguments)
    assert code == 1
    assert words in answer["error"]["message"]
    assert answer["error"]["remedy"]


def test_a_bad_video_among_good_ones_does_not_stop_the_others(capsys, made, tmp_path):
    (tmp_path / "bad.mp4").write_text("no video")
    code, answer = command(capsys, made, "measure", tmp_path / "bad.mp4", made.videos[0])
    assert code == 0
    assert [("error" in walk) for walk in answer["walks"]] == [True, False]
