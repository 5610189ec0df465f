"""The same frames give the same file, whatever else is in memory: simulated walks would otherwise differ each time."""

from __future__ import annotations

import numpy as np

from gait_core.simulate.person import sample_person
from gait_core.simulate.render import iter_images
from gait_core.simulate.walker import walk
from gait_core.video.encode import VideoWriter


def test_the_same_frames_give_the_same_file(tmp_path):
    truth = walk(sample_person(3), seed=3, fps=25.0, duration_s=1.2)
    frames = list(iter_images(truth, seed=3))
    contents = set()
    for number in range(4):
        noise = np.random.default_rng(number)
        with VideoWriter(tmp_path / "walk.mp4", truth.camera.width_px, truth.camera.height_px, 25.0) as video:
            for frame in frames:
                # What was in memory before differs from run to run.
                left_behind = [
                    noise.integers(0, 255, size=int(noise.integers(1_000, 3_000_000)), dtype=np.uint8) for _ in range(3)
                ]
                video.write(frame)
                del left_behind
        contents.add((tmp_path / "walk.mp4").read_bytes())
    assert len(contents) == 1
