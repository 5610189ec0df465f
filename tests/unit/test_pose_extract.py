"""Extraction with a stand-in engine: order, cache, cancellation, failures, progress, verdicts."""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from gait_core.cache import ArrayCache
from gait_core.config import Limits, PoseSettings
from gait_core.errors import Cancelled, InputError, LibraryError, ModelError, StorageError, VideoError, WalkRefused
from gait_core.pose import batch, extract, extracted
from gait_core.pose.engine import PoseResult
from gait_core.pose.engines import open_engine
from gait_core.pose.extract import ExtractedWalk, extract_many, extract_track
from gait_core.progress import Event, Reporter
from gait_core.video.encode import VideoWriter
from gait_core.video.info import VideoInfo
from gait_core.video.pixels import Pixels
from gait_core.workspace import Workspace

SETTINGS = PoseSettings()


class StandIn:
    """An engine that finds the brightest column, in `seen` of every ten frames."""

    name, version = "stand-in", "1"
    opened = 0
    busy = 0
    most_busy = 0
    lock = threading.Lock()

    def __init__(self, *, seen: int = 10, people: int = 1, delay_s: float = 0.0, confidence: float = 0.9) -> None:
        self._seen, self._people, self._delay_s, self._confidence = seen, people, delay_s, confidence
        self._number = 0

    def __enter__(self) -> Self:
        with StandIn.lock:
            StandIn.opened += 1
            StandIn.busy += 1
            StandIn.most_busy = max(StandIn.most_busy, StandIn.busy)
        return self

    def __exit__(self, *_: Any) -> None:
        with StandIn.lock:
            StandIn.busy -= 1

    def detect(self, pixels: Pixels, time_s: float) -> PoseResult | None:
        time.sleep(self._delay_s)
        self._number += 1
        if (self._number - 1) % 10 >= self._seen:
            return None
        image_rgb = pixels.rgb()
        x = float(np.argmax(image_rgb[:, :, 0].sum(axis=0))) / image_rgb.shape[1]
        return PoseResult(
            position=np.full((33, 2), x, np.float32),
            world=np.zeros((33, 3), np.float32),
            confidence=np.full(33, self._confidence, np.float32),
        )

    def count_people(self, pixels: Pixels, known: PoseResult) -> int:
        return self._people


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the arguments of the stand-in, to be changed by a test."""
    arguments: dict[str, Any] = {}
    StandIn.opened = StandIn.most_busy = StandIn.busy = 0
    monkeypatch.setattr(batch, "open_engine", lambda settings, **_: StandIn(**arguments))
    for module in (batch, extracted):
        monkeypatch.setattr(module, "model_sha256", lambda variant, reporter=None: f"model {variant}")
    monkeypatch.setattr(extracted, "engine_version", lambda settings: "1")
    return arguments


def write(
    path: Path, *, frames: int = 40, rate: float = 25.0, column: int = 20, size: tuple[int, int] = (64, 48)
) -> Path:
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    image[:, column : column + 2] = 255
    with VideoWriter(path, width, height, rate) as writer:
        for _ in range(frames):
            writer.write(image)
    return path


def test_positions_are_pixels_of_the_original_frame(tmp_path: Path, workspace: Workspace, engine: dict) -> None:
    path = write(tmp_path / "walk.mp4", size=(640, 480), column=320)
    walk = extract_track(path, SETTINGS.with_(max_side_px=160), workspace=workspace)
    assert (walk.track.width_px, walk.track.height_px) == (640, 480)
    assert walk.track.position[5, 0] == pytest.approx([320, 240], abs=4)
    assert walk.track.info["frames_decoded"] == len(walk.track) == 40
    assert walk.track.info["model_sha256"] == "model full"
    assert walk.warnings == ()


def test_missing_frames_are_nan_with_confidence_zero(tmp_path: Path, workspace: Workspace, engine: dict) -> None:
    engine["seen"] = 7
    walk = extract_track(write(tmp_path / "walk.mp4"), SETTINGS, workspace=workspace)
    lost = ~walk.track.detected
    assert walk.track.detection_rate == pytest.approx(0.7)
    assert np.isnan(walk.track.position[lost]).all()
    assert np.isnan(walk.track.world[lost]).all()
    assert (walk.track.confidence[lost] == 0).all()
    assert [warning.code for warning in walk.warnings] == ["low_detection"]


def test_cache_follows_content_settings_and_nothing_else(tmp_path: Path, workspace: Workspace, engine: dict) -> None:
    path = write(tmp_path / "walk.mp4")
    first = extract_track(path, SETTINGS, workspace=workspace)
    again = extract_track(path, SETTINGS, workspace=workspace)
    renamed = extract_track(path.rename(tmp_path / "other name.mp4"), SETTINGS, workspace=workspace)
    other = extract_track(renamed.info.path, SETTINGS.with_(variant="lite"), workspace=workspace)
    assert [walk.cached for walk in (first, again, renamed, other)] == [False, True, True, False]
    assert first.address == again.address == renamed.address != other.address
    assert np.array_equal(first.track.position, renamed.track.position)
    assert renamed.info.name == "other name.mp4"
    assert StandIn.opened == 2
    fresh = extract_track(renamed.info.path, SETTINGS, workspace=workspace, use_cache=False)
    assert not fresh.cached
    assert StandIn.opened == 3


@pytest.mark.parametrize("use_cache", [True, False])
def test_order_is_kept_and_the_same_video_is_analysed_once(
    tmp_path: Path, workspace: Workspace, engine: dict, use_cache: bool
) -> None:
    engine["delay_s"] = 0.001
    paths = [write(tmp_path / f"{n}.mp4", column=10 * n, frames=30 + 10 * (5 - n)) for n in range(1, 6)]
    walks = extract_many(
        [*paths, paths[0]], SETTINGS, workspace=workspace, limits=Limits(workers=3), use_cache=use_cache
    )
    assert [walk.info.name for walk in walks] == ["1.mp4", "2.mp4", "3.mp4", "4.mp4", "5.mp4", "1.mp4"]
    columns = [walk.track.position[0, 0, 0] for walk in walks]
    assert columns == pytest.approx([10, 20, 30, 40, 50, 10], abs=1)
    assert StandIn.opened == 5
    assert 2 <= StandIn.most_busy <= 3
    assert extract_many([], SETTINGS, workspace=workspace) == []


def test_results_are_handed_over_in_order_while_others_are_at_work(
    tmp_path: Path, workspace: Workspace, engine: dict
) -> None:
    engine["delay_s"] = 0.01
    paths = [write(tmp_path / f"{n}.mp4", column=5 + 10 * n) for n in range(4)]
    paths.insert(1, tmp_path / "missing.mp4")
    told: list[tuple[int, bool]] = []

    def on_result(number: int, outcome: ExtractedWalk | Exception) -> None:
        end_s = time.monotonic() + 10.0
        while number == 0 and StandIn.opened < 2 and time.monotonic() < end_s:
            time.sleep(0.005)  # the worker goes on meanwhile
        told.append((number, isinstance(outcome, ExtractedWalk)))
        if number == 0:
            assert StandIn.opened >= 2, "no worker was at the next video"

    outcomes = extract_many(paths, SETTINGS, workspace=workspace, limits=Limits(workers=1), on_result=on_result)
    assert told == [(number, isinstance(outcome, ExtractedWalk)) for number, outcome in enumerate(outcomes)]
    assert len(told) == 5


def test_what_fails_with_a_result_stops_the_others(tmp_path: Path, workspace: Workspace, engine: dict) -> None:
    engine["delay_s"] = 0.01
    paths = [write(tmp_path / f"{n}.mp4", column=5 + 10 * n) for n in range(4)]

    def on_result(number: int, outcome: object) -> None:
        raise StorageError("Expected room, but the disk is full.", "Free some.")

    with pytest.raises(StorageError):
        extract_many(paths, SETTINGS, workspace=workspace, limits=Limits(workers=1), on_result=on_result)
    assert StandIn.opened <= 2


def test_workers_do_not_change_results(tmp_path: Path, engine: dict) -> None:
    paths = [write(tmp_path / f"{n}.mp4", column=10 * n) for n in range(1, 4)]
    one = extract_many(paths, SETTINGS, workspace=Workspace(tmp_path / "a"), limits=Limits(workers=1))
    three = extract_many(paths, SETTINGS, workspace=Workspace(tmp_path / "b"), limits=Limits(workers=3))
    for a, b in zip(one, three, strict=True):
        assert isinstance(a, ExtractedWalk)
        assert isinstance(b, ExtractedWalk)
        assert np.array_equal(a.track.position, b.track.position)
        assert np.array_equal(a.track.time_s, b.track.time_s)


def test_one_failed_video_does_not_stop_the_others(tmp_path: Path, workspace: Workspace, engine: dict) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    short = write(tmp_path / "short.mp4", frames=10)
    good = write(tmp_path / "good.mp4")
    events: list[Event] = []
    outcomes = extract_many(
        [text, good, short, tmp_path / "gone.mp4"],
        SETTINGS,
        workspace=workspace,
        reporter=Reporter(sink=events.append),
    )
    assert [type(outcome) for outcome in outcomes] == [VideoError, ExtractedWalk, WalkRefused, VideoError]
    ends = {event.item: event for event in events if event.kind == "item_end"}
    assert {name: event.data["state"] for name, event in ends.items()} == {
        "text.mp4": "failed",
        "good.mp4": "done",
        "short.mp4": "failed",
        "gone.mp4": "failed",
    }
    assert "0.40 s" in ends["short.mp4"].message


def test_progress_names_each_video_and_the_total(tmp_path: Path, workspace: Workspace, engine: dict) -> None:
    engine["delay_s"] = 0.01
    (tmp_path / "b").mkdir()
    paths = [write(tmp_path / "walk.mp4", frames=60), write(tmp_path / "b" / "walk.mp4", frames=80, column=30)]
    events: list[Event] = []
    begun_s = time.monotonic()
    extract_many(paths, SETTINGS, workspace=workspace, reporter=Reporter(sink=events.append), limits=Limits(workers=2))
    elapsed_s = time.monotonic() - begun_s
    progress = [event for event in events if event.kind == "progress"]
    assert {event.item for event in progress} == {None, "walk.mp4", "walk.mp4 (2)"}
    assert all((event.stage, event.unit) == ("extract", "frames") for event in progress)
    total = [event for event in progress if event.item is None]
    assert (total[-1].done, total[-1].total) == (140, 140)
    assert all(a.done <= b.done for a, b in itertools.pairwise(total))
    assert len(total) <= 4 * elapsed_s + 6, "told at most four times a second"


def test_cancelling_stops_within_a_second_and_keeps_what_is_finished(
    tmp_path: Path, workspace: Workspace, engine: dict
) -> None:
    quick = write(tmp_path / "quick.mp4")
    extract_track(quick, SETTINGS, workspace=workspace)
    engine["delay_s"] = 0.05
    paths = [write(tmp_path / f"{n}.mp4", frames=400, column=10 * n) for n in range(1, 5)]
    begun_s = time.monotonic()
    reporter = Reporter(cancelled=lambda: time.monotonic() - begun_s > 0.3)
    with pytest.raises(Cancelled):
        extract_many([quick, *paths], SETTINGS, workspace=workspace, reporter=reporter, limits=Limits(workers=2))
    assert time.monotonic() - begun_s < 1.3
    assert StandIn.busy == 0, "every engine is closed"
    assert extract_track(quick, SETTINGS, workspace=workspace).cached


def test_what_the_machine_lacks_is_told_once(
    tmp_path: Path, workspace: Workspace, engine: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: Any) -> str:
        raise ModelError("Expected the pose models.", "Fetch them.")

    monkeypatch.setattr(extracted, "model_sha256", missing)
    paths = [write(tmp_path / f"{n}.mp4", column=10 * n) for n in range(1, 4)]
    with pytest.raises(ModelError):
        extract_many(paths, SETTINGS, workspace=workspace)


def test_a_lack_that_shows_later_stops_all_and_is_the_error(
    tmp_path: Path, workspace: Workspace, engine: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine["delay_s"] = 0.05
    slow = write(tmp_path / "slow.mp4", frames=400)
    other = write(tmp_path / "other.mp4", frames=50)
    original = batch.track_video

    def damaged(info: VideoInfo, *arguments: Any, **more: Any) -> Any:
        if info.name == "other.mp4":
            raise ModelError("Expected the pose model as it was installed.", "Fetch it again.")
        return original(info, *arguments, **more)

    monkeypatch.setattr(batch, "track_video", damaged)
    begun_s = time.monotonic()
    with pytest.raises(ModelError, match="as it was installed"):
        extract_many([slow, other], SETTINGS, workspace=workspace, limits=Limits(workers=2))
    assert time.monotonic() - begun_s < 5


@pytest.mark.parametrize(
    ("frames", "rate", "seen", "words"),
    [
        (1, 25.0, 10, "single frame"),
        (20, 25.0, 10, "0.80 s"),
        (40, 25.0, 0, "no person was found"),
        (40, 25.0, 1, "10 %"),
    ],
)
def test_unusable_walks_are_refused_with_a_remedy(
    tmp_path: Path, workspace: Workspace, engine: dict, frames: int, rate: float, seen: int, words: str
) -> None:
    engine["seen"] = seen
    with pytest.raises(WalkRefused, match=words) as caught:
        extract_track(write(tmp_path / "walk.mp4", frames=frames, rate=rate), SETTINGS, workspace=workspace)
    assert caught.value.remedy
    assert "walk.mp4" in caught.value.message


@pytest.mark.parametrize(
    ("arguments", "rate", "code"),
    [
        ({"people": 2}, 25.0, "several_people"),
        ({"confidence": 0.2}, 25.0, "low_confidence"),
        ({}, 15.0, "low_frame_rate"),
    ],
)
def test_doubtful_walks_carry_a_warning(
    tmp_path: Path, workspace: Workspace, engine: dict, arguments: dict, rate: float, code: str
) -> None:
    engine.update(arguments)
    walk = extract_track(write(tmp_path / "walk.mp4", rate=rate), SETTINGS, workspace=workspace)
    assert [warning.code for warning in walk.warnings] == [code]
    again = extract_track(tmp_path / "walk.mp4", SETTINGS, workspace=workspace)
    assert again.cached
    assert again.warnings == walk.warnings


def test_a_file_that_is_cut_off_is_used_with_a_warning(tmp_path: Path, workspace: Workspace, engine: dict) -> None:
    path = tmp_path / "walk.mp4"
    rng = np.random.default_rng(0)
    with VideoWriter(path, 64, 48, 25) as writer:
        for _ in range(100):
            writer.write(rng.integers(0, 255, (48, 64, 3), np.uint8))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    walk = extract_track(path, SETTINGS, workspace=workspace)
    assert 30 < len(walk.track) < 70
    assert "broken_frames" in [warning.code for warning in walk.warnings]
    assert "of 100 frames are missing" in walk.warnings[0].message


def test_workers_are_at_least_one(tmp_path: Path, workspace: Workspace) -> None:
    with pytest.raises(InputError, match="workers between 1 and 64"):
        extract_many([tmp_path / "x.mp4"], SETTINGS, workspace=workspace, limits=Limits(workers=0))
    assert 1 <= extract.default_workers() <= 5


def test_a_damaged_cache_entry_is_computed_again(tmp_path: Path, workspace: Workspace, engine: dict) -> None:
    path = write(tmp_path / "walk.mp4")
    extract_track(path, SETTINGS, workspace=workspace)
    (stored,) = ArrayCache.of(workspace).root.glob("track/*/*/position.npy")
    stored.write_bytes(b"torn")
    assert not extract_track(path, SETTINGS, workspace=workspace).cached


def test_the_engine_is_the_one_that_is_named() -> None:
    assert open_engine(SETTINGS).name == "openvino"
    assert open_engine(SETTINGS.with_(engine="mediapipe")).name == "mediapipe"


def test_mediapipe_steps_in_where_openvino_does_not_work(
    tmp_path: Path, workspace: Workspace, engine: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_engine(settings: PoseSettings, **_: int) -> StandIn:
        if settings.engine == "openvino":
            raise LibraryError("Expected OpenVINO to load, but it failed.", "Choose --engine mediapipe.")
        return StandIn(**engine)

    monkeypatch.setattr(batch, "open_engine", open_engine)
    events: list[Event] = []
    paths = [write(tmp_path / f"{n}.mp4", column=10 * n) for n in range(1, 4)]
    settings = SETTINGS.with_(engine="auto")
    reporter = Reporter(sink=events.append)
    walks = extract_many(paths, settings, workspace=workspace, reporter=reporter, limits=Limits(workers=2))
    assert all(isinstance(walk, ExtractedWalk) for walk in walks)
    assert [event.message for event in events if event.kind == "warning" and "MediaPipe runs" in event.message] == [
        "Expected OpenVINO to load, but it failed. MediaPipe runs the pose model instead; it takes longer."
    ]
    # Landmarks of one engine are never taken for those of the other.
    assert walks[0].address != extracted.track_address(walks[0].info, settings)
    with pytest.raises(LibraryError):
        extract_many(paths[:1], SETTINGS.with_(engine="openvino"), workspace=workspace)
