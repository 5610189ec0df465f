"""Which video shows whom: folders per class and label files, before any video is decoded."""

from __future__ import annotations

from pathlib import Path

import pytest

from gait_core.errors import InputError
from gait_core.learn.datasets.labelled_videos import videos_in
from gait_core.learn.datasets.recognise import open_dataset
from gait_core.learn.datasets.settings import DatasetSettings


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(path.name.encode())


def test_the_subject_is_the_folder_or_the_beginning_of_the_name(tmp_path):
    touch(
        tmp_path / "normal" / "anna" / "a.mp4",
        tmp_path / "normal" / "bert_1.MOV",
        tmp_path / "normal" / "bert_2.mp4",
        tmp_path / "stroke" / "cora.mp4",
        tmp_path / "stroke" / ".hidden.mp4",
        tmp_path / "stroke" / "notes.txt",
        tmp_path / ".cache" / "x.mp4",
    )
    dataset = open_dataset(tmp_path)
    assert dataset.kind == "videos"
    assert dataset.labelled == (("anna", "normal"), ("bert", "normal"), ("bert", "normal"), ("cora", "stroke"))
    assert dataset.problems == ()
    pattern = DatasetSettings(subject_pattern=r"^(\w)")
    assert open_dataset(tmp_path, pattern).subjects == ("a", "b", "c")
    with pytest.raises(InputError, match="finds nothing"):
        open_dataset(tmp_path, DatasetSettings(subject_pattern="zzz"))


def test_what_is_left_out_of_a_folder_is_told(tmp_path):
    touch(tmp_path / "normal" / "a.mp4", tmp_path / "loose.mp4")
    (tmp_path / "empty").mkdir()
    problems = {problem.code: problem.items for problem in open_dataset(tmp_path).problems}
    assert problems == {"empty_class": ("empty",), "videos_without_class": ("loose.mp4",)}


def test_a_link_that_leads_back_is_entered_once(tmp_path):
    touch(tmp_path / "normal" / "a.mp4")
    (tmp_path / "normal" / "again").symlink_to(tmp_path, target_is_directory=True)
    assert [path.name for path in videos_in(tmp_path)] == ["a.mp4"]


def test_folders_without_videos_or_classes_are_refused(tmp_path):
    (tmp_path / "normal").mkdir()
    with pytest.raises(InputError, match="found no video and no table"):
        open_dataset(tmp_path)
    touch(tmp_path / "a.mp4")
    with pytest.raises(InputError, match="in no folder of a class"):
        open_dataset(tmp_path)


def labels(folder: Path, *lines: str) -> Path:
    (folder / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_a_label_file_names_videos_subjects_splits_and_covariates(tmp_path):
    labels(
        tmp_path,
        "video;label;subject;split;speed_mps",
        "a/1.mp4;normal;s1;train;1,1",
        "a/2.mp4;normal;s1;train;1,3",
        f"{tmp_path}/b.mp4;stroke;s2;test;0,9",
    )
    dataset = open_dataset(tmp_path)
    assert dataset.kind == "labels"
    assert dataset.splits == {"s1": "train", "s2": "test"}
    assert dataset.covariates["speed_mps"].tolist() == pytest.approx([1.2, 0.9])
    assert open_dataset(tmp_path / "labels.csv").labelled == dataset.labelled
    assert dataset.problems == ()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("video,label", "a.mp4,x"), "subject is missing; it has video, label"),
        (("video,label,subject", "a.mp4,,s"), "Expected a label in every line.*line 2"),
        (("video,label,subject", ",x,s"), "Expected a video in every line.*line 2"),
        (("video,label,subject,split", "a.mp4,x,s,training"), "Expected split train or test in line 2"),
        (
            ("video,label,subject,split", "a.mp4,x,s,train", "b.mp4,x,s,test"),
            "all videos of subject s in one split.*line 3",
        ),
        (("video,label,subject",), "Expected rows below the header"),
    ],
)
def test_a_wrong_label_file_is_refused(tmp_path, lines, message):
    with pytest.raises(InputError, match=message):
        open_dataset(labels(tmp_path, *lines))


@pytest.mark.parametrize(
    ("lines", "code", "severity"),
    [
        (("video,label,subject,weather", "a.mp4,x,s,rain"), "unknown_columns", "warning"),
        (("video,label,subject,spilt", "a.mp4,x,s,train"), "misspelt_column", "error"),
        (("video,label,subject", "a.mp4,x,s", "./a.mp4,x,s"), "duplicate_rows", "warning"),
        (("video,label,subject", "a.mp4,x,s", "a.mp4,y,s"), "one_video_two_labels", "error"),
        (("video,label,subject", "a.mp4,x,s", "a.mp4,x,t"), "one_video_two_labels", "error"),
    ],
)
def test_a_doubtful_label_file_has_a_problem(tmp_path, lines, code, severity):
    dataset = open_dataset(labels(tmp_path, *lines))
    assert [(problem.code, problem.severity) for problem in dataset.problems] == [(code, severity)]
    assert len(dataset.labelled) == 1
