import json
import math
import os
from dataclasses import replace

import numpy as np
import pytest
from measured_walks import measured

from gait_core.errors import InputError
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT
from gait_core.pose.landmarks import INDEX
from gait_core.report.exports import ExportSource, export_measurement
from gait_core.validation.align import align
from gait_core.validation.limits import MOCAP_LIMITS
from gait_core.validation.mocap import DEFAULT_SEEDS
from gait_core.validation.reference import Reference, load_reference
from gait_core.validation.validate import validate
from gait_core.workflows.validate import validate_file


def truth_reference(truth, shift_s=0.0, **changes):
    """Return what is known of a simulated walk as a reference whose clock is behind by `shift_s`."""
    fields = {
        "name": "truth.csv",
        "kind": "csv",
        "events": tuple(replace(event, time_s=event.time_s - shift_s) for event in truth.events),
        "time_s": truth.time_s - shift_s,
        "angles": {
            (name, side): truth.angle_deg(side, name) for name in ("hip", "knee", "ankle") for side in ("left", "right")
        },
    }
    return Reference(**fields | changes)


@pytest.mark.parametrize("shift_s", [0.0, 2.345, -7.5])
@pytest.mark.parametrize("what", ["angles", "events"])
def test_the_shift_between_both_clocks_is_found(shift_s, what):
    truth, _, measurement = measured()
    reference = truth_reference(truth, shift_s, **({"angles": {}} if what == "events" else {"events": ()}))
    found = align(measurement, reference)
    assert found.method == ("knee angle" if what == "angles" else "events")
    assert found.offset_s == pytest.approx(shift_s, abs=0.02)
    assert f"{found.offset_s:+.3f} s" in found.sentence


def test_a_longer_recording_at_another_rate_is_aligned():
    truth, _, measurement = measured()
    # The same walk in the middle of half a minute of standing, at 77 Hz.
    time_s = np.arange(-12.0, 18.0, 1 / 77)
    knees = {
        ("knee", side): np.interp(time_s, truth.time_s, truth.angle_deg(side, "knee"), left=5.0, right=5.0)
        for side in ("left", "right")
    }
    found = align(measurement, truth_reference(truth, time_s=time_s + 100.0, angles=knees, events=()))
    assert found.offset_s == pytest.approx(-100.0, abs=0.02)


def test_strides_that_all_look_alike_are_said_to_be_ambiguous():
    _, _, measurement = measured()
    stride = measurement.strides[1]
    times = np.arange(0.0, 20.0, 0.01)
    cycle = (times / stride.duration_s) % 1.0
    knee = measurement.curves.mean("knee", "left")
    knees = {
        ("knee", side): np.interp((cycle + half) % 1.0, np.linspace(0, 1, 101), knee)
        for side, half in (("left", 0.0), ("right", 0.5))
    }
    found = align(measurement, Reference(name="even.csv", kind="csv", time_s=times, angles=knees))
    assert found.ambiguous
    assert "Another stride fits nearly as well" in found.sentence


def test_a_few_events_that_fit_another_stride_as_well_are_ambiguous():
    truth, _, measurement = measured()
    events = sorted(truth.events, key=lambda event: event.time_s)
    assert not align(measurement, truth_reference(truth, angles={})).ambiguous
    # Each a little off, as a person marks them: three of them then fit a stride away too.
    few = tuple(
        replace(event, time_s=event.time_s + shift_s)
        for event, shift_s in zip(events[:3], (0.0, 0.01, -0.01), strict=True)
    )
    found = align(measurement, truth_reference(truth, angles={}, events=few))
    assert found.ambiguous and "Another stride fits nearly as well" in found.sentence


def test_a_given_shift_is_taken():
    truth, _, measurement = measured()
    assert align(measurement, truth_reference(truth), offset_s=1.5).offset_s == 1.5
    assert align(measurement, truth_reference(truth, same_clock=True)).offset_s == 0.0


def test_a_reference_of_something_else_is_refused():
    truth, _, measurement = measured()
    noise = np.random.default_rng(0).normal(size=(2, len(truth.time_s)))
    other = {("knee", "left"): noise[0], ("knee", "right"): noise[1]}
    with pytest.raises(InputError, match="same walk"):
        align(measurement, truth_reference(truth, angles=other))
    right_only = tuple(event for event in truth.events if event.side == "right")[:1]
    with pytest.raises(InputError, match="same walk"):
        align(measurement, truth_reference(truth, angles={}, events=tuple(replace(e, side="up") for e in right_only)))


def test_the_truth_of_a_simulated_walk():
    truth, _, measurement = measured()
    result = validate(measurement, truth_reference(truth, same_clock=True))
    assert result.figures["event_f1"] == 1.0
    assert result.figures["contact_error_ms"] < 34
    assert result.figures["off_error_ms"] < 34
    assert result.figures["stride_mae_s"] < 0.03
    assert result.figures["knee_rmse_deg"] < 5
    assert {event.side for event in result.events} == {"both", "left", "right"}
    stride = next(parameter for parameter in result.parameters if parameter.name == "stride_time_s")
    assert len(stride.measured) == len(stride.reference) >= 4
    assert np.abs(np.subtract(stride.measured, stride.reference)).mean() == pytest.approx(stride.mae)
    assert stride.bland_altman is not None
    assert {check.limit.figure for check in result.checks} >= {
        "contact_error_ms",
        "event_f1",
        "knee_rmse_without_offset_deg",
    }
    assert result.passed is all(check.passed for check in result.checks)


def test_a_known_error_is_found_again():
    truth, _, measurement = measured()
    plain = validate(measurement, truth_reference(truth, same_clock=True))
    late = truth_reference(truth, same_clock=True)
    late = replace(late, events=tuple(replace(e, time_s=e.time_s - 0.02) for e in late.events))
    bent = {key: curve + 6.0 for key, curve in late.angles.items()}
    result = validate(measurement, replace(late, angles=bent))
    for kind in ("contact", "off"):
        assert result.figures[f"{kind}_bias_ms"] == pytest.approx(plain.figures[f"{kind}_bias_ms"] + 20, abs=0.1)
    name = "knee_rmse_without_offset_deg"
    assert result.figures[name] == pytest.approx(plain.figures[name], abs=1e-6)
    for before, after in zip(plain.angles, result.angles, strict=True):
        assert after.offset_deg == pytest.approx(before.offset_deg - 6.0, abs=1e-6)


def test_missed_and_extra_events_are_counted():
    truth, _, measurement = measured()
    events = list(measurement.current_events.events)
    inner = [event for event in events if event.kind == INITIAL_CONTACT][2:4]
    reference = truth_reference(truth, same_clock=True, angles={}, events=tuple(e for e in events if e not in inner))
    result = validate(measurement, reference)
    both = {event.kind: event for event in result.events if event.side == "both"}
    assert (both[INITIAL_CONTACT].extra, both[INITIAL_CONTACT].missed) == (2, 0)
    assert both[FOOT_OFF].f1 == 1.0
    assert result.figures["event_f1"] < 1.0
    assert result.passed is False


def test_stated_means_are_compared():
    _, _, measurement = measured()
    mean = measurement.parameters["step_time_s"].left.mean
    reference = Reference(
        name="walkway.csv",
        kind="csv",
        parameters={
            ("step_time_s", "left"): mean + 0.01,
            ("walking_speed_mps", "both"): 1.0,
            ("step_width_m", "both"): 0.1,
        },
    )
    result = validate(measurement, reference)
    assert result.alignment.method == "none"
    assert result.figures["step_time_mae_s"] == pytest.approx(0.01)
    assert "walking_speed_mae_mps" in result.figures
    step = next(parameter for parameter in result.parameters if parameter.name == "step_time_s")
    assert (step.basis, step.bland_altman, step.icc_agreement) == ("means", None, None)
    assert any("step_width_m" in note for note in result.notes)


def test_the_result_is_json():
    truth, _, measurement = measured()
    result = validate(measurement, truth_reference(truth, same_clock=True, kind="mocap"))
    values = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert {
        "mocap_contact_error_ms",
        "mocap_off_error_ms",
        "mocap_contact_bias_ms",
        "mocap_off_bias_ms",
        "mocap_within_40ms_pct",
        "mocap_event_f1",
        "mocap_stance_mae_s",
        "mocap_swing_mae_s",
        "mocap_stride_mae_s",
        "mocap_knee_rmse_deg",
    } <= set(values)
    assert values["checks"][0].keys() >= {"figure", "label", "low", "high", "value", "passed", "sentence"}
    assert not any(key.startswith("mocap") for key in validate(measurement, truth_reference(truth)).to_dict())


def test_an_export_agrees_with_its_own_measurement(tmp_path):
    pytest.importorskip("ezc3d")
    _, motion, measurement = measured()
    export_measurement(measurement, motion, tmp_path, ("csv", "c3d"), stem="walk", source=ExportSource(name="a.mp4"))
    result = validate(measurement, load_reference(tmp_path / "walk.c3d"))
    assert result.alignment.method == "same clock"
    assert result.figures["event_f1"] == 1.0
    assert result.figures["contact_error_ms"] == pytest.approx(0.0, abs=0.1)
    assert result.figures["knee_rmse_deg"] == pytest.approx(0.0, abs=0.05)
    assert result.figures["step_length_mae_m"] == pytest.approx(0.0, abs=1e-5)
    events = load_reference(tmp_path / "walk_events.csv")
    assert [e.kind for e in events.events] == [e.kind for e in measurement.current_events.events]
    parameters = load_reference(tmp_path / "walk_parameters.csv")
    assert parameters.parameters["step_time_s", "left"] == pytest.approx(
        measurement.parameters["step_time_s"].left.mean, rel=1e-4
    )
    aligned = validate(measurement, events)
    assert aligned.alignment.offset_s == pytest.approx(0.0, abs=1e-3)
    assert validate(measurement, parameters).passed


def test_a_table_from_another_program(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("﻿Time_s;Side;Kind\n0.5;R;Heel strike\n0.62; l ;TO\n1.0;left;initial_contact\n", encoding="utf-8")
    events = load_reference(path).events
    assert [(e.time_s, e.side, e.kind) for e in events] == [
        (0.5, "right", INITIAL_CONTACT),
        (0.62, "left", FOOT_OFF),
        (1.0, "left", INITIAL_CONTACT),
    ]
    path.write_text("time_s\tleft_knee_deg\tright_knee_deg\n0\t1\t\n0.01\t2\tnan\n0.02\t3\t5\n")
    reference = load_reference(path)
    assert reference.rate_hz == pytest.approx(100)
    assert np.isnan(reference.angles["knee", "right"][:2]).all()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("no.csv", None, "there is none"),
        ("walk.xlsx", b"x", r"\.csv, \.c3d, \.npz"),
        ("empty.csv", b"", "empty"),
        ("empty.c3d", b"", "empty"),
        ("head.csv", b"time_s,side,kind\n", "no rows|none"),
        ("other.csv", b"a,b\n1,2\n", "columns a, b"),
        ("binary.csv", b"\xff\xfe\x00\x01", "UTF-8"),
        ("number.csv", b"time_s,side,kind\n0.1,left,ic\nx,left,ic\n", "line 3"),
        ("comma.csv", b"time_s;side;kind\n0,5;left;ic\n", "'0,5'"),
        ("kind.csv", b"time_s,side,kind\n0.1,left,jump\n", "line 2"),
        ("side.csv", b"name,side,mean\nstep_time_s,middle,1\n", "'middle'"),
        ("falling.csv", b"time_s,left_knee_deg\n0.1,1\n0.0,2\n", "rising"),
        ("slow.csv", b"time_s,left_knee_deg\n0,1\n0.5,2\n1,3\n", "2 Hz"),
        ("text.c3d", b"this is no C3D file " * 100, "text.c3d"),
        ("text.npz", b"this is no archive " * 100, "text.npz"),
    ],
)
def test_wrong_references_are_refused_by_name(tmp_path, name, content, message):
    if name.endswith(".c3d"):
        pytest.importorskip("ezc3d")
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message) as refusal:
        load_reference(path)
    assert refusal.value.remedy


def test_a_folder_and_a_pipe_are_called_what_they_are(tmp_path):
    (tmp_path / "walks.c3d").mkdir()
    os.mkfifo(tmp_path / "events.csv")
    for name, message in (("walks.c3d", "a folder is in its place"), ("events.csv", "not an ordinary file")):
        with pytest.raises(InputError, match=message):
            validate_file(tmp_path / name)


def test_a_c3d_file_with_markers_only_is_refused(tmp_path):
    ezc3d = pytest.importorskip("ezc3d")
    content = ezc3d.c3d()
    content["parameters"]["POINT"]["RATE"]["value"] = [100.0]
    content["parameters"]["POINT"]["LABELS"]["value"] = ["LANK"]
    content["data"]["points"] = np.ones((4, 1, 20))
    content.write(str(tmp_path / "markers.c3d"))
    with pytest.raises(InputError, match="none of them"):
        load_reference(tmp_path / "markers.c3d")


def test_an_npz_of_something_else_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(InputError, match="motion capture"):
        load_reference(tmp_path / "other.npz")


def test_a_walk_without_strides_still_compares_events():
    truth, _, measurement = measured()
    result = validate(replace(measurement, strides=()), truth_reference(truth, angles={}))
    assert result.figures["event_f1"] == 1.0
    assert any("No stride" in note for note in result.notes)
    assert not math.isnan(result.figures["contact_error_ms"])


def write_mocap(truth, path, **changes):
    """Write the landmarks of a simulated walk as a recording with markers: x forward, y to the left, z up, mm."""
    arrays = {"time": truth.time_s, "rate": 30.0, "progress_axis": 0, "progress_sign": 1.0}
    for side in ("left", "right"):
        for part, name in {"hip": "hip", "knee": "knee", "ankle": "ankle", "heel": "heel", "toe": "foot_index"}.items():
            forward, up, right = truth.room_m[:, INDEX[f"{side}_{name}"]].T
            arrays[f"{side[0].upper()}_{part}"] = 1000.0 * np.stack([forward, -right, up], axis=1)
        for joint in ("hip", "knee", "ankle"):
            arrays[f"angle_{side[0].upper()}_{joint}"] = truth.angle_deg(side, joint)
    kinds = {INITIAL_CONTACT: "HS", FOOT_OFF: "TO"}
    arrays["events"] = np.array([[e.side[0].upper(), kinds[e.kind], f"{e.time_s:.4f}"] for e in truth.events])
    np.savez(path, **arrays | changes)
    return path


def test_motion_capture_validates_without_a_video(tmp_path):
    truth, _, _ = measured()
    result = validate_file(write_mocap(truth, tmp_path / "walk.npz"))
    assert result.repeats == 2 * len(DEFAULT_SEEDS)
    assert result.alignment.method == "same clock"
    assert result.figures["event_f1"] == 1.0
    assert result.figures["contact_error_ms"] < 34
    assert result.figures["knee_rmse_deg"] < 4
    assert {check.limit.figure for check in result.checks} == {limit.figure for limit in MOCAP_LIMITS}
    strict = validate_file(tmp_path / "walk.npz", limits={"knee_rmse_deg": 0.001})
    assert strict.passed is False


def test_motion_capture_beside_its_video_is_aligned(tmp_path):
    truth, _, measurement = measured()
    path = write_mocap(truth, tmp_path / "walk.npz", time=truth.time_s + 3.0, events=np.empty((0, 3), dtype="U8"))
    result = validate_file(path, measurement)
    assert result.alignment.offset_s == pytest.approx(-3.0, abs=0.02)
    assert "knee_rmse_deg" in result.figures
    assert validate_file(path, measurement, offset_s=-3.0).alignment.method == "given"


def test_other_references_need_a_video(tmp_path):
    (tmp_path / "events.csv").write_text("time_s,side,kind\n1,left,ic\n")
    with pytest.raises(InputError, match="Expected a video beside events"):
        validate_file(tmp_path / "events.csv")


@pytest.mark.parametrize(
    ("change", "said"),
    [(lambda deg: -deg, "with the other sign"), (lambda deg: 180.0 - deg, "taken from 180°"), (lambda deg: deg, None)],
    ids=["mirrored", "from 180°", "as it is"],
)
def test_an_angle_that_is_defined_the_other_way_round_is_said(change, said):
    truth, _, measurement = measured()
    knees = {("knee", side): change(truth.angle_deg(side, "knee")) for side in ("left", "right")}
    result = validate(measurement, truth_reference(truth, same_clock=True, angles=knees))
    found = [note for note in result.notes if note.startswith("The knee angle of the reference fits")]
    assert len(found) == (said is not None)
    assert said is None or said in found[0]
