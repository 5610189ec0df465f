"""What the benchmark of decoding times, each in a process of its own."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from gait_core.bench.extraction_runs import decode_only
from gait_core.bench.processes import cpu_s
from gait_core.progress import silent
from gait_core.video.container import DECODES
from gait_core.video.decode import iter_frames
from gait_core.workspace import Workspace

__all__ = ["WAYS", "count_decodes", "read_all"]

_CROP_PX: Final = 256


def count_decodes(videos: Sequence[str], folder: str) -> dict[str, Any]:
    """Create a baseline in an empty workspace, and again from its cache, and count how often each video is decoded.

    Parameters
    ----------
    videos : sequence of str
        Absolute paths.
    folder : str
        Empty; becomes the workspace.

    Returns
    -------
    dict of str to list of int
        ``nothing cached`` and ``from the cache``: decodings of each video, in the order of `videos`.
    """
    from gait_core.workflows.create_baseline import BaselineRequest, create_baseline

    answers = {}
    for run in ("nothing cached", "from the cache"):
        DECODES.clear()
        create_baseline(BaselineRequest(videos=list(videos), subject="decodes"), Workspace(folder), silent())
        counts = DECODES.counts
        answers[run] = [counts.get(video, 0) for video in videos]
    return answers


def read_all(path: str, way: str) -> dict[str, Any]:
    """Read a whole video in one of `WAYS`.

    Returns
    -------
    dict
        ``frames``, and ``wall_s`` and ``cpu_s`` by the clock and by CPU time, s; importing is not counted.
    """
    for name in ("av", "cv2"):
        importlib.import_module(name)
    run = WAYS[way]
    begun_s, begun_cpu_s = time.perf_counter(), cpu_s()
    frames = run(path)
    return {
        "frames": frames,
        "wall_s": time.perf_counter() - begun_s,
        "cpu_s": cpu_s() - begun_cpu_s,
    }


def _opencv(path: str) -> int:
    import cv2

    capture = cv2.VideoCapture(path)
    frames = 0
    while capture.read()[0]:
        frames += 1
    capture.release()
    return frames


def _pyav(path: str) -> int:
    return int(decode_only([path])["frames"])


def _crop(path: str) -> int:
    frames = 0
    for frame in iter_frames(Path(path)):
        pixels = frame.pixels
        # The square around a person who fills 60 % of the height, a little turned, as the landmark model wants it.
        side = 0.75 * pixels.height_px / _CROP_PX
        turn = np.array([[side, 0.05 * side], [-0.05 * side, side]])
        middle = np.array([pixels.width_px, pixels.height_px]) / 2
        corner = middle - turn @ np.full(2, _CROP_PX / 2)
        pixels.warp(np.column_stack([turn, corner]), _CROP_PX)
        frames += 1
    return frames


def _rgb(path: str) -> int:
    return sum(frame.pixels.rgb() is not None for frame in iter_frames(Path(path)))


WAYS: Final[Mapping[str, Callable[[str], int]]] = {
    "OpenCV read": _opencv,
    "PyAV, decoding only": _pyav,
    "ours, with the crop": _crop,
    "ours, whole frame in RGB": _rgb,
}
"""Ways to read a video."""
