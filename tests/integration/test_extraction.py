"""Extraction with the real pose model on real walks and on hostile files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gait_core.config import PROFILES, PoseSettings
from gait_core.errors import VideoError, WalkRefused
from gait_core.pose.extract import ExtractedWalk, extract_many, extract_track
from gait_core.pose.landmarks import INDEX, MIRROR
from gait_core.pose.models.assets import ensure_models, list_models
from gait_core.video.decode import DecodeReport, iter_frames
from gait_core.video.encode import VideoWriter
from gait_core.video.probe import probe
from gait_core.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
LITE = PoseSettings(variant="lite")
LEGS = [INDEX[f"{side}_{joint}"] for side in ("left", "right") for joint in ("hip", "knee", "ankle")]


@pytest.fixture(autouse=True)
def models() -> None:
    if not all(status.ready for status in list_models()):
        pytest.skip("the pose models are not on this machine: python -m gait_core models fetch")


def height_of(walk: ExtractedWalk) -> float:
    return float(np.nanmedian(np.ptp(walk.track.position[..., 1], axis=1)))


def test_a_real_walk_and_its_cache(data: Path, workspace: Workspace) -> None:
    path = data / "walks" / "p6s1.mp4"
    first = extract_track(path, PROFILES["balanced"].pose_settings(), workspace=workspace)
    second = extract_track(path, PROFILES["balanced"].pose_settings(), workspace=workspace)
    assert len(first.track) == first.info.frame_count == 91
    assert first.track.detection_rate == 1.0
    assert first.warnings == ()
    assert not first.cached
    assert second.cached
    for name, array in first.track.to_arrays().items():
        assert np.array_equal(array, second.track.to_arrays()[name], equal_nan=True)


@pytest.mark.slow
def test_a_pose_is_found_in_all_real_walks(data: Path, seen: Workspace) -> None:
    paths = sorted((data / "walks").glob("*.mp4"))
    walks = extract_many(paths, PROFILES["balanced"].pose_settings(), workspace=seen)
    for walk in walks:
        assert isinstance(walk, ExtractedWalk)
        assert walk.track.detection_rate == 1.0, walk.info.name
        assert not {"several_people", "low_confidence", "legs_cut_off"} & {warning.code for warning in walk.warnings}


def test_a_mirrored_walk_gives_mirrored_landmarks(data: Path, workspace: Workspace, tmp_path: Path) -> None:
    source = data / "walks" / "p6s1.mp4"
    info = probe(source)
    mirrored = tmp_path / "mirrored.mp4"
    with VideoWriter(mirrored, info.width_px, info.height_px, 25) as writer:
        for frame in iter_frames(info):
            writer.write(frame.image[:, ::-1])
    a, b = extract_many([source, mirrored], LITE, workspace=workspace)
    assert isinstance(a, ExtractedWalk)
    assert isinstance(b, ExtractedWalk)
    unmirrored = b.track.position[:, MIRROR] * [-1, 1] + [info.width_px, 0]
    distance = np.linalg.norm(a.track.position - unmirrored, axis=2)[:, LEGS]
    assert np.nanmedian(distance) < 0.05 * height_of(a)


def test_rotation_by_metadata_gives_the_walk_upright(data: Path, workspace: Workspace) -> None:
    walk = extract_track(data / "hostile" / "rot90_meta.mp4", LITE, workspace=workspace)
    assert (walk.track.width_px, walk.track.height_px) == (960, 540)
    head, feet = walk.track.position[:, INDEX["nose"], 1], walk.track.position[:, INDEX["left_heel"], 1]
    assert np.nanmedian(feet - head) > 100


@pytest.mark.parametrize("name", ["av1.mp4", "hevc10bit.mov"])
def test_other_codecs(data: Path, workspace: Workspace, name: str) -> None:
    walk = extract_track(data / "hostile" / name, LITE, workspace=workspace)
    assert len(walk.track) == 91
    assert walk.track.detection_rate > 0.9


def test_a_resized_inference_gives_positions_in_the_original_frame(data: Path, workspace: Workspace) -> None:
    path = data / "walks" / "p6s1.mp4"
    full = extract_track(path, LITE, workspace=workspace)
    small = extract_track(path, LITE.with_(max_side_px=480), workspace=workspace)
    distance = np.linalg.norm(full.track.position - small.track.position, axis=2)[:, LEGS]
    assert np.nanmedian(distance) < 0.05 * height_of(full)


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("audio_only.mp4", VideoError, "only sound"),
        ("empty.mp4", VideoError, "is empty"),
        ("text.mp4", VideoError, "not one or is damaged"),
        ("truncated.mp4", VideoError, "not one frame can be decoded"),
        ("one_frame.mp4", WalkRefused, "single frame"),
        ("no_person_gray.mp4", WalkRefused, "no person was found"),
    ],
)
def test_hostile_files_are_refused(data: Path, workspace: Workspace, name: str, error: type, words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        extract_track(data / "hostile" / name, LITE, workspace=workspace)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("two_people_crossing.mp4", "several_people"),
        ("vfr_dropped.mp4", "variable_frame_rate"),
        ("legs_cut_off.mp4", "legs_cut_off"),
    ],
)
def test_doubtful_files_carry_a_warning(data: Path, workspace: Workspace, name: str, code: str) -> None:
    walk = extract_track(data / "hostile" / name, LITE, workspace=workspace)
    assert code in {warning.code for warning in walk.warnings}


@pytest.mark.parametrize("name", ["walks/p1s1.mp4", "other/marche-manon.mp4", "abnormal/normal_01.mp4"])
def test_time_rises_strictly_in_real_files(data: Path, name: str) -> None:
    report = DecodeReport()
    times = [frame.time_s for frame in iter_frames(data / name, report=report)]
    assert np.all(np.diff(times) > 0)
    assert report.frames_read == probe(data / name).frame_count


def test_nothing_is_printed(data: Path, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom gait_core.config import PoseSettings\nfrom gait_core.pose.extract import extract_track\n"
        "from gait_core.workspace import Workspace\n"
        "extract_track(sys.argv[1], PoseSettings(variant='lite'), workspace=Workspace(sys.argv[2]))"
    )
    command = [sys.executable, "-c", code, str(data / "walks" / "p6s1.mp4"), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_models_that_are_here_are_not_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib.request.urlopen", None)  # whoever calls it fails
    assert sorted(ensure_models()) == ["full", "heavy", "lite"]
