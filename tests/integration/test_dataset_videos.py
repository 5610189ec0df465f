"""Videos as datasets: decoded once, windows or curves, what cannot be used is left out and named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from many_clips import copies_of, make_clips

from gait_core.errors import Cancelled, InputError
from gait_core.gait.features import FEATURE_NAMES
from gait_core.learn.datasets import video_dataset
from gait_core.learn.datasets.check import check_dataset
from gait_core.learn.datasets.recognise import LABELS_FILE, open_dataset
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.datasets.simulated import make_dataset
from gait_core.learn.datasets.walk_rows import CURVE_CHANNELS
from gait_core.pose.models.assets import list_models
from gait_core.progress import Reporter
from gait_core.walks import prepare
from gait_core.workspace import Workspace

SETTINGS = DatasetSettings(profile="fast")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clips(tmp_path_factory.mktemp("clip"), 1, duration_s=7.0, fps=25.0)[0]


@pytest.fixture(scope="module")
def folder(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return two classes of three subjects, one copy among them, and two files that are no videos."""
    place = tmp_path_factory.mktemp("dataset") / "walks"
    for label in ("normal", "stroke"):
        copies_of(clip, place / label, 3, stem=label)
        for number, path in enumerate(sorted((place / label).iterdir())):
            path.rename(path.with_name(f"{label[0]}{number}_walk.mp4"))
    (place / "normal" / "n9_walk.mp4").write_text("not a video")
    (place / "stroke" / "s9_walk.mp4").write_bytes(b"")
    (place / "normal" / "n0_again.mp4").write_bytes((place / "normal" / "n0_walk.mp4").read_bytes())
    return place


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    if not all(status.ready for status in list_models()):
        pytest.skip("the pose models are not on this machine: python -m gait_core models fetch")
    return Workspace(tmp_path_factory.mktemp("workspace"))


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the videos that are decoded from now on, as they come."""
    names: list[str] = []
    extract_many = prepare.extract_many

    def counting(paths, *args, **kwargs):
        outcomes = extract_many(paths, *args, **kwargs)
        names.extend(
            path.name for path, outcome in zip(paths, outcomes, strict=True) if not getattr(outcome, "cached", False)
        )
        return outcomes

    monkeypatch.setattr(prepare, "extract_many", counting)
    return names


def test_each_video_is_decoded_once_and_what_is_unusable_is_named(folder, shared, decoded):
    dataset = open_dataset(folder, SETTINGS)
    report = check_dataset(dataset, 3, shared)
    assert sorted(decoded) == ["n0_again.mp4", "n1_walk.mp4", "n2_walk.mp4", *(f"s{n}_walk.mp4" for n in range(3))]
    problems = {problem.code: problem for problem in report.problems}
    unusable = problems["unusable_videos"]
    assert unusable.severity == "warning"
    assert [item.split(":")[0] for item in unusable.items] == ["normal/n9_walk.mp4", "stroke/s9_walk.mp4"]
    assert problems["same_video_twice"].items == ("normal/n0_again.mp4 = normal/n0_walk.mp4",)
    assert report.walks == report.subjects == {"normal": 3, "stroke": 3}
    # The clips show the same person: what a copy under another name would look like.
    assert problems["same_values_two_subjects"].severity == "error"

    samples = dataset.samples(None, shared)
    again = open_dataset(folder, SETTINGS).samples(None, shared)
    assert len(decoded) == 6
    assert again.digest() == samples.digest()
    assert samples.channels == FEATURE_NAMES
    assert samples.values[:, :, 0].any(axis=1).all()
    assert len(samples) == sum(report.rows.values()) >= 6
    assert set(samples.walks.tolist()) == {"normal/n0_again.mp4", *(f"normal/n{n}_walk.mp4" for n in (1, 2))} | {
        f"stroke/s{n}_walk.mp4" for n in range(3)
    }


def test_in_small_parts_the_rows_are_the_same(folder, shared, decoded, monkeypatch):
    whole = open_dataset(folder, SETTINGS).samples(None, shared)
    del decoded[:]
    monkeypatch.setattr(video_dataset, "_AT_ONCE", 2)
    assert open_dataset(folder, SETTINGS).samples(None, shared).digest() == whole.digest()
    assert decoded == []


def test_a_label_file_gives_the_rows_of_its_folder(folder, shared):
    lines = ["video,label,subject"]
    lines += [f"{path.relative_to(folder)},{path.parent.name},{path.stem[:2]}" for path in sorted(folder.glob("*/*"))]
    (folder / LABELS_FILE).write_text("\n".join(lines))
    try:
        labelled = open_dataset(folder, SETTINGS)
        assert labelled.kind == "labels"
        rows = labelled.samples(None, shared)
    finally:
        (folder / LABELS_FILE).unlink()
    assert rows.digest() == open_dataset(folder, SETTINGS).samples(None, shared).digest()


def test_strides_as_curves_have_both_sides(folder, shared, decoded):
    settings = SETTINGS.with_(rows="curves")
    samples = open_dataset(folder, settings).samples(None, shared)
    assert samples.kind == "curves"
    assert samples.channels == tuple(CURVE_CHANNELS)
    assert samples.values.shape[1:] == (101, 7)
    knee = samples.values[:, :, samples.channels.index("left_knee_flexion_deg")]
    assert (np.ptp(knee, axis=1) > 30).all()
    assert np.array_equal(samples.mirrored().mirrored().values, samples.values)
    assert open_dataset(folder, settings).samples(None, shared).digest() == samples.digest()
    assert len(decoded) in (0, 6)


def test_one_video_under_two_labels_and_no_usable_video(clip, tmp_path, workspace):
    for label in ("a", "b"):
        (tmp_path / "two" / label).mkdir(parents=True)
        (tmp_path / "two" / label / "x_1.mp4").write_bytes(clip.read_bytes())
        (tmp_path / "none" / label).mkdir(parents=True)
        (tmp_path / "none" / label / f"{label}_1.mp4").write_text("no video")
    report = check_dataset(open_dataset(tmp_path / "none", SETTINGS), 2, workspace)
    assert not report.usable
    assert {"no_rows", "unusable_videos"} <= {problem.code for problem in report.problems}
    with pytest.raises(InputError, match="none of 2 videos can be used"):
        open_dataset(tmp_path / "none", SETTINGS).samples(None, workspace)
    if all(status.ready for status in list_models()):
        report = check_dataset(open_dataset(tmp_path / "two", SETTINGS), 2, workspace)
        codes = {problem.code for problem in report.errors}
        assert {"same_video_two_labels", "one_subject_two_labels"} <= codes


def test_a_doubtful_video_is_used_only_where_it_is_wanted(shared, tmp_path):
    make_clips(tmp_path / "set" / "a", 1, duration_s=4.0, fps=20.0)
    reading = open_dataset(tmp_path / "set", SETTINGS).read(None, shared)
    assert reading.samples is None
    assert "Only 20 frames a second" in reading.problems[0].items[0]
    assert len(open_dataset(tmp_path / "set", SETTINGS.with_(doubtful=True)).samples(None, shared)) > 0


def test_reading_is_cancelled(folder, workspace):
    with pytest.raises(Cancelled):
        open_dataset(folder, SETTINGS).samples(None, workspace, Reporter(cancelled=lambda: True))


@pytest.mark.slow
def test_a_simulated_dataset_as_videos_opens_with_its_labels(tmp_path):
    place = make_dataset(tmp_path / "set", subjects=2, walks=1, impairments=("crouch",), videos=True)
    dataset = open_dataset(place)
    assert dataset.kind == "labels"
    assert dataset.several_labels
    assert dataset.classes == ("normal", "crouch")
    assert len(dataset.labelled) == len(list(place.glob("*.mp4"))) == 8
