"""Overlay videos of several profiles in step: the same frames, each with other landmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.landmarks import BONES, LANDMARKS
from gait_core.pose.track import Track
from gait_core.progress import Reporter
from gait_core.video.decode import iter_frames
from gait_core.video.encode import VideoWriter

__all__ = ["write_overlays"]

_MAX_SIDE_PX: Final = 720
_RATE_HZ: Final = 30.0
_NEAR: Final = (64, 180, 255)
_FAR: Final = (255, 176, 80)
_GROUND: Final = (20, 26, 33)
_SHOWN_CONFIDENCE: Final = 0.3


def write_overlays(
    video: Path, tracks: Mapping[Path, Track], near: str, reporter: Reporter, *, stage: str = "overlay"
) -> None:
    """Draw the landmarks of each track over the video, which is decoded once for all.

    Parameters
    ----------
    video : Path
    tracks : mapping of Path to Track
        File to write → landmarks.
    near : {"left", "right"}
        Side of the body that the camera sees.
    reporter : Reporter
    stage : str
        Stage to report to.
    """
    if not tracks:
        return
    duration_s = max(track.duration_s for track in tracks.values())
    order = _back_to_front(near)
    writers: list[tuple[VideoWriter, Track]] = []
    with ExitStack() as stack:
        for number, frame in enumerate(iter_frames(video, target_fps=_RATE_HZ)):
            reporter.check()
            image = frame.pixels.rgb(_MAX_SIDE_PX)
            height, width = (side - side % 2 for side in image.shape[:2])
            if not writers:
                for path, track in tracks.items():
                    writers.append((stack.enter_context(VideoWriter(path, width, height, _RATE_HZ)), track))
            for writer, track in writers:
                canvas = image[:height, :width].copy()
                _draw(canvas, track, frame.time_s, order, near)
                writer.write(canvas, frame.time_s)
            if number % 10 == 0:
                reporter.progress(stage, min(frame.time_s, duration_s), duration_s, "s")


def _back_to_front(near: str) -> Sequence[tuple[int, int]]:
    return sorted(BONES, key=lambda bone: near in LANDMARKS[bone[0]] and near in LANDMARKS[bone[1]])


def _draw(image: NDArray[np.uint8], track: Track, time_s: float, order: Sequence[tuple[int, int]], near: str) -> None:
    import cv2

    row = int(np.argmin(np.abs(track.time_s - time_s)))
    points = track.position[row] * (image.shape[1] / track.width_px)
    confidence = track.confidence[row]
    if not np.isfinite(points[0, 0]):
        return
    thickness = max(2, round(image.shape[0] / 240))
    for a, b in order:
        if min(confidence[a], confidence[b]) < _SHOWN_CONFIDENCE or not np.isfinite(points[[a, b]]).all():
            continue
        is_near = near in LANDMARKS[a] and near in LANDMARKS[b]
        start, end = ((int(x), int(y)) for x, y in points[[a, b]])
        cv2.line(image, start, end, _GROUND, thickness + 2, cv2.LINE_AA)
        cv2.line(image, start, end, _NEAR if is_near else _FAR, thickness, cv2.LINE_AA)
