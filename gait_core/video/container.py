"""Open a video file and say in one sentence why it cannot be used."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gait_core.errors import VideoError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

__all__ = ["DECODES", "DecodeCounter", "check_file", "open_video"]

_NOT_VIDEO = frozenset({"ansi", "bintext", "xbin", "idf"})
"""Decoders that would draw any text file as an image."""

_CHOOSE = "Choose a video file, for example an MP4 or MOV from a phone or camera."
_NO_VIDEO: Final = {".c3d": "a motion-capture file", ".npz": "a file of arrays"}
_MEASURE: Final = (
    "A walk recorded with markers is measured with the command measure, or under Measure a walk; everything else takes "
    "videos."
)


class DecodeCounter:
    """How often each file was opened to decode it, in this process; safe in threads.

    Reading packets, or the first frame to see how it has to be turned, is no decoding.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, path: Path | str) -> None:
        """Count one decoding of a file."""
        with self._lock:
            self._counts[str(Path(path).expanduser().absolute())] += 1

    @property
    def counts(self) -> dict[str, int]:
        """Absolute path → decodings since the start or the last `clear`."""
        with self._lock:
            return dict(self._counts)

    def clear(self) -> None:
        """Begin at zero."""
        with self._lock:
            self._counts.clear()


DECODES: Final = DecodeCounter()
"""Counts what `iter_frames` opens: a property of the process, as is the memory that it uses."""


def check_file(path: Path | str) -> Path:
    """Check that a file exists, may be read and is not empty.

    Returns
    -------
    Path
        Absolute.

    Raises
    ------
    VideoError
        When the file is missing, a folder, not readable or empty.
    """
    file = Path(path).expanduser().absolute()
    try:
        status = file.stat()
    except PermissionError:
        raise _not_allowed(file) from None
    except (OSError, ValueError):
        raise VideoError(f"Expected a video at {file}, but there is no such file.", "Check the path.") from None
    if file.is_dir():
        raise VideoError(
            f"Expected a video, but {file} is a folder without videos.", "Name a video, or a folder of videos."
        )
    if not file.is_file():
        raise VideoError(f"Expected a video file, but {file} is a device or a pipe.", _CHOOSE)
    if not os.access(file, os.R_OK):
        raise _not_allowed(file)
    if status.st_size == 0:
        raise VideoError(
            f"Expected a video, but {file.name} is empty (0 bytes).",
            "Copy it from the camera again, and let the copy finish.",
        )
    return file


def _not_allowed(file: Path) -> VideoError:
    return VideoError(
        f"Expected to be allowed to read {file.name} in {file.parent}, but permission was denied.",
        "Change the permission of the file or of its folder.",
    )


@contextmanager
def open_video(path: Path | str) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a file and its video stream.

    Parameters
    ----------
    path : path-like
        Local file; nothing is ever fetched over a network, whatever the file refers to.

    Yields
    ------
    container, stream
        Of PyAV; closed at the end.

    Raises
    ------
    VideoError
        When the file is not a video that can be opened.
    """
    import av

    file = check_file(path)
    try:
        container = av.open(str(file), options={"protocol_whitelist": "file"}, metadata_errors="ignore")
    except PermissionError:
        raise _not_allowed(file) from None
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if (what := _NO_VIDEO.get(file.suffix.lower())) is not None:
            raise VideoError(f"Expected a video, but {file.name} is {what}.", _MEASURE) from error
        raise VideoError(
            f"Expected a video, but {file.name} is not one or is damaged ({_reason(error)}).", _CHOOSE
        ) from error
    with container:
        yield container, _video_stream(container, file)


def _video_stream(container: InputContainer, file: Path) -> VideoStream:
    from av.error import FFmpegError

    # A music file may carry its cover as a "video" of one image.
    streams = [stream for stream in container.streams.video if not _is_cover(stream)]
    if not streams:
        audio = "only sound" if container.streams.audio else "no frames"
        raise VideoError(f"Expected a video, but {file.name} holds {audio}.", _CHOOSE)
    stream = max(streams, key=_preference)
    try:
        context = stream.codec_context
        name = context.name if context is not None else ""
    except (FFmpegError, ValueError):
        name = ""
    if name in _NOT_VIDEO:
        raise VideoError(f"Expected a video, but {file.name} is a text file.", _CHOOSE)
    if not name:
        raise VideoError(
            f"Expected a video in a known format, but {file.name} needs a decoder that is not installed.",
            "Convert it to MP4 with H.264.",
        )
    return stream


def _is_cover(stream: VideoStream) -> bool:
    return "attached_pic" in (stream.disposition.name or "").lower()


def _preference(stream: VideoStream) -> tuple[bool, bool, float, int, int]:
    """Return what makes a stream the main one: moving, marked as default, long, large, first.

    A thumbnail stored as a stream of its own holds one frame, whatever it is marked as.
    """
    length_s = float((stream.duration or 0) * (stream.time_base or 0))
    context: VideoCodecContext | None = stream.codec_context  # none where no decoder is known
    return (
        stream.frames != 1,
        "default" in (stream.disposition.name or "").lower(),
        length_s,
        0 if context is None else (context.width or 0) * (context.height or 0),
        -stream.index,
    )


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", "") or error).rstrip(".").lower()
