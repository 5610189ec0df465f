"""The job that runs the same videos under several performance profiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gait_core.jobs.kinds import job_kind
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__: list[str] = []


@job_kind("compare_profiles", title="Comparison of profiles")
def _compare_profiles(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.jobs.profile_runs import measure_under
    from gait_core.workflows.compare_profiles import CompareRequest, compare_profiles

    return compare_profiles(CompareRequest.from_dict(params), workspace, reporter, measure_under)
