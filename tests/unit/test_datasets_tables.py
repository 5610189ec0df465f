"""Tables as datasets: cycles, parameters and series; hostile files; what is lost is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gait_core.errors import GaitError, InputError, NotFoundError, SettingsError
from gait_core.learn.datasets.labelled_table import is_covariate
from gait_core.learn.datasets.recognise import open_dataset
from gait_core.learn.datasets.series import SUMMARIES, inliers, summary, summary_names
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.datasets.table_file import number_of, read_table

POINTS = [f"p{number:03d}_deg" for number in range(101)]


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def cycle_lines(people: int = 4, cycles: int = 2, channels: tuple[str, ...] = ("knee", "ankle")) -> list[list[str]]:
    generator = np.random.default_rng(1)
    return [
        [f"s{person}", ("control", "stroke")[person % 2], str(cycle), side, channel]
        + [f"{value:.4f}" for value in generator.normal(size=101)]
        for person in range(people)
        for cycle in range(1, cycles + 1)
        for side in ("left", "right")
        for channel in channels
    ]


def cycle_table(path: Path, lines: list[list[str]], separator: str = ",") -> Path:
    header = ["subject", "label", "cycle", "side", "channel", *POINTS]
    return write(path, "\n".join(separator.join(line) for line in [header, *lines]) + "\n")


def parameter_table(path: Path, people: int = 6, walks: int = 2, header: str = "", row: str = "") -> Path:
    generator = np.random.default_rng(2)
    lines = [f"subject,label,speed_mps,step_m,cadence_spm{header}"]
    for person in range(people):
        for _ in range(walks):
            a, b, c = generator.normal(size=3)
            lines.append(f"p{person},{('control', 'stroke')[person % 2]},{a:.5f},{b:.5f},{c:.5f}{row}")
    return write(path, "\n".join(lines) + "\n")


def test_every_cycle_of_every_subject_is_a_row(tmp_path):
    lines = cycle_lines()
    dataset = open_dataset(cycle_table(tmp_path / "cycles.csv", lines))
    samples = dataset.samples()
    assert dataset.kind == "cycles"
    assert samples.channels == ("left_ankle_deg", "left_knee_deg", "right_ankle_deg", "right_knee_deg")
    assert samples.values.shape == (8, 101, 4)
    assert sorted(set(samples.walks.tolist())) == sorted(f"s{p}, cycle {c}" for p in range(4) for c in (1, 2))
    assert samples.classes == ("control", "stroke")
    for line in lines:
        row = samples.walks.tolist().index(f"{line[0]}, cycle {line[2]}")
        column = samples.channels.index(f"{line[3]}_{line[4]}_deg")
        assert np.allclose(samples.values[row, :, column], np.array(line[5:], float), atol=1e-5)
        assert samples.classes[samples.labels[row]] == line[1]


def test_semicolons_decimal_commas_and_a_line_that_names_the_separator_read_the_same(tmp_path):
    lines = cycle_lines()
    plain = open_dataset(cycle_table(tmp_path / "a.csv", lines)).samples()
    german = [[cell.replace(".", ",") for cell in line] for line in lines]
    other = cycle_table(tmp_path / "b.csv", german, ";")
    assert open_dataset(other).samples().digest() == plain.digest()
    named = write(tmp_path / "c.csv", b"\xef\xbb\xbfsep=;\r\n" + other.read_bytes().replace(b"\n", b"\r\n"))
    assert open_dataset(named).samples().digest() == plain.digest()


def test_the_order_of_the_lines_changes_nothing_but_the_order_of_the_rows(tmp_path):
    lines = cycle_lines()
    one = open_dataset(cycle_table(tmp_path / "a.csv", lines)).samples()
    other = open_dataset(cycle_table(tmp_path / "b.csv", lines[::-1])).samples()
    assert other.take(np.argsort(other.walks)).digest() == one.take(np.argsort(one.walks)).digest()


def test_a_missing_value_is_refused_or_its_cycle_dropped_and_named(tmp_path):
    lines = cycle_lines()
    lines[0][7] = "NaN"
    path = cycle_table(tmp_path / "cycles.csv", lines)
    with pytest.raises(InputError, match=r"missing values .NaN.: s0, cycle 1"):
        open_dataset(path).samples()
    dataset = open_dataset(path, DatasetSettings(missing="drop"))
    assert len(dataset.samples()) == 7
    (problem,) = dataset.problems
    assert (problem.code, problem.severity, problem.items) == ("missing_values", "warning", ("s0, cycle 1",))


def test_a_cycle_without_a_channel_is_left_out_and_named(tmp_path):
    dataset = open_dataset(cycle_table(tmp_path / "cycles.csv", cycle_lines()[1:]))
    assert len(dataset.samples()) == 7
    assert [problem.code for problem in dataset.problems] == ["incomplete_cycles"]
    chosen = DatasetSettings(features=["right_knee_deg"])
    assert open_dataset(dataset.path, chosen).samples().values.shape == (8, 101, 1)


def test_a_channel_that_few_cycles_have_is_left_out_instead_of_the_cycles(tmp_path):
    lines = cycle_lines()
    lines.append([*lines[0][:4], "hip", *lines[0][5:]])
    dataset = open_dataset(cycle_table(tmp_path / "cycles.csv", lines))
    assert len(dataset.samples()) == 8
    assert dataset.problems[0].items == ("left_hip_deg",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines[0].__setitem__(3, "paretic"), "Expected side left or right in line 2 .*'paretic'"),
        (lambda lines: lines[0].__setitem__(0, ""), "Expected a subject in every line.*line 2"),
        (lambda lines: lines[0].__setitem__(1, " "), "Expected a label in every line.*line 2"),
        (lambda lines: lines[0].__setitem__(9, "abc"), "Expected a number in column 'p004_deg'.*line 2.*'abc'"),
        (lambda lines: lines[0].__setitem__(9, "inf"), "Expected a number in column 'p004_deg'"),
        (lambda lines: lines[0].append("1"), "Expected 106 cells in line 2.*got 107"),
        (lambda lines: lines.append([*lines[0][:5], *(["7"] * 101)]), "lines 2 and 34 give it different values"),
    ],
)
def test_a_wrong_line_of_a_table_of_cycles_is_named(tmp_path, change, message):
    lines = cycle_lines()
    change(lines)
    with pytest.raises(InputError, match=message):
        open_dataset(cycle_table(tmp_path / "cycles.csv", lines)).samples()


def test_another_number_of_points_is_refused(tmp_path):
    header = "subject,label,side,channel," + ",".join(POINTS[:51])
    path = write(tmp_path / "short.csv", header + "\ns0,a,left,knee" + ",1" * 51 + "\n")
    with pytest.raises(InputError, match=r"Expected 101 points p000_deg to p100_deg.*got 51"):
        open_dataset(path)


@pytest.mark.parametrize("name", ["subject", "label", "side", "channel"])
def test_a_table_with_points_is_one_of_cycles_whatever_column_is_missing(tmp_path, name):
    text = cycle_table(tmp_path / "cycles.csv", cycle_lines()).read_text()
    other = write(tmp_path / "other.csv", text.replace(name, "remark", 1))
    with pytest.raises(InputError, match=rf"table of gait cycles, but {name} is missing; .*remark"):
        open_dataset(other)
    misspelt = write(tmp_path / "misspelt.csv", text.replace(name, name[:2] + name[3:], 1))
    with pytest.raises(InputError, match=rf"{name} is missing") as caught:
        open_dataset(misspelt)
    assert f"Did you mean {name} by '{name[:2] + name[3:]}'?" in caught.value.remedy


@pytest.mark.parametrize("point", ["p{:03d}", "P{}_deg", "{}", "p{:02d} deg"])
def test_points_that_are_numbered_otherwise_are_no_parameters(tmp_path, point):
    names = ",".join(point.format(number) for number in range(101))
    path = write(tmp_path / "t.csv", f"subject,label,side,channel,{names}\ns0,a,left,knee" + ",1" * 101 + "\n")
    with pytest.raises(InputError, match=r"Expected .*points|points? p000_deg"):
        open_dataset(path)


def test_upper_and_lower_case_are_the_same_in_columns_that_mean_something(tmp_path):
    path = cycle_table(tmp_path / "cycles.csv", cycle_lines())
    header, _, rest = path.read_text().partition("\n")
    for changed in (header.title(), header.upper()):
        other = open_dataset(write(tmp_path / "other.csv", f"{changed}\n{rest}"))
        assert other.samples().digest() == open_dataset(path).samples().digest()
    table = parameter_table(tmp_path / "walks.csv")
    other = write(tmp_path / "capital.csv", table.read_text().replace("subject,label", "Subject,LABEL"))
    assert open_dataset(other).samples().digest() == open_dataset(table).samples().digest()
    write(other, "Subject,label,subject,Step_m\n1,x,1,2\n")
    with pytest.raises(InputError, match="subject occurs twice"):
        open_dataset(other)
    write(other, "subject,label,Step_m\n1,x,1.5\n2,y,2.5\n")
    assert open_dataset(other).samples().channels == ("Step_m",)


def test_a_misspelt_column_of_a_label_or_parameter_table_is_recognised(tmp_path):
    path = write(tmp_path / "t.csv", "vidoe,label,subject\na.mp4,x,1\n")
    with pytest.raises(InputError, match=r"Expected a column video.*got vidoe"):
        open_dataset(path)
    write(path, "subjct,label,a\n1,x,2\n")
    with pytest.raises(InputError, match="subject is missing") as caught:
        open_dataset(path)
    assert "Did you mean subject by 'subjct'?" in caught.value.remedy


def test_parameters_become_rows_and_covariates_stay_aside(tmp_path):
    path = parameter_table(tmp_path / "walks.csv", header=",sex,side", row=",f,left")
    dataset = open_dataset(path)
    samples = dataset.samples()
    assert (dataset.kind, samples.kind, samples.values.shape) == ("parameters", "parameters", (12, 1, 2))
    assert samples.channels == ("step_m", "cadence_spm")
    assert set(dataset.covariates) == {"speed_mps", "sex", "side"}
    assert dataset.covariates["sex"].tolist() == ["f"] * 6
    speeds = read_table(path).numbers(["speed_mps"])[:, 0]
    assert np.allclose(dataset.covariates["speed_mps"], speeds.reshape(6, 2).mean(axis=1))
    named = open_dataset(path, DatasetSettings(features=("speed_mps", "step_m"))).samples()
    assert set(named.channels) == {"speed_mps", "step_m"}
    with pytest.raises(InputError, match=r"Expected features among .*got sex"):
        open_dataset(path, DatasetSettings(features=("sex",))).samples()


def test_a_class_against_all_others(tmp_path):
    lines = ["subject,label,a,b,c"] + [f"s{n},{name},{n},{n * n},1" for n, name in enumerate("xyzxyz")]
    path = write(tmp_path / "t.csv", "\n".join(lines))
    samples = open_dataset(path, DatasetSettings(reference_class="y")).samples()
    assert samples.classes == ("y", "other")
    assert samples.labels.tolist() == [1, 0, 1, 1, 0, 1]
    with pytest.raises(InputError, match=r"Expected a class 'w', but found x, y, z"):
        open_dataset(path, DatasetSettings(reference_class="w"))


def test_the_control_group_is_the_first_class(tmp_path):
    path = write(tmp_path / "t.csv", "subject,label,a\n1,als,2\n2,Healthy,3\n3,par,4\n")
    assert open_dataset(path).classes == ("Healthy", "als", "par")


def test_missing_numbers_and_repeated_lines_of_a_parameter_table(tmp_path):
    path = parameter_table(tmp_path / "walks.csv")
    lines = path.read_text().splitlines()
    write(path, "\n".join([*lines, lines[1], "p9,stroke,1.2,,3"]))
    with pytest.raises(InputError, match=r"1 rows of walks.csv have missing values .NaN.: line 15"):
        open_dataset(path).samples()
    dataset = open_dataset(path, DatasetSettings(missing="drop"))
    assert len(dataset.samples()) == 12
    assert {problem.code for problem in dataset.problems} == {"duplicate_rows", "missing_values", "covariates"}
    assert next(p for p in dataset.problems if p.code == "duplicate_rows").items == ("14",)


def test_a_column_of_numbers_with_some_text_is_refused(tmp_path):
    path = write(tmp_path / "t.csv", "subject,label,a\n1,x,2\n2,y,3\n3,x,four\n")
    with pytest.raises(InputError, match=r"Expected numbers in column 'a'.*line 4 \('four'\)"):
        open_dataset(path)


def test_a_table_whose_values_are_all_missing_has_no_rows(tmp_path):
    path = write(tmp_path / "t.csv", "subject,label,a\n1,x,\n2,y,NA\n")
    with pytest.raises(InputError):
        open_dataset(path, DatasetSettings(missing="drop")).samples()


def series_table(path: Path, people: int = 3, count: int = 40) -> Path:
    generator = np.random.default_rng(3)
    lines = ["subject,label,time_s,stride_time_s"]
    for person in range(people):
        times = np.cumsum(generator.normal(1.1, 0.02, count))
        lines += [
            f"s{person},{'ab'[person % 2]},{t:.4f},{d:.4f}"
            for t, d in zip(times, np.diff(times, prepend=0), strict=True)
        ]
    return write(path, "\n".join(lines))


def test_a_series_per_subject_is_summarised(tmp_path):
    path = series_table(tmp_path / "series.csv")
    samples = open_dataset(path).samples()
    assert samples.values.shape == (3, 1, len(SUMMARIES))
    assert samples.channels == summary_names("stride_time_s")
    values = read_table(path).numbers(["stride_time_s"])[:40, 0]
    assert samples.values[0, 0, 0] == pytest.approx(values[inliers(values)].mean(), abs=1e-4)
    shuffled = path.read_text().splitlines()
    other = write(tmp_path / "other.csv", "\n".join([shuffled[0], *shuffled[:0:-1]]))
    again = open_dataset(other).samples()
    assert np.allclose(again.take(np.argsort(again.subjects)).values, samples.values, atol=1e-6)
    rows = open_dataset(path, DatasetSettings(table="rows")).samples()
    assert len(rows) == 120
    chosen = open_dataset(path, DatasetSettings(features=("stride_time_cv_pct",))).samples()
    assert np.array_equal(chosen.values[..., 0], samples.values[..., samples.channels.index("stride_time_cv_pct")])


def test_short_series_are_left_out_and_named(tmp_path):
    path = series_table(tmp_path / "series.csv")
    write(path, path.read_text() + "\nshort,a,1.0,1.1\nshort,a,2.0,1.2")
    dataset = open_dataset(path)
    assert len(dataset.samples()) == 3
    assert next(p for p in dataset.problems if p.code == "short_series").items == ("short",)


def test_summary_of_a_series_with_known_answer():
    values = np.tile([1.0, 1.2], 50)
    values[10], values[60] = 9.0, np.nan
    found = dict(zip(SUMMARIES, summary(values), strict=True))
    kept = np.delete(values, [10, 60])
    assert found["mean"] == pytest.approx(kept.mean())
    assert found["sd"] == pytest.approx(kept.std(ddof=1))
    assert found["cv"] == pytest.approx(100 * kept.std(ddof=1) / kept.mean())
    assert found["masd"] == pytest.approx(0.2)
    assert found["lag1"] == pytest.approx(-1.0, abs=0.01)
    assert found["trend"] == pytest.approx(0.0, abs=0.01)
    rising = dict(zip(SUMMARIES, summary(np.linspace(1.0, 1.5, 200)), strict=True))
    assert rising["trend"] == pytest.approx(0.5)
    assert rising["lag1"] > 0.9
    assert summary(np.array([1.0] * 9 + [np.nan] * 50)) is None
    even = dict(zip(SUMMARIES, summary(np.ones(20)), strict=True))
    assert (even["sd"], even["lag1"]) == (0.0, 0.0)


def test_summaries_scale_with_their_unit():
    values = np.random.default_rng(4).normal(1.1, 0.05, 300)
    one, other = (
        dict(zip(SUMMARIES, found, strict=True))
        for found in (summary(values), summary(1000 * values))
        if found is not None
    )
    for key in SUMMARIES:
        factor = 1 if key in ("cv", "lag1") else 1000
        assert other[key] == pytest.approx(factor * one[key], rel=1e-9)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Expected a header and rows"),
        (b"\n\n \n", "Expected a header and rows"),
        (b"subject,label,a\n", "Expected rows below the header"),
        ("subject,label,a\n1,x,2\n".encode("utf-16"), "UTF-16 or no text"),
        ("subject,label,a\n1,gesund gehör,2\n".encode("latin-1"), r"in UTF-8, but byte .*\(line 2\)"),
        (b"PK\x03\x04\x00\x00binary", "UTF-16 or no text"),
        (b"subject,label,a,a\n1,x,2,3\n", "a occurs twice"),
        (b"subject,label,\n1,x,2\n", "column 3 has none"),
        (b'subject,label,a\n1,x,"2\n', "cannot be read"),
        (b"subject,label,a\n1,x\n", "Expected 3 cells in line 2"),
        (b"subject,group,a\n1,x,2\n", "label is missing; it has subject, group, a"),
        (b"subject,label\n1,x\n", "Expected columns of numbers"),
        (b"subject,label,note\n1,x,good\n2,y,bad\n", "Expected columns of numbers"),
        (b"subject,label,a\n1,x," + b"9" * 200_000 + b"\n", "cannot be read"),
    ],
)
def test_a_hostile_file_gets_a_clear_message(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        open_dataset(write(tmp_path / "t.csv", content)).samples()


def test_places_that_hold_no_dataset(tmp_path):
    with pytest.raises(NotFoundError, match="nothing is there"):
        open_dataset(tmp_path / "none")
    with pytest.raises(InputError, match="found no video and no table"):
        open_dataset(tmp_path)
    write(tmp_path / "t.csv", "subject,label,a\n1,x,2\n")
    with pytest.raises(InputError, match="folder of tables") as caught:
        open_dataset(tmp_path)
    assert "t.csv" in caught.value.remedy
    with pytest.raises(InputError, match="Expected a folder or a table"):
        open_dataset(write(tmp_path / "t.xlsx", b"PK"))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1.5", 1.5),
        ("-2e3", -2000.0),
        (".5", 0.5),
        ("1_000", None),
        ("1,5", None),
        ("١", None),
        ("inf", None),
        ("0x1", None),
    ],
)
def test_numbers_are_read_strictly(cell, value):
    assert number_of(cell) == value


def test_what_counts_as_a_covariate():
    assert all(map(is_covariate, ("speed_mps", "age", "age_years", "Height_m", "walking_speed_mps", "sex", "bmi")))
    assert not any(map(is_covariate, ("step_height_m", "stage", "knee_flexion_deg", "swing_speed_mps", "average")))


def test_settings_are_checked_and_come_back_from_json():
    settings = DatasetSettings(features=["a", "b"], reference_class="normal", table="rows")
    assert DatasetSettings.from_dict(settings.to_dict()) == settings
    for wrong in ({"missing": "ignore"}, {"features": "a"}, {"subject_pattern": "("}, {"window_s": 0.0}, {"rows": "x"}):
        with pytest.raises(SettingsError):
            DatasetSettings(**wrong)


def test_the_tables_of_patients_are_read_whole(data):
    stroke = open_dataset(data / "clinical" / "stroke_cycles.csv").samples()
    assert stroke.values.shape == (67, 101, 6)
    assert np.bincount(stroke.labels).tolist() == [28, 39]
    assert stroke.classes == ("control", "stroke")
    assert stroke.swap is not None
    strides = open_dataset(data / "clinical" / "stride_times.csv")
    assert strides.samples().values.shape == (63, 1, len(SUMMARIES))
    assert strides.classes == ("ctr", "als", "hun", "par")


def test_random_bytes_never_give_anything_but_a_clear_error(tmp_path):
    generator = np.random.default_rng(5)
    good = parameter_table(tmp_path / "good.csv").read_bytes()
    read = 0
    for _ in range(200):
        content = bytearray(good)
        for place in generator.integers(len(content), size=3):
            content[place] = generator.integers(256)
        try:
            samples = open_dataset(write(tmp_path / "t.csv", bytes(content))).samples()
        except GaitError as error:
            assert error.remedy
        else:
            read += 1
            assert np.isfinite(samples.values).all()
    assert read < 200
