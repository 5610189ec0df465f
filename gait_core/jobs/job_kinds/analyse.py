"""The job that compares walks with a baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gait_core.jobs.kinds import job_kind
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__: list[str] = []


@job_kind("analyse", title="Analysis")
def _analyse(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.analyse import analyse_walks

    return analyse_walks(
        params["videos"],
        params["baseline_id"],
        workspace,
        reporter,
        profile=params.get("profile"),
        person=params.get("person", "auto"),
        overlay=params.get("overlay", True),
        classify=params.get("classify", True),
        cluster=params.get("cluster"),
        guard=params.get("guard", "auto"),
    )
