"""Copies of videos for the metamorphic bench: what is changed is exactly that, and nothing is made twice."""

import numpy as np
import pytest

from gait_core.bench.altered_videos import ALTERATIONS, altered_video
from gait_core.errors import InputError
from gait_core.progress import silent
from gait_core.video.decode import iter_frames
from gait_core.video.encode import VideoWriter
from gait_core.video.probe import probe

FRAMES = 25


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Return one second of grey stripes that move, at 25 frames a second."""
    path = tmp_path_factory.mktemp("original") / "stripes.mp4"
    stripes = np.add.outer(np.arange(64) // 2, np.arange(96) * 2).astype(np.uint8)
    with VideoWriter(path, 96, 64, 25.0) as writer:
        for number in range(FRAMES):
            writer.write(np.repeat((stripes + 5 * np.uint8(number))[..., None], 3, axis=2))
    return probe(path)


def frames_of(path):
    return list(iter_frames(path))


def altered(original, name, folder):
    return frames_of(altered_video(original, name, folder, silent()))


def test_a_mirrored_copy_is_exactly_the_mirror(original, tmp_path):
    copies = altered(original, "mirrored", tmp_path)
    assert len(copies) == FRAMES
    for copy, frame in zip(copies, frames_of(original), strict=True):
        assert copy.time_s == pytest.approx(frame.time_s)
        np.testing.assert_array_equal(copy.image[:, ::-1], frame.image)


def test_half_the_size_is_the_mean_of_pixels(original, tmp_path):
    copies = altered(original, "half_size", tmp_path)
    for copy, frame in zip(copies, frames_of(original), strict=True):
        assert copy.image.shape == (32, 48, 3)
        means = frame.image.reshape(32, 2, 48, 2, 3).mean(axis=(1, 3))
        assert np.abs(copy.image - means).mean() < 2


@pytest.mark.parametrize(("name", "rate_hz"), [("at_30_fps", 30.0), ("at_60_fps", 60.0)])
def test_a_copy_at_another_rate_shows_the_frame_nearest_in_time(original, tmp_path, name, rate_hz):
    frames = frames_of(original)
    times = np.array([frame.time_s for frame in frames])
    copies = altered(original, name, tmp_path)
    np.testing.assert_allclose(np.diff([copy.time_s for copy in copies]), 1 / rate_hz, atol=1e-4)
    assert copies[-1].time_s == pytest.approx(times[-1], abs=1 / rate_hz)
    for copy in copies:
        apart = np.abs(times - copy.time_s)
        nearest = np.flatnonzero(apart <= apart.min() + 1e-4)
        assert any(np.array_equal(copy.image, frames[number].image) for number in nearest)


def test_a_copy_encoded_again_is_nearly_the_same(original, tmp_path):
    copies = altered(original, "encoded_again", tmp_path)
    differences = [
        np.abs(c.image.astype(int) - f.image).mean() for c, f in zip(copies, frames_of(original), strict=True)
    ]
    assert max(differences) < 8


def test_every_copy_is_made_once(original, tmp_path):
    for name in ALTERATIONS:
        path = altered_video(original, name, tmp_path, silent())
        made_ns = path.stat().st_mtime_ns
        assert altered_video(original, name, tmp_path, silent()) == path
        assert path.stat().st_mtime_ns == made_ns
    assert len(list(tmp_path.iterdir())) == len(ALTERATIONS)


def test_a_size_that_cannot_be_halved_is_refused(tmp_path):
    path = tmp_path / "odd.mp4"
    with VideoWriter(path, 66, 50, 25.0) as writer:
        for _ in range(3):
            writer.write(np.zeros((50, 66, 3), np.uint8))
    with pytest.raises(InputError, match="stored in another way"):
        altered_video(probe(path), "mirrored", tmp_path / "copies", silent())
    assert not list((tmp_path / "copies").iterdir())
