"""All benchmarks of recognition in one: speed, exact batches, memory, and who is told apart from whom."""

from __future__ import annotations

from gait_core.bench.common import BenchResult, joined
from gait_core.bench.recognition_demo import bench_recognition_demo
from gait_core.bench.recognition_memory import bench_recognition_memory
from gait_core.bench.recognition_speed import bench_recognition_speed
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["bench_recognition"]

_PARTS = (bench_recognition_speed, bench_recognition_memory, bench_recognition_demo)
"""Each can also be run by itself, under its own name."""


def bench_recognition(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Run every benchmark of recognition, one after the other.

    Parameters
    ----------
    workspace : Workspace
        Keeps the simulated walks of the demo.
    reporter : Reporter
    quick : bool
        The short form of each.
    data : str, optional
        Folder with real walks and silhouettes, on which the demo network is tried.

    Returns
    -------
    BenchResult
        Figures and tables of all parts; the settings by part.
    """
    return joined("recognition", (part(workspace, reporter, quick=quick, data=data) for part in _PARTS), quick=quick)
