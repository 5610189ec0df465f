"""Videos of the benchmarks: a walk of any length, and an hour out of seconds."""

from __future__ import annotations

import numpy as np
import pytest

from gait_core.bench.clips import long_video, passes
from gait_core.progress import silent
from gait_core.video.decode import DecodeReport, iter_frames
from gait_core.video.encode import VideoWriter
from gait_core.video.probe import probe


def test_a_walk_fills_its_time_with_crossings():
    truth = passes(0, height_px=540, seconds=10.0)
    assert len(truth) == 300
    assert np.allclose(np.diff(truth.time_s), 1 / 30)
    middle = truth.position_px[:, :, 0].mean(axis=1)
    seen = (middle > 0) & (middle < truth.camera.width_px)
    assert 0.7 < seen.mean() < 0.98  # and between two crossings the frame is empty
    assert np.all(np.diff(middle[:60]) > 0)
    assert np.median(truth.height_px[seen]) == pytest.approx(0.6 * 540, rel=0.03)


def test_walks_differ_and_the_same_walk_is_the_same():
    first, second = (passes(number, height_px=540, seconds=3.0) for number in (1, 2))
    assert not np.allclose(first.position_px, second.position_px)
    assert np.array_equal(first.position_px, passes(1, height_px=540, seconds=3.0).position_px)


def test_a_long_video_is_the_clip_again_and_again(tmp_path):
    clip, long = tmp_path / "clip.mp4", tmp_path / "long.mp4"
    with VideoWriter(clip, 64, 48, 30.0) as writer:
        for shade in range(0, 240, 8):
            writer.write(np.full((48, 64, 3), shade, np.uint8))
    long_video(long, clip, 4.1, silent())
    report = DecodeReport()
    frames = [(frame.time_s, float(frame.image.mean())) for frame in iter_frames(long, report=report)]
    assert len(frames) == 120
    assert report.frames_broken == 0
    times, shades = np.array(frames).T
    assert np.allclose(np.diff(times), 1 / 30, atol=1e-4)
    assert np.allclose(shades[:30], shades[30:60], atol=1.0)
    assert probe(long).duration_s == pytest.approx(4.0, abs=0.05)
