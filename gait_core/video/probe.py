"""What a video is, without decoding it: size, rate, length, content hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import VideoError
from gait_core.video.container import check_file, open_video
from gait_core.video.info import VideoInfo
from gait_core.video.orientation import UPRIGHT, orientation_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from gait_core.video.metadata import MetadataCache

__all__ = ["content_sha256", "probe", "time_stamps"]

_PACKETS_FOR_ORIENTATION = 64
_DEFAULT_RATE_HZ = 25.0
_UNEVEN_SHARE = 0.05


def probe(path: Path | str, metadata: MetadataCache | None = None) -> VideoInfo:
    """Return what a video is; frames are counted by their packets, never by decoding.

    Parameters
    ----------
    path : path-like
        Video file.
    metadata : MetadataCache, optional
        Where the answer is kept until the file changes.

    Returns
    -------
    VideoInfo

    Raises
    ------
    VideoError
        When the file cannot be used as a video.
    """
    file = check_file(path)
    if metadata is not None and (known := metadata.get(file)) is not None:
        return known
    info = _examine(file)
    if metadata is not None:
        metadata.put(file, info)
    return info


def content_sha256(path: Path) -> str:
    """Return the digest of all bytes of a file.

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.

    Raises
    ------
    VideoError
        When the file cannot be read.
    """
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise VideoError(
            f"Expected to read {path.name}, but the disk reported: {error.strerror or error}.",
            "Copy the file to another disk and try again.",
        ) from error


def time_stamps(path: Path | str) -> NDArray[np.float64]:
    """Read the time stamps of all frames from the packets, without decoding.

    Returns
    -------
    ndarray, shape (n_frames,), float64
        s, in order of showing; frames that are never shown, or have no time stamp, are left out.
    """
    with open_video(path) as (container, stream):
        return _stamps(_packets(container, stream), stream)[0]


def _examine(file: Path) -> VideoInfo:
    with open_video(file) as (container, stream):
        first = _FirstFrame(stream)
        stamps, frame_count, discarded = _stamps(first.pass_on(_packets(container, stream)), stream)
        if frame_count == 0:
            raise VideoError(
                f"Expected frames in {file.name}, but it holds none.",
                "The recording or the copy was cut off; copy it again from the camera.",
            )
        declared_hz = _declared_rate(stream)
        # What an edit list cuts off is stored, counted by the header of the file, and not shown: it is not missing.
        frames_declared = max(0, stream.frames - discarded)
        codec, pixel_format = stream.codec_context.name, stream.codec_context.pix_fmt or "unknown"
        width, height = _square_size(stream)
    if first.orientation.swaps_sides:
        width, height = height, width
    rate_hz, variable = _rate(stamps, declared_hz)
    span_s = float(stamps[-1] - stamps[0]) if len(stamps) > 1 else 0.0
    return VideoInfo(
        path=str(file),
        name=file.name,
        size_bytes=file.stat().st_size,
        content_sha256=content_sha256(file),
        frame_count=frame_count,
        width_px=width,
        height_px=height,
        frame_rate_hz=rate_hz,
        duration_s=span_s + 1 / rate_hz if len(stamps) > 1 else frame_count / rate_hz,
        codec={"libdav1d": "av1"}.get(codec, codec),
        rotation_deg=first.orientation.rotation_deg,
        variable_frame_rate=variable,
        pixel_format=pixel_format,
        frames_declared=frames_declared,
    )


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    from av.error import FFmpegError

    # A truncated end: what came before it counts.
    with suppress(FFmpegError):
        yield from container.demux(stream)


def _stamps(packets: Iterator[Packet[VideoStream]], stream: VideoStream) -> tuple[NDArray[np.float64], int, int]:
    """Return the time stamps in order of showing, the number of frames shown, and that of frames never shown."""
    base = float(stream.time_base or Fraction(1, 90_000))
    stamps = []
    count = discarded = 0
    for packet in packets:
        if packet.size == 0:
            continue
        if packet.is_discard:
            discarded += 1
            continue
        count += 1
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is not None:
            stamps.append(stamp * base)
    return np.sort(np.asarray(stamps, np.float64)), count, discarded


class _FirstFrame:
    """Decode the first frame, and no other: only a frame shows how it has to be turned."""

    def __init__(self, stream: VideoStream) -> None:
        self._context = stream.codec_context
        self._context.options = {"skip_loop_filter": "all", "skip_idct": "all"}  # not needed
        self.orientation = UPRIGHT
        self._tries = _PACKETS_FOR_ORIENTATION

    def pass_on(self, packets: Iterator[Packet[VideoStream]]) -> Iterator[Packet[VideoStream]]:
        """Yield all packets, and decode until there is a frame."""
        for packet in packets:
            if self._tries > 0:
                self._tries -= 1
                self._look(packet)
            yield packet

    def _look(self, packet: Packet[VideoStream]) -> None:
        from av.error import FFmpegError

        try:
            # At once, without those that may have to be shown before it.
            images = packet.decode() or self._context.decode(None)
            self._context.flush_buffers()
        except FFmpegError:
            return
        if images:
            self.orientation = orientation_of(images[0])
            self._tries = 0


def _declared_rate(stream: VideoStream) -> float:
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and 0 < float(rate) <= 10_000:
            return float(rate)
    return 0.0


def _rate(stamps: NDArray[np.float64], declared_hz: float) -> tuple[float, bool]:
    """Return frames per second and whether the rate varies."""
    distances_s = np.diff(stamps)
    distances_s = distances_s[distances_s > 0]
    if len(distances_s) == 0:
        return declared_hz or _DEFAULT_RATE_HZ, False
    typical_s = float(np.median(distances_s))
    uneven = np.abs(np.diff(stamps) - typical_s) > 0.25 * typical_s + 0.0015
    # One odd first or last interval is common in files of a constant rate.
    variable = int(uneven.sum()) >= 2 and float(uneven.mean()) > _UNEVEN_SHARE
    mean_hz = (len(stamps) - 1) / float(stamps[-1] - stamps[0])
    if variable:
        return mean_hz, True
    # Rounded time stamps blur the median; the declared rate is exact where it agrees.
    median_hz = 1 / typical_s
    return (declared_hz if abs(declared_hz - median_hz) < 0.02 * median_hz else median_hz), False


def _square_size(stream: VideoStream) -> tuple[int, int]:
    context = stream.codec_context
    ratio = stream.sample_aspect_ratio or context.sample_aspect_ratio
    width, height = context.width, context.height
    if ratio and ratio > 0 and ratio != 1:
        width = max(1, round(width * float(ratio)))
    return width, height
