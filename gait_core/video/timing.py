"""When frames are shown, and which of them are kept."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

__all__ = ["Clock", "Thinner"]

_DEFAULT_RATE_HZ = 25.0


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
        # A rate within 2 % of the target is the target: 30.02 Hz must not lose a frame now and then.
        self._step_s = 1 / target_hz if target_hz and source_hz > 1.02 * target_hz else 0.0
        self._tolerance_s = min(0.5 / source_hz, 0.5 * self._step_s)
        self._next_s: float | None = None

    @property
    def thins(self) -> bool:
        """Whether any frame may be left out."""
        return self._step_s > 0

    def keeps(self, time_s: float) -> bool:
        """Return whether the frame at `time_s` is kept; times have to rise."""
        if self._step_s == 0:
            return True
        if self._next_s is None:
            self._next_s = time_s
        if time_s < self._next_s - self._tolerance_s:
            return False
        # After a gap the ticks start over, so that no frames are kept to catch up.
        begin_s = time_s if time_s >= self._next_s + self._step_s else self._next_s
        self._next_s = begin_s + self._step_s
        return True


class Clock:
    """Time stamps of a file, forced to rise strictly.

    Parameters
    ----------
    stream : VideoStream
    rate_hz : float, optional
        Frames per second; default: as the file says.
    """

    def __init__(self, stream: VideoStream, rate_hz: float | None) -> None:
        self.base_s = float(stream.time_base or Fraction(1, 90_000))
        declared = rate_hz or float(stream.average_rate or stream.guessed_rate or 0)
        self.rate_hz = declared if 0 < declared <= 10_000 else _DEFAULT_RATE_HZ
        self._last_s: float | None = None
        self.mended = False
        """Whether the last time is another than the stamp."""

    def read(self, pixels: VideoFrame) -> float:
        """Return the time of the next frame, s."""
        stamp = pixels.pts if pixels.pts is not None else pixels.dts
        if stamp is None:
            time_s = 0.0 if self._last_s is None else self._last_s + 1 / self.rate_hz
        else:
            time_s = stamp * self.base_s
        repeated = self._last_s is not None and time_s <= self._last_s
        if repeated and self._last_s is not None:
            # A repeated stamp belongs somewhere before the next one: half a frame later is at most half a
            # frame wrong and leaves no jump. Where stamps go on repeating, the nominal rate takes over.
            time_s = self._last_s + (1.0 if self.mended else 0.5) / self.rate_hz
        self.mended = repeated
        self._last_s = time_s
        return time_s
