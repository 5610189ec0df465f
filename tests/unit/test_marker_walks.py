"""Walks with markers are measured like those of a video."""

from pathlib import Path

import numpy as np
import pytest
from support.recorded_walks import recording

from gait_core.api.reproduce import reproduce
from gait_core.config import DEFAULT_PROFILE
from gait_core.errors import InputError, WalkWarning
from gait_core.gait.angles import angles_of_placed
from gait_core.gait.marker_gate import marker_gate
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.markers.mocap_walk import MocapWalk
from gait_core.markers.side_view import PX_PER_M, side_view
from gait_core.pose.landmarks import INDEX, LANDMARKS
from gait_core.progress import silent
from gait_core.report.document.recording import recording_state
from gait_core.report.exports.placed import place_passes
from gait_core.report.write import report_of, write_report
from gait_core.walks.measurements import load_measurement, remeasure
from gait_core.workflows.delete_subject import delete_subject
from gait_core.workflows.extract import videos_of
from gait_core.workflows.marker_walks import check_options
from gait_core.workflows.measure import MeasureRequest, measure_walks
from gait_core.workflows.validate import validate_file
from gait_core.workspace import Workspace


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("markers")
    truth = recording(folder / "walk.npz")
    (folder / "broken.npz").write_bytes(b"no archive")
    workspace = Workspace(folder / "ws")
    paths = [str(folder / name) for name in ("broken.npz", "walk.npz", "missing.c3d")]
    answer = measure_walks(MeasureRequest(videos=paths), workspace, silent())
    return truth, workspace, answer["walks"], folder


def test_a_recorded_walk_has_its_own_metres(measured):
    truth, workspace, walks, _ = measured
    measurement = load_measurement(workspace, walks[1]["measurement_id"]).measurement
    assert measurement.scale_input.kind == "markers"
    assert measurement.scale is not None and "recorded in metres" in measurement.scale.note
    assert measurement.parameters["walking_speed_mps"].both.mean == pytest.approx(truth.speed_mps, rel=0.02)
    assert measurement.parameters["cadence_spm"].both.mean == pytest.approx(truth.cadence_spm, rel=0.02)
    assert not measurement.repairs
    assert not [warning for warning in measurement.warnings if warning.code != "markers"]


def test_knee_and_ankle_are_those_of_the_recording(measured):
    truth, workspace, walks, _ = measured
    walk = load_measurement(workspace, walks[1]["measurement_id"])
    motion = walk.motion(workspace)
    for side in ("left", "right"):
        for joint, limit_deg in (("knee", 2.0), ("ankle", 3.0)):
            true = np.interp(motion.time_s, truth.time_s, truth.angle_deg(side, joint))
            error = (motion.angles[f"{side}_{joint}"] - true)[motion.walking]
            assert np.nanstd(error) < limit_deg, f"{side} {joint}"


def test_what_was_not_recorded_is_left_out(measured):
    _, workspace, walks, _ = measured
    curves = load_measurement(workspace, walks[1]["measurement_id"]).measurement.curves
    for side in ("left", "right"):
        assert np.isfinite(curves.values["hip", side]).all() and np.isfinite(curves.values["knee", side]).all()
        assert np.isnan(curves.values["trunk", side]).all() and np.isnan(curves.values["arm", side]).all()
    assert any("No shoulder markers" in warning["message"] for warning in walks[1]["warnings"])


def test_angles_of_landmarks_that_were_placed():
    assert angles_of_placed([]) == frozenset()
    arm = {"left_arm", "left_shoulder", "left_elbow"}
    assert angles_of_placed(["left_elbow"]) == arm
    assert angles_of_placed(["left_wrist"]) == {"left_elbow"}
    assert angles_of_placed(["left_shoulder"]) == {"trunk", "left_arm", "left_shoulder"}


def test_a_file_that_cannot_be_read_does_not_stop_the_others(measured):
    _, _, walks, _ = measured
    assert [("error" in walk) for walk in walks] == [True, False, True]
    assert "broken.npz cannot be read" in walks[0]["error"]["message"]
    assert "there is none" in walks[2]["error"]["message"]


def test_events_can_be_changed_and_the_walk_measured_again(measured):
    _, workspace, _, folder = measured
    (own,) = measure_walks(MeasureRequest(videos=[str(folder / "walk.npz")]), workspace, silent())["walks"]
    before = load_measurement(workspace, own["measurement_id"])
    again = remeasure(workspace, before, settings={"event_method": "velocity"})
    assert again.measurement.events.method == "velocity"
    assert again.measurement.scale is not None and len(again.measurement.strides) > 0


def test_the_same_numbers_come_from_what_a_measurement_keeps(measured):
    _, workspace, walks, _ = measured
    params = load_measurement(workspace, walks[1]["measurement_id"]).job_params()
    (again,) = measure_walks(MeasureRequest.from_dict(params), workspace, silent())["walks"]
    for name, value in walks[1]["parameters"].items():
        assert again["parameters"][name]["mean"] == value["mean"], name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": {"kind": "height", "value": 1.7}}, "no scale"),
        ({"fps": 100.0}, "no frame rate"),
    ],
)
def test_what_has_no_effect_on_markers_is_refused(measured, options, message):
    _, workspace, _, folder = measured
    with pytest.raises(InputError, match=message):
        measure_walks(MeasureRequest(videos=[str(folder / "walk.npz")], **options), workspace, silent())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"side": "left"}, "no side"),
        ({"person": "largest"}, "no person to follow"),
        ({"profile": "fast"}, "no profile"),
    ],
)
def test_what_only_videos_need_is_refused_for_markers_alone(options, message):
    none = ScaleInput(kind="none")
    with pytest.raises(InputError, match=message):
        check_options([Path("walk.c3d"), Path("walk.npz")], none, None, **options)
    check_options([Path("walk.c3d"), Path("walk.mp4")], none, None, **options)
    check_options([Path("walk.c3d")], none, None, side=None, person="auto", profile=DEFAULT_PROFILE)


def test_recordings_of_a_folder_count_where_they_are_measured(tmp_path):
    for name in ("b.C3D", "a.mp4", "c.npz", ".d.c3d"):
        (tmp_path / name).touch()
    assert videos_of([str(tmp_path)], markers=True) == [str(tmp_path / "a.mp4"), str(tmp_path / "b.C3D")]
    assert videos_of([str(tmp_path)]) == [str(tmp_path / "a.mp4")]
    assert videos_of([str(tmp_path / "c.npz")], markers=True) == [str(tmp_path / "c.npz")]


def test_markers_are_no_scale_that_can_be_asked_for():
    with pytest.raises(InputError) as refused:
        ScaleInput(kind="ruler", value=1.0)
    assert "markers" not in str(refused.value)


def test_the_view_from_the_side(tmp_path):
    truth = recording(tmp_path / "walk.npz")
    track = side_view(MocapWalk.load(tmp_path / "walk.npz"))
    ankle = track.position[:, INDEX["left_ankle"]]
    true = truth.room_m[:, INDEX["left_ankle"]]
    assert np.allclose(np.diff(ankle[:, 0]), np.diff(true[:, 0]) * PX_PER_M, atol=0.01)
    assert np.allclose(np.diff(ankle[:, 1]), -np.diff(true[:, 1]) * PX_PER_M, atol=0.01)
    assert (ankle > 0).all() and (ankle < [track.width_px, track.height_px]).all()
    depth = track.world[:, INDEX["left_hip"], 2] - track.world[:, INDEX["right_hip"], 2]
    assert (depth > 0).all(), "the right side is the nearer one"
    assert set(track.info["not_recorded"]) == {name for name in LANDMARKS if "hip" not in name} - {
        f"{side}_{name}" for side in ("left", "right") for name in ("knee", "ankle", "heel", "foot_index")
    }


def test_a_marker_that_is_lost_for_a_while_stays_missing(tmp_path):
    recording(tmp_path / "walk.npz")
    walk = MocapWalk.load(tmp_path / "walk.npz")
    walk.points_m["left_knee"][100:140] = np.nan
    track = side_view(walk)
    knee = INDEX["left_knee"]
    assert np.isnan(track.position[100:140, knee]).all() and not track.confidence[100:140, knee].any()
    assert np.isfinite(track.position[100:140, INDEX["left_ankle"]]).all()


def test_without_hips_there_is_no_view(tmp_path):
    recording(tmp_path / "walk.npz")
    walk = MocapWalk.load(tmp_path / "walk.npz")
    walk.points_m["left_hip"][:] = np.nan
    with pytest.raises(InputError, match="markers at both hips"):
        side_view(walk)


def test_a_table_needs_a_video_and_a_recording_does_not(tmp_path):
    (tmp_path / "events.csv").write_text("time_s,side,kind\n1.0,left,initial_contact\n")
    with pytest.raises(InputError, match=r"a video beside events\.csv"):
        validate_file(tmp_path / "events.csv")
    recording(tmp_path / "walk.npz")
    result = validate_file(tmp_path / "walk.npz")
    assert result.figures["event_f1"] > 0.9


def test_a_recording_whose_events_fit_nothing_is_no_validation(tmp_path):
    recording(tmp_path / "walk.npz")
    with np.load(tmp_path / "walk.npz") as stored:
        values = dict(stored)
    values["events"][:, 0] = ["L" if side == "R" else "R" for side in values["events"][:, 0]]
    for name in [name for name in values if name.startswith("angle_")]:
        del values[name]
    np.savez(tmp_path / "exchanged.npz", **values)
    with pytest.raises(InputError, match=r"not one of .* events lies near"):
        validate_file(tmp_path / "exchanged.npz")


def test_markers_of_the_wrong_side_are_named(tmp_path):
    recording(tmp_path / "walk.npz")
    with np.load(tmp_path / "walk.npz") as stored:
        values = dict(stored)
    other = {"L_": "R_", "R_": "L_"}
    swapped = {other.get(name[:2], name[:2]) + name[2:]: value for name, value in values.items()}
    np.savez(tmp_path / "swapped.npz", **swapped)
    paths = [str(tmp_path / name) for name in ("walk.npz", "swapped.npz")]
    right, wrong = measure_walks(MeasureRequest(videos=paths), Workspace(tmp_path / "ws"), silent())["walks"]
    assert "sides_exchanged" not in {one["code"] for one in right["warnings"]}
    (said,) = [one["message"] for one in wrong["warnings"] if one["code"] == "sides_exchanged"]
    assert "left hip lies on the right" in said


def test_exports_leave_out_what_was_not_recorded(measured):
    _, workspace, walks, _ = measured
    walk = load_measurement(workspace, walks[1]["measurement_id"])
    (placed,) = place_passes(walk.motion(workspace), 1.0)
    assert np.isnan(placed.points["left_ear"]).all() and np.isnan(placed.points["right_wrist"]).all()
    assert np.isfinite(placed.points["left_heel"]).any()


def test_the_report_speaks_of_markers(measured):
    _, workspace, walks, folder = measured
    walk = load_measurement(workspace, walks[1]["measurement_id"])
    assert walk.measurement.from_markers and recording_state(walk.measurement) == "good"
    target = folder / "report.html"
    write_report(report_of(workspace, walk), target)
    text = target.read_text(encoding="utf-8")
    assert "The recording with markers shows" in text and "the walk was recorded with markers" in text
    assert "From markers, in the sagittal plane" in text and "one camera at the side" not in text


def test_nothing_is_said_of_a_camera_or_an_image(measured):
    _, workspace, walks, folder = measured
    walk = load_measurement(workspace, walks[1]["measurement_id"])
    checks = {check.name: check for check in walk.measurement.checks}
    assert set(checks) == {"view_angle", "frame_rate", "body_in_frame", "walk_length"}
    said = " ".join(f"{check.label} {check.sentence} {check.advice}" for check in checks.values())
    for page in (folder / "said.html",):
        write_report(report_of(workspace, walk), page)
        said += page.read_text(encoding="utf-8")
    for word in (
        "camera",
        "Pose model",
        "Scale from</",
        "in the frame",
        "px tall",
        "earlier version",
        "landmarks come",
    ):
        assert word not in said, word
    assert "samples a second were used" in checks["frame_rate"].sentence
    assert "How it was measured" in said and "Measured from markers" in said


def test_a_check_of_markers_is_never_better_than_its_warnings(measured):
    _, workspace, walks, _ = measured
    motion = load_measurement(workspace, walks[1]["measurement_id"]).motion(workspace)
    doubts = [
        WalkWarning(code="far_leg_uncertain", message="Markers of the left leg are missing."),
        WalkWarning(code="no_rhythm", message="No rhythm.", blocking=True),
    ]
    good = {check.name: check.state for check in marker_gate(motion.track, motion)}
    assert set(good.values()) == {"good"}
    found = {check.name: check for check in marker_gate(motion.track, motion, doubts)}
    assert (found["body_in_frame"].state, found["body_in_frame"].sentence) == ("poor", doubts[0].message)
    assert found["walk_length"].state == "unusable" and found["frame_rate"].state == "good"
    gone = motion.track.confidence.copy()
    gone[: len(gone) // 2] = 0.0
    assert marker_gate(motion.track.with_(confidence=gone), motion)[2].state in ("poor", "unusable")


def test_the_same_numbers_come_from_the_parameters_that_are_shown(measured):
    _, workspace, walks, _ = measured
    walk = load_measurement(workspace, walks[1]["measurement_id"])
    shown = reproduce("measure", walk.job_params(), workspace=workspace.root)
    assert "--height" not in shown.command and "walk.npz" in shown.command
    again = measure_walks(MeasureRequest.from_dict(walk.job_params()), workspace, silent())
    (one,) = [entry for entry in again["walks"] if "error" not in entry]
    assert one["parameters"] == walks[1]["parameters"]


def test_deleting_a_person_deletes_the_landmarks_of_their_recordings(tmp_path):
    workspace = Workspace(tmp_path / "ws")
    for name in ("walk", "other"):
        recording(tmp_path / f"{name}.npz", source=name)
        request = MeasureRequest(videos=[str(tmp_path / f"{name}.npz")], subject=f"P-{name}")
        measure_walks(request, workspace, silent())
    tracks = workspace.cache / "arrays" / "track"
    assert len(list(tracks.glob("*/*/entry.json"))) == 2
    delete_subject(workspace, "P-walk")
    assert len(list(tracks.glob("*/*/entry.json"))) == 1
    delete_subject(workspace, "P-other")
    assert not list(tracks.glob("*/*/*")), "nothing is left of either"
