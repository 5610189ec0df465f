"""What the performance page shows of a job: its report and its series, prepared for charts and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app import words
from gait_core.jobs.performance import read_report, read_samples
from gait_core.jobs.store import Job

__all__ = [
    "OWN_PEAK",
    "JobReport",
    "Series",
    "Span",
    "compared",
    "load",
    "own_peak",
    "quotient",
    "spans",
    "with_mapped_files",
]

_RATE_OVER_S: Final = 2.0
GIB: Final = 1024**3
OWN_PEAK: Final = "Own peak memory"
"""Name of what `own_peak` returns."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """One figure over the time of a job.

    Attributes
    ----------
    time_s : sequence of float
        Seconds since the job began.
    low, high : sequence of float or None
        Lowest and highest reading of each bucket.
    """

    time_s: Sequence[float]
    low: Sequence[float | None]
    high: Sequence[float | None]

    @property
    def measured(self) -> bool:
        """True when at least one reading is there."""
        return any(value is not None for value in self.high)


@dataclass(frozen=True, kw_only=True)
class Span:
    """A bar of the waterfall: a stage, or one video in it; times in s since the job began."""

    name: str
    start_s: float
    end_s: float
    state: str
    video: bool = False
    more: str = ""

    @property
    def duration_s(self) -> float:
        """Length, s."""
        return self.end_s - self.start_s


@dataclass(frozen=True, kw_only=True, eq=False)
class JobReport:
    """One job with its report and its series.

    Attributes
    ----------
    job : Job
    report : mapping
        As `build_report` makes it; empty for a job from before there were reports.
    samples : mapping
        Contents of ``samples.json``.
    """

    job: Job
    report: Mapping[str, Any]
    samples: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Title and moment, to tell jobs apart."""
        return f"{self.job.title} · {words.moment(self.job.created_s)}"

    @property
    def begun_s(self) -> float:
        """When the job began, seconds since the Unix epoch."""
        return float(self.job.started_s or self.job.created_s)

    @property
    def total_s(self) -> float | None:
        """Running time, s."""
        return self.job.duration_s

    @property
    def frames_per_s(self) -> float | None:
        """Frames computed a second of extraction."""
        return self.report.get("frames_per_s")

    def series(self, name: str) -> Series:
        """Return one series; empty where it was not kept."""
        stored = self.samples.get("series") or {}
        times = [float(value) - self.begun_s for value in stored.get("time_s", ())]
        values = stored.get(name) or {}
        low, high = values.get("low") or [None] * len(times), values.get("high") or [None] * len(times)
        return Series(time_s=times, low=low, high=high)

    def frame_rate(self) -> Series:
        """Return frames a second, each over the last two seconds or more."""
        counted = self.series("frames")
        rates: list[float | None] = []
        first = 0
        for now, at_s in enumerate(counted.time_s):
            while first + 1 < now and at_s - counted.time_s[first + 1] >= _RATE_OVER_S:
                first += 1
            rates.append(_rate(counted, first, now))
        return Series(time_s=counted.time_s, low=rates, high=rates)

    def cache_rate(self) -> Series:
        """Return the share of look-ups so far that the cache answered, in [0, 1]."""
        hits, misses = self.series("cache_hits"), self.series("cache_misses")
        shares = [quotient(hit, (hit or 0) + (miss or 0)) for hit, miss in zip(hits.high, misses.high, strict=True)]
        return Series(time_s=hits.time_s, low=shares, high=shares)


def load(job: Job) -> JobReport:
    """Read what the folder of a job holds."""
    return JobReport(job=job, report=read_report(job.folder) or {}, samples=read_samples(job.folder))


def spans(item: JobReport, now_s: float | None = None) -> list[Span]:
    """Return stages in their order, each followed by its videos where they are known.

    Parameters
    ----------
    item : JobReport
    now_s : float, optional
        End of what still runs, seconds since the Unix epoch.
    """
    ended_s = item.job.ended_s or now_s or item.job.status.get("heartbeat_s") or item.begun_s
    found: list[Span] = []
    seen: set[str] = set()
    for stage in item.job.stages:
        name, begun_s = str(stage["name"]), float(stage.get("started_s") or item.begun_s)
        took = stage.get("duration_s")
        end_s = begun_s + float(took) if took is not None else float(ended_s)
        found.append(
            Span(
                name=words.stage_name(name),
                start_s=begun_s - item.begun_s,
                end_s=max(end_s, begun_s) - item.begun_s,
                state=str(stage.get("state", "")),
                more=f"own peak memory {_mb(quotient(stage.get('peak_memory_bytes'), 1024**2))}",
            )
        )
        if name not in seen:
            found += _lanes(item, name, float(ended_s))
            seen.add(name)
    return found


def _lanes(item: JobReport, stage: str, ended_s: float) -> list[Span]:
    videos = {video["name"]: video for video in item.report.get("videos") or ()} if stage == "extract" else {}
    found = []
    for lane in item.samples.get("lanes") or ():
        if lane.get("stage") == stage:
            begun_s, end_s = float(lane["started_s"]), float(lane.get("ended_s") or ended_s)
            found.append(
                Span(
                    name=str(lane["item"]),
                    start_s=begun_s - item.begun_s,
                    end_s=max(begun_s, end_s) - item.begun_s,
                    state=str(lane.get("state", "")),
                    video=True,
                    more=_video_text(videos.get(lane["item"], {}), int(lane.get("frames") or 0)),
                )
            )
    return found


def _video_text(video: Mapping[str, Any], frames: int) -> str:
    parts = [words.plural(frames, "frame")] if frames else []
    if video.get("frames_per_s"):
        parts.append(words.rate(video["frames_per_s"], "frames"))
    for name, label in (("decode_s", "decoding"), ("pose_s", "pose"), ("other_s", "other"), ("opening_s", "opening")):
        if video.get(name) is not None:
            parts.append(f"{label} {words.duration(video[name])}")
    return ", ".join(parts)


def compared(items: Sequence[JobReport]) -> list[tuple[str, list[str]]]:
    """Return the rows of a comparison: name, and the figure of each job as text."""
    rows = [(name, [shown(item) for item in items]) for name, shown in _FIGURES]
    stages: dict[str, None] = {}
    for item in items:
        stages.update(dict.fromkeys(str(stage["name"]) for stage in item.report.get("stages") or ()))
    return rows + [
        (words.stage_name(name), [words.duration(_stage_s(item, name)) for item in items]) for name in stages
    ]


def _stage_s(item: JobReport, name: str) -> float | None:
    took = [stage["duration_s"] for stage in item.report.get("stages") or () if stage["name"] == name]
    known = [value for value in took if value is not None]
    return sum(known) if known else None


def _of(item: JobReport, *path: str) -> Any:
    value: Any = item.report
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _mb(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value / 1024:.2f} GB" if value >= 1024 else f"{value:.0f} MB"


def own_peak(item: JobReport) -> str:
    """Return the most memory that a job held for itself, as text; its limit applies to that, not to mapped files."""
    return _mb(_of(item, "memory_usage", "peak_mb"))


def with_mapped_files(job: Job) -> str:
    """Return the most memory in which the worker was resident, as text that distinguishes it from `own_peak`."""
    return f"{words.size(job.peak_memory_bytes)} with mapped files"


def _engine(item: JobReport) -> str:
    parts = [_of(item, "engine", name) for name in ("name", "model", "precision", "device")]
    return ", ".join(str(part) for part in parts if part) or "not used"


def _cache(item: JobReport) -> str:
    hits, misses = _of(item, "cache", "hits"), _of(item, "cache", "misses")
    return f"{hits} of {hits + misses} from the cache" if hits is not None and hits + misses else "not used"


_FIGURES: Final = (
    ("State", lambda item: words.state_name(item.job.state)),
    ("Profile", lambda item: str(_of(item, "performance_mode") or "–")),
    ("Total time", lambda item: words.duration(item.total_s)),
    ("Frames computed", lambda item: f"{_of(item, 'frames', 'computed') or 0:,}"),
    ("Frames/s", lambda item: words.number(item.frames_per_s, 1)),
    (OWN_PEAK, lambda item: own_peak(item)),
    ("Memory limit", lambda item: _mb(_of(item, "memory_usage", "limit_mb"))),
    ("CPUs, mean", lambda item: words.percent(_of(item, "cpu", "mean_share"))),
    ("Look-ups", _cache),
    ("Pose engine", _engine),
)


def _rate(counted: Series, first: int, now: int) -> float | None:
    begin, end = counted.high[first], counted.high[now]
    elapsed_s = counted.time_s[now] - counted.time_s[first]
    return (end - begin) / elapsed_s if begin is not None and end is not None and elapsed_s > 0 else None


def quotient(part: float | None, whole: float | None) -> float | None:
    """Return part/whole, or None when that cannot be said."""
    return part / whole if part is not None and whole else None
