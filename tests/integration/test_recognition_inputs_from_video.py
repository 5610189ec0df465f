"""A walking video becomes a sequence in one decode; what is cached is never computed again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gait_core.cache import ArrayCache
from gait_core.config import PoseSettings
from gait_core.errors import VideoError
from gait_core.pose import batch
from gait_core.pose.masks import MASKS_KIND
from gait_core.recognition.inputs import InputSettings
from gait_core.recognition.inputs.from_video import rated_walks, sequence_from_walk
from gait_core.recognition.networks.settings import GaitBaseSettings, SkeletonGaitPPSettings, XGaitSettings
from gait_core.simulate.cohort import simulate_walks

pytestmark = pytest.mark.slow

POSE = PoseSettings(engine="openvino", variant="lite", precision="f32")


def test_one_decode_gives_the_sequence_and_the_cache_gives_it_again(workspace, tmp_path, monkeypatch):
    (video,) = simulate_walks(tmp_path / "walks", walks=1, seed=5)
    decodes: list[str] = []
    track_video = batch.track_video

    def counting(info, *arguments, **options):
        decodes.append(Path(info.path).name)
        return track_video(info, *arguments, **options)

    monkeypatch.setattr(batch, "track_video", counting)
    first = sequence_from_walk(video, POSE, workspace=workspace)
    other = sequence_from_walk(video, POSE, InputSettings(maps=False), workspace=workspace)
    assert (first.source, first.view, other.maps) == (video.name, "side", None)
    assert first.quality.kept > 0.5 * len(first.quality)
    for settings in (GaitBaseSettings(), SkeletonGaitPPSettings(), XGaitSettings()):
        assert first.for_network(settings).shape == (len(first), *settings.frame_shape)

    cache = ArrayCache.of(workspace)
    for entry in cache.root.glob(f"{MASKS_KIND}/*/*"):
        cache.delete(MASKS_KIND, entry.name)
    renamed = video.with_name("renamed.mp4")
    video.rename(renamed)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    failed, again = rated_walks([broken, renamed], POSE, workspace=workspace)
    assert isinstance(failed, VideoError)
    assert again.sequence.source == "renamed.mp4"
    for name in ("silhouettes", "maps", "parsing", "frame_numbers", "time_s"):
        np.testing.assert_array_equal(getattr(again.sequence, name), getattr(first, name))
    assert decodes == [video.name]
