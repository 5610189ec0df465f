"""Copies of a video that show the same walk: mirrored, at half the size, at another frame rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.progress import Reporter
from gait_core.video.decode import iter_frames
from gait_core.video.encode import VideoWriter
from gait_core.video.info import VideoInfo

__all__ = ["ALTERATIONS", "Alteration", "altered_video"]

Picture = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Alteration:
    """What is done to a video.

    Attributes
    ----------
    label : str
        For people.
    mirrored : bool
        Left and right of the picture exchanged.
    size : float
        Sides of the picture, share of the original.
    frame_rate_hz : float or None
        Each new frame is the original one nearest in time, so that some come twice; None keeps the frames.
    """

    label: str
    mirrored: bool = False
    size: float = 1.0
    frame_rate_hz: float | None = None


ALTERATIONS: Final[Mapping[str, Alteration]] = MappingProxyType(
    {
        "encoded_again": Alteration(label="only encoded again"),
        "mirrored": Alteration(label="mirrored", mirrored=True),
        "half_size": Alteration(label="half the size", size=0.5),
        "at_30_fps": Alteration(label="30 frames/s", frame_rate_hz=30.0),
        "at_60_fps": Alteration(label="60 frames/s", frame_rate_hz=60.0),
    }
)
"""Name → alteration. The first changes nothing: what it moves is the work of the encoder and the pose model."""


def altered_video(info: VideoInfo, name: str, folder: Path, reporter: Reporter) -> Path:
    """Return the altered copy of a video; made once for each content.

    Parameters
    ----------
    info : VideoInfo
        The original.
    name : str
        Key of `ALTERATIONS`.
    folder : Path
        Where the copies lie.
    reporter : Reporter
        Asked on every frame whether to go on.
    """
    alteration = ALTERATIONS[name]
    path = folder / f"{Path(info.path).stem}-{info.content_sha256[:12]}-{name}.mp4"
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    frames: Iterator[tuple[float, Picture]] = ((frame.time_s, frame.image) for frame in iter_frames(info))
    if alteration.frame_rate_hz is not None:
        frames = _retimed(frames, alteration.frame_rate_hz)
    rate_hz = alteration.frame_rate_hz or info.frame_rate_hz
    width_px, height_px = (max(2, round(side_px * alteration.size)) for side_px in (info.width_px, info.height_px))
    with VideoWriter(path, width_px, height_px, rate_hz) as writer:
        for time_s, image in frames:
            reporter.check()
            writer.write(_altered(image, alteration, (width_px, height_px)), time_s)
    return path


def _altered(image: Picture, alteration: Alteration, size_px: tuple[int, int]) -> Picture:
    if alteration.size != 1.0:
        import cv2

        image = np.asarray(cv2.resize(image, size_px, interpolation=cv2.INTER_AREA), np.uint8)
    return image[:, ::-1] if alteration.mirrored else image


def _retimed(frames: Iterator[tuple[float, Picture]], rate_hz: float) -> Iterator[tuple[float, Picture]]:
    """Yield, at an even rate, the frame that is nearest in time; a frame may come twice or not at all."""
    before = next(frames, None)
    if before is None:
        return
    origin_s, count = before[0], 0
    for after in frames:
        while origin_s + count / rate_hz < (before[0] + after[0]) / 2:
            yield origin_s + count / rate_hz, before[1]
            count += 1
        before = after
    yield origin_s + count / rate_hz, before[1]
