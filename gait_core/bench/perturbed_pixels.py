"""How much MediaPipe's own landmarks move when nothing changes that an eye could see: the floor of any comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gait_core.config import PoseSettings
from gait_core.pose.engine import PoseResult
from gait_core.pose.mediapipe.engine import MediaPipeEngine
from gait_core.pose.track import Track
from gait_core.pose.tracking import track_video
from gait_core.video.pixels import Pixels, RgbPixels
from gait_core.video.probe import probe

__all__ = ["perturbed_tracks"]


class _PerturbedEngine(MediaPipeEngine):
    """MediaPipe on frames in which every value is changed by at most one grey level."""

    def __init__(self, settings: PoseSettings) -> None:
        super().__init__(settings)
        self._noise = np.random.default_rng(0)

    def detect(self, pixels: Pixels, time_s: float) -> PoseResult | None:
        """Return the pose in a frame, or None."""
        image = pixels.rgb().astype(np.int16)
        image += self._noise.integers(-1, 2, image.shape, dtype=np.int16)
        return super().detect(RgbPixels(np.clip(image, 0, 255).astype(np.uint8)), time_s)


def perturbed_tracks(paths: Sequence[str | Path], settings: Mapping[str, Any]) -> list[Track]:
    """Return what MediaPipe finds in clips whose pixels are changed by at most one grey level.

    Returns
    -------
    list of Track
        One per clip, in their order; from frames in full size, in float32.
    """
    pose = PoseSettings.from_dict(settings).with_(engine="mediapipe", precision="f32", max_side_px=None)
    tracks = []
    for path in paths:
        with _PerturbedEngine(pose) as engine:
            tracks.append(track_video(probe(path), pose, engine, lambda _: None))
    return tracks
