"""Five walks become a baseline: as it was before anything was made faster, and as it is now, in whole processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from gait_core.bench.clips import walk_video
from gait_core.bench.common import BenchResult, Table
from gait_core.bench.pipeline_quality import Quality, judge, levels_of
from gait_core.bench.pipeline_runs import WarmRun, load_everything, warm_runs
from gait_core.bench.processes import Finished, call, into_page_cache, median_of, run_gait
from gait_core.config import profile_named
from gait_core.errors import LibraryError
from gait_core.pose.engines import resolved
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["bench_pipeline"]

_STAGES: Final = ("probe", "extract", "features", "train", "thresholds")
_LATER: Final[tuple[tuple[int, str | None, float], ...]] = (
    (60, None, 0.0),
    (70, "stiff_knee", 0.8),
    (61, None, 0.0),
    (71, "crouch", 0.8),
)
"""Number, impairment and severity of the walks that are scored afterwards."""
BEFORE, COLD, CACHED = "before", "nothing cached", "cached"
WARM_COLD, WARM_CACHED = "warm worker, nothing cached", "warm worker, cached"


@dataclass
class _Runs:
    """Answers and measurements of all runs by name."""

    finished: dict[str, list[Finished]] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    warm: dict[str, list[WarmRun]] = field(default_factory=dict)

    def add(self, name: str, finished: Finished) -> dict[str, Any]:
        self.finished.setdefault(name, []).append(finished)
        self.answers[name] = finished.json()
        return self.answers[name]

    def wall_s(self, name: str) -> float:
        fresh = [finished.wall_s for finished in self.finished.get(name, [])]
        return median_of(fresh + [run.wall_s for run in self.warm.get(name, [])])

    def stage_s(self, name: str, stage: str) -> float:
        timings = [finished.json()["timing_s"] for finished in self.finished.get(name, [])]
        timings += [run.timing_s for run in self.warm.get(name, [])]
        return median_of([timing[stage] for timing in timings])


def bench_pipeline(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Make a baseline the old way, the new way with nothing cached, and the new way from the cache.

    Parameters
    ----------
    workspace : Workspace
        Keeps the rendered walks; every run has an empty workspace of its own.
    reporter : Reporter
    quick : bool
        Three walks of 4 s at 540p and one repeat, instead of five of 10 s at 1080p, twice before and three times now.
    data : str, optional
        Not used.

    Returns
    -------
    BenchResult
        ``before_s``, ``cold_s`` and ``cached_s`` in fresh processes, ``warm_cold_s`` and ``warm_cached_s`` in a worker
        that has loaded everything, medians; ``cold_speedup`` and so on, ``before_s`` over each of them;
        ``val_loss_before``, ``val_loss_now`` and ``same_levels``, the share of later walks on which both baselines
        agree.
    """
    del data
    height_px, seconds = (540, 4.0) if quick else (1080, 10.0)
    repeats = {"before": 1 if quick else 2, "now": 1 if quick else 3}

    def video(number: int, impairment: str | None = None, severity: float = 0.0) -> str:
        found = walk_video(
            workspace,
            reporter,
            number=number,
            height_px=height_px,
            seconds=seconds,
            impairment=impairment,
            severity=severity,
        )
        return str(found)

    with reporter.stage("render", "Getting the walks"):
        videos = [video(number) for number in range(3 if quick else 5)]
        later = [video(*spec) for spec in _LATER[: 2 if quick else 4]]
        into_page_cache([*videos, *later])
    with reporter.stage("pipeline", "Libraries into the page cache"):
        call(load_everything, {}, reporter)
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # a worker may still be leaving
        runs = _run_all(videos, Path(folder), repeats, reporter)
        with reporter.stage("pipeline", "Test walks against both baselines"):
            levels = {
                name: levels_of(later, runs.answers[name]["baseline_id"], Path(folder) / place, reporter)
                for name, place in ((BEFORE, "before"), (COLD, f"now-{repeats['now'] - 1}"))
            }
        quality = judge(runs.answers[BEFORE], runs.answers[COLD], levels[BEFORE], levels[COLD])
    return _result(runs, quality, later, _settings(videos, later, repeats, height_px, seconds))


def _run_all(videos: Sequence[str], folder: Path, repeats: Mapping[str, int], reporter: Reporter) -> _Runs:
    runs = _Runs()

    def create(name: str, place: str, *flags: str) -> None:
        with reporter.stage("pipeline", name):
            command = ["baseline", "create", *videos, "--subject", "bench", *flags]
            runs.add(name, run_gait(command, folder / place, reporter))

    for repeat in range(max(repeats.values())):
        if repeat < repeats["before"]:
            create(BEFORE, "before", "--disable-optimizations")
        if repeat < repeats["now"]:
            create(COLD, f"now-{repeat}")
            create(CACHED, f"now-{repeat}")
    with reporter.stage("pipeline", "warm worker"):
        try:
            warm = warm_runs(videos, folder, repeats["now"], reporter)
        except LibraryError as error:
            # Minutes of other measurements shall not be lost over this; its figures are None.
            reporter.warn("pipeline", str(error))
        else:
            runs.warm = {WARM_COLD: warm["cold"], WARM_CACHED: warm["cached"]}
    return runs


def _settings(
    videos: Sequence[str], later: Sequence[str], repeats: Mapping[str, int], height_px: int, seconds: float
) -> dict[str, Any]:
    return {
        "videos": [Path(path).name for path in videos],
        "test_walks": [Path(path).name for path in later],
        "height_px": height_px,
        "seconds": seconds,
        "repeats": dict(repeats),
        "pose": resolved(profile_named("balanced").pose_settings()).to_dict(),
        "time": "from the start of the process to its end, medians; warm: from the order to the answer",
        "page_cache": "videos and libraries were read once before any run",
        "before": "baseline create --disable-optimizations: MediaPipe Tasks on full frames read by OpenCV, one video "
        "after another, no cache, LSTM from scratch (at most 50 epochs, patience 10, batch 32), full pass for limits",
    }


def _result(runs: _Runs, quality: Quality, later: Sequence[str], settings: Mapping[str, Any]) -> BenchResult:
    before_s = runs.wall_s(BEFORE)
    names = (BEFORE, COLD, CACHED, WARM_COLD, WARM_CACHED)
    seconds = {name: runs.wall_s(name) for name in names}
    keys = {COLD: "cold", CACHED: "cached", WARM_COLD: "warm_cold", WARM_CACHED: "warm_cached"}
    figures = {f"{key}_speedup": before_s / seconds[name] for name, key in keys.items()}
    figures |= {"before_s": before_s} | {f"{key}_s": seconds[name] for name, key in keys.items()}
    return BenchResult(
        bench="pipeline",
        settings=settings,
        figures=figures | quality.figures(),
        tables=[_stage_table(runs, seconds), *quality.tables([Path(path).name for path in later])],
    )


def _stage_table(runs: _Runs, seconds: Mapping[str, float]) -> Table:
    rows: list[list[Any]] = []
    for name, wall_s in seconds.items():
        found = runs.finished.get(name, [])
        stages = [runs.stage_s(name, stage) for stage in _STAGES]
        outside_s = wall_s - runs.stage_s(name, "total")
        cpu_s = median_of([finished.cpu_s for finished in found])
        peak_mib = median_of([finished.peak_bytes / 1024**2 for finished in found])
        rows.append([name, *stages, outside_s, wall_s, cpu_s, peak_mib])
    columns = ["run", *(f"{stage}, s" for stage in _STAGES), "start and end, s", "all, s", "CPU, s", "peak, MiB"]
    return Table(title="Videos to a stored baseline, medians", columns=columns, rows=rows)
