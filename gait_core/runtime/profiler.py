"""What a job used over time: a bounded series of readings, its stages, and its videos side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gait_core.runtime.monitor import Reading

__all__ = ["SERIES", "JobProfile", "Lane", "SampleSeries"]

SERIES: Final = (
    "memory_bytes",
    "resident_bytes",
    "cpu_share",
    "machine_cpu_share",
    "machine_memory_share",
    "gpu_share",
    "gpu_memory_bytes",
    "frames",
    "cache_hits",
    "cache_misses",
)
"""What is kept of each reading; the last three count up from the beginning of the job."""

_MOST_POINTS: Final = 300
_MOST_LANES: Final = 400
_DIGITS: Final = 4


class SampleSeries:
    """Readings in buckets of equal length, each with its lowest and highest values; never more than a fixed number.

    When it is full, neighbours are merged in pairs and buckets hold twice as many readings from then on:
    a peak is never lost, and an hour takes as much memory as a minute.

    Parameters
    ----------
    most_points : int
        Buckets at most; even.
    """

    def __init__(self, most_points: int = _MOST_POINTS) -> None:
        self._most = most_points
        self._width = 1
        self._filled = 0
        self._time_s: list[float] = []
        self._low: list[list[float | None]] = []
        self._high: list[list[float | None]] = []

    def __len__(self) -> int:
        return len(self._time_s)

    def add(self, time_s: float, values: Mapping[str, float | None]) -> None:
        """Take one reading; names that are not in `SERIES` are left out, missing ones are None."""
        row = [values.get(name) for name in SERIES]
        if self._filled % self._width == 0:
            if len(self) == self._most:
                self._halve()
            self._time_s.append(time_s)
            self._low.append(row)
            self._high.append(list(row))
            self._filled = 0
        else:
            self._merge_into(-1, row, row)
        self._filled += 1

    def to_dict(self) -> dict[str, Any]:
        """Return `time_s` (when each bucket begins) and per name `low` and `high`, for JSON."""
        return {
            "time_s": [round(value, 3) for value in self._time_s],
            "readings_each": self._width,
            **{
                name: {
                    "low": [_short(row[column]) for row in self._low],
                    "high": [_short(row[column]) for row in self._high],
                }
                for column, name in enumerate(SERIES)
            },
        }

    def _halve(self) -> None:
        low, high = self._low[1::2], self._high[1::2]
        self._time_s, self._low, self._high = self._time_s[::2], self._low[::2], self._high[::2]
        for number, (one, other) in enumerate(zip(low, high, strict=True)):
            self._merge_into(number, one, other)
        self._width *= 2

    def _merge_into(self, number: int, low: list[float | None], high: list[float | None]) -> None:
        mine, most = self._low[number], self._high[number]
        for column in range(len(SERIES)):
            mine[column] = min(_known(mine[column], low[column]), default=None)
            most[column] = max(_known(most[column], high[column]), default=None)


def _known(*values: float | None) -> list[float]:
    return [value for value in values if value is not None]


def _short(value: float | None) -> float | None:
    return round(value, _DIGITS) if isinstance(value, float) else value


@dataclass(kw_only=True)
class Lane:
    """One video in one stage: a bar of the waterfall.

    Attributes
    ----------
    item, stage : str
    started_s, ended_s : float or None
        Seconds since the Unix epoch.
    state : str
        ``running``, ``done``, ``cached``, ``failed``, ``cancelled``.
    frames : int
        Frames done.
    cost : mapping
        What the stage reported of the finished video.
    """

    item: str
    stage: str
    started_s: float
    ended_s: float | None = None
    state: str = "running"
    frames: int = 0
    cost: Mapping[str, Any] = field(default_factory=dict)


class JobProfile:
    """Collects readings, stages and lanes of one job; its caller keeps threads apart."""

    def __init__(self) -> None:
        self.series = SampleSeries()
        self.peak_bytes = 0
        self.resident_peak_bytes = 0
        self.cpu_peak_share = 0.0
        self.gpu_peak_share: float | None = None
        self.gpu_memory_peak_bytes: int | None = None
        self._open: dict[str, int] = {}
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._frames_done = 0
        self._frames_running: dict[tuple[str, str], int] = {}
        self._dropped_lanes = 0
        self._last: Reading | None = None

    @property
    def last(self) -> Reading | None:
        """The latest reading."""
        return self._last

    @property
    def frames(self) -> int:
        """Frames that were computed in this job; those from the cache do not count."""
        return self._frames_done + sum(self._frames_running.values())

    @property
    def lanes(self) -> list[Lane]:
        """The videos in their stages, in the order in which they began."""
        return sorted(self._lanes.values(), key=lambda lane: lane.started_s)

    def read(self, reading: Reading, cache: tuple[int, int] | None = None) -> None:
        """Take one reading, and the hits and misses of the cache so far."""
        self._last = reading
        self.peak_bytes = max(self.peak_bytes, reading.memory_bytes)
        self.resident_peak_bytes = max(self.resident_peak_bytes, reading.resident_bytes)
        self.cpu_peak_share = max(self.cpu_peak_share, reading.cpu_share)
        if reading.gpu_share is not None:
            self.gpu_peak_share = max(self.gpu_peak_share or 0.0, reading.gpu_share)
        if reading.gpu_memory_bytes is not None:
            self.gpu_memory_peak_bytes = max(self.gpu_memory_peak_bytes or 0, reading.gpu_memory_bytes)
        for name in self._open:
            self._open[name] = max(self._open[name], reading.memory_bytes)
        hits, misses = cache if cache is not None else (None, None)
        counts = {"frames": self.frames, "cache_hits": hits, "cache_misses": misses}
        self.series.add(reading.time_s, {**vars(reading), **counts})

    def stage_begins(self, name: str, memory_bytes: int) -> None:
        """Note the memory at the beginning of a stage."""
        self._open[name] = memory_bytes

    def stage_ends(self, name: str, memory_bytes: int) -> int:
        """Return the highest memory seen while a stage ran, bytes."""
        return max(self._open.pop(name, 0), memory_bytes)

    def item_moves(self, stage: str, item: str, time_s: float, frames: int | None) -> None:
        """Note that a video is being worked on."""
        lane = self._lane(stage, item, time_s)
        if frames is None:
            return
        self._frames_running[stage, item] = frames
        if lane is not None:
            lane.frames = frames

    def item_ends(self, stage: str, item: str, time_s: float, state: str, cost: Mapping[str, Any]) -> None:
        """Note that a video is done with a stage."""
        frames = int(cost.get("frames", self._frames_running.get((stage, item), 0)))
        self._frames_running.pop((stage, item), None)
        if state != "cached":
            self._frames_done += frames
        lane = self._lane(stage, item, time_s)
        if lane is not None:
            lane.state, lane.ended_s, lane.frames, lane.cost = state, time_s, frames, dict(cost)

    def end(self, time_s: float, state: str) -> None:
        """Close the lanes that are open."""
        for lane in self._lanes.values():
            if lane.ended_s is None:
                lane.ended_s, lane.state = time_s, state

    def _lane(self, stage: str, item: str, time_s: float) -> Lane | None:
        lane = self._lanes.get((stage, item))
        if lane is None:
            if len(self._lanes) >= _MOST_LANES:
                self._dropped_lanes += 1
                return None
            lane = self._lanes[stage, item] = Lane(item=item, stage=stage, started_s=time_s)
        return lane

    def to_dict(self) -> dict[str, Any]:
        """Return series and lanes for ``samples.json``."""
        return {
            "series": self.series.to_dict(),
            "lanes": [dict(vars(lane), cost=dict(lane.cost)) for lane in self.lanes],
            "lanes_left_out": self._dropped_lanes,
        }
