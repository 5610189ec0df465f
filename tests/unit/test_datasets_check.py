"""The check of a dataset: every problem is found, and a clean dataset has none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gait_core.errors import InputError
from gait_core.learn.datasets.check import DatasetReport, check_dataset
from gait_core.learn.datasets.give_away import sample_problems
from gait_core.learn.datasets.recognise import open_dataset
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.datasets.stored import SAMPLES, save_dataset


def people(count: int = 12, seed: int = 0) -> list[list[str]]:
    """Return lines subject, label and three numbers that tell nothing."""
    generator = np.random.default_rng(seed)
    return [
        [f"s{n}", ("control", "stroke")[n % 2], *(f"{value:.6f}" for value in generator.normal(size=3))]
        for n in range(count)
    ]


def report_of(
    folder: Path, lines: list[list[str]], header: str = "subject,label,a,b,c", folds: int = 5, **settings
) -> DatasetReport:
    path = folder / "table.csv"
    path.write_text("\n".join([header, *(",".join(line) for line in lines)]), encoding="utf-8")
    return check_dataset(open_dataset(path, DatasetSettings(**settings)), folds)


def found(report: DatasetReport) -> dict[str, str]:
    return {problem.code: problem.severity for problem in report.problems}


def test_a_clean_table_has_no_problem(tmp_path):
    report = report_of(tmp_path, people())
    assert found(report) == {}
    assert report.usable
    assert report.subjects == report.rows == {"control": 6, "stroke": 6}
    assert (report.row_kind, report.shape, report.channels) == ("parameters", (1, 3), ("a", "b", "c"))
    assert report.to_dict()["usable"] is True


@pytest.mark.parametrize(
    ("change", "code", "severity"),
    [
        (lambda lines: lines[1].__setitem__(0, "s0"), "one_subject_two_labels", "error"),
        (lambda lines: lines[3].__setitem__(1, "Stroke"), "labels_alike", "error"),
        (lambda lines: lines[2].__setitem__(0, "S0"), "subjects_alike", "warning"),
        (lambda lines: lines[2].__setitem__(0, "s 0"), "subjects_alike", "warning"),
        (lambda lines: lines[3].__setitem__(1, "str oke"), "labels_alike", "error"),
        (lambda lines: lines.append(list(lines[0])), "duplicate_rows", "warning"),
        (lambda lines: lines.append(["new", *lines[0][1:]]), "same_values_two_subjects", "error"),
        (lambda lines: lines[0].__setitem__(2, "nan"), "missing_values", "error"),
        (lambda lines: [line.__setitem__(1, "stroke") for line in lines], "one_class", "error"),
        (lambda lines: lines.append(["new", "other", "1", "2", "3"]), "one_subject", "error"),
        (lambda lines: [line.__setitem__(1, "control") for line in lines[5:]], "fewer_subjects_than_folds", "error"),
        (
            lambda lines: [line.__setitem__(2, f"{n % 2 + n / 100}") for n, line in enumerate(lines)],
            "column_gives_label",
            "warning",
        ),
    ],
)
def test_a_problem_is_found_once_it_is_there(tmp_path, change, code, severity):
    assert code not in found(report_of(tmp_path, people()))
    lines = people()
    change(lines)
    report = report_of(tmp_path, lines)
    assert found(report)[code] == severity
    problem = next(problem for problem in report.problems if problem.code == code)
    assert problem.remedy
    assert problem.items
    assert report.usable == (severity != "error")


def test_several_labels_of_one_subject_may_be_meant(tmp_path):
    lines = [[f"s{n // 2}", *line[1:]] for n, line in enumerate(people(20))]
    report = report_of(tmp_path, lines, several_labels=True)
    assert found(report)["one_subject_two_labels"] == "note"
    assert report.usable


def test_repeated_measures_of_one_subject_that_are_equal_are_told(tmp_path):
    lines = people()
    lines.append(list(lines[0]))
    names = [[line[0], line[1], f"walk{n}", *line[2:]] for n, line in enumerate(lines)]
    assert found(report_of(tmp_path, names, "subject,label,walk,a,b,c"))["duplicate_values"] == "warning"


@pytest.mark.parametrize("values", [("1.2", "0.7"), ("hospital", "home"), ("1.0", "")])
def test_a_covariate_that_tells_the_classes_apart_is_told_though_it_is_not_used(tmp_path, values):
    lines = [[*line, values[n % 2]] for n, line in enumerate(people())]
    name = "site" if values[0].isalpha() else "speed_mps"
    report = report_of(tmp_path, lines, f"subject,label,a,b,c,{name}")
    problem = next(problem for problem in report.problems if problem.code == "fact_gives_label")
    assert problem.severity == "warning"
    assert problem.message.startswith(name)
    assert report.channels == ("a", "b", "c")
    mixed = [[*line, values[n // 2 % 2]] for n, line in enumerate(people())]
    assert "fact_gives_label" not in found(report_of(tmp_path, mixed, f"subject,label,a,b,c,{name}"))


def test_a_text_of_each_person_alone_tells_nothing(tmp_path):
    lines = [[*line, f"person {n}"] for n, line in enumerate(people())]
    assert "fact_gives_label" not in found(report_of(tmp_path, lines, "subject,label,a,b,c,remark"))


def curves(affected_left: bool, count: int = 40, seed: int = 6) -> Samples:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(count, 101, 2)).astype(np.float32)
    labels = np.arange(count) % 2
    side = np.zeros(count, int) if affected_left else generator.integers(2, size=count)
    for row in np.flatnonzero(labels):
        values[row, :, side[row]] *= 0.3
    return Samples(
        values=values,
        lengths=np.full(count, 101),
        labels=labels,
        subjects=[f"s{row}" for row in range(count)],
        walks=[f"w{row}" for row in range(count)],
        channels=("left_knee_deg", "right_knee_deg"),
        classes=("control", "stroke"),
        kind="curves",
    )


@pytest.mark.parametrize("affected_left", [True, False])
def test_a_side_that_is_always_the_affected_one_is_told(tmp_path, affected_left):
    save_dataset(tmp_path / "set", curves(affected_left), {})
    report = check_dataset(open_dataset(tmp_path / "set"), 5)
    assert ("side_gives_label" in found(report)) == affected_left
    mirrored = curves(affected_left).mirrored()
    save_dataset(tmp_path / "other", mirrored, {})
    other = check_dataset(open_dataset(tmp_path / "other"), 5)
    assert found(other) == found(report)


def sides_told(samples: Samples) -> set[str]:
    return {problem.code for problem in sample_problems(samples)} & {"side_gives_label"}


def test_ten_people_with_the_same_affected_side_are_enough_and_seven_are_not():
    assert sides_told(curves(affected_left=True, count=20))
    assert sides_told(curves(affected_left=True, count=16))
    assert not sides_told(curves(affected_left=True, count=14))


def test_sides_by_chance_are_seldom_told():
    alarms = sum(bool(sides_told(curves(affected_left=False, count=20, seed=seed))) for seed in range(300))
    assert alarms <= 9  # 0.4 % expected with ten people a class: one of 2 ** 9 for each


def test_with_many_channels_more_people_are_needed():
    one = curves(affected_left=True, count=16)
    channels = tuple(f"{side}_knee_{number}_deg" for number in range(10) for side in ("left", "right"))
    assert not sides_told(replace(one, values=np.tile(one.values, (1, 1, 10)), channels=channels))


def test_the_patients_after_a_stroke_have_no_side_that_tells_unless_it_is_sorted(data, tmp_path):
    dataset = open_dataset(data / "clinical" / "stroke_cycles.csv")
    report = check_dataset(dataset, 5)
    assert report.usable
    assert found(report) == {}
    samples = dataset.samples()
    knee = [samples.channels.index(f"{side}_knee_flexion_deg") for side in ("left", "right")]
    ranges = np.ptp(samples.values[:, :, knee], axis=1)
    order = np.where((ranges[:, 0] > ranges[:, 1])[:, None], samples.swap, np.arange(6))
    ill = samples.labels == 1
    values = samples.values.copy()
    values[ill] = np.take_along_axis(samples.values, order[:, None, :], axis=2)[ill]
    arrays = samples.to_arrays() | {"values": values}
    save_dataset(tmp_path / "sorted", Samples.from_arrays(arrays), {})
    assert "side_gives_label" in found(check_dataset(open_dataset(tmp_path / "sorted"), 5))


def test_nothing_is_stored_of_a_dataset_that_was_changed(tmp_path):
    save_dataset(tmp_path / "set", curves(True), {})
    again = open_dataset(tmp_path / "set")
    assert again.samples().digest() == curves(True).digest()
    content = (tmp_path / "set" / SAMPLES).read_bytes()
    save_dataset(tmp_path / "other", curves(False), {})
    (tmp_path / "other" / SAMPLES).write_bytes(content)
    with pytest.raises(Exception, match="has changed since"):
        open_dataset(tmp_path / "other")
    torn = bytearray(content)
    torn[len(content) // 2] ^= 0xFF
    (tmp_path / "other" / SAMPLES).write_bytes(bytes(torn))
    with pytest.raises(Exception, match="damaged"):
        open_dataset(tmp_path / "other")
    (tmp_path / "set" / "dataset.json").write_text('{"format": "other"}')
    with pytest.raises(InputError, match="describe a dataset"):
        open_dataset(tmp_path / "set")


def test_pickled_arrays_are_not_read(tmp_path):
    arrays = curves(True).to_arrays()
    (tmp_path / "set").mkdir()
    objects = np.array([{"a": 1}] * 40, dtype=object)
    np.savez(tmp_path / "set" / SAMPLES, **(arrays | {"subjects": objects}))
    with pytest.raises(Exception, match="damaged"):
        open_dataset(tmp_path / "set")
