"""Overlay videos of several profiles in step: the same frames, each with other landmarks."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np

from gait_core.pose.skeleton import draw_frame
from gait_core.pose.track import Track
from gait_core.progress import Reporter
from gait_core.video.decode import iter_frames
from gait_core.video.encode import VideoWriter

__all__ = ["write_overlays"]

_MAX_SIDE_PX: Final = 720
_RATE_HZ: Final = 30.0


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
                draw_frame(canvas, track, int(np.argmin(np.abs(track.time_s - frame.time_s))), near)
                writer.write(canvas, frame.time_s)
            if number % 10 == 0:
                reporter.progress(stage, min(frame.time_s, duration_s), duration_s, "s")
