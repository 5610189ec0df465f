"""The job that runs a benchmark; it registers itself where benchmarks are at home."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gait_core.jobs.kinds import job_kind
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__: list[str] = []


@job_kind("bench", title="Benchmark")
def _bench(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.bench.registry import run

    return run(params["name"], workspace, reporter, quick=bool(params.get("quick", False)), data=params.get("data"))
