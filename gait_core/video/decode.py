"""Frames of a video, one at a time: upright, thinned by time, resized; broken ones are skipped and counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gait_core.video.container import open_video
from gait_core.video.info import VideoInfo
from gait_core.video.orientation import orientation_of, turn
from gait_core.video.picture import Picture, RgbPicture, resized

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

__all__ = ["DecodeReport", "Frame", "Thinner", "iter_frames"]

_DEFAULT_RATE_HZ = 25.0
_MAX_BROKEN_IN_A_ROW = 1000


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """One picture.

    Attributes
    ----------
    index : int
        Number among the decoded pictures of the file, from 0.
    time_s : float
        Time stamp of the file, s, strictly rising.
    picture : Picture
        Upright, square pixels.
    """

    index: int
    time_s: float
    picture: Picture

    @property
    def image(self) -> NDArray[np.uint8]:
        """The picture in RGB, shape (height, width, 3)."""
        return self.picture.rgb()


@dataclass(kw_only=True)
class DecodeReport:
    """What became of the pictures of a file; counted while decoding.

    Attributes
    ----------
    frames_read, frames_broken, frames_kept : int
        Decoded, skipped because damaged, and handed on.
    """

    frames_read: int = 0
    frames_broken: int = 0
    frames_kept: int = 0


class Thinner:
    """Choose frames by time so that at most `target_hz` a second are kept.

    A frame is kept when its time reaches the next tick, with a tolerance of half a frame, so that a
    source that is no faster than the target keeps every frame.

    Parameters
    ----------
    target_hz : float or None
        Highest rate; None keeps everything.
    source_hz : float
        Rate of the source.
    """

    def __init__(self, target_hz: float | None, source_hz: float) -> None:
        # A rate within 2 % of the target is the target: 30.02 Hz shall not lose a frame now and then.
        self._step_s = 1 / target_hz if target_hz and source_hz > 1.02 * target_hz else 0.0
        self._tolerance_s = min(0.5 / source_hz, 0.5 * self._step_s)
        self._next_s: float | None = None

    def keeps(self, time_s: float) -> bool:
        """Tell whether the frame at `time_s` is kept; times have to rise."""
        if self._step_s == 0:
            return True
        if self._next_s is None:
            self._next_s = time_s
        if time_s < self._next_s - self._tolerance_s:
            return False
        # After a gap the ticks begin anew, so that nothing is kept to catch up.
        begin_s = time_s if time_s >= self._next_s + self._step_s else self._next_s
        self._next_s = begin_s + self._step_s
        return True


def iter_frames(
    source: VideoInfo | Path | str,
    *,
    target_fps: float | None = None,
    report: DecodeReport | None = None,
    threads: int = 1,
) -> Iterator[Frame]:
    """Decode a video; never more than one frame is held, whatever its length.

    Parameters
    ----------
    source : VideoInfo or path-like
        The video.
    target_fps : float, optional
        Highest frame rate, Hz; a faster video is thinned by time.
    report : DecodeReport, optional
        Counted up while decoding.
    threads : int
        Threads of the decoder.

    Yields
    ------
    Frame
        Upright, with square pixels, in order of time.

    Raises
    ------
    VideoError
        When the file cannot be opened as a video.
    """
    report = report if report is not None else DecodeReport()
    path = source.path if isinstance(source, VideoInfo) else source
    with open_video(path) as (container, stream):
        context = stream.codec_context
        context.thread_count = threads
        context.thread_type = "AUTO" if threads > 1 else "SLICE"
        clock = _Clock(stream, source.frame_rate_hz if isinstance(source, VideoInfo) else None)
        thinner = Thinner(target_fps, clock.rate_hz)
        pixel_ratio = float(stream.sample_aspect_ratio or context.sample_aspect_ratio or 1) or 1.0
        size: tuple[int, int] | None = None
        for picture in _decoded(container, stream, report):
            time_s = clock.read(picture)
            index = report.frames_read
            report.frames_read += 1
            if not thinner.keeps(time_s):
                continue
            orientation = orientation_of(picture)
            image = turn(np.asarray(picture.to_ndarray(format="rgb24"), np.uint8), orientation)
            if size is None:
                # Pixels are stretched along the stored width, which after a quarter turn is the height.
                height, width = image.shape[:2]
                width, height = (
                    (width, height * pixel_ratio) if orientation.swaps_sides else (width * pixel_ratio, height)
                )
                size = max(1, round(width)), max(1, round(height))
            report.frames_kept += 1
            yield Frame(index=index, time_s=time_s, picture=RgbPicture(resized(image, size)))


class _Clock:
    """Time stamps of the file, forced to rise strictly."""

    def __init__(self, stream: VideoStream, rate_hz: float | None) -> None:
        self._base = float(stream.time_base or Fraction(1, 90_000))
        declared = rate_hz or float(stream.average_rate or stream.guessed_rate or 0)
        self.rate_hz = declared if 0 < declared <= 10_000 else _DEFAULT_RATE_HZ
        self._last_s: float | None = None
        self._repeated = False

    def read(self, picture: VideoFrame) -> float:
        stamp = picture.pts if picture.pts is not None else picture.dts
        if stamp is None:
            time_s = 0.0 if self._last_s is None else self._last_s + 1 / self.rate_hz
        else:
            time_s = stamp * self._base
        repeated = self._last_s is not None and time_s <= self._last_s
        if repeated and self._last_s is not None:
            # A repeated stamp belongs somewhere before the next one: half a frame later is at most half a
            # frame wrong and leaves no jump. Where stamps go on repeating, the nominal rate takes over.
            time_s = self._last_s + (1.0 if self._repeated else 0.5) / self.rate_hz
        self._repeated = repeated
        self._last_s = time_s
        return time_s


def _decoded(container: InputContainer, stream: VideoStream, report: DecodeReport) -> Iterator[VideoFrame]:
    from av.error import FFmpegError

    packets = container.demux(stream)
    in_a_row = 0
    while in_a_row < _MAX_BROKEN_IN_A_ROW:
        try:
            packet = next(packets, None)
        except FFmpegError:
            report.frames_broken += 1
            return  # the container itself is torn here
        if packet is None:
            return
        try:
            pictures = packet.decode()
        except FFmpegError:
            report.frames_broken += 1
            in_a_row += 1
            continue
        for picture in pictures:
            if picture.is_corrupt:
                report.frames_broken += 1
                continue
            in_a_row = 0
            yield picture
