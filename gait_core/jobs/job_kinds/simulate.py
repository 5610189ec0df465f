"""The job that renders walks of a simulated person into a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gait_core.jobs.kinds import job_kind
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__: list[str] = []


@job_kind("simulate", title="Simulated walks")
def _simulate(params: Mapping[str, Any], _: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.simulate.cohort import simulate_walks

    videos = simulate_walks(
        Path(params["folder"]),
        walks=int(params["walks"]),
        pattern=params.get("pattern"),
        severity=float(params.get("severity", 0.7)),
        seed=int(params.get("seed", 0)),
        fps=float(params.get("fps", 30.0)),
        reporter=reporter,
    )
    return {"videos": [str(video) for video in videos]}
