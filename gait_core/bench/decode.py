"""How often a video is decoded, what a frame costs, and a 2160p HEVC clip from end to end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from gait_core.bench.clips import uhd_video, walk_video
from gait_core.bench.common import BenchResult, Table
from gait_core.bench.decode_runs import WAYS, count_decodes, read_all
from gait_core.bench.extraction_runs import our_extraction, plain_loop
from gait_core.bench.processes import call, into_page_cache, median_of, one_core
from gait_core.config import profile_named
from gait_core.pose.engines import resolved
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["bench_decode"]

_WALKS: Final = 3


def bench_decode(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Count decodes over a whole baseline, time reading at three sizes, and extract a 2160p clip both ways.

    Parameters
    ----------
    workspace : Workspace
        Keeps the rendered clips.
    reporter : Reporter
    quick : bool
        Shorter clips and one repeat instead of three.
    data : str, optional
        Not used.

    Returns
    -------
    BenchResult
        ``decodes_per_video`` and ``decodes_per_cached_video``, the most that one video was decoded without and with the
        cache; ``uhd_speedup`` and ``uhd_speedup_cpu``, a plain loop of OpenCV and MediaPipe over ours, by the
        clock and by CPU time.
    """
    del data
    repeats = 1 if quick else 3
    with reporter.stage("render", "Getting the clips"):
        walks = [
            walk_video(workspace, reporter, number=number, height_px=540, seconds=3.0 if quick else 10.0)
            for number in range(_WALKS)
        ]
        full_hd = walk_video(workspace, reporter, number=0, height_px=1080, seconds=2.0 if quick else 10.0)
        uhd = uhd_video(workspace, reporter, quick=quick)
        into_page_cache([*walks, full_hd, uhd])
    with reporter.stage("decode", "Counting how often a video is decoded"), TemporaryDirectory() as folder:
        arguments = {"videos": [str(path) for path in walks], "folder": folder}
        counts, _ = call(count_decodes, arguments, reporter)
    with reporter.stage("decode", "Reading at three sizes"):
        reading = _reading([walks[0], full_hd, uhd], repeats, reporter)
    with reporter.stage("decode", "A 2160p clip from end to end"):
        plain, ours = _end_to_end(uhd, repeats, reporter)
    pose = profile_named("balanced").pose_settings().with_(precision="f32")
    wall = {name: median_of([run["wall_s"] for run in runs]) for name, runs in (("plain", plain), ("ours", ours))}
    cpu = {name: median_of([run["cpu_s"] for run in runs]) for name, runs in (("plain", plain), ("ours", ours))}
    return BenchResult(
        bench="decode",
        settings={
            "repeats": repeats,
            "walks": [path.name for path in walks],
            "clips": [walks[0].name, full_hd.name, uhd.name],
            "pose": resolved(pose).to_dict(),
            "decodes_per_video": "the most that one video was decoded while a baseline was made in an empty workspace",
            "uhd_speedup": "plain loop of OpenCV and MediaPipe over ours, wall time, the same model",
        },
        figures={
            "decodes_per_video": float(max(counts["nothing cached"])),
            "decodes_per_cached_video": float(max(counts["from the cache"])),
            "uhd_speedup": wall["plain"] / wall["ours"],
            "uhd_speedup_cpu": cpu["plain"] / cpu["ours"],
        },
        tables=[
            Table(
                title="Reading one frame on one core, ms of CPU time, medians",
                columns=["clip", *WAYS],
                rows=reading,
            ),
            Table(
                title="2160p HEVC from end to end, full model, f32",
                columns=["run", "frames", "s", "CPU, s"],
                rows=[[name, plain[0]["frames"], wall[name], cpu[name]] for name in ("plain", "ours")],
            ),
        ],
    )


def _reading(clips: Sequence[Path], repeats: int, reporter: Reporter) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for clip in clips:
        row: list[Any] = [clip.name]
        for way in WAYS:
            found = []
            for _ in range(repeats):
                answer, _finished = call(read_all, {"path": str(clip), "way": way}, reporter, cores=one_core())
                found.append(1000 * answer["cpu_s"] / answer["frames"])
            row.append(median_of(found))
        rows.append(row)
    return rows


def _end_to_end(clip: Path, repeats: int, reporter: Reporter) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    settings = profile_named("balanced").pose_settings().with_(precision="f32").to_dict()
    plain, ours = [], []
    for _ in range(repeats):
        arguments = {"paths": [str(clip)], "settings": settings}
        plain.append(call(plain_loop, arguments, reporter)[0])
        ours.append(call(our_extraction, arguments, reporter)[0])
    return plain, ours
