"""How accurate events, parameters and angles are: on simulated walkers, on motion capture, on real walks."""

from __future__ import annotations

from pathlib import Path

from gait_core.bench.accuracy_laboratories import laboratory_figures
from gait_core.bench.accuracy_mocap import mocap_figures
from gait_core.bench.accuracy_simulated import simulated_figures
from gait_core.bench.common import BenchResult
from gait_core.config import MeasureSettings
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["bench_accuracy"]


def bench_accuracy(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Measure accuracy.

    Parameters
    ----------
    workspace : Workspace
        Its cache keeps the landmarks of rendered and real walks.
    reporter : Reporter
    quick : bool
        Fewer simulated walks, and each laboratory recording with one noise seed instead of four.
    data : str, optional
        Folder with motion capture (``mocap/``, ``mocap_slow/``) and real walks (``walks/``); default: simulated walks
        only.

    Returns
    -------
    BenchResult
        The figures of `simulated_figures`, and with `data` those of `mocap_figures`, `laboratory_figures` and
        `real_figures`.
    """
    figures, tables = simulated_figures(workspace, reporter, quick=quick)
    if data is not None:
        with reporter.stage("mocap", "Measuring projected motion capture"):
            more, table = mocap_figures(Path(data) / "mocap")
            figures |= more
            tables.append(table)
            more, more_tables = laboratory_figures(Path(data), repeats=1 if quick else 4)
            figures |= more
            tables += more_tables
        from gait_core.bench.accuracy_real import real_figures

        more, real_tables = real_figures(Path(data), workspace, reporter)
        figures |= more
        tables += real_tables
    return BenchResult(
        bench="accuracy", settings=MeasureSettings().to_dict() | {"profile": "balanced"}, figures=figures, tables=tables
    )
