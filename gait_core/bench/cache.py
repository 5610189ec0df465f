"""How much a second run saves: landmarks and features, computed and from the cache."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from gait_core.baseline.walks import PreparedWalk, prepare_walks
from gait_core.bench.common import BenchResult, Table
from gait_core.config import FeatureSettings, profile_named
from gait_core.progress import Reporter
from gait_core.simulate.demo import demo_walks
from gait_core.workspace import Workspace

__all__ = ["bench_cache"]


def bench_cache(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Prepare five walks twice in an empty workspace.

    Parameters
    ----------
    workspace : Workspace
        Holds the demo walks, which are rendered when missing.
    reporter : Reporter
    quick : bool
        No difference.
    data : str, optional
        Folder with real walks; default: the demo walks.
    """
    del quick
    if data is not None:
        paths = [Path(data) / f"walks/p{n}s1.mp4" for n in (1, 3, 6, 9, 14)]
    else:
        paths = [Path(path) for path in demo_walks(workspace, reporter)["videos"]]
    pose, settings = profile_named("balanced").pose_settings(), FeatureSettings()
    rows = []
    seconds = []
    with TemporaryDirectory() as folder:
        for run in ("computed", "from the cache"):
            quiet = reporter.without_events()
            begun_s = time.perf_counter()
            walks = prepare_walks(paths, pose, settings, Workspace(folder), quiet)
            seconds.append(time.perf_counter() - begun_s)
            cached = sum(isinstance(walk, PreparedWalk) and walk.cached for walk in walks)
            timing = quiet.timing_s
            rows.append([run, cached, timing["probe"], timing["extract"], timing["features"], seconds[-1]])
    return BenchResult(
        bench="cache",
        settings={"videos": [path.name for path in paths], "profile": "balanced"},
        figures={"computed_s": seconds[0], "features_s": seconds[1], "speedup": seconds[0] / seconds[1]},
        tables=[
            Table(
                title="Five walks to features",
                columns=["run", "walks from the cache", "probe, s", "extract, s", "features, s", "all, s"],
                rows=rows,
            )
        ],
    )
