"""The benchmarks by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from gait_core.bench.accuracy import bench_accuracy
from gait_core.bench.cache import bench_cache
from gait_core.bench.common import BenchResult, as_text
from gait_core.bench.decode import bench_decode
from gait_core.bench.detection import bench_detection
from gait_core.bench.extraction import bench_extraction
from gait_core.bench.measuring import bench_measuring
from gait_core.bench.memory import bench_memory
from gait_core.bench.pipeline import bench_pipeline
from gait_core.bench.profiles import bench_profiles
from gait_core.bench.training import bench_training
from gait_core.errors import InputError
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["BENCHES", "as_text", "run"]

BENCHES: Final[Mapping[str, Callable[..., BenchResult]]] = {
    "detection": bench_detection,
    "accuracy": bench_accuracy,
    "measuring": bench_measuring,
    "extraction": bench_extraction,
    "decode": bench_decode,
    "pipeline": bench_pipeline,
    "profiles": bench_profiles,
    "training": bench_training,
    "memory": bench_memory,
    "cache": bench_cache,
}


def run(name: str, workspace: Workspace, reporter: Reporter, *, quick: bool, data: str | None) -> dict[str, Any]:
    """Run a benchmark and return its JSON.

    Raises
    ------
    InputError
        When there is none of that name.
    """
    bench = BENCHES.get(name)
    if bench is None:
        raise InputError(f"Expected a benchmark among {', '.join(BENCHES)}, but got {name!r}.", "Choose one of these.")
    return bench(workspace, reporter, quick=quick, data=data).to_dict()
