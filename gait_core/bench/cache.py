"""How much a second run saves: landmarks and features, computed and from the cache."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gait_core.bench.common import BenchResult, Table
from gait_core.bench.processes import call, into_page_cache, median_of
from gait_core.config import FeatureSettings, profile_named
from gait_core.pose.engines import resolved
from gait_core.progress import Reporter, silent
from gait_core.simulate.demo import demo_walks
from gait_core.walks.prepare import PreparedWalk, prepare_walks
from gait_core.workspace import Workspace

__all__ = ["bench_cache", "prepare_once"]


def bench_cache(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Prepare five walks in an empty workspace, then again and again from its cache.

    Parameters
    ----------
    workspace : Workspace
        Holds the demo walks, which are rendered when missing.
    reporter : Reporter
    quick : bool
        Three repeats from the cache instead of eleven.
    data : str, optional
        Folder with real walks; default: the demo walks.

    Returns
    -------
    BenchResult
        ``computed_s`` (nothing cached), ``features_s`` (from the cache, libraries loaded), ``first_cached_s`` (from the
        cache, the first thing that a process does) and ``speedup``, the first over the second.
    """
    repeats = 3 if quick else 11
    if data is not None:
        paths = [Path(data) / f"walks/p{n}s1.mp4" for n in (1, 3, 6, 9, 14)]
    else:
        paths = [Path(path) for path in demo_walks(workspace, reporter)["videos"]]
    into_page_cache(paths)
    with TemporaryDirectory() as folder, reporter.stage("cache", "Five walks to features"):
        arguments = {"paths": [str(path) for path in paths], "folder": folder}
        computed = _once(paths, folder, reporter)
        cached = [_once(paths, folder, reporter) for _ in range(repeats)]
        fresh = [call(prepare_once, arguments, reporter)[0] for _ in range(min(3, repeats))]
    seconds = {name: median_of([run[name] for run in cached]) for name in cached[0]}
    first = {name: median_of([run[name] for run in fresh]) for name in fresh[0]}
    columns = ["walks from the cache", "probe", "extract", "features", "all"]
    return BenchResult(
        bench="cache",
        settings={
            "videos": [path.name for path in paths],
            "profile": "balanced",
            "pose": resolved(profile_named("balanced").pose_settings()).to_dict(),
            "repeats": repeats,
            "features_s": "median of the runs from the cache, libraries loaded",
        },
        figures={
            "computed_s": computed["all"],
            "features_s": seconds["all"],
            "first_cached_s": first["all"],
            "speedup": computed["all"] / seconds["all"],
        },
        tables=[
            Table(
                title="Five walks to features, s",
                columns=["run", *columns],
                rows=[
                    ["computed", *(computed[name] for name in columns)],
                    ["from the cache", *(seconds[name] for name in columns)],
                    ["from the cache, first in a process", *(first[name] for name in columns)],
                ],
            )
        ],
    )


def prepare_once(paths: list[str], folder: str) -> dict[str, Any]:
    """Prepare walks once, as the first thing that a process does.

    Returns
    -------
    dict of str to float
        ``probe``, ``extract``, ``features`` and ``all``, s; ``walks from the cache``, how many came from there.
    """
    return _once([Path(path) for path in paths], folder, silent())


def _once(paths: list[Path], folder: str, reporter: Reporter) -> dict[str, float]:
    quiet = reporter.without_events()
    pose = profile_named("balanced").pose_settings()
    begun_s = time.perf_counter()
    walks = prepare_walks(paths, pose, FeatureSettings(), Workspace(folder), quiet)
    elapsed_s = time.perf_counter() - begun_s
    cached = sum(isinstance(walk, PreparedWalk) and walk.cached for walk in walks)
    stages = {name: quiet.timing_s[name] for name in ("probe", "extract", "features")}
    return {"walks from the cache": float(cached), **stages, "all": elapsed_s}
