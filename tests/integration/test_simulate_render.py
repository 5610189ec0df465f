"""Rendered walks: do they play, and does the pose model see a person?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gait_core.errors import Cancelled, GaitError
from gait_core.progress import Reporter
from gait_core.simulate.cohort import simulate_walks
from gait_core.simulate.render import iter_images
from gait_core.simulate.truth import WalkTruth
from gait_core.simulate.walker import sample_person, walk


def test_frames_are_repeatable() -> None:
    truth = walk(sample_person(1), seed=0, duration_s=1.0, fps=5.0)
    first, again = (list(iter_images(truth, seed=4)) for _ in range(2))
    assert len(first) == len(truth)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert first[0].shape == (540, 960, 3)
    assert not np.array_equal(first[0], next(iter_images(truth, seed=5)))


def test_videos_and_truth_are_written(tmp_path: Path) -> None:
    import av

    videos = simulate_walks(tmp_path, walks=2, pattern="crouch", seed=6, fps=10.0)
    assert [video.name for video in videos] == [
        "person006_crouch-left-070_walk01.mp4",
        "person006_crouch-left-070_walk02.mp4",
    ]
    for video in videos:
        truth = WalkTruth.from_json(video.with_suffix(".truth.json"))
        with av.open(str(video)) as container:
            stream = container.streams.video[0]
            assert stream.codec_context.name == "h264"
            assert sum(1 for _ in container.decode(stream)) == len(truth)


def test_cancelling_leaves_no_half_video(tmp_path: Path) -> None:
    asked = iter([False] * 4 + [True] * 100)
    with pytest.raises(Cancelled):
        simulate_walks(tmp_path, walks=1, fps=10.0, reporter=Reporter(cancelled=lambda: next(asked)))
    assert not list(tmp_path.glob("*.mp4"))


@pytest.mark.slow
def test_the_pose_model_sees_the_walker(tmp_path: Path) -> None:
    """MediaPipe full finds a pose in at least 98 % of the frames, and the near ankle where it is."""
    from gait_core.config import PoseSettings
    from gait_core.pose.engines import open_engine
    from gait_core.video.decode import iter_frames

    [video] = simulate_walks(tmp_path, walks=1, seed=101, fps=30.0)
    truth = WalkTruth.from_json(video.with_suffix(".truth.json"))
    found = np.full((len(truth), 33, 2), np.nan)
    try:
        engine = open_engine(PoseSettings())
    except GaitError as error:
        pytest.skip(f"no pose model on this machine: {error}")
    with engine:
        for i, frame in enumerate(iter_frames(video)):
            result = engine.detect(frame.pixels, frame.time_s)
            if result is not None:
                found[i] = result.position * (truth.camera.width_px, truth.camera.height_px)
    assert np.isfinite(found[:, 0, 0]).mean() >= 0.98
    ankle = 27 if truth.near_side == "left" else 28
    distance = np.linalg.norm(found[:, ankle] - truth.position_px[:, ankle], axis=1) / truth.height_px
    assert np.nanmedian(distance) < 0.025
