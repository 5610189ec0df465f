"""Copies of a video that show the same walk: mirrored, at half the size, at another frame rate, encoded again.

Pose models answer to the least change of a frame: rounding its colours once moves landmarks by half a pixel, and now
and then a leg goes to the wrong place. So the copies are encoded without loss, in the colours of the file, and only one
of them, which changes nothing else, goes through the encoder as usual.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.progress import Reporter
from gait_core.video.container import open_video
from gait_core.video.decode import iter_frames
from gait_core.video.encode import VideoWriter
from gait_core.video.info import VideoInfo
from gait_core.workspace import storage_guard

__all__ = ["ALTERATIONS", "Alteration", "altered_video"]

Planes = NDArray[np.uint8]
_TIME_BASE: Final = Fraction(1, 90_000)
_LOSSLESS: Final = {"preset": "veryfast", "qp": "0"}


@dataclass(frozen=True, kw_only=True)
class Alteration:
    """What is done to a video.

    Attributes
    ----------
    label : str
        For people.
    lossless : bool
        False goes through the encoder of the program.
    mirrored : bool
        Left and right of the frame exchanged.
    halved : bool
        Both sides of the frame half as long.
    frame_rate_hz : float or None
        Each new frame is the original one nearest in time, so that some come twice; None keeps the frames.
    """

    label: str
    lossless: bool = True
    mirrored: bool = False
    halved: bool = False
    frame_rate_hz: float | None = None


ALTERATIONS: Final[Mapping[str, Alteration]] = MappingProxyType(
    {
        "encoded_again": Alteration(label="only encoded again", lossless=False),
        "mirrored": Alteration(label="mirrored", mirrored=True),
        "half_size": Alteration(label="half the size", halved=True),
        "at_30_fps": Alteration(label="30 frames/s", frame_rate_hz=30.0),
        "at_60_fps": Alteration(label="60 frames/s (30 analysed)", frame_rate_hz=60.0),
    }
)
"""Name → alteration. The first changes nothing: what it moves is the work of the encoder and the pose model."""


def altered_video(info: VideoInfo, name: str, folder: Path, reporter: Reporter) -> Path:
    """Return the altered copy of a video; made once for each content.

    Parameters
    ----------
    info : VideoInfo
        The original; its pixels are 4:2:0 with even sides, as cameras write them.
    name : str
        Key of `ALTERATIONS`.
    folder : Path
        Where the copies lie.
    reporter : Reporter
        Checked for cancellation on every frame.

    Returns
    -------
    Path
        MP4 file, named after the video, its content and the alteration.

    Raises
    ------
    InputError
        When the pixels of the original are stored in another way, or turned.
    """
    alteration = ALTERATIONS[name]
    path = folder / f"{Path(info.path).stem}-{info.content_sha256[:12]}-{name}.mp4"
    if path.is_file():
        return path
    with storage_guard(path):
        folder.mkdir(parents=True, exist_ok=True)
    if alteration.lossless:
        _copy_without_loss(info, alteration, path, reporter)
        return path
    with VideoWriter(path, info.width_px, info.height_px, info.frame_rate_hz) as writer:
        for frame in iter_frames(info):
            reporter.check()
            writer.write(frame.image, frame.time_s)
    return path


def _copy_without_loss(info: VideoInfo, alteration: Alteration, path: Path, reporter: Reporter) -> None:
    import av

    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp.mp4")
    try:
        with storage_guard(path), open_video(info.path) as (source, stream), av.open(str(temporary), "w") as target:
            if stream.pix_fmt != "yuv420p" or info.rotation_deg or info.width_px % 4 or info.height_px % 4:
                raise InputError(
                    f"Expected an upright 4:2:0 video, but {path.stem} is stored in another way.", "Convert it first."
                )
            rate_hz = alteration.frame_rate_hz or info.frame_rate_hz
            out = target.add_stream("libx264", rate=Fraction(rate_hz).limit_denominator(1001))
            shrink = 2 if alteration.halved else 1
            out.width, out.height = info.width_px // shrink, info.height_px // shrink
            out.pix_fmt, out.options = "yuv420p", dict(_LOSSLESS)
            out.time_base = out.codec_context.time_base = _TIME_BASE
            out.codec_context.color_range = stream.codec_context.color_range
            out.codec_context.colorspace = stream.codec_context.colorspace
            # Time stamps as the decoder of the program puts them right, frames in the colours of the file.
            images = (np.asarray(frame.to_ndarray(), np.uint8) for frame in source.decode(stream))
            frames: Iterator[tuple[float, Planes]] = zip(
                (frame.time_s for frame in iter_frames(info)), images, strict=True
            )
            if alteration.frame_rate_hz is not None:
                frames = _retimed(frames, alteration.frame_rate_hz)
            for time_s, planes in frames:
                reporter.check()
                frame = av.VideoFrame.from_ndarray(_altered(planes, alteration), format="yuv420p")
                frame.pts, frame.time_base = round(time_s / _TIME_BASE), _TIME_BASE
                target.mux(out.encode(frame))
            target.mux(out.encode(None))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _altered(planes: Planes, alteration: Alteration) -> Planes:
    """Change a frame in its planes: brightness above, both colours at half the size below."""
    if not (alteration.mirrored or alteration.halved):
        return planes
    height, width = planes.shape[0] * 2 // 3, planes.shape[1]
    bright = planes[:height]
    colours = planes[height:].reshape(2, height // 2, width // 2)
    parts = [bright, *colours]
    if alteration.mirrored:
        parts = [part[:, ::-1] for part in parts]
    if alteration.halved:
        parts = [_halved(part) for part in parts]
    return np.concatenate([part.ravel() for part in parts]).reshape(-1, parts[0].shape[1])


def _halved(part: Planes) -> Planes:
    """Return each two by two pixels as their rounded mean."""
    height, width = (side - side % 2 for side in part.shape)
    blocks = part[:height, :width].reshape(height // 2, 2, width // 2, 2).astype(np.uint16)
    return np.asarray((blocks.sum(axis=(1, 3)) + 2) // 4, np.uint8)


def _retimed(frames: Iterator[tuple[float, Planes]], rate_hz: float) -> Iterator[tuple[float, Planes]]:
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
