"""Decoding: time, thinning, orientation, damage; and writing what decodes again."""

from __future__ import annotations

import itertools
import threading
import time
import tracemalloc
import weakref
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path

import av
import numpy as np
import pytest

from gait_core.errors import InputError, VideoError
from gait_core.video import ahead, decode, skipping
from gait_core.video.container import DECODES, DecodeCounter
from gait_core.video.decode import DecodeReport, Thinner, iter_frames
from gait_core.video.encode import VideoWriter
from gait_core.video.pixels import scaled_size
from gait_core.video.probe import probe

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 30), (30, 30, 220), (230, 230, 230)


def quarters(width: int = 64, height: int = 48) -> np.ndarray:
    """Return a frame: red top left, green top right, blue bottom left, white bottom right."""
    image = np.empty((height, width, 3), np.uint8)
    image[: height // 2, : width // 2], image[: height // 2, width // 2 :] = RED, GREEN
    image[height // 2 :, : width // 2], image[height // 2 :, width // 2 :] = BLUE, WHITE
    return image


def corners(image: np.ndarray) -> list[tuple[int, int, int]]:
    height, width = image.shape[:2]
    seen = [image[h, w] for h in (height // 4, 3 * height // 4) for w in (width // 4, 3 * width // 4)]
    names = (RED, GREEN, BLUE, WHITE)
    return [min(names, key=lambda name: np.abs(np.subtract(name, colour)).sum()) for colour in seen]


def encode(path: Path, frames: int, *, codec: str = "libx264", rotation: int = 0, mirror: bool = False, **more) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = more.get("pix_fmt", "yuv420p")
        if "aspect" in more:
            stream.codec_context.sample_aspect_ratio = more["aspect"]
        if codec == "libx264":
            stream.options = {"g": "10"}
        if rotation or mirror:
            stream.set_display_rotation(rotation, hflip=mirror)
        for _ in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(quarters(), format="rgb24")))
        container.mux(stream.encode(None))
    return path


def write(path: Path, times: list[float]) -> Path:
    with VideoWriter(path, 64, 48, 25) as writer:
        for time_s in times:
            writer.write(quarters(), time_s)
    return path


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [
        (0, [RED, GREEN, BLUE, WHITE]),
        (90, [GREEN, WHITE, RED, BLUE]),
        (180, [WHITE, BLUE, GREEN, RED]),
        (270, [BLUE, RED, WHITE, GREEN]),
    ],
)
def test_frames_are_turned_upright(tmp_path: Path, rotation: int, expected: list) -> None:
    path = encode(tmp_path / "phone.mp4", 3, rotation=rotation)
    frame = next(iter_frames(path))
    assert corners(frame.image) == expected
    info = probe(path)
    assert frame.image.shape == (info.height_px, info.width_px, 3)
    assert info.rotation_deg == rotation


@pytest.mark.parametrize(("rotation", "expected"), [(0, [GREEN, RED, WHITE, BLUE]), (90, [WHITE, GREEN, BLUE, RED])])
def test_frames_of_a_front_camera_are_mirrored_back(tmp_path: Path, rotation: int, expected: list) -> None:
    path = encode(tmp_path / "front.mp4", 2, rotation=rotation, mirror=True)
    assert corners(next(iter_frames(path)).image) == expected


def test_times_are_those_of_the_file(tmp_path: Path) -> None:
    times = [0.0, 0.04, 0.047, 0.2, 0.3]
    found = [frame.time_s for frame in iter_frames(write(tmp_path / "uneven.mp4", times))]
    assert found == pytest.approx(times, abs=1e-4)


def test_repeated_time_stamps_rise_strictly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "walk.mp4", [number / 25 for number in range(10)])
    original = decode._decoded

    def repeated(*arguments):
        for pixels in original(*arguments):
            pixels.pts = pixels.pts // 7200 * 7200  # every two frames share a stamp
            yield pixels

    monkeypatch.setattr(decode, "_decoded", repeated)
    times = [frame.time_s for frame in iter_frames(path)]
    assert times[:4] == pytest.approx([0.0, 0.02, 0.08, 0.10], abs=1e-6), "half a frame after the repeated stamp"
    assert np.all(np.diff(times) > 0)


def test_stamps_that_are_all_equal_give_the_nominal_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "walk.mp4", [number / 25 for number in range(50)])
    original = decode._decoded

    def equal(*arguments):
        for pixels in original(*arguments):
            pixels.pts = 0
            yield pixels

    monkeypatch.setattr(decode, "_decoded", equal)
    times = [frame.time_s for frame in iter_frames(path)]
    assert times[-1] == pytest.approx(49 / 25, abs=0.03)


@pytest.mark.parametrize(
    ("source_hz", "target_hz", "kept"),
    [
        (25, 30, 250),
        (30, 30, 300),
        (29.97, 30, 300),
        (30.02, 30, 300),
        (60, 30, 300),
        (59.94, 30, 300),
        (120, 30, 300),
        (30, 25, 250),
        (50, 30, 300),
        (240, 25, 250),
        (25, None, 250),
    ],
)
def test_thinning_by_time(source_hz: float, target_hz: float | None, kept: int) -> None:
    times = np.arange(0, 10 - 1e-9, 1 / source_hz)
    thinner = Thinner(target_hz, source_hz)
    chosen = [time_s for time_s in times if thinner.keeps(time_s)]
    assert len(chosen) == pytest.approx(kept, abs=2)
    if target_hz and source_hz > 1.1 * target_hz:
        assert np.diff(chosen).max() <= 1 / target_hz + 1 / source_hz


def test_thinning_bears_jitter_and_gaps() -> None:
    rng = np.random.default_rng(1)
    times = np.arange(600) / 60 + rng.uniform(-0.004, 0.004, 600)
    thinner = Thinner(30, 60)
    assert sum(thinner.keeps(t) for t in times) == pytest.approx(300, abs=3)
    thinner = Thinner(30, 60)
    gap = [t for t in np.arange(0, 10, 1 / 60) if not 2 < t < 5]
    chosen = [t for t in gap if thinner.keeps(t)]
    assert np.diff(chosen).min() > 0.9 / 60 * 1.5  # after a gap there is no burst to catch up


def test_frames_are_thinned_and_resized(tmp_path: Path) -> None:
    path = write(tmp_path / "fast.mp4", [number / 60 for number in range(60)])
    report = DecodeReport()
    frames = list(iter_frames(probe(path), target_fps=30, report=report))
    assert (report.frames_read, report.frames_kept, report.frames_broken) == (60, 30, 0)
    assert frames[0].pixels.rgb(32).shape == (24, 32, 3)
    assert [frame.index for frame in frames[:3]] == [0, 2, 4]


def test_oblong_pixels_are_stretched(tmp_path: Path) -> None:
    path = encode(tmp_path / "dv.mp4", 2, aspect=Fraction(4, 3))
    assert next(iter_frames(path)).image.shape == (48, 85, 3)
    turned = encode(tmp_path / "turned.mp4", 2, aspect=Fraction(4, 3), rotation=90)
    info = probe(turned)
    assert next(iter_frames(turned)).image.shape == (info.height_px, info.width_px, 3) == (85, 48, 3)


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "suffix"),
    [("libsvtav1", "yuv420p", "mp4"), ("libx265", "yuv420p10le", "mov"), ("libvpx-vp9", "yuv420p", "webm")],
)
def test_other_codecs(tmp_path: Path, codec: str, pix_fmt: str, suffix: str) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV has no encoder {codec}")
    path = tmp_path / f"clip.{suffix}"
    # In a process of its own: as root, the AV1 encoder gives its process real-time priority for the rest of its life.
    process = get_context("spawn").Process(target=encode, args=(path, 10), kwargs={"codec": codec, "pix_fmt": pix_fmt})
    process.start()
    process.join()
    assert process.exitcode == 0
    frames = list(iter_frames(path))
    assert len(frames) == probe(path).frame_count == 10
    assert corners(frames[5].image) == [RED, GREEN, BLUE, WHITE]


def test_damage_in_the_middle_is_skipped_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "walk.mp4"
    rng = np.random.default_rng(0)
    with VideoWriter(path, 128, 96, 25) as writer:
        for _ in range(100):
            writer.write(rng.integers(0, 255, (96, 128, 3), np.uint8))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20_000] = bytes(20_000)
    path.write_bytes(content)
    report = DecodeReport()
    frames = list(iter_frames(path, report=report))
    assert report.frames_broken > 0
    assert len(frames) == report.frames_kept == report.frames_read >= 50
    assert frames[-1].time_s > 3.0, "decoding goes on after the damage"


def test_a_truncated_file_gives_its_first_part(tmp_path: Path) -> None:
    path = encode(tmp_path / "walk.mkv", 200)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    report = DecodeReport()
    frames = list(iter_frames(path, report=report))
    assert 20 < len(frames) < 200
    assert corners(frames[-1].image) == [RED, GREEN, BLUE, WHITE]


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    path = write(tmp_path / "long.mp4", [number / 25 for number in range(500)])
    for _ in iter_frames(path):
        break
    tracemalloc.start()
    for frame in iter_frames(path):
        if frame.index == 50:
            tracemalloc.reset_peak()
            early = tracemalloc.get_traced_memory()[0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - early < 20 * 64 * 48 * 3


def test_more_threads_give_the_same_frames(tmp_path: Path) -> None:
    path = encode(tmp_path / "walk.mp4", 50)
    one, three = (list(iter_frames(path, threads=threads)) for threads in (1, 3))
    assert [frame.time_s for frame in one] == [frame.time_s for frame in three]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(one, three, strict=True))


def moving(path: Path, frames: int = 60, rate: int = 60, codec: str = "libx264", **options: str) -> Path:
    """Write noise that moves over a background, with B-frames, some of which are referred to."""
    rng = np.random.default_rng(5)
    ground = rng.integers(0, 255, (96, 400, 3), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.options = {"g": "24", "bf": "3", "b_strategy": "0", **options}
        for number in range(frames):
            image = np.ascontiguousarray(np.roll(ground, -2 * number, axis=1)[:, :128])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def seen(path: Path, **options) -> tuple[list, DecodeReport]:
    report = DecodeReport()
    frames = iter_frames(path, report=report, **options)
    return [(frame.index, frame.time_s, frame.pixels.rgb().tobytes()) for frame in frames], report


class TestSkipping:
    """What would be thrown away is not decoded, and what is kept is the same to the bit."""

    @pytest.mark.parametrize("threads", [1, 2, 4])
    @pytest.mark.parametrize("target_fps", [30, 24, 12.5, 5])
    @pytest.mark.parametrize(
        ("codec", "options"),
        [
            ("libx264", {}),
            ("libx264", {"x264-params": "b-pyramid=none"}),
            ("libx265", {"x265-params": "log-level=error:bframes=3:b-adapt=0"}),
        ],
        ids=["pyramid", "flat", "hevc"],
    )
    def test_kept_frames_are_the_same(self, tmp_path, monkeypatch, codec, options, target_fps, threads) -> None:
        path = moving(tmp_path / "walk.mp4", codec=codec, **options)
        found, report = seen(path, target_fps=target_fps, threads=threads)
        assert report.frames_skipped >= 10
        monkeypatch.setattr(skipping, "_skippable_layer", lambda _: None)
        expected, plain = seen(path, target_fps=target_fps)
        assert plain.frames_skipped == 0
        assert found == expected
        assert (report.frames_read, report.frames_kept) == (plain.frames_read, plain.frames_kept) == (60, len(found))

    def test_every_frame_wanted_is_decoded(self, tmp_path) -> None:
        assert seen(moving(tmp_path / "walk.mp4"))[1].frames_skipped == 0
        assert seen(moving(tmp_path / "walk.mp4", rate=25), target_fps=30)[1].frames_skipped == 0

    @pytest.mark.parametrize("layers", [1, 2, 3])
    def test_of_layers_in_time_only_the_highest_is_left_out(self, layers) -> None:
        class Stream:
            class codec_context:
                name, field_order = "hevc", 1
                extradata = bytes([1, *[0] * 20, layers << 3 | 3, 0])

        may_skip = skipping._skippable_layer(Stream)
        for layer in range(layers):
            parameters, piece = bytes([32 << 1, 1, 9, 9]), bytes([0 << 1, layer + 1, 7])
            packet = len(parameters).to_bytes(4, "big") + parameters + len(piece).to_bytes(4, "big") + piece
            assert may_skip(packet) == (layer == layers - 1)
        Stream.codec_context.field_order = 2
        assert skipping._skippable_layer(Stream) is None

    class Packet:
        size, is_discard = 100, False

        def __init__(self, pts: int | None, dts: int | None) -> None:
            self.pts, self.dts = pts, dts

    @pytest.mark.parametrize(
        "stamps",
        [
            [(0, 0), (1, 1), (1, 2), (3, 3)],
            [(0, 0), (2, 2), (2, 2), (3, 3)],
            [(0, 0), (1, None), (2, 2), (3, 3)],
            [(0, 0), (None, 1), (2, 2), (3, 3)],
            [(0, 0), (3, 3), (1, 1), (2, 2)],
            [(0, 0), (1, 4), (5, 5)],
            [(0, 0), *[(1000 - n, n) for n in range(1, 100)]],
        ],
        ids=["repeated", "twice", "no dts", "no pts", "backwards", "shown too early", "far apart"],
    )
    def test_doubtful_stamps_end_the_foresight(self, stamps) -> None:
        packets = [self.Packet(*stamp) for stamp in [*stamps, *((2000 + n, 2000 + n) for n in range(20))]]
        foresight = skipping.Foresight(lambda _: False)
        read = list(foresight.read(iter(packets)))
        assert [packet for packet, _ in read] == packets
        assert foresight.given_up
        assert not any(unwanted for _, unwanted in read[len(stamps) :])

    def test_a_frame_is_judged_after_all_that_are_shown_before_it(self) -> None:
        asked = []
        foresight = skipping.Foresight(lambda stamp: asked.append(stamp) or stamp % 2 == 0)
        order = [(0, -2), (4, -1), (2, 0), (1, 1), (3, 2), (8, 3), (6, 4), (5, 5), (7, 6)]
        read = list(foresight.read(self.Packet(*stamps) for stamps in order))
        assert asked == sorted(asked) == list(range(9))
        assert [(packet.pts, unwanted) for packet, unwanted in read] == [(pts, pts % 2 == 1) for pts, _ in order]

    def test_other_stamps_of_frames_than_of_packets_end_it_too(self, tmp_path, monkeypatch) -> None:
        path = moving(tmp_path / "walk.mp4")
        original = decode._decoded

        def equal(*arguments):
            for pixels in original(*arguments):
                pixels.pts = 0
                yield pixels

        monkeypatch.setattr(decode, "_decoded", equal)
        report = seen(path, target_fps=30)[1]
        assert report.frames_skipped < 10


def test_without_the_loop_filter_frames_are_nearly_the_same(tmp_path: Path) -> None:
    path = moving(tmp_path / "walk.mp4", frames=20, crf="35")
    plain, fast = ([frame.image for frame in iter_frames(path, skip_loop_filter=skips)] for skips in (False, True))
    differences = [np.abs(a.astype(int) - b).mean() for a, b in zip(plain, fast, strict=True)]
    assert 0 < max(differences) < 25


def test_a_span_is_found_without_decoding_all_before_it(tmp_path: Path) -> None:
    path = moving(tmp_path / "long.mp4", frames=600)
    everything = {frame.time_s: frame.image for frame in iter_frames(path)}
    report = DecodeReport()
    found = list(iter_frames(path, span_s=(7.0, 7.5), report=report))
    assert found[0].time_s == pytest.approx(6.9, abs=0.02)
    assert found[-1].time_s == pytest.approx(7.5, abs=0.02)
    assert report.frames_read < 100
    assert all(np.array_equal(frame.image, everything[frame.time_s]) for frame in found)


def test_a_search_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = moving(tmp_path / "long.mp4", frames=300, g="1000", keyint_min="1000", sc_threshold="0")
    monkeypatch.setattr(decode, "_LONGEST_SEARCH", 50)
    assert list(iter_frames(path, span_s=(4.0, 5.0))) == []


class TestAhead:
    def test_frames_and_report_are_the_same(self, tmp_path: Path) -> None:
        path = moving(tmp_path / "walk.mp4")
        expected, plain = seen(path, target_fps=24)
        for limit in (1, 3, lambda: 0, lambda: 2):
            found, report = seen(path, target_fps=24, ahead=limit)
            assert found == expected
            assert report == plain

    def test_the_thread_has_a_name_and_ends_with_its_consumer(self, tmp_path: Path) -> None:
        path = moving(tmp_path / "walk.mp4")
        frames = iter_frames(path, ahead=2)
        next(frames)
        assert "decode walk.mp4" in {thread.name for thread in threading.enumerate()}
        frames.close()
        assert "decode walk.mp4" not in {thread.name for thread in threading.enumerate()}
        with pytest.raises(ZeroDivisionError):
            for frame in iter_frames(path, ahead=2):
                frame.index / 0
        assert "decode walk.mp4" not in {thread.name for thread in threading.enumerate()}

    def test_errors_come_through(self, tmp_path: Path) -> None:
        with pytest.raises(VideoError, match="no such file"):
            next(iter_frames(tmp_path / "nowhere.mp4", ahead=2))

        def torn():
            yield 1
            yield 2
            raise VideoError("torn", "none")

        items = ahead.read_ahead(torn, lambda: 5, name="torn")
        assert list(itertools.islice(items, 2)) == [1, 2]
        with pytest.raises(VideoError, match="torn"):
            next(items)

    @pytest.mark.parametrize("limit", [0, 1, 4])
    def test_no_more_are_held_than_were_asked_for(self, limit: int) -> None:
        class Item:
            pass

        alive: weakref.WeakSet[Item] = weakref.WeakSet()
        most = []

        def make():
            for _ in range(50):
                item = Item()
                alive.add(item)
                most.append(len(alive))
                yield item

        for number, _ in enumerate(ahead.read_ahead(make, lambda: limit, name="items")):
            if number % 10 == 0:
                time.sleep(0.01)  # the thread gets as far ahead as it may
        assert len(most) == 50
        assert max(most) <= limit + 2

    def test_it_shrinks_while_it_runs(self) -> None:
        limit, made = [5], []

        def make():
            for number in itertools.count():
                made.append(number)
                yield number

        def ahead_of(taken: int) -> int:
            before = -1
            while before != len(made):
                before = len(made)
                time.sleep(0.03)
            return len(made) - taken

        items = ahead.read_ahead(make, lambda: limit[0], name="items")
        next(items)
        assert ahead_of(1) == 5
        limit[0] = 1
        for _ in range(6):
            next(items)
        assert ahead_of(7) <= 1
        limit[0] = 3
        next(items)
        assert ahead_of(8) == 3
        items.close()

    def test_the_generator_is_closed_in_its_thread(self) -> None:
        closed = []

        def make():
            try:
                yield from itertools.count()
            finally:
                closed.append(threading.current_thread().name)

        items = ahead.read_ahead(make, lambda: 2, name="counts")
        assert [next(items), next(items)] == [0, 1]
        items.close()
        assert closed == ["counts"]


class TestDecodeCounter:
    def test_every_decoding_counts_and_probing_does_not(self, tmp_path: Path) -> None:
        path = moving(tmp_path / "walk.mp4")
        before = DECODES.counts.get(str(path), 0)
        probe(path)
        assert DECODES.counts.get(str(path), 0) == before
        for _ in range(2):
            for _ in iter_frames(path):
                break
        list(iter_frames(path, ahead=2))
        assert DECODES.counts[str(path)] == before + 3

    def test_threads_lose_no_count(self) -> None:
        counter = DecodeCounter()
        threads = [threading.Thread(target=lambda: [counter.add("walk.mp4") for _ in range(500)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(counter.counts.values()) == [2000]
        counter.clear()
        assert counter.counts == {}


@pytest.mark.parametrize(
    ("size", "limit", "expected"),
    [
        ((1920, 1080), 960, (960, 540)),
        ((100, 50), 960, (100, 50)),
        ((1080, 1920), 640, (360, 640)),
        ((10, 10), None, (10, 10)),
    ],
)
def test_scaled_size(size: tuple[int, int], limit: int | None, expected: tuple[int, int]) -> None:
    assert scaled_size(*size, limit) == expected


class TestVideoWriter:
    def test_plays_in_browsers(self, tmp_path: Path) -> None:
        path = write(tmp_path / "out.mp4", [0.0, 0.04, 0.08])
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        head = path.read_bytes()
        assert head.index(b"moov") < head.index(b"mdat"), "the index stands in front"

    def test_odd_sizes_lose_their_last_row_and_column(self, tmp_path: Path) -> None:
        with VideoWriter(tmp_path / "odd.mp4", 65, 49, 25) as writer:
            writer.write(np.zeros((49, 65, 3), np.uint8))
        info = probe(tmp_path / "odd.mp4")
        assert (info.width_px, info.height_px) == (64, 48)

    def test_nothing_is_left_after_a_failure(self, tmp_path: Path) -> None:
        with pytest.raises(RuntimeError), VideoWriter(tmp_path / "out.mp4", 64, 48, 25) as writer:
            writer.write(quarters())
            raise RuntimeError
        assert list(tmp_path.iterdir()) == []

    def test_wrong_frames_are_refused(self, tmp_path: Path) -> None:
        with VideoWriter(tmp_path / "out.mp4", 64, 48, 25) as writer:
            with pytest.raises(InputError, match="shape"):
                writer.write(np.zeros((10, 10, 3), np.uint8))
            writer.write(quarters())
        with pytest.raises(InputError, match="not entered"):
            VideoWriter(tmp_path / "x.mp4", 64, 48, 25).write(quarters())
        with pytest.raises(InputError, match="frame rate"):
            VideoWriter(tmp_path / "x.mp4", 64, 48, 0)
