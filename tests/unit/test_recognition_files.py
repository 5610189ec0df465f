"""Silhouettes made by other programs: read in OpenGait's layout and as arrays, and refused where they are not."""

from __future__ import annotations

import pickle
import struct
import zipfile

import cv2
import numpy as np
import pytest

from gait_core.errors import InputError, NotFoundError
from gait_core.recognition.inputs.array_file import read_silhouette_array
from gait_core.recognition.inputs.from_files import SilhouetteFiles, find_silhouettes, rated_array, rated_files
from gait_core.recognition.networks.settings import GaitBaseSettings


def bodies(frames: int = 20, shape=(120, 100), value=255) -> np.ndarray:
    """Return upright ellipses with two legs that swing."""
    found = np.zeros((frames, *shape), np.uint8)
    height, width = shape
    for number, image in enumerate(found):
        x, swing = width // 2, round(height * 0.12 * abs(np.sin(number / 3)))
        cv2.ellipse(image, (x, height // 3), (height // 8, height // 4), 0, 0, 360, value, -1)
        for foot in (x - swing, x + swing):
            cv2.line(image, (x, height // 2), (foot, height - height // 6), value, height // 10)
    return found


def aligned(width: int = 64, frames: int = 20) -> np.ndarray:
    """Return bars that reach from top to bottom, one column wider from frame to frame."""
    found = np.zeros((frames, 64, width), np.uint8)
    for number, image in enumerate(found):
        image[:, width // 2 - 8 - number % 3 : width // 2 + 8] = 255
    return found


def save_png(folder, images, name="{:03d}.png"):
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images):
        cv2.imwrite(str(folder / name.format(number + 1)), image)


def test_the_layout_of_opengait_is_read_at_any_depth(tmp_path):
    for place in ("001/nm-01/090", "001/nm-02/090", "002/nm-01/000"):
        save_png(tmp_path / "set" / "train" / place, bodies(3))
    (tmp_path / "set" / "readme.txt").write_text("x")
    found = find_silhouettes(tmp_path / "set")
    assert [walk.source for walk in found] == ["001/nm-01/090", "001/nm-02/090", "002/nm-01/000"]
    assert (found[2].subject, found[2].condition, found[2].camera) == ("002", "nm-01", "000")
    assert len(rated_files(found[0]).sequence) == 3


def test_one_folder_is_one_walk_in_the_order_of_its_numbers(tmp_path):
    images = bodies(12)
    save_png(tmp_path / "walk", images, "frame-{}.png")
    (tmp_path / "walk" / "frame-5.png").unlink()
    (walk,) = find_silhouettes(tmp_path / "walk")
    assert walk.source == "walk"
    rated = rated_files(walk)
    expected = [number for number in range(1, 13) if number != 5]
    assert rated.frame_numbers.tolist() == expected
    direct = rated_array(images[[number - 1 for number in expected]], "walk")
    np.testing.assert_array_equal(rated.aligned, direct.aligned)


def test_a_damaged_png_is_a_dropped_frame(tmp_path):
    save_png(tmp_path, bodies(6))
    (tmp_path / "003.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    (tmp_path / "004.png").write_bytes((tmp_path / "004.png").read_bytes()[:40])
    rated = rated_files(*find_silhouettes(tmp_path))
    assert dict(rated.quality.counts) == {"unreadable": 2}
    assert rated.sequence.frame_numbers.tolist() == [1, 2, 5, 6]
    for file in tmp_path.iterdir():
        file.write_bytes(b"nothing")
    with pytest.raises(InputError, match="none of 6 can be read"):
        rated_files(*find_silhouettes(tmp_path))


def test_a_png_that_announces_a_huge_image_is_refused(tmp_path):
    save_png(tmp_path, bodies(1))
    content = bytearray((tmp_path / "001.png").read_bytes())
    content[16:24] = struct.pack(">II", 100_000, 100_000)
    (tmp_path / "001.png").write_bytes(content)
    with pytest.raises(InputError, match="100000 x 100000 px"):
        rated_files(*find_silhouettes(tmp_path))


def test_images_of_several_sizes_are_refused(tmp_path):
    save_png(tmp_path, [*bodies(2), *bodies(1, (60, 50))])
    with pytest.raises(InputError, match="2 of 100 x 120 px, 1 of 50 x 60 px"):
        rated_files(*find_silhouettes(tmp_path))


def test_nothing_found_says_what_was_looked_at(tmp_path):
    (tmp_path / "001").mkdir()
    for name in ("a.pkl", "b.pkl", "c.txt"):
        (tmp_path / "001" / name).write_bytes(b"x")
    with pytest.raises(InputError, match=r"none in 2 folders and 3 files \(2 .pkl, 1 .txt\)") as caught:
        find_silhouettes(tmp_path)
    assert "never read" in caught.value.remedy
    with pytest.raises(InputError, match="none in 1 file"):
        find_silhouettes(tmp_path / "001" / "a.pkl")
    with pytest.raises(NotFoundError, match="there is none"):
        find_silhouettes(tmp_path / "missing")
    with pytest.raises(InputError, match=r"a\.pkl, but it is a pickle, which is never read"):
        rated_files(SilhouetteFiles(files=(tmp_path / "001" / "a.pkl",)))
    for name in ("missing.npz", "missing.pkl"):
        with pytest.raises(NotFoundError, match="there is none"):
            rated_files(SilhouetteFiles(files=(tmp_path / name,)))


@pytest.mark.parametrize(
    "values",
    [bodies(value=1), bodies() > 0, bodies().astype(np.float32) / 255, bodies().astype(np.int64), bodies()[:, None]],
    ids=["0 and 1", "truth", "shares", "long", "channel"],
)
def test_every_usual_scale_gives_the_same_sequence(values):
    np.testing.assert_array_equal(rated_array(values, "walk").aligned, rated_array(bodies(), "walk").aligned)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (bodies(value=7), "labels of body parts"),
        (bodies(value=90), "highest value is 90"),
        (bodies().astype(np.float64) * 4, "0 to 1020"),
        (bodies().astype(np.float64) - 1, "-1 to 254"),
        (np.where(bodies() > 0, np.nan, 0.0), "NaN"),
        (bodies().astype(str), "Expected numbers"),
        (bodies()[0], r"\(frames, height, width\)"),
        (np.zeros((0, 64, 64), np.uint8), "there are no frames"),
        (np.zeros((4, 64, 64), np.uint8), r"all 4 were dropped \(no person"),
    ],
)
def test_what_is_no_silhouette_is_refused(values, message):
    with pytest.raises(InputError, match=message):
        _ = rated_array(values, "walk").sequence


@pytest.mark.parametrize("width", [64, 44])
def test_aligned_frames_are_taken_as_they_are_and_cut_once(width):
    images = aligned(width)
    sequence = rated_array(images, "walk").sequence
    np.testing.assert_array_equal(sequence.silhouettes, images)
    assert sequence.geometry.already_cut == (width == 44)
    whole = rated_array(aligned(64), "walk").sequence
    np.testing.assert_array_equal(sequence.for_network(GaitBaseSettings()), whole.for_network(GaitBaseSettings()))


def test_small_people_in_frames_of_64_px_are_aligned():
    small = np.pad(bodies(5, (40, 40)), ((0, 0), (12, 12), (12, 12)))
    assert small.shape[1:] == (64, 64)
    frame = rated_array(small, "walk").aligned[0]
    assert frame[[0, -1]].any(axis=1).all()


def test_whole_frames_have_a_border(tmp_path):
    images = bodies()
    images[4] = np.roll(images[4], -44, axis=1) * (np.arange(100) < 50)
    assert "touches_border" in rated_array(images, "walk", whole_frames=True).quality.codes_of(4)
    assert "touches_border" not in rated_array(images, "walk").quality.counts


def test_arrays_come_from_npz_and_npy(tmp_path):
    images = bodies()
    np.savez_compressed(tmp_path / "a.npz", silhouettes=images, other=np.zeros(3))
    np.savez(tmp_path / "b.npz", only=np.asfortranarray(images))
    np.save(tmp_path / "c.npy", images)
    found = find_silhouettes(tmp_path)
    assert [walk.source for walk in found] == ["a.npz", "b.npz", "c.npy"]
    for walk in found:
        np.testing.assert_array_equal(read_silhouette_array(walk.files[0]), images)
    assert find_silhouettes(tmp_path / "c.npy")[0].files == (tmp_path / "c.npy",)


def test_arrays_that_are_dangerous_damaged_or_too_large_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, first=np.zeros(3), second=np.zeros(3))
    with pytest.raises(InputError, match="got first, second"):
        read_silhouette_array(path)
    np.savez(path, silhouettes=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match="pickle"):
        read_silhouette_array(path)
    path.write_bytes(pickle.dumps(np.zeros(3)))
    with pytest.raises(InputError, match="damaged"):
        read_silhouette_array(path)
    np.savez(path, silhouettes=bodies())
    with pytest.raises(InputError, match="at most 0 MiB"):
        read_silhouette_array(path, most_bytes=1000)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="damaged"):
        read_silhouette_array(path)
    with pytest.raises(NotFoundError):
        read_silhouette_array(tmp_path / "missing.npz")


def test_a_header_that_announces_more_than_there_is_is_refused_before_anything_is_read(tmp_path):
    head = b"\x93NUMPY\x01\x00"
    text = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 4096, 4096), }"
    text += b" " * (118 - len(text) - 1) + b"\n"
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("silhouettes.npy", head + struct.pack("<H", len(text)) + text)
    with pytest.raises(InputError, match="its header announces shape"):
        read_silhouette_array(path)
    with pytest.raises(InputError, match="damaged"):
        read_silhouette_array(path, most_bytes=10**15)


def test_the_real_silhouettes_are_kept_but_for_debris(data):
    rated = {walk.source: rated_files(walk) for walk in find_silhouettes(data / "silhouettes")}
    assert len(rated) == 12
    for name, found in rated.items():
        assert found.quality.kept >= len(found) - 3, name
        assert set(found.quality.counts) <= {"debris", "low_overlap"}, name
        assert found.sequence.for_network(GaitBaseSettings()).shape[1:] == (64, 44, 1)
    assert rated["probe1_004.npz"].quality.counts["debris"] >= 1
