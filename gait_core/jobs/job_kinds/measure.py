"""The job that measures walks without a baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gait_core.jobs.kinds import job_kind
from gait_core.progress import Reporter
from gait_core.workflows.cluster_landmarks import spread
from gait_core.workspace import Workspace

__all__: list[str] = []


@job_kind("measure", title="Measurement")
def _measure(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.measure import MeasureRequest, measure_walks

    return measure_walks(MeasureRequest.from_dict(spread(params, workspace, reporter)), workspace, reporter)
