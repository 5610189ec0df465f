"""Videos made from other videos: the same recording in another file, in other light, on another clock."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

__all__ = ["encoded_again", "remuxed"]

Image = NDArray[np.uint8]
TIME_BASE = Fraction(1, 90_000)


def remuxed(source: Path, target: Path) -> Path:
    """Copy the packets of a video into a new file."""
    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        stream = read.streams.video[0]
        copy = written.add_stream_from_template(stream)
        for packet in read.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                written.mux(packet)
    return target


def encoded_again(
    source: Path,
    target: Path,
    *,
    width: int | None = None,
    crf: int = 23,
    image: Callable[[Image], Image] | None = None,
    time_s: Callable[[float], float] | None = None,
    keeps: Callable[[int], bool] | None = None,
) -> Path:
    """Encode a video again, smaller, with other pixels, on another clock, or without some of its frames.

    Parameters
    ----------
    source, target : Path
    width : int, optional
        Of the new images, px; the height follows.
    crf : int
        Quality; 23 is usual, 32 what a messenger leaves.
    image, time_s, keeps : callable, optional
        New RGB image of an image, new time of a time in s, and which frames are kept.
    """
    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        stream = read.streams.video[0]
        wide = width or stream.width
        high = round(stream.height * wide / stream.width / 2) * 2
        copy = written.add_stream("libx264", rate=30, options={"crf": str(crf), "preset": "veryfast", "mbtree": "0"})
        copy.width, copy.height, copy.pix_fmt, copy.time_base = wide, high, "yuv420p", TIME_BASE
        copy.codec_context.time_base = TIME_BASE
        for number, frame in enumerate(read.decode(stream)):
            if keeps is not None and not keeps(number):
                continue
            moment_s = float(frame.time or 0.0)
            if image is not None:
                frame = av.VideoFrame.from_ndarray(image(frame.to_ndarray(format="rgb24")), format="rgb24")
            fitted = frame.reformat(width=wide, height=high, format="yuv420p")
            fitted.pts = round((moment_s if time_s is None else time_s(moment_s)) / TIME_BASE)
            fitted.time_base = TIME_BASE
            written.mux(copy.encode(fitted))
        written.mux(copy.encode(None))
    return target
