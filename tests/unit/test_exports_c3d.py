from dataclasses import replace

import numpy as np
import pytest
from gait_walks import followed, simulated
from measured_walks import measured

from gait_core.errors import InputError
from gait_core.gait.events.edits import Edit
from gait_core.gait.measurement import measure, motion_of
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.report.exports import EXPORTERS, ExportSource
from gait_core.report.exports.c3d import LONGEST_COUNT, actual_fields
from gait_core.report.exports.export_job import ExportJob
from gait_core.report.exports.placed import place_passes
from gait_core.validation.reference import load_reference
from gait_core.walks.c3d_library import read_c3d

ezc3d = pytest.importorskip("ezc3d")


def write(tmp_path, **walk):
    _, motion, measurement = measured(**walk)
    source = ExportSource(name="Gang – ü.mp4", subject="Zoë 7")
    ((name, content),) = EXPORTERS["c3d"](
        ExportJob(measurement=measurement, motion=motion, stem="walk", source=source)
    ).items()
    path = tmp_path / name
    path.write_bytes(content)
    return path, motion, measurement


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    path, motion, measurement = write(tmp_path_factory.mktemp("c3d"))
    return ezc3d.c3d(str(path)), motion, measurement


def value(content, group, name):
    return content["parameters"][group][name]["value"]


def test_points_are_millimetres_forward_lateral_up(walk):
    content, motion, measurement = walk
    labels = value(content, "POINT", "LABELS")
    points = content["data"]["points"]
    assert value(content, "POINT", "UNITS") == ["mm"]
    assert value(content, "POINT", "RATE")[0] == 100.0
    assert value(content, "POINT", "FRAMES")[0] == points.shape[2] == len(motion.time_s)
    (placed,) = place_passes(motion, measurement.scale.metres_per_leg)
    heel = points[:, labels.index("left_heel"), placed.span].T
    assert np.allclose(heel[:, [0, 2]], 1000.0 * placed.points["left_heel"], atol=0.05, equal_nan=True)
    assert not np.nan_to_num(heel[:, 1]).any()
    assert "lateral coordinate is not measured" in value(content, "GAIT_STUDIO", "LATERAL")[0]


def test_missing_points_are_marked(walk):
    content, motion, _ = walk
    outside = np.ones(len(motion.time_s), dtype=bool)
    for segment in motion.segments:
        outside[segment.start : segment.stop] = False
    assert outside.any()
    residuals = content["data"]["meta_points"]["residuals"][0]
    assert (residuals[:, outside] < 0).all()
    assert (residuals[:, ~outside] >= 0).mean() > 0.99


def test_angles_carry_the_usual_names(walk):
    content, motion, _ = walk
    labels = value(content, "POINT", "LABELS")
    angles = value(content, "POINT", "ANGLES")
    assert angles == ["LHipAngles", "LKneeAngles", "LAnkleAngles", "RHipAngles", "RKneeAngles", "RAnkleAngles"]
    assert value(content, "POINT", "ANGLE_UNITS") == ["deg"]
    knee = content["data"]["points"][0, labels.index("RKneeAngles")]
    assert np.allclose(knee, motion.angles["right_knee"], atol=1e-3, equal_nan=True)


def test_events_read_back(walk):
    content, _, measurement = walk
    events = measurement.current_events.events
    used = value(content, "EVENT", "USED")
    assert used[0] == len(events)
    assert np.issubdtype(used.dtype, np.integer)
    assert value(content, "EVENT", "CONTEXTS") == [event.side.title() for event in events]
    names = {"initial_contact": "Foot Strike", "foot_off": "Foot Off"}
    assert value(content, "EVENT", "LABELS") == [names[event.kind] for event in events]
    minutes, seconds = value(content, "EVENT", "TIMES")
    start_s = value(content, "GAIT_STUDIO", "VIDEO_START_S")[0]
    assert np.allclose(60 * minutes + seconds + start_s, [event.time_s for event in events], atol=1e-5)
    assert (seconds < 60).all()


def test_analysis_reads_back(walk):
    content, _, measurement = walk
    columns = [value(content, "ANALYSIS", name) for name in ("NAMES", "CONTEXTS", "UNITS", "VALUES")]
    rows = {(name, context): (unit, number) for name, context, unit, number in zip(*columns, strict=True)}
    assert value(content, "ANALYSIS", "USED")[0] == len(rows)
    assert {name for name, _ in rows} == {
        "Cadence",
        "Walking Speed",
        "Stride Time",
        "Step Time",
        "Opposite Foot Off",
        "Opposite Foot Contact",
        "Foot Off",
        "Single Support",
        "Double Support",
        "Stride Length",
        "Step Length",
    }
    unit, number = rows["Step Time", "Left"]
    assert unit == "s"
    assert number == pytest.approx(measurement.parameters["step_time_s"].left.mean, rel=1e-5)
    assert rows["Cadence", "General"][0] == "steps/min"
    assert 5 < rows["Opposite Foot Off", "Right"][1] < 20
    assert 40 < rows["Opposite Foot Contact", "Right"][1] < 60
    assert 55 < rows["Foot Off", "Right"][1] < 70


def test_without_a_scale_there_are_angles_and_events_but_no_points(tmp_path):
    path, _, measurement = write(tmp_path, with_scale=False)
    content = ezc3d.c3d(str(path))
    assert all(label.endswith("Angles") for label in value(content, "POINT", "LABELS"))
    assert value(content, "EVENT", "USED")[0] == len(measurement.current_events.events)
    assert not {"Step Length", "Stride Length", "Walking Speed"} & set(value(content, "ANALYSIS", "NAMES"))
    assert "No scale" in value(content, "GAIT_STUDIO", "SCALE")[0]


def test_a_walk_without_events_can_be_written(tmp_path):
    _, motion, measurement = measured()
    bare = replace(measurement, events=measurement.events.with_events(()), strides=(), parameters={})
    ((_, content),) = EXPORTERS["c3d"](ExportJob(measurement=bare, motion=motion, stem="walk")).items()
    (tmp_path / "walk.c3d").write_bytes(content)
    read = read_c3d(tmp_path / "walk.c3d")
    assert value(read, "EVENT", "USED")[0] == 0
    assert value(read, "ANALYSIS", "USED")[0] == 0


@pytest.mark.parametrize("size", [0, 100, 600, 0.5, 0.99])
def test_a_damaged_file_is_refused(tmp_path, size):
    path, _, _ = write(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(size * len(whole)) if isinstance(size, float) else size])
    with pytest.raises(InputError, match=r"walk\.c3d"):
        read_c3d(path)


def test_more_events_than_one_parameter_holds(tmp_path):
    _, motion, measurement = measured()
    one = measurement.events.events[0]
    many = tuple(replace(one, time_s=round(0.5 * number, 3)) for number in range(600))
    long = replace(measurement, events=measurement.events.with_events(many))
    ((_, content),) = EXPORTERS["c3d"](ExportJob(measurement=long, motion=motion, stem="walk")).items()
    (tmp_path / "walk.c3d").write_bytes(content)
    read = load_reference(tmp_path / "walk.c3d").events
    assert np.allclose([event.time_s for event in read], [event.time_s for event in many], atol=1e-4)
    assert {(event.side, event.kind) for event in read} == {(one.side, one.kind)}


def test_a_camera_that_follows_says_that_the_way_is_not_measured(tmp_path):
    _, track = simulated()
    motion = motion_of(followed(track))
    measurement = measure(motion, scale=ScaleInput(kind="height", value=1.7))
    assert motion.view.camera_moves
    ((_, content),) = EXPORTERS["c3d"](ExportJob(measurement=measurement, motion=motion, stem="walk")).items()
    (tmp_path / "walk.c3d").write_bytes(content)
    read = read_c3d(tmp_path / "walk.c3d")
    assert "not measured, the camera moves" in value(read, "GAIT_STUDIO", "TRAVEL")[0]
    labels = value(read, "POINT", "LABELS")
    hips = [labels.index(f"{side}_hip") for side in ("left", "right")]
    forward = read["data"]["points"][0, hips].mean(axis=0)
    assert np.nanmax(np.abs(forward)) < 1.0


def test_what_a_person_changed_is_exported_and_marked(tmp_path):
    _, motion, measurement = measured()
    event = measurement.events.events[4]
    edit = Edit(action="move", side=event.side, kind=event.kind, time_s=event.time_s, new_time_s=event.time_s + 0.03)
    edited = measure(motion, edits=(edit,))
    ((_, content),) = EXPORTERS["c3d"](ExportJob(measurement=edited, motion=motion, stem="walk")).items()
    (tmp_path / "walk.c3d").write_bytes(content)
    read = read_c3d(tmp_path / "walk.c3d")
    sources = [event.source for event in edited.current_events.events]
    assert sources.count("manual") == 1
    assert value(read, "EVENT", "GENERIC_FLAGS").tolist() == [1 if source == "manual" else 2 for source in sources]
    times = [event.time_s for event in load_reference(tmp_path / "walk.c3d").events]
    assert min(abs(time_s - event.time_s - 0.03) for time_s in times) < 1e-4


def test_a_length_beyond_16_bits_is_written_in_two_words(walk):
    content, motion, _ = walk
    assert actual_fields(69_337) == {"ACTUAL_START_FIELD": [1, 0], "ACTUAL_END_FIELD": [69_337 - 65_536, 1]}
    assert actual_fields(LONGEST_COUNT)["ACTUAL_END_FIELD"] == [LONGEST_COUNT, 0]
    assert value(content, "TRIAL", "ACTUAL_START_FIELD").tolist() == [1, 0]
    assert value(content, "TRIAL", "ACTUAL_END_FIELD").tolist() == [len(motion.time_s), 0]
    assert "LONG_FRAMES" not in content["parameters"]["POINT"]
