"""Simulated datasets: who walks, how severely, repeatable, and refused parameters."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gait_core.cli.main import main
from gait_core.errors import SettingsError, StorageError
from gait_core.gait.features import FEATURE_NAMES
from gait_core.learn.datasets.check import check_dataset
from gait_core.learn.datasets.recognise import open_dataset
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.datasets.simulated import FIRST_PERSON, make_dataset, planned_walks
from gait_core.learn.datasets.stored import description_of
from gait_core.simulate.impairments import IMPAIRMENTS
from gait_core.simulate.windows import FIRST_SEED


def test_everybody_walks_in_every_class_and_nobody_is_known_elsewhere():
    plan = planned_walks(subjects=5, walks=4)
    people = {walk.person_seed for walk in plan}
    assert len(people) == 5
    assert min(people) >= FIRST_PERSON > max(*FIRST_SEED.values(), 5_999_999)
    for person in people:
        own = [walk for walk in plan if walk.person_seed == person]
        assert {walk.impairment for walk in own} == {None, *IMPAIRMENTS}
        assert sum(walk.impairment is None for walk in own) == 12
        assert len({walk.number for walk in own}) == len(own) == 44
        ill = [walk for walk in own if walk.impairment == "crouch"]
        assert sorted(int((walk.severity - 0.5) / 0.125) for walk in ill) == [0, 1, 2, 3]
        assert {walk.direction for walk in ill} == {1, -1}
    assert not people & {walk.person_seed for walk in planned_walks(subjects=5, walks=4, seed=1)}


def test_the_same_seed_gives_the_same_dataset(tmp_path):
    folders = [
        make_dataset(tmp_path / name, subjects=2, walks=1, impairments=("crouch", "stiff_knee"), seed=seed)
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    ]
    digests = [open_dataset(folder).samples().digest() for folder in folders]
    assert digests[0] == digests[1] != digests[2]
    dataset = open_dataset(folders[0])
    samples = dataset.samples()
    assert samples.classes == ("normal", "crouch", "stiff_knee")
    assert samples.channels == FEATURE_NAMES
    assert samples.n_steps == 48
    assert set(samples.subjects.tolist()) == {"person6000000", "person6000001"}
    names = np.array(samples.classes)[samples.labels]
    assert all(name.replace("_", "-") in walk for name, walk in zip(names, samples.walks, strict=True))
    assert description_of(folders[0])["simulated"] is True
    report = check_dataset(dataset, 2)
    assert report.usable
    assert {problem.severity for problem in report.problems if problem.code == "one_subject_two_labels"} == {"note"}


def test_normal_against_impaired(tmp_path):
    folder = make_dataset(tmp_path / "a", subjects=2, walks=1, impairments=("crouch", "shuffling"))
    samples = open_dataset(folder, DatasetSettings(reference_class="normal", features=FEATURE_NAMES[:3])).samples()
    assert samples.classes == ("normal", "other")
    assert samples.channels == FEATURE_NAMES[:3]


@pytest.mark.parametrize(
    "wrong",
    [{"subjects": 1}, {"walks": 0}, {"seed": -1}, {"impairments": ("hopping",)}, {"impairments": ()}],
)
def test_parameters_out_of_range_are_refused_and_nothing_is_written(tmp_path, wrong):
    with pytest.raises(SettingsError):
        make_dataset(tmp_path / "a", **wrong)
    assert not list(tmp_path.iterdir())


def test_another_kind_of_dataset_is_not_overwritten(tmp_path):
    (tmp_path / "labels.csv").write_text("video,label,subject\n")
    with pytest.raises(StorageError, match="something else is there"):
        make_dataset(tmp_path, subjects=2, walks=1)


def test_the_commands_make_and_check(tmp_path, capsys):
    folder, workspace = str(tmp_path / "set"), str(tmp_path / "workspace")
    options = ["--subjects", "2", "--walks", "1", "--impairments", "crouch", "--workspace", workspace, "--json"]
    assert main(["dataset", "make", folder, *options]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["classes"] == ["normal", "crouch"]
    assert made["rows"] == len(open_dataset(folder).samples())
    assert main(["dataset", "check", folder, "--folds", "2", "--workspace", workspace, "--json"]) == 0
    checked = json.loads(capsys.readouterr().out)
    assert checked["usable"] is True
    assert sum(checked["rows"].values()) == made["rows"]
    assert main(["dataset", "check", folder, "--folds", "5", "--workspace", workspace]) == 1
    assert "fewer than 5 folds" in capsys.readouterr().out
    assert main(["dataset", "check", str(tmp_path / "none"), "--workspace", workspace]) == 1
    assert "nothing is there" in capsys.readouterr().err
