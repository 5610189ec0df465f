"""All benchmarks of the training lab in one: accuracy on patients and simulated people, speed, rare classes, memory."""

from __future__ import annotations

from dataclasses import replace

from gait_core.bench.classifier_memory import bench_classifier_memory
from gait_core.bench.classifier_minority import bench_classifier_minority
from gait_core.bench.classifier_patients import bench_classifier_patients, clinical_folder
from gait_core.bench.classifier_pretraining import bench_classifier_pretraining
from gait_core.bench.classifier_resume import bench_classifier_resume
from gait_core.bench.classifier_simulated import bench_classifier_simulated
from gait_core.bench.classifier_speed import bench_classifier_speed
from gait_core.bench.common import BenchResult, joined
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["bench_classifier"]

_PARTS = (
    bench_classifier_patients,
    bench_classifier_speed,
    bench_classifier_resume,
    bench_classifier_memory,
    bench_classifier_minority,
    bench_classifier_pretraining,
    bench_classifier_simulated,
)
"""Each can also be run by itself, under its own name."""


def bench_classifier(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Run every benchmark of the training lab, one after the other.

    Parameters
    ----------
    workspace : Workspace
        Keeps a rendered walk.
    reporter : Reporter
    quick : bool
        The short form of each.
    data : str, optional
        Folder with ``clinical/``; required.

    Returns
    -------
    BenchResult
        Figures and tables of all parts; the settings by part.

    Raises
    ------
    InputError
        Without the data, before anything is run.
    """
    clinical_folder(data)
    found = joined("classifier", (part(workspace, reporter, quick=quick, data=data) for part in _PARTS), quick=quick)
    best = found.settings["classifier_patients"]["stroke_best_model"]
    return replace(found, settings={**found.settings, "stroke_best_model": best})
