"""Clips of a walk against masks that are drawn for the test: place, proportions, rate, gaps and the cache."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gait_core.errors import WalkRefused
from gait_core.pose.masks import PersonMasks
from gait_core.pose.track import Track
from gait_core.walks import clips
from gait_core.walks.clips import CLIP_CHANNELS, SUMMARY_SHAPE, make_clip

WIDTH, HEIGHT = 640, 360


def bars(frames: int, *, wide: int = 40, fps: float = 25.0, gone: tuple[int, ...] = ()) -> tuple[Track, PersonMasks]:
    """Return a person 160 px high who walks to the right and is nowhere in some frames."""
    bits, matrices = np.zeros((frames, 256, 32), np.uint8), np.full((frames, 2, 3), np.nan)
    position = np.full((frames, 33, 2), np.nan, np.float32)
    for frame in set(range(frames)) - set(gone):
        square = np.zeros((256, 256), np.uint8)
        square[48:208, 128 - wide // 2 : 128 + wide // 2] = 1
        bits[frame] = np.packbits(square, axis=1)
        matrices[frame] = [[1, 0, 20 + 2 * frame], [0, 1, 40]]
        points = np.column_stack([np.linspace(-0.3, 0.3, 33) * wide + 148 + 2 * frame, np.linspace(95, 240, 33)])
        position[frame] = points
    track = Track(
        position=position,
        world=np.zeros((frames, 33, 3), np.float32),
        confidence=np.where(np.isfinite(position[..., 0]), 0.9, 0.0).astype(np.float32),
        time_s=np.arange(frames) / fps,
        width_px=WIDTH,
        height_px=HEIGHT,
    )
    return track, PersonMasks(bits=bits, matrix=matrices)


@pytest.mark.parametrize("wide", [30, 64, 140])
def test_an_outline_keeps_its_proportions_and_the_others_have_one_size(wide, tmp_path):
    track, masks = bars(20, wide=wide)
    found = make_clip("walk", track, masks, "outline", tmp_path)
    assert found.frames.shape == (20, 64, pytest.approx(wide * 64 / 160, abs=3), 1)
    assert (found.frames[:, :, 3:-3] > 200).all()
    for content in ("silhouette", "skeleton_maps"):
        other = make_clip("walk", track, masks, content, tmp_path)
        assert other.frames.shape == (20, 64, 44, len(CLIP_CHANNELS[content]))
        assert other.frames.any(axis=(1, 2)).all()
        assert other.digest != found.digest


def test_the_summary_is_the_mean_and_the_deviation_over_time(tmp_path):
    track, masks = bars(30)
    found = make_clip("walk", track, masks, "silhouette", tmp_path)
    mean, deviation = found.summary.reshape(*SUMMARY_SHAPE)
    image = cv2.resize(found.frames[..., 0].mean(axis=0) / 255, (11, 16), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(mean, image, atol=1e-5)
    assert deviation.max() < 0.1
    assert 0 < mean[4].max() <= 1.0


@pytest.mark.parametrize("fps", [25.0, 50.0, 30.0])
def test_the_rate_does_not_depend_on_the_video(fps, tmp_path):
    track, masks = bars(int(2 * fps), fps=fps)
    assert len(make_clip("walk", track, masks, "silhouette", tmp_path).frames) == pytest.approx(50, abs=1)


def test_the_longest_stretch_with_the_whole_body_in_view_is_kept(tmp_path):
    track, masks = bars(70, gone=(3, *range(20, 30), 41, 42))
    # The last frames are cut by the right border.
    masks.matrix[66:, 0, 2] = WIDTH - 140
    found = make_clip("walk", track, masks, "silhouette", tmp_path)
    assert len(found.frames) == 66 - 30 - 2
    track, masks = bars(40, gone=tuple(range(10, 30)))
    with pytest.raises(WalkRefused, match="15 frames at 25 Hz in walk, but got 10"):
        make_clip("walk", track, masks, "silhouette", tmp_path)


def test_in_smaller_chunks_the_clip_is_the_same(tmp_path, monkeypatch):
    track, masks = bars(40, gone=(7,))
    whole = [make_clip("walk", track, masks, content, tmp_path) for content in CLIP_CHANNELS]
    monkeypatch.setattr(clips, "CHUNK_FRAMES", 6)
    for content, one in zip(CLIP_CHANNELS, whole, strict=True):
        parts = make_clip("walk", track, masks, content, tmp_path)
        assert parts.digest == one.digest
        np.testing.assert_array_equal(parts.frames, one.frames)
        np.testing.assert_allclose(parts.summary, one.summary, atol=1e-6)
