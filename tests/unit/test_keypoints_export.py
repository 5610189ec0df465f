"""Landmarks as files: the round trip, the layout that is promised, whole files or none."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from gait_core.errors import InputError, StorageError
from gait_core.pose.landmarks import LANDMARKS
from gait_core.pose.track import Track
from gait_core.report.exports import keypoints
from gait_core.report.exports.keypoints import export_track, read_keypoints, write_keypoints


def track(frames: int = 1300, seed: int = 1) -> Track:
    """Return random landmarks; every tenth frame shows no person."""
    random = np.random.default_rng(seed)
    position = random.uniform(-50, 2000, (frames, 33, 2)).astype(np.float32)
    world = random.normal(0, 1, (frames, 33, 3)).astype(np.float32)
    confidence = random.random((frames, 33), np.float32)
    position[::10], world[::10], confidence[::10] = np.nan, np.nan, 0.0
    return Track(
        position=position,
        world=world,
        confidence=confidence,
        time_s=np.arange(frames) / 30,
        width_px=1920,
        height_px=1080,
        info={
            "source_content_sha256": "abc",
            "source_frame_rate_hz": 30.0,
            "engine": "openvino",
            "settings": {"variant": "full"},
        },
    )


def test_reading_back_gives_the_track_to_the_stated_rounding(tmp_path: Path) -> None:
    before = track()
    write_keypoints(before, tmp_path / "a.keypoints.json.gz", name="walk é.mp4")
    after = read_keypoints(tmp_path / "a.keypoints.json.gz")
    assert (after.width_px, after.height_px, len(after)) == (1920, 1080, 1300)
    np.testing.assert_array_equal(after.detected, before.detected)
    for name, decimals in keypoints.DECIMALS.items():
        if name == "position_sd":
            continue  # it follows from the others
        a, b = getattr(before, name), getattr(after, name)
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
        # float32 adds its own rounding to that of the text.
        np.testing.assert_allclose(a, b, rtol=2e-7, atol=0.5 * 10**-decimals)
    assert after.info["source"] == {"name": "walk é.mp4", "content_sha256": "abc", "frame_rate_hz": 30.0}


def test_any_json_reader_finds_the_fields_that_are_promised(tmp_path: Path) -> None:
    write_keypoints(track(25), tmp_path / "a.json.gz")
    text = gzip.decompress((tmp_path / "a.json.gz").read_bytes()).decode()
    found = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert list(found) == [
        *("schema", "program", "source", "engine", "units", "landmarks", "width_px", "height_px", "frames"),
        *("time_s", "position", "world", "confidence", "position_sd"),
    ]
    assert found["landmarks"] == list(LANDMARKS)
    assert found["frames"] == len(found["time_s"]) == len(found["position"]) == 25
    assert found["position"][0] == [[None, None]] * 33
    assert found["world"][10] == [[None] * 3] * 33
    assert found["confidence"][20] == [0.0] * 33
    assert np.array(found["world"]).shape == (25, 33, 3)
    assert found["units"]["position"] == "px"
    assert np.array(found["position_sd"]).shape == (25, 33)


def test_the_same_landmarks_give_the_same_files(tmp_path: Path) -> None:
    first = export_track(track(), tmp_path / "a", "walk")
    second = export_track(track(), tmp_path / "b", "walk")
    assert [path.name for path in first.values()] == ["walk.npz", "walk.keypoints.json.gz"]
    for name in first:
        assert first[name].read_bytes() == second[name].read_bytes()
    with np.load(first["export"], allow_pickle=False) as arrays:
        for name, array in track().to_arrays().items():
            np.testing.assert_array_equal(arrays[name], array)


def test_a_track_without_frames_is_written_as_well(tmp_path: Path) -> None:
    write_keypoints(track(0), tmp_path / "a.json.gz")
    assert len(read_keypoints(tmp_path / "a.json.gz")) == 0


def test_a_full_disk_leaves_the_earlier_file_and_no_half_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json.gz"
    write_keypoints(track(25), path)
    before = path.read_bytes()
    texts = keypoints._texts

    def full(*arguments: object) -> object:
        yield next(texts(*arguments))  # type: ignore[arg-type]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keypoints, "_texts", full)
    with pytest.raises(StorageError, match="disk is full"):
        write_keypoints(track(), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "content",
    [b"text", gzip.compress(b"[]"), gzip.compress(b'{"schema": 1}'), b""],
    ids=["text", "list", "schema", "empty"],
)
def test_something_else_is_refused_with_a_remedy(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json.gz").write_bytes(content)
    with pytest.raises(InputError, match=r"x\.json\.gz") as caught:
        read_keypoints(tmp_path / "x.json.gz")
    assert caught.value.remedy


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json.gz"
    write_keypoints(track(), path)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(InputError):
        read_keypoints(path)


def test_numbers_that_json_cannot_hold_are_missing() -> None:
    values = np.array([[np.nan, np.inf], [-np.inf, -1.005]])
    assert json.loads(f"[{keypoints._numbers(values, 2)}]") == [[None, None], [None, pytest.approx(-1.0, abs=0.011)]]
