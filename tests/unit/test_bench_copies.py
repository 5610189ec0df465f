"""The copies of the benchmark differ from the recording as they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gait_core.bench.copies import KINDS, copied
from gait_core.progress import Reporter
from gait_core.video.decode import iter_frames
from gait_core.video.encode import VideoWriter
from gait_core.video.probe import probe


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("copies") / "walk.mp4"
    image = np.full((540, 960, 3), 90, np.uint8)
    image[100:440, 300:400] = 220
    with VideoWriter(path, 960, 540, 25.0) as writer:
        for number in range(5):
            writer.write(np.roll(image, 20 * number, axis=1))
    return path


@pytest.mark.parametrize(
    ("kind", "width_px", "height_px", "lasts"),
    [
        ("encoded again", 960, 540, 1.0),
        ("messenger, 480 px", 480, 270, 1.0),
        ("cropped above", 960, 520, 1.0),
        ("cropped at the sides", 900, 540, 1.0),
        ("padded below", 960, 580, 1.0),
        ("10 % slower", 960, 540, 1.1),
    ],
)
def test_a_copy_differs_as_it_says(
    recording: Path, tmp_path: Path, kind: str, width_px: int, height_px: int, lasts: float
) -> None:
    made = copied(recording, KINDS[kind], tmp_path, Reporter())
    before, after = probe(recording), probe(made)
    assert (after.width_px, after.height_px) == (width_px, height_px)
    assert after.frame_count == before.frame_count == 5
    last_s = [max(frame.time_s for frame in iter_frames(info)) for info in (before, after)]
    assert last_s[1] == pytest.approx(lasts * last_s[0], abs=0.002)
    assert copied(recording, KINDS[kind], tmp_path, Reporter()) == made


def test_a_crop_takes_away_and_padding_is_black(recording: Path, tmp_path: Path) -> None:
    whole = next(iter(iter_frames(recording))).image
    cropped = next(iter(iter_frames(copied(recording, KINDS["cropped above"], tmp_path, Reporter())))).image
    assert np.abs(cropped.astype(int) - whole[20:].astype(int)).mean() < 4.0
    padded = next(iter(iter_frames(copied(recording, KINDS["padded below"], tmp_path, Reporter())))).image
    assert padded[545:].mean() < 20.0 and np.abs(padded[:540].astype(int) - whole.astype(int)).mean() < 4.0
