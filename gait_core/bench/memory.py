"""Measures whether the memory of extraction grows with the length of the video."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from gait_core.bench.clips import long_video, walk_video
from gait_core.bench.common import BenchResult, Table
from gait_core.bench.processes import Finished, run_gait
from gait_core.config import profile_named
from gait_core.pose.engines import resolved
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["bench_memory"]

_SHORT_S: Final = 10
_LONG_S: Final = 3600
_QUICK_S: Final = 60
_HEIGHT_PX: Final = 540


def bench_memory(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Extract a video of ten seconds and one of an hour, each in a fresh process, and compare the peaks.

    Parameters
    ----------
    workspace : Workspace
        Keeps the short video; landmarks go to an empty workspace.
    reporter : Reporter
    quick : bool
        One minute instead of an hour.
    data : str, optional
        Not used.

    Returns
    -------
    BenchResult
        ``short_mib`` and ``long_mib``, the peaks of the whole process; ``long_vs_short``, their ratio, and
        ``private_long_vs_short``, the same without mapped files, NaN where the system does not tell them apart.
    """
    del data
    lengths_s = (_SHORT_S, _QUICK_S if quick else _LONG_S)
    with reporter.stage("render", "Getting the short video"):
        clip = walk_video(workspace, reporter, number=0, height_px=_HEIGHT_PX, seconds=float(_SHORT_S))
    found: dict[int, Finished] = {}
    frames: dict[int, int] = {}
    with TemporaryDirectory() as folder:
        for length_s in lengths_s:
            # The hour is the short clip again and again, packet by packet: it costs the decoder and us the same.
            video = Path(folder) / f"walk-{length_s}s.mp4"
            long_video(video, clip, float(length_s), reporter)
            with reporter.stage("memory", f"Extracting {length_s} s of video"):
                found[length_s] = run_gait(["extract", str(video)], Path(folder) / f"workspace-{length_s}", reporter)
            frames[length_s] = int(found[length_s].json()["walks"][0]["frames"])
            video.unlink()
    short, long = (found[length_s] for length_s in lengths_s)
    return BenchResult(
        bench="memory",
        settings={
            "profile": "balanced",
            "pose": resolved(profile_named("balanced").pose_settings()).to_dict(),
            "lengths_s": list(lengths_s),
            "clip": clip.name,
            "peak": "largest resident memory of the whole process, mapped files included; its parts each at a time of "
            "its own, so that they may add up to more",
        },
        figures={
            "short_mib": short.peak_bytes / 1024**2,
            "long_mib": long.peak_bytes / 1024**2,
            "long_vs_short": long.peak_bytes / short.peak_bytes,
            "private_long_vs_short": _ratio(long.private_bytes, short.private_bytes),
        },
        tables=[
            Table(
                title="Peak memory of extraction, whole process",
                columns=["video, s", "frames", "peak, MiB", "of its own, MiB", "mapped files, MiB", "s", "frames/s"],
                rows=[_row(length_s, frames[length_s], found[length_s]) for length_s in lengths_s],
            )
        ],
    )


def _ratio(first: int | None, second: int | None) -> float:
    return first / second if first and second else float("nan")


def _row(length_s: int, frames: int, finished: Finished) -> list[Any]:
    sizes = (finished.peak_bytes, finished.private_bytes, finished.mapped_bytes)
    parts = [round(size / 1024**2, 1) if size is not None else None for size in sizes]
    return [length_s, frames, *parts, finished.wall_s, frames / finished.wall_s]
