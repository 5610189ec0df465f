"""All built-in profiles on the same walks: speed, memory against the limit, agreement with the most accurate one."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from gait_core.bench.common import BenchResult, Table
from gait_core.compare.agreement import (
    COMPARED_CURVES,
    agreement,
    curve_differences,
    curve_means,
    gait_values,
    value_differences,
)
from gait_core.compare.measured_profile import MeasuredProfile
from gait_core.compare.profile_comparison import most_accurate
from gait_core.config import PROFILES
from gait_core.errors import GaitError, NotFoundError
from gait_core.jobs.profile_runs import measure_under
from gait_core.progress import Reporter
from gait_core.simulate.cohort import simulate_walks
from gait_core.workspace import Workspace

__all__ = ["bench_profiles"]

_MIB: Final = 1024**2
_LEGS: Final = ("near", "far")
_VALUES: Final = ("cadence_spm", "stance_pct", "step_time_s")


def bench_profiles(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Run every built-in profile on the same walks, each time in a fresh process without a cache.

    Parameters
    ----------
    workspace : Workspace
        Not used: nothing comes from a cache.
    reporter : Reporter
    quick : bool
        Two walks once instead of five walks three times.
    data : str, optional
        Folder with real walks, those under ``walks`` in it; without it the walks are simulated.

    Returns
    -------
    BenchResult
        For each profile ``<profile>_frames_per_s``, ``…_video_s_per_s``, ``…_peak_mib``, ``…_peak_of_limit`` and
        ``…_walks``, how many could be used; its distance from the most accurate profile as ``…_median_pct`` (landmarks,
        % of the body height), ``…_knee_deg`` and more; ``fast_vs_balanced`` and ``accurate_vs_balanced``, ratios of the
        frames per second.
    """
    del workspace
    repeats, count = (1, 2) if quick else (3, 5)
    with TemporaryDirectory() as folder, reporter.stage("profiles", "Running the profiles"):
        clips = _clips(Path(folder) / "clips", data, count, reporter)
        runs: dict[str, list[MeasuredProfile]] = {name: [] for name in PROFILES}
        for turn in range(repeats):  # in turns, so that a slow minute of the machine meets all alike
            for number, (name, profile) in enumerate(PROFILES.items()):
                place = Path(folder) / f"{name}-{turn}"
                runs[name].append(measure_under(clips, profile, place, reporter.without_events()))
                reporter.progress("profiles", turn * len(PROFILES) + number + 1, repeats * len(PROFILES), "runs")
    best = most_accurate(list(PROFILES.values())).name
    figures: dict[str, float] = {}
    rows: list[list[object]] = []
    for name, measured in runs.items():
        own = _figures(name, measured, runs[best][0] if name != best else None)
        figures |= {f"{name}_{key}": value for key, value in own.items()}
        rows.append([name, *(own.get(key) for key in _COLUMNS)])
    for name in ("fast", "accurate"):
        figures[f"{name}_vs_balanced"] = figures[f"{name}_frames_per_s"] / figures["balanced_frames_per_s"]
    return BenchResult(
        bench="profiles",
        settings={
            "clips": [clip.name for clip in clips],
            "repeats": repeats,
            "real": data is not None,
            "engines": {name: _engine(measured[0]) for name, measured in runs.items()},
        },
        figures=figures,
        tables=[Table(title=f"Profiles; agreement with {best}", columns=["profile", *_COLUMNS.values()], rows=rows)],
    )


_COLUMNS: Final[Mapping[str, str]] = {
    "frames_per_s": "frames/s",
    "video_s_per_s": "seconds of video a second",
    "peak_mib": "peak, MiB",
    "peak_of_limit": "peak / limit",
    "median_pct": "landmarks, median % of height",
    "p95_pct": "95 %",
    "exchanged_share": "frames with legs exchanged",
    "knee_deg": "knee curve, degrees",
    "hip_deg": "hip curve, degrees",
    "ankle_deg": "ankle curve, degrees",
    "cadence_spm": "cadence, steps/min",
    "stance_pct": "stance, % of cycle",
    "step_time_s": "step time, s",
}


def _clips(folder: Path, data: str | None, count: int, reporter: Reporter) -> list[Path]:
    if data is None:
        return list(simulate_walks(folder, walks=count, seed=11, reporter=reporter.without_events()))
    root = Path(data)
    found = sorted((root / "walks" if (root / "walks").is_dir() else root).glob("*.mp4"))
    if not found:
        raise NotFoundError(f"Expected walks (.mp4) in {root}, but there are none.", "Name another folder.")
    first = [path for path in found if path.stem.endswith("s1")]  # one of each person before a second one
    return [*first, *(path for path in found if path not in first)][:count]


def _figures(name: str, measured: Sequence[MeasuredProfile], best: MeasuredProfile | None) -> dict[str, float]:
    limit = PROFILES[name].memory_limit_bytes
    peak = max(run.peak_bytes for run in measured)
    rates = [run.frames_per_s for run in measured]
    seconds = sum(track.duration_s for track in measured[0].tracks if track is not None)
    figures = {
        "frames_per_s": statistics.median(rates),
        "video_s_per_s": statistics.median(seconds / run.extract_s if run.extract_s else 0.0 for run in measured),
        "peak_mib": peak / _MIB,
        "peak_of_limit": peak / limit,
        "walks": float(sum(track is not None for track in measured[0].tracks)),
    }
    return figures | (_agreement(measured[0], best) if best is not None else {})


def _agreement(own: MeasuredProfile, best: MeasuredProfile) -> dict[str, float]:
    """Return the mean over the walks of how far a profile lies from the most accurate one."""
    found: dict[str, list[float]] = {}

    def add(key: str, value: float | None) -> None:
        if value is not None:
            found.setdefault(key, []).append(value)

    for walk, track, other, other_track in zip(own.walks, own.tracks, best.walks, best.tracks, strict=True):
        if isinstance(walk, GaitError) or isinstance(other, GaitError) or track is None or other_track is None:
            continue
        near = other.measurement.visible_side
        agreed = agreement(track, other_track, near)
        for key in ("median_pct", "p95_pct", "raw_p95_pct", "exchanged_share"):
            add(key, agreed[key])
        away = curve_differences(
            curve_means(walk.measurement.curves, near), curve_means(other.measurement.curves, near)
        )
        for joint in COMPARED_CURVES:
            for leg in _LEGS:
                add(f"{joint}_deg", away[f"{joint}_{leg}"])
        differences = value_differences(gait_values(walk.measurement), gait_values(other.measurement), _VALUES)
        for key, value in differences.items():
            add(key, abs(value))
    return {key: float(np.mean(values)) for key, values in found.items()}


def _engine(measured: MeasuredProfile) -> str:
    track = next((track for track in measured.tracks if track is not None), None)
    return str(track.info.get("engine", "")) if track is not None else ""
