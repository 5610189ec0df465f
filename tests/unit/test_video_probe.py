"""Probing: facts without decoding, clear errors, a cache that notices changes."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from gait_core.errors import VideoError
from gait_core.video import probe as probe_module
from gait_core.video.encode import VideoWriter
from gait_core.video.info import VideoInfo
from gait_core.video.metadata import MetadataCache
from gait_core.video.probe import probe, time_stamps


def pixels(number: int, width: int = 64, height: int = 48) -> np.ndarray:
    image = np.full((height, width, 3), 40, np.uint8)
    image[:, (number * 3) % width] = 255
    return image


def write(path: Path, frames: int = 30, rate: float = 25.0, times: list[float] | None = None) -> Path:
    with VideoWriter(path, 64, 48, rate) as writer:
        for number in range(frames):
            writer.write(pixels(number), times[number] if times else None)
    return path


def write_stream(path: Path, *, rotation: int = 0, aspect: Fraction | None = None, codec: str = "libx264") -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation)
        for number in range(30):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels(number), format="rgb24")))
        container.mux(stream.encode(None))
    return path


def test_facts_of_an_ordinary_video(tmp_path: Path) -> None:
    info = probe(write(tmp_path / "walk.mp4"))
    assert (info.frame_count, info.width_px, info.height_px) == (30, 64, 48)
    assert info.frame_rate_hz == pytest.approx(25.0)
    assert info.duration_s == pytest.approx(1.2, abs=0.001)
    assert (info.codec, info.rotation_deg, info.variable_frame_rate) == ("h264", 0, False)
    assert len(info.content_sha256) == 64
    assert VideoInfo.from_dict(info.to_dict()) == info


def test_no_frame_is_decoded_to_count_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "walk.mp4", frames=200)
    looked = []
    original = probe_module.orientation_of
    monkeypatch.setattr(probe_module, "orientation_of", lambda frame: looked.append(frame) or original(frame))
    assert probe(path).frame_count == 200
    assert len(looked) == 1


@pytest.mark.parametrize(("rotation", "size"), [(90, (48, 64)), (-90, (48, 64)), (180, (64, 48))])
def test_rotation_gives_the_upright_size(tmp_path: Path, rotation: int, size: tuple[int, int]) -> None:
    info = probe(write_stream(tmp_path / "phone.mp4", rotation=rotation))
    assert (info.width_px, info.height_px) == size
    assert info.rotation_deg == rotation % 360


def test_oblong_pixels_are_made_square(tmp_path: Path) -> None:
    info = probe(write_stream(tmp_path / "dv.mp4", aspect=Fraction(4, 3)))
    assert (info.width_px, info.height_px) == (85, 48)


def test_variable_rate_is_noticed_and_one_odd_interval_is_not(tmp_path: Path) -> None:
    uneven = [number / 30 + (0.02 if number % 3 == 0 else 0) for number in range(30)]
    assert probe(write(tmp_path / "uneven.mp4", times=uneven)).variable_frame_rate
    odd = [0.0] + [0.01 + number / 30 for number in range(29)]
    assert not probe(write(tmp_path / "odd.mp4", times=odd)).variable_frame_rate


def test_time_stamps_are_those_of_the_file(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.09, 0.2, 0.21]
    assert time_stamps(write(tmp_path / "uneven.mp4", frames=5, times=times)) == pytest.approx(times, abs=1e-4)


def make_text(folder: Path) -> Path:
    path = folder / "notes.txt"
    path.write_text("This is no video.\n" * 50)
    return path


def make_named_like_video(folder: Path) -> Path:
    path = folder / "text.mp4"
    path.write_text("no video")
    return path


def make_empty(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def make_sound(folder: Path) -> Path:
    path = folder / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44_100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44_100), np.float32), format="fltp", layout="mono")
        frame.rate = 44_100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def make_motion_capture(folder: Path) -> Path:
    path = folder / "walk.c3d"
    path.write_bytes(b"\x02\x50" + bytes(1022))
    return path


def make_arrays(folder: Path) -> Path:
    path = folder / "walk.npz"
    np.savez(path, time_s=np.arange(3.0))
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "nowhere.mp4", "no such file"),
        (lambda folder: folder, "is a folder"),
        (make_empty, "is empty"),
        (make_text, "text file|not one"),
        (make_named_like_video, "not one or is damaged"),
        (make_sound, "only sound"),
        (make_motion_capture, "is a motion-capture file"),
        (make_arrays, "is a file of arrays"),
    ],
)
def test_what_is_no_video_is_refused_in_one_sentence(tmp_path: Path, make, words: str) -> None:
    with pytest.raises(VideoError, match=words) as caught:
        probe(make(tmp_path))
    assert caught.value.remedy


def test_forbidden_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "walk.mp4", frames=2)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(VideoError, match="permission was denied"):
        probe(path)


def test_a_video_cut_off_tells_how_much_is_left(tmp_path: Path) -> None:
    path = write(tmp_path / "walk.mp4", frames=200)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    info = probe(path)
    assert info.frames_declared == 200
    assert 0 < info.frame_count < 200


class TestMetadataCache:
    def test_answers_without_touching_the_video(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = write(tmp_path / "walk.mp4")
        metadata = MetadataCache(tmp_path / "cache")
        first = probe(path, metadata)
        monkeypatch.setattr(probe_module, "open_video", None)
        monkeypatch.setattr(probe_module, "content_sha256", None)
        assert probe(path, MetadataCache(tmp_path / "cache")) == first

    def test_a_changed_file_is_probed_again(self, tmp_path: Path) -> None:
        path = write(tmp_path / "walk.mp4", frames=30)
        metadata = MetadataCache(tmp_path / "cache")
        before = probe(path, metadata)
        write(path, frames=40)
        after = probe(path, metadata)
        assert (before.frame_count, after.frame_count) == (30, 40)
        assert before.content_sha256 != after.content_sha256

    def test_a_damaged_entry_is_ignored(self, tmp_path: Path) -> None:
        path = write(tmp_path / "walk.mp4")
        metadata = MetadataCache(tmp_path / "cache")
        probe(path, metadata)
        for file in metadata.folder.glob("*.json"):
            file.write_text("{")
        assert probe(path, metadata).frame_count == 30
        assert metadata.clear() == 1

    def test_an_unwritable_cache_costs_nothing_but_time(self, tmp_path: Path) -> None:
        path = write(tmp_path / "walk.mp4")
        (tmp_path / "file").touch()
        assert probe(path, MetadataCache(tmp_path / "file" / "cache")).frame_count == 30
