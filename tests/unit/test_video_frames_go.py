"""A frame leaves the memory as soon as not needed, without a garbage collection."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest

from gait_core.video.decode import iter_frames
from gait_core.video.encode import VideoWriter


@pytest.mark.parametrize("ahead", [0, 3])
def test_decoded_frames_leave_nothing_to_collect(tmp_path: Path, ahead: int) -> None:
    path = tmp_path / "walk.mp4"
    with VideoWriter(path, 64, 48, 25) as writer:
        for number in range(60):
            writer.write(np.full((48, 64, 3), number, np.uint8))
    list(iter_frames(path))  # what is made once is made now
    gc.collect()
    gc.disable()
    try:
        shown = sum(frame.pixels.luma().size > 0 for frame in iter_frames(path, ahead=ahead))
        left = gc.collect()
    finally:
        gc.enable()
    assert shown == 60
    assert left < 30, "less than an object for every second frame"
