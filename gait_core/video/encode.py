"""Write videos that play in every browser: H.264, 4:2:0, index in front."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, cast

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError, LibraryError
from gait_core.storage.leftovers import writer_mark
from gait_core.workspace import storage_guard

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

__all__ = ["VideoWriter"]

_TIME_BASE = Fraction(1, 90_000)
_CRF: Final = 20
_CODECS: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    # x264's macroblock tree reads memory that was never written: the same frames gave another file each time.
    ("libx264", {"preset": "veryfast", "mbtree": "0"}),
    ("libopenh264", {}),
    ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "6", "crf": "30", "b": "0"}),
)


class VideoWriter:
    """Write frames to an MP4 file; the file appears under its name only when it is complete.

    Parameters
    ----------
    path : path-like
        File to write; replaced when it exists.
    width_px, height_px : int
        Size of the frames; an odd side loses its last row or column, which 4:2:0 demands.
    frame_rate_hz : float
        Frames per second where `write` gets no time.
    threads : int
        Threads of the encoder.
    crf : int
        How coarsely x264 encodes, from 0 (without loss) to 51.
    """

    def __init__(
        self,
        path: Path | str,
        width_px: int,
        height_px: int,
        frame_rate_hz: float,
        *,
        threads: int = 1,
        crf: int = _CRF,
    ) -> None:
        if width_px < 2 or height_px < 2:
            raise InputError(
                f"Expected a frame of at least 2 by 2 px, but got {width_px} by {height_px}.", "Give a larger size."
            )
        if not 0 < frame_rate_hz <= 1000:
            raise InputError(f"Expected a frame rate up to 1000 Hz, but got {frame_rate_hz!r}.", "Give another rate.")
        self.path = Path(path)
        self.frames_written = 0
        self._shape = (height_px, width_px, 3)
        self._even = (height_px - height_px % 2, width_px - width_px % 2)
        self._rate_hz = frame_rate_hz
        self._threads = threads
        self._crf = crf
        self._last_stamp = -1
        self._temporary = self.path.with_name(f".{self.path.name}.{writer_mark()}.tmp.mp4")
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None

    def __enter__(self) -> Self:
        import av

        with storage_guard(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._container = av.open(str(self._temporary), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._new_stream(self._container)
        return self

    def write(self, rgb: NDArray[np.uint8], time_s: float | None = None) -> None:
        """Append a frame.

        Parameters
        ----------
        rgb : ndarray, shape (height_px, width_px, 3), uint8
        time_s : float, optional
            When it is shown, s, from 0, rising; default: frames at the nominal rate.
        """
        import av

        if self._stream is None or self._container is None:
            raise InputError("Expected an open writer, but it was not entered.", "Use it in a with statement.")
        if rgb.shape != self._shape or rgb.dtype != np.uint8:
            raise InputError(
                f"Expected a frame of shape {self._shape} and type uint8, but got {rgb.shape} and {rgb.dtype}.",
                "Resize the frame to the size of the writer.",
            )
        height, width = self._even
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb[:height, :width]), format="rgb24")
        seconds = time_s if time_s is not None else self.frames_written / self._rate_hz
        stamp = max(self._last_stamp + 1, round(seconds / _TIME_BASE))
        self._last_stamp = stamp
        frame.pts = stamp
        frame.time_base = _TIME_BASE
        with storage_guard(self.path):
            self._container.mux(self._stream.encode(frame))
        self.frames_written += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        container, stream = self._container, self._stream
        self._container = self._stream = None
        try:
            if container is not None and stream is not None:
                with storage_guard(self.path):
                    if kind is None:
                        container.mux(stream.encode(None))
                    container.close()
                    if kind is None:
                        self._temporary.replace(self.path)
        finally:
            self._temporary.unlink(missing_ok=True)

    def _new_stream(self, container: OutputContainer) -> VideoStream:
        import av

        for codec, options in _CODECS:
            if codec not in av.codecs_available:
                continue
            rate = Fraction(self._rate_hz).limit_denominator(1001)
            stream = cast("VideoStream", container.add_stream(codec, rate=rate))
            stream.width, stream.height = self._even[1], self._even[0]
            stream.pix_fmt = "yuv420p"
            stream.time_base = _TIME_BASE
            stream.codec_context.time_base = _TIME_BASE
            stream.codec_context.thread_count = self._threads
            stream.options = {**options, "crf": str(self._crf)} if codec == "libx264" else dict(options)
            return stream
        raise LibraryError(
            "Expected a video encoder that browsers can play, but this PyAV has none.",
            "Install PyAV from its wheel: pip install --force-reinstall av",
        )
