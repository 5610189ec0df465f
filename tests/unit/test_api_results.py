"""Results as objects: what their tables, figures, dictionaries and notebook views hold."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from measured_walks import measured

import gait_core as gait
from gait_core.baseline.analyses import AnalysisSummary
from gait_core.baseline.calibration import Calibration
from gait_core.baseline.conditions import Conditions
from gait_core.baseline.store import ValidationScores
from gait_core.baseline.thresholds import compute_thresholds
from gait_core.cache.archive import save_arrays
from gait_core.compare.profile_comparison import ProfileRun
from gait_core.config import PROFILES, FeatureSettings, PoseSettings, ThresholdSettings
from gait_core.errors import GaitError, InputError, VideoError
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.validation.reference import Reference
from gait_core.validation.validate import validate
from gait_core.walks.measurements import MeasuredWalk, save_measurement
from gait_core.workflows.measure import walk_answer
from gait_core.workspace import write_json

NASTY = "<b>Patient & 'Ünïcödé'<b>.mp4"
FAILED = {
    "path": "/videos/broken.mp4",
    "name": "broken.mp4",
    "measurement_id": None,
    "parameters": {},
    "events": [],
    "warnings": [],
    "error": VideoError("Expected a video, but got noise.", "Export it again.").to_dict(),
}


@pytest.fixture
def walk(workspace):
    """Store a measured walk with a name that HTML has to escape."""
    stored = MeasuredWalk(
        id="walk-20260101-000000-aaaaaa",
        subject="P014",
        name=NASTY,
        path=f"/videos/{NASTY}",
        content_sha256="0" * 64,
        created_s=1.0,
        track_address="f" * 64,
        time_scale=1.0,
        profile="balanced",
        frame_rate_hz=30.0,
        measurement=measured()[2],
    )
    save_measurement(workspace, stored)
    return stored


@pytest.fixture
def walks(walk, workspace):
    """Return the result of measuring two videos, of which one failed."""
    result = {"walks": [walk_answer(walk), FAILED], "timing_s": {"measure": 0.1}}
    entries = [gait.WalkMeasurement(answer=one, workspace=workspace) for one in result["walks"]]
    return gait.MeasuredWalks(entries, result)


@pytest.fixture
def analysed(workspace, walk):
    """Return the result of analysing three videos: an alert, a withheld one, and one that failed."""
    entries = []
    for number, (level, score) in enumerate([("alert", 2.3), (None, None)]):
        warnings = [] if level else [{"code": "several_people", "message": "Two people cross.", "blocking": True}]
        summary = AnalysisSummary(
            id=f"walk-20260102-000000-00000{number}",
            baseline_id="p014-20260101-000000-abcdef",
            subject="P014",
            name=NASTY,
            path=f"/videos/{NASTY}",
            content_sha256="0" * 64,
            created_s=2.0,
            level=level,
            score=score,
            share_over_threshold=0.6 if level else None,
            joints={"left knee": 1.1, "right knee": 2.9} if level else {},
            warnings=warnings,
            thresholds={"watch": 1.2, "alert": 1.5},
            facts={"frames": 50, "detection_rate": 1.0, "cached": False},
            measurement_id=walk.id,
        )
        folder = workspace.analysis_folder(summary.id)
        write_json(folder / "analysis.json", summary.to_dict())
        arrays = {
            "window_time_s": np.arange(4.0),
            "window_scores": np.arange(4.0),
            "window_limit": np.array(1.4),
            "joint_time_s": np.arange(3.0),
            "joint_time_scores": np.ones((3, 2)),
            "joint_names": np.array(["left knee", "right knee"]),
        }
        save_arrays(folder / "scores.npz", arrays)
        entries.append(gait.WalkAnalysis.load(summary.id, workspace=workspace))
    failed = {**FAILED, "level": None, "score": None, "share_over_threshold": None, "joints": {}}
    entries.append(gait.WalkAnalysis(answer=failed, workspace=workspace))
    answer = {"baseline_id": "p014-20260101-000000-abcdef", "walks": [entry.to_dict() for entry in entries]}
    return gait.AnalysedWalks(entries, answer)


@pytest.fixture
def baseline(workspace):
    """Return a stored baseline with one video that was left out."""
    names, scores = ["one.mp4", "two.mp4", NASTY], np.array([0.9, 1.0, 1.1])
    baseline_id = "p014-20260101-000000-abcdef"
    folder = workspace.baseline_folder(baseline_id)
    thresholds = compute_thresholds(scores, ThresholdSettings(method="mean_sd"))
    validation = ValidationScores(
        walk_names=names,
        walk_scores=scores,
        window_scores=[np.ones(3)] * 3,
        window_time_s=[np.arange(3.0)] * 3,
        joint_scores=np.ones((3, 1)),
        joint_names=["knee"],
    )
    save_arrays(folder / "validation.npz", validation.to_arrays())
    write_json(folder / "thresholds.json", thresholds.to_dict())
    write_json(folder / "calibration.json", _calibration())
    used = [{"path": f"/v/{n}", "name": n, "used": True, "score": float(s), "warnings": []}
            for n, s in zip(names, scores, strict=True)]  # fmt: skip
    manifest = {
        "subject": "<i>P014</i>",
        "created_s": 1.0,
        "profile": "balanced",
        "walks": used,
        "left_out": [{**FAILED, "used": False}],
        "training": {"mode": "fine-tuned", "cell": "gru", "epochs": 5, "val_loss": 0.07},
    }
    write_json(folder / "manifest.json", manifest)
    return gait.Baseline.load(baseline_id, workspace=workspace)


def _calibration():
    return Calibration(
        fps=30.0,
        speed_mps=None,
        scale_input=ScaleInput(),
        leg_length_px=(100.0,),
        feature_names=("knee",),
        feature_mean=(0.0,),
        feature_sd=(1.0,),
        residual_scale=(1.0,),
        typical_score=1.0,
        typical_window=1.0,
        window_limit=1.4,
        typical_by_feature=np.ones(1),
        windows=FeatureSettings(),
        conditions=Conditions(visible_sides=("left",), frame_rate_hz=(30.0, 30.0), view_deg=(0.0, 5.0)),
    ).to_dict()


@pytest.fixture
def compared(workspace):
    """Return a comparison of two profiles that worked and one that did not."""
    settings = PROFILES["balanced"].to_dict()
    runs = [
        ProfileRun(
            name="fast",
            settings=settings,
            stages_s={"start": 1.0, "pose": 2.0},
            frames=50,
            frames_per_s=25.0,
            peak_bytes=2**29,
            agreement={"median_pct": 0.8, "p95_pct": 2.0},
            values={"cadence_spm": {"label": "Cadence", "unit": "steps/min", "mean": 110.0}},
        ),
        ProfileRun(name="balanced", settings=settings, stages_s={"pose": 4.0}, frames=60, peak_bytes=2**30),
        ProfileRun(
            name="<mine>", settings=settings, error={"kind": "ModelError", "message": "No model.", "remedy": ""}
        ),
    ]
    answer = {"comparison_id": "walk-1", "summary": "fast & good.", "reference": "balanced",
              "runs": [vars(run) for run in runs]}  # fmt: skip
    return gait.ComparedProfiles(id="walk-1", workspace=workspace, answer=answer)


@pytest.fixture
def validation():
    """Return a measurement held against the truth of its simulated walk."""
    truth, _, measurement = measured()
    angles = {(name, side): truth.angle_deg(side, name) for name in ("hip", "knee") for side in ("left", "right")}
    reference = Reference(
        name="<truth>.csv", kind="csv", events=tuple(truth.events), time_s=truth.time_s, angles=angles
    )
    return gait.Validation(result=validate(measurement, reference))


def labels(figure):
    """Return all axis labels of a figure."""
    assert isinstance(figure, Figure)
    assert figure.axes
    return [text for axes in figure.axes for text in (axes.get_xlabel(), axes.get_ylabel())]


def test_measured_walks_behave_as_a_sequence_with_the_failed_one_in_it(walks):
    assert len(walks) == 2
    good, bad = walks
    assert walks[0] is good
    assert walks[-1] is bad
    assert walks[:1] == (good,)
    assert walks.failed == (bad,)
    assert good.ok
    assert good.error is None
    assert isinstance(bad.error, VideoError)
    assert bad.error.remedy == "Export it again."
    with pytest.raises(VideoError, match="but got noise"):
        _ = bad.measurement
    with pytest.raises(VideoError, match="but got noise"):
        bad.plot()


def test_the_table_of_parameters_has_a_row_per_side_and_the_values_measured(walks, walk):
    table = walks.to_dataframe()
    assert list(table["side"]) == ["left", "right", "both", "failed"]
    parameters = walk.measurement.parameters
    assert {"cadence_spm", "stride_time_s", "stance_pct", "knee_rom_deg"} <= set(table.columns)
    both = table[table["side"] == "both"].iloc[0]
    assert both["cadence_spm"] == pytest.approx(parameters["cadence_spm"].both.mean)
    assert table.loc[0, "stride_time_s"] == pytest.approx(parameters["stride_time_s"].left.mean)
    assert "but got noise" in table.iloc[-1]["error"]


def test_the_other_tables_hold_every_stride_event_and_angle(walks, walk):
    measurement = walk.measurement
    strides = walks.to_dataframe("strides")
    assert len(strides) == len(measurement.strides)
    assert (strides["end_s"] > strides["start_s"]).all()
    events = walks.to_dataframe("events")
    assert list(events["time_s"]) == [event.time_s for event in measurement.current_events.events]
    curves = walks[0].to_dataframe("curves")
    assert len(curves) == 101 * len(measurement.strides)
    left = curves[curves["side"] == "left"].groupby("cycle_pct")["knee_deg"].mean()
    assert left.to_numpy() == pytest.approx(measurement.curves.mean("knee", "left"))


def test_an_unknown_table_or_parameter_says_what_there_is(walks, analysed):
    with pytest.raises(InputError, match=r"parameters, strides.*but got 'steps'"):
        walks.to_dataframe("steps")
    with pytest.raises(InputError, match="walks, windows, parts"):
        analysed.to_dataframe("joints")
    with pytest.raises(InputError, match=r"cadence_spm.*but got 'mood'"):
        walks.plot("mood")


def test_dictionaries_are_what_the_command_prints(walks, walk, analysed, baseline, validation):
    assert walks.to_dict()["walks"] == [walk_answer(walk), FAILED]
    assert walks[0].to_dict() == walk_answer(walk)
    for result in (walks, analysed, baseline, validation):
        assert json.loads(json.dumps(result.to_dict(), allow_nan=False))


def test_a_stored_measurement_is_opened_by_its_identifier(walk, workspace):
    again = gait.WalkMeasurement.load(walk.id, workspace=str(workspace.root))
    assert again.to_dict() == walk_answer(walk)
    assert again.stored.subject == "P014"


def test_levels_are_words_and_nothing_is_missing(analysed):
    assert [walk.level for walk in analysed] == ["alert", "withheld", "failed"]
    assert [walk.score for walk in analysed] == [2.3, None, None]
    table = analysed.to_dataframe()
    assert list(table["level"]) == ["alert", "withheld", "failed"]
    assert table.loc[0, "most_changed"] == "right knee"
    assert "Two people cross." in table.loc[1, "warnings"]
    assert "but got noise" in table.loc[2, "error"]
    assert list(analysed[0].parts) == ["right knee", "left knee"]
    assert len(analysed.to_dataframe("windows")) == 2 * 4
    assert len(analysed[0].to_dataframe("parts")) == 3 * 2
    assert analysed[0].measurement.answer["parameters"]["cadence_spm"]["mean"] > 0


def test_a_baseline_shows_the_walks_that_were_left_out(baseline):
    table = baseline.to_dataframe()
    assert list(table["used"]) == [True, True, True, False]
    assert "but got noise" in table.iloc[-1]["remark"]
    assert baseline.watch < baseline.alert
    answer = baseline.to_dict()
    assert {"baseline_id", "walks", "timing_s", "training", "thresholds", "artefacts"} <= set(answer)


def test_a_profile_that_did_not_work_keeps_its_row(compared):
    table = compared.to_dataframe().set_index("profile")
    assert table.loc["fast", "time_s"] == 2.0
    assert table.loc["fast", "peak_memory_mib"] == 512
    assert table.loc["fast", "cadence_spm"] == 110.0
    assert "No model." in table.loc["<mine>", "error"]


def test_a_validation_has_its_checks_and_its_pairs(validation):
    checks = validation.to_dataframe()
    assert list(checks["value"]) == [check.value for check in validation.result.checks]
    assert len(validation.to_dataframe("events")) > 4
    assert {"measured", "reference", "unit"} <= set(validation.to_dataframe("parameters").columns)
    assert validation.to_dataframe("angles")["rmse_deg"].max() < 15
    assert validation.passed in (True, False)


def test_landmarks_become_a_tidy_table(workspace):
    track = measured()[1].track
    answer = {"path": f"/videos/{NASTY}", "frames": len(track), "detection_rate": 1.0, "frame_rate_hz": 30.0,
              "cached": True, "warnings": []}  # fmt: skip
    entry = gait.WalkLandmarks(answer=answer, workspace=workspace, settings=PoseSettings())
    vars(entry)["track"] = track  # as it is after the first look
    table = entry.to_dataframe()
    assert len(table) == 33 * len(track)
    ankle = table[table["landmark"] == "left_ankle"]
    assert ankle["x_px"].to_numpy() == pytest.approx(track.position[:, 27, 0], nan_ok=True)
    assert labels(entry.plot()) == ["Time (s)", "Height of the ankle in the frame (px)"]
    assert "detection_rate" in gait.ExtractedWalks([entry], {"walks": [answer]}).to_dataframe().columns


def test_every_figure_names_its_axes_with_units(walks, analysed, baseline, compared, validation):
    assert labels(walks[0].plot())[:2] == ["Gait cycle (%)", "Hip flexion (°)"]
    assert labels(walks.plot()) == ["Walk", "Cadence (steps/min)"]
    assert labels(analysed[0].plot())[0] == "Time (s)"
    for result in (analysed, baseline, compared, validation):
        figure = result.plot()
        assert all(labels(figure))
        figure.canvas.draw()


def test_what_users_named_is_escaped_in_a_notebook(walks, analysed, baseline, compared, validation):
    for result in (walks, walks[0], walks[1], analysed, analysed[0], analysed[2], baseline, compared, validation):
        html = result._repr_html_()
        assert not re.search(r"<(b|i|mine|truth)>", html)
        assert html.count("<table>") == html.count("</table>") == 1
        assert len(repr(result)) < 1500
    assert "&lt;b&gt;Patient &amp;" in walks._repr_html_()
    assert "but got noise" in walks._repr_html_()
    assert "withheld" in repr(analysed)


def test_files_and_reports_are_written_where_asked(walks, tmp_path):
    files = walks[0].export(tmp_path / "out", ["csv"])
    assert files
    assert all(file.is_file() for file in files)
    report = walks[0].write_report(tmp_path / "report.html")
    assert "&lt;b&gt;Patient" in report.read_text(encoding="utf-8")
    with pytest.raises(InputError, match="report"):
        walks[0].write_report(tmp_path / "report.docx")


def test_a_result_without_a_single_walk_that_worked_still_shows_itself(workspace):
    bad = replace(gait.WalkMeasurement(answer=FAILED, workspace=workspace))
    result = gait.MeasuredWalks([bad], {"walks": [FAILED], "timing_s": {}, "exit_code": 1})
    assert "1 failed" in repr(result)
    assert len(result.to_dataframe()) == 1
    assert result.to_dataframe("strides").empty
    with pytest.raises(GaitError) as caught:
        result.plot()
    assert str(caught.value) == str(bad.error), "the video's own error says more than that there is nothing to draw"
