import csv
import io
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from measured_walks import measured

from gait_core.cache.archive import json_ready
from gait_core.errors import InputError, LibraryError, SettingsError, StorageError
from gait_core.report.exports import (
    EXPORTERS,
    ExportSource,
    check_formats,
    export_batch_table,
    export_measurement,
    unique_stems,
)
from gait_core.report.exports.csv import COLUMNS, table_bytes
from gait_core.report.exports.export_job import ExportJob, number
from gait_core.report.exports.placed import place_passes

SOURCE = ExportSource(name="walk 1.mp4", subject="P-07", content_sha256="ab" * 32, created_s=1.0)


def job(**changes):
    _, motion, measurement = measured()
    return ExportJob(**{"measurement": measurement, "motion": motion, "stem": "walk", "source": SOURCE} | changes)


def table(content):
    return list(csv.DictReader(io.StringIO(content.decode())))


@pytest.fixture(scope="module")
def tables():
    return {name: table(content) for name, content in EXPORTERS["csv"](job()).items()}


def test_parameters_have_a_row_per_side_and_units(tables):
    _, _, measurement = measured()
    rows = {(row["name"], row["side"]): row for row in tables["walk_parameters.csv"]}
    for name, parameter in {**measurement.parameters, **measurement.key_values}.items():
        for side in ("left", "right", "both"):
            summary = getattr(parameter, side)
            assert ((name, side) in rows) == (summary is not None)
            if summary is not None:
                row = rows[name, side]
                assert float(row["mean"]) == pytest.approx(summary.mean, rel=1e-5)
                assert row["unit"] == parameter.unit
                assert row["n"] == str(summary.n)
                assert (row["sd"] == "") == (summary.sd is None)
    assert rows["step_time_s", "left"]["metres_from"] == "height"
    assert {row["walk"] for row in rows.values()} == {"walk 1.mp4"}


def test_strides_and_events_are_those_of_the_measurement(tables):
    _, _, measurement = measured()
    strides = tables["walk_strides.csv"]
    assert [float(row["start_s"]) for row in strides] == pytest.approx(
        [s.start_s for s in measurement.strides], rel=1e-5
    )
    for row in strides:
        assert float(row["stance_time_s"]) + float(row["swing_time_s"]) == pytest.approx(
            float(row["stride_time_s"]), abs=1e-4
        )
    events = tables["walk_events.csv"]
    assert [(row["side"], row["kind"]) for row in events] == [
        (event.side, event.kind) for event in measurement.current_events.events
    ]


def test_curves_can_be_rebuilt_from_the_tables(tables):
    _, _, measurement = measured()
    knee = [row for row in tables["walk_curves.csv"] if (row["curve"], row["side"]) == ("knee", "right")]
    assert [int(row["cycle_pct"]) for row in knee] == list(range(101))
    assert np.allclose([float(row["mean"]) for row in knee], measurement.curves.mean("knee", "right"), atol=1e-3)
    single = [row for row in tables["walk_curve_strides.csv"] if (row["curve"], row["side"]) == ("knee", "right")]
    values = np.array([float(row["value"]) for row in single]).reshape(-1, 101)
    assert np.allclose(values, measurement.curves.values["knee", "right"], atol=1e-3)


def test_a_text_that_looks_like_a_formula_stays_text():
    rows = table(table_bytes([{"walk": "=cmd|'/c calc'!A0", "a": -1.5, "b": None, "c": math.nan}], ("walk",)))
    assert rows == [{"walk": "'=cmd|'/c calc'!A0", "a": "-1.5", "b": "", "c": ""}]


@pytest.mark.parametrize(("value", "text"), [(1234.5678912, "1234.567891"), (0.00581234567, "0.00581235"), (2.0, "2")])
def test_numbers_keep_a_microsecond_of_a_long_video(value, text):
    assert number(value) == text


def test_an_empty_table_keeps_its_head():
    assert table_bytes([], COLUMNS["events"]).decode().strip().split(",") == list(COLUMNS["events"])


def test_json_holds_everything_and_no_nan():
    (content,) = EXPORTERS["json"](job()).values()
    values = json.loads(content, parse_constant=lambda name: pytest.fail(name))
    assert values["source"]["subject"] == "P-07"
    assert values["measurement"]["parameters"]["step_time_s"]["unit"] == "s"
    assert {(curve["curve"], curve["side"]) for curve in values["curves"]} >= {("knee", "left"), ("hip", "right")}
    assert all(len(stride) == 101 for curve in values["curves"] for stride in curve["strides"])
    assert json_ready({"a": np.float64("nan"), "b": (np.int64(1), np.array([np.inf, 2.0]))}) == {
        "a": None,
        "b": [1, [None, 2.0]],
    }


@pytest.mark.parametrize("direction", [1, -1])
def test_landmarks_stand_in_metres_on_the_floor(direction):
    truth, motion, measurement = measured(direction=direction)
    (placed,) = place_passes(motion, measurement.scale.metres_per_leg)
    # Truth: forward and up in metres; the origin of forward is free.
    both = (placed.time_s >= truth.time_s[0]) & (placed.time_s <= truth.time_s[-1])
    for name, row in (("left_ankle", 27), ("right_knee", 26), ("right_foot_index", 32)):
        for axis, limit_m in ((0, 0.06), (1, 0.04)):
            known = np.interp(placed.time_s[both], truth.time_s, truth.room_m[:, row, axis])
            error = placed.points[name][both, axis] - known
            error -= np.nanmean(error) if axis == 0 else 0.0
            assert np.sqrt(np.nanmean(error**2)) < limit_m, (name, axis)
    assert placed.pelvis[-5, 0] > 3.0


def read_trc(content):
    lines = content.decode().split("\n")
    rate, _, frames, markers, unit, *_ = lines[2].split("\t")
    names = [name for name in lines[3].split("\t")[2:] if name]
    rows = [line.split("\t") for line in lines[6:] if line]
    assert all(len(row) == 2 + 3 * int(markers) for row in rows)
    assert len(rows) == int(frames)
    assert len(names) == int(markers)
    values = np.array([[float(cell) if cell else np.nan for cell in row] for row in rows])
    return float(rate), unit, names, values


def test_trc_reads_back():
    _, motion, measurement = measured()
    ((name, content),) = EXPORTERS["trc"](job()).items()
    assert name == "walk.trc"
    rate, unit, names, values = read_trc(content)
    assert (rate, unit) == (100.0, "m")
    assert content.decode().split("\n")[5] == ""
    (placed,) = place_passes(motion, measurement.scale.metres_per_leg)
    assert np.allclose(values[:, 1], placed.time_s, atol=1e-6)
    column = 2 + 3 * names.index("right_heel")
    assert np.allclose(values[:, column : column + 2], placed.points["right_heel"], atol=1e-4, equal_nan=True)
    assert not np.nan_to_num(values[:, column + 2]).any()


def test_mot_reads_back():
    _, motion, _ = measured()
    ((name, content),) = EXPORTERS["mot"](job()).items()
    head, _, body = content.decode().partition("endheader\n")
    facts = dict(line.split("=") for line in head.split("\n") if line.count("=") == 1 and " " not in line)
    lines = body.strip().split("\n")
    columns = lines[0].split("\t")
    values = np.array([[float(cell) for cell in line.split("\t")] for line in lines[1:]])
    assert name == "walk.mot"
    assert facts["inDegrees"] == "yes"
    assert (int(facts["nRows"]), int(facts["nColumns"])) == values.shape
    assert {"time", "hip_flexion_r", "knee_angle_r", "ankle_angle_r", "knee_angle_l"} <= set(columns)
    span = slice(motion.segments[0].start, motion.segments[0].stop)
    for column, angle in (("knee_angle_r", "right_knee"), ("hip_flexion_l", "left_hip_to_trunk")):
        assert np.allclose(values[:, columns.index(column)], motion.angles[angle][span], atol=1e-5, equal_nan=True)
    # Pelvis and hip together give the thigh as it stands in the room.
    thigh = values[:, columns.index("hip_flexion_r")] + values[:, columns.index("pelvis_tilt")]
    assert np.allclose(thigh, motion.angles["right_hip"][span], atol=1e-4, equal_nan=True)


def test_without_a_scale_only_metres_are_left_out(tmp_path):
    _, motion, measurement = measured(with_scale=False)
    done = export_measurement(measurement, motion, tmp_path, tuple(EXPORTERS), stem="walk")
    assert set(done.skipped) == {"trc"}
    assert "height" in done.skipped["trc"]
    assert {path.suffix for path in done.files} == {".csv", ".json", ".mot", ".c3d"}
    assert "pelvis_tx" not in (tmp_path / "walk.mot").read_text()


def test_without_landmarks_tables_are_written_and_the_rest_says_why(tmp_path):
    _, _, measurement = measured()
    done = export_measurement(measurement, None, tmp_path, tuple(EXPORTERS), stem="walk")
    assert set(done.skipped) == {"trc", "mot", "c3d"}
    assert {path.suffix for path in done.files} == {".csv", ".json"}
    assert all(path.is_file() for path in done.files)


def test_a_name_never_leaves_the_folder(tmp_path):
    _, motion, measurement = measured()
    done = export_measurement(measurement, motion, tmp_path / "out", ("csv", "mot"), stem="../../Übung /etc")
    assert done.files
    assert all(path.parent == tmp_path / "out" for path in done.files)


def test_several_passes_give_one_file_each():
    _, motion, _ = measured()
    whole = motion.segments[0]
    middle = (whole.start + whole.stop) // 2
    times = [float(motion.time_s[i]) for i in (whole.start, middle - 30, middle + 30, whole.stop - 1)]
    first = replace(whole, stop=middle - 29, end_s=times[1])
    second = replace(whole, start=middle + 30, start_s=times[2], used=False)
    parts = replace(motion, segments=(first, second))
    files = EXPORTERS["trc"](job(motion=parts))
    assert list(files) == ["walk_pass1.trc", "walk_pass2.trc"]
    assert list(EXPORTERS["mot"](job(motion=parts))) == ["walk_pass1.mot", "walk_pass2.mot"]
    _, _, names, values = read_trc(files["walk_pass2.trc"])
    assert values[0, 1] == pytest.approx(times[2])
    hips = [2 + 3 * names.index(f"{side}_hip") for side in ("left", "right")]
    assert values[0, hips].mean() == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("formats", [["csv", "xls"], [], [" "]])
def test_unknown_formats_are_refused(formats):
    with pytest.raises(SettingsError, match="csv, json, trc, mot, c3d"):
        check_formats(formats)
    assert check_formats(["CSV", "c3d ", "csv"]) == ("csv", "c3d")


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    _, motion, measurement = measured()
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="Expected a folder"):
        export_measurement(measurement, motion, tmp_path / "file", ("csv",), stem="walk")


def test_a_batch_has_one_table(tmp_path):
    walks = [(measured(seed)[2], ExportSource(name=f"{seed}.mp4")) for seed in (1, 2)]
    rows = table(export_batch_table(walks, tmp_path).read_bytes())
    assert {row["walk"] for row in rows} == {"1.mp4", "2.mp4"}


def test_names_of_exports_are_readable_and_two_videos_share_none():
    names = ["/a/Walk.mp4", "/b/walk.mov", "ü.mp4", "u.mp4", "…", "a b.mp4", "a-b.mp4"]
    stems = unique_stems(names)
    assert stems[:2] == ["walk", "walk-2"]
    assert [stem.split("-")[0] for stem in stems[2:]] == ["u", "u", "unnamed", "a", "a"]
    alone = [unique_stems([name])[0] for name in names[1:]]
    assert len({*alone}) == len(alone), "nor do they in two runs"


def test_every_refusal_is_of_the_tree():
    for name in ("trc", "mot", "c3d"):
        with pytest.raises(InputError):
            EXPORTERS[name](job(motion=None))


def test_c3d_without_its_library_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "ezc3d", None)
    with pytest.raises(LibraryError, match="ezc3d"):
        EXPORTERS["c3d"](job())
