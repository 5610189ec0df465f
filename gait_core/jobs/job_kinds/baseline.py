"""The job that makes a baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gait_core.jobs.kinds import job_kind
from gait_core.progress import Reporter
from gait_core.workflows.cluster_landmarks import spread
from gait_core.workspace import Workspace

__all__: list[str] = []


@job_kind("baseline", title="Baseline")
def _baseline(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.create_baseline import BaselineRequest, create_baseline

    return create_baseline(BaselineRequest.from_dict(spread(params, workspace, reporter)), workspace, reporter)
