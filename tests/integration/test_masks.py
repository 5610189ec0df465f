"""Masks as a product of the decode that finds the landmarks: on request, cached, the same landmarks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gait_core.cache import ArrayCache
from gait_core.config import PoseSettings
from gait_core.errors import NotFoundError, SettingsError
from gait_core.pose import batch
from gait_core.pose.extract import extract_many
from gait_core.pose.masks import MASKS_KIND, load_masks
from gait_core.simulate.cohort import simulate_walks

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    (path,) = simulate_walks(tmp_path_factory.mktemp("walks"), walks=1, seed=5)
    return path


@pytest.mark.parametrize("engine", ["openvino", "mediapipe"])
def test_masks_come_with_the_landmarks_of_one_decode(video, workspace, monkeypatch, engine):
    decodes: list[str] = []
    track_video = batch.track_video

    def counting(info, *arguments, **options):
        decodes.append(Path(info.path).name)
        return track_video(info, *arguments, **options)

    monkeypatch.setattr(batch, "track_video", counting)
    settings = PoseSettings(engine=engine, variant="lite", precision="f32")
    (walk,) = extract_many([video], settings, workspace=workspace, masks=True)
    (again,) = extract_many([video], settings, workspace=workspace, masks=True)
    assert decodes == [video.name]
    assert (walk.cached, again.cached) == (False, True)
    masks = load_masks(workspace, walk.address)
    track = walk.track
    assert len(masks) == len(track)
    seen = np.flatnonzero(np.isfinite(track.position[:, 0, 0]))
    hits = 0
    for frame in seen[::10]:
        mask = masks.on_frame(int(frame), track.width_px, track.height_px)
        x, y = track.position[frame, [11, 12, 23, 24]].mean(axis=0).astype(int)
        hits += bool(mask[y, x])
        rows, _ = np.nonzero(mask)
        top, bottom = np.nanmin(track.position[frame, :, 1]), np.nanmax(track.position[frame, :, 1])
        assert abs(rows.max() - bottom) < 0.12 * (bottom - top), "the mask ends at the feet"
        assert 0.005 < mask.mean() < 0.3
    assert hits >= 0.9 * len(seen[::10])


def test_landmarks_are_the_same_with_masks_and_stay_where_they_were_known(video, workspace, tmp_path):
    settings = PoseSettings(engine="openvino", variant="lite", precision="f32")
    (plain,) = extract_many([video], settings, workspace=workspace)
    with pytest.raises(NotFoundError, match="masks"):
        load_masks(workspace, plain.address)
    (later,) = extract_many([video], settings, workspace=workspace, masks=True)
    assert (later.address, later.cached) == (plain.address, False)
    np.testing.assert_array_equal(later.track.position, plain.track.position)
    assert len(load_masks(workspace, plain.address)) == len(plain.track)
    ArrayCache.of(workspace).delete("track", plain.address)
    (fresh,) = extract_many([video], settings, workspace=workspace, masks=True)
    np.testing.assert_array_equal(fresh.track.position, plain.track.position)
    assert ArrayCache.of(workspace).holds(MASKS_KIND, plain.address)


def test_masks_need_the_cache(video, workspace):
    with pytest.raises(SettingsError, match="cache"):
        extract_many([video], PoseSettings(), workspace=workspace, masks=True, use_cache=False)
