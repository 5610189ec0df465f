"""Frames of a video, one at a time: upright, thinned by time; broken ones are skipped and counted."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.video.ahead import read_ahead
from gait_core.video.container import DECODES, open_video
from gait_core.video.info import VideoInfo
from gait_core.video.orientation import orientation_of
from gait_core.video.pixels import Pixels
from gait_core.video.planar import PlanarPixels, upright_size
from gait_core.video.skipping import Skipper
from gait_core.video.timing import Clock, Thinner

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

__all__ = ["DecodeReport", "Frame", "Thinner", "decoder_bytes", "frame_bytes", "iter_frames"]

_MAX_BROKEN_IN_A_ROW = 1000
_BEFORE_SPAN_S: Final = 0.1
_NEAR_START_S: Final = 2.0
_PICTURES_HELD: Final = 24
"""Frames that a decoder refers back to, and a few more under way."""
_LONGEST_SEARCH: Final = 1500
"""Frames decoded at most to reach the span wanted; a file with hardly any key frames is given up."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """One frame.

    Attributes
    ----------
    index : int
        Number among the frames of the file, from 0; where only a span was asked for, from where decoding began.
    time_s : float
        Time stamp of the file, s, strictly rising.
    pixels : Pixels
        Upright, square pixels.
    """

    index: int
    time_s: float
    pixels: Pixels

    @property
    def image(self) -> NDArray[np.uint8]:
        """The frame in RGB, shape (height, width, 3)."""
        return self.pixels.rgb()


@dataclass(kw_only=True)
class DecodeReport:
    """What became of the frames of a file; counted while decoding.

    Attributes
    ----------
    frames_read, frames_broken, frames_kept : int
        Come by, skipped because damaged, and handed on.
    frames_skipped : int
        Those of the read ones that were not decoded, because they would not have been handed on.
    """

    frames_read: int = 0
    frames_broken: int = 0
    frames_kept: int = 0
    frames_skipped: int = 0

    def skipped(self, count: int) -> None:
        """Count frames that came by without being decoded."""
        self.frames_read += count
        self.frames_skipped += count


def frame_bytes(pixels: int) -> int:
    """Return the memory of a decoded frame with half as many colour values as pixels.

    Returns
    -------
    int
        Bytes, 1.5 per pixel.
    """
    return pixels * 3 // 2


def decoder_bytes(pixels: int) -> int:
    """Estimate the memory that it takes to decode a video with frames of so many pixels.

    Returns
    -------
    int
        Bytes: 24 frames, those that a decoder refers back to and a few more under way.
    """
    return _PICTURES_HELD * frame_bytes(pixels)


def iter_frames(
    source: VideoInfo | Path | str,
    *,
    target_fps: float | None = None,
    report: DecodeReport | None = None,
    threads: int = 1,
    skip_loop_filter: bool = False,
    ahead: int | Callable[[], int] = 0,
    span_s: tuple[float, float] | None = None,
) -> Iterator[Frame]:
    """Decode a video; no more than a few frames are held, whatever its length.

    Parameters
    ----------
    source : VideoInfo or path-like
        The video.
    target_fps : float, optional
        Highest frame rate, Hz; a faster video is thinned by time. What is thinned out is not even decoded where no
        other frame needs it; the others are the same to the bit.
    report : DecodeReport, optional
        Counted up while decoding.
    threads : int
        Threads of the decoder.
    skip_loop_filter : bool
        Leave out the smoothing of block edges: faster, and a little different from what was filmed.
    ahead : int or callable
        Frames decoded ahead in a thread of its own, or what tells how many at the moment (then the thread stays even at
        0); 0: in the thread of the caller, when a frame is asked for. Up to two more are held.
    span_s : (float, float), optional
        First and last time stamp wanted, s; decoding begins at the key frame before.

    Yields
    ------
    Frame
        Upright, with square pixels, in order of time.

    Raises
    ------
    VideoError
        When the file cannot be opened as a video.
    """
    path = Path(source.path if isinstance(source, VideoInfo) else source)
    reading = _Reading(
        path=path,
        rate_hz=source.frame_rate_hz if isinstance(source, VideoInfo) else None,
        target_fps=target_fps,
        report=report if report is not None else DecodeReport(),
        threads=threads,
        skip_loop_filter=skip_loop_filter,
        span_s=span_s,
    )
    if ahead == 0:
        yield from reading.frames()
    else:
        limit = ahead if callable(ahead) else lambda: ahead
        yield from read_ahead(reading.frames, limit, name=f"decode {path.name}")


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """One reading of a file, as `iter_frames` was asked for it."""

    path: Path
    rate_hz: float | None
    target_fps: float | None
    report: DecodeReport
    threads: int
    skip_loop_filter: bool
    span_s: tuple[float, float] | None

    def frames(self) -> Generator[Frame]:
        """Open the file and yield its frames."""
        from av.error import FFmpegError

        report = self.report
        first_s, last_s = self.span_s or (-math.inf, math.inf)
        with open_video(self.path) as (container, stream):
            DECODES.add(self.path)
            self._prepare(stream)
            clock = Clock(stream, self.rate_hz)
            thinner = Thinner(self.target_fps, clock.rate_hz)
            foretold = Thinner(self.target_fps, clock.rate_hz)
            skipper = Skipper(stream, (lambda stamp: foretold.keeps(stamp * clock.base_s)) if foretold.thins else None)
            ratio = float(stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or 1) or 1.0
            size: tuple[int, int] | None = None
            searched = 0
            if first_s > _NEAR_START_S:
                with suppress(FFmpegError):  # where a file cannot be searched, it is read from the start
                    container.seek(int((first_s - 2 * _BEFORE_SPAN_S) / clock.base_s), stream=stream, backward=True)
            for decoded in _decoded(container, stream, report, skipper):
                time_s = clock.read(decoded)
                report.skipped(skipper.passed(decoded.pts, mended=clock.mended))
                index = report.frames_read
                report.frames_read += 1
                if time_s < first_s - _BEFORE_SPAN_S:
                    searched += 1
                    if searched > _LONGEST_SEARCH:
                        return
                    continue
                if time_s > last_s:
                    return
                if not thinner.keeps(time_s):
                    continue
                orientation = orientation_of(decoded)
                if size is None:
                    size = upright_size(decoded, orientation, ratio)
                report.frames_kept += 1
                yield Frame(
                    index=index, time_s=time_s, pixels=PlanarPixels(decoded, orientation=orientation, size=size)
                )
            report.skipped(skipper.passed(None))

    def _prepare(self, stream: VideoStream) -> None:
        context = stream.codec_context
        context.thread_count = self.threads
        context.thread_type = "AUTO" if self.threads > 1 else "SLICE"
        if self.skip_loop_filter:
            context.options = {"skip_loop_filter": "all"}


def _decoded(
    container: InputContainer, stream: VideoStream, report: DecodeReport, skipper: Skipper
) -> Iterator[VideoFrame]:
    from av.error import FFmpegError

    packets = skipper.packets(_packets(container, stream, report))
    in_a_row = 0
    for packet in packets:
        try:
            images = packet.decode()
        except FFmpegError:
            report.frames_broken += 1
            in_a_row += 1
            if in_a_row >= _MAX_BROKEN_IN_A_ROW:
                return
            continue
        for pixels in images:
            if pixels.is_corrupt:
                report.frames_broken += 1
                continue
            in_a_row = 0
            yield pixels


def _packets(container: InputContainer, stream: VideoStream, report: DecodeReport) -> Iterator[Packet[VideoStream]]:
    from av.error import FFmpegError

    try:
        yield from container.demux(stream)
    except FFmpegError:
        report.frames_broken += 1  # the container itself is torn here
