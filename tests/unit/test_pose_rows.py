"""Results of frames on their way to a track: exact, in flat memory, in files that need no cleaning up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gait_core.config import PoseSettings
from gait_core.pose.engine import PoseResult
from gait_core.pose.rows import CHUNK_FRAMES, SMALL_CHUNK_FRAMES, Rows
from gait_core.pose.track import PART_FRAMES, Track
from gait_core.pose.tracking import track_video
from gait_core.video.encode import VideoWriter
from gait_core.video.probe import probe

ROOT = Path(__file__).resolve().parents[2]
STREAM = """
import resource, sys
from pathlib import Path
import numpy as np
from gait_core.pose.engine import PoseResult
from gait_core.pose.rows import Rows
from gait_core.pose.track import Track

random = np.random.default_rng(0)
results = [
    PoseResult(
        position=random.random((33, 2), np.float32),
        world=random.random((33, 3), np.float32),
        confidence=random.random(33, np.float32),
    )
    for _ in range(7)
]
folder, frames = Path(sys.argv[1]), int(sys.argv[2])

def stream(rows):
    for number in range(frames):
        rows.add(number / 30, None if number % 10 == 0 else results[number % 7])
"""
HOUR = """
from gait_core.cache import ArrayCache
from gait_core.pose import usability as verdict
from gait_core.report.exports.keypoints import export_track

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

export_track(Track(
    position=np.ones((600, 33, 2), np.float32),
    world=np.ones((600, 33, 3), np.float32),
    confidence=np.ones((600, 33), np.float32),
    time_s=np.arange(600) / 30, width_px=960, height_px=540,
), folder / "warm", "warm")
begin = peak()
with Rows(960, 540, folder) as rows:
    stream(rows)
    rows.forget([(100.0, 200.0)])
    arrays, time_s = rows.arrays(), rows.time_s
track = Track(**arrays, time_s=time_s, width_px=960, height_px=540)
cache = ArrayCache(folder / "arrays")
cache.put("track", "abc", track.to_arrays(), track.to_meta())
entry = cache.get("track", "abc")
track = Track.from_arrays(entry.arrays, entry.meta)
assert len(track) == frames
assert abs(track.detection_rate - 0.9 * 3500 / 3600) < 0.001
verdict._legs_cut_off(track), verdict._low_confidence(track)
if len(sys.argv) > 3:
    export_track(track, folder, "hour")
print(peak() - begin)
"""


def result(seed: int) -> PoseResult:
    random = np.random.default_rng(seed)
    return PoseResult(
        position=random.random((33, 2), np.float32),
        world=random.random((33, 3), np.float32),
        confidence=random.random(33, np.float32),
    )


def gathered(tmp_path: Path, frames: int, chunk: int = CHUNK_FRAMES, forget: Any = ()) -> Track:
    with Rows(1920, 1080, tmp_path) as rows:
        rows.chunk_frames = chunk
        for number in range(frames):
            rows.add(number / 30, None if number % 10 == 3 else result(number % 17))
        rows.forget(forget)
        arrays, time_s = rows.arrays(), rows.time_s
    return Track(**arrays, time_s=time_s, width_px=1920, height_px=1080)


@pytest.mark.parametrize("frames", [0, 1, CHUNK_FRAMES, CHUNK_FRAMES + 1, 3 * CHUNK_FRAMES - 1])
@pytest.mark.parametrize("chunk", [CHUNK_FRAMES, SMALL_CHUNK_FRAMES])
def test_every_frame_comes_out_to_the_bit(tmp_path: Path, frames: int, chunk: int) -> None:
    track = gathered(tmp_path, frames, chunk)
    assert len(track) == frames
    for number in range(frames):
        assert track.time_s[number] == number / 30
        if number % 10 == 3:
            assert np.isnan(track.position[number]).all()
            assert np.isnan(track.world[number]).all()
            assert (track.confidence[number] == 0).all()
        else:
            expected = result(number % 17)
            np.testing.assert_array_equal(track.position[number], expected.position * np.float32([1920, 1080]))
            np.testing.assert_array_equal(track.world[number], expected.world)
            np.testing.assert_array_equal(track.confidence[number], expected.confidence)


def test_a_chunk_may_shrink_while_frames_are_held(tmp_path: Path) -> None:
    with Rows(10, 10, tmp_path) as rows:
        for number in range(1000):
            rows.chunk_frames = SMALL_CHUNK_FRAMES if number % 300 > 200 else CHUNK_FRAMES
            rows.add(number / 30, result(number))
        arrays = rows.arrays()
    for number in (0, 200, 201, 599, 999):
        np.testing.assert_array_equal(arrays["world"][number], result(number).world)


def test_what_is_forgotten_is_missing_both_ends_included(tmp_path: Path) -> None:
    track = gathered(tmp_path, 700, forget=[(1.0, 2.0), (20.0, 20.0), (1000.0, 2000.0)])
    whole = gathered(tmp_path, 700)
    gone = ((track.time_s >= 1.0) & (track.time_s <= 2.0)) | (track.time_s == 20.0)
    assert gone.sum() == 32
    assert np.isnan(track.position[gone]).all()
    assert np.isnan(track.world[gone]).all()
    assert (track.confidence[gone] == 0).all()
    np.testing.assert_array_equal(track.position[~gone], whole.position[~gone])
    np.testing.assert_array_equal(track.confidence[~gone], whole.confidence[~gone])


def test_parts_of_a_long_track_are_the_track(tmp_path: Path) -> None:
    track = gathered(tmp_path, 20_000)
    assert not track.position.flags.writeable, "long enough to be mapped"
    parts = list(track.parts(3000))
    assert [len(part) for part in parts] == [3000] * 6 + [2000]
    for name, array in track.to_arrays().items():
        np.testing.assert_array_equal(np.concatenate([getattr(part, name) for part in parts]), array)
    assert len(list(track.parts())) == -(-20_000 // PART_FRAMES)
    np.testing.assert_array_equal(track.detected, np.arange(20_000) % 10 != 3)
    assert track.detection_rate == 0.9


def child(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", STREAM + script, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("export", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_an_hour_takes_the_memory_of_a_few_seconds(tmp_path: Path, export: bool) -> None:
    process = child(HOUR, tmp_path, 108_000, *(["export"] if export else []))
    out, error = process.communicate(timeout=120)
    assert process.returncode == 0, error
    assert int(out) < 25, f"grew by {out.strip()} MB; the landmarks of an hour are 85 MB"


def test_a_killed_extraction_leaves_no_file(tmp_path: Path) -> None:
    script = "with Rows(9, 9, folder) as rows:\n    stream(rows)\n    print('here', flush=True)\n    input()"
    process = subprocess.Popen(
        [sys.executable, "-c", STREAM + script, str(tmp_path), "2000"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=20)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
def test_a_full_disk_is_told_with_the_place_and_leaves_no_file(tmp_path: Path) -> None:
    script = """
from gait_core.errors import StorageError
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    with Rows(9, 9, folder) as rows:
        stream(rows)
except StorageError as error:
    print(error)
"""
    out, error = child(script, tmp_path, 3000).communicate(timeout=60)
    assert "the disk is full" in out, error
    assert str(tmp_path) in out
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_no_obstacle(tmp_path: Path) -> None:
    with Rows(9, 9, tmp_path / "nowhere") as rows:
        rows.add(0.0, result(1))
        assert len(rows.arrays()["world"]) == 1
    assert not os.path.lexists(tmp_path / "nowhere")


class Still:
    """An engine that finds the same pose in every frame."""

    name, version = "still", "1"

    def detect(self, pixels: Any, time_s: float) -> PoseResult | None:
        return result(1)

    def count_people(self, pixels: Any, known: PoseResult) -> int:
        return 1


class Watch:
    """A monitor under which memory gets short in the middle."""

    def __init__(self) -> None:
        self.checks: list[str] = []

    def check(self, stage: str) -> None:
        self.checks.append(stage)

    @property
    def pressure(self) -> float:
        return 0.9 if len(self.checks) > 100 else 0.3


def test_the_monitor_is_asked_on_every_frame_and_chunks_shrink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "walk.mp4"
    with VideoWriter(path, 64, 48, 25) as writer:
        for number in range(150):
            writer.write(np.full((48, 64, 3), number, np.uint8))
    chunks: list[int] = []
    add = Rows.add

    def noted(rows: Rows, *values: Any) -> None:
        chunks.append(rows.chunk_frames)
        add(rows, *values)

    monkeypatch.setattr(Rows, "add", noted)
    watch: Any = Watch()
    engine: Any = Still()
    track = track_video(probe(path), PoseSettings(), engine, lambda _: None, monitor=watch, folder=tmp_path)
    assert len(track) == 150
    assert watch.checks == ["extract"] * 150
    assert chunks == [CHUNK_FRAMES] * 100 + [SMALL_CHUNK_FRAMES] * 50
    stages = track.info["stage_s"]
    assert set(stages) == {"decode", "pose", "quality", "people", "other"}
    assert all(seconds >= 0 for seconds in stages.values())
    assert stages["pose"] > 0
