"""The job that fetches the pose models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gait_core.jobs.kinds import job_kind
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__: list[str] = []


@job_kind("models", title="Pose models")
def _models(params: Mapping[str, Any], __: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.pose.models.assets import ensure_models

    with reporter.stage("models", "Fetching the pose models"):
        found = ensure_models(source=params.get("source"), reporter=reporter)
    return {"models": {name: str(path) for name, path in found.items()}}
