"""The kinds of work that a job can be: one function each, from stored parameters to a JSON result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from gait_core.progress import Reporter
from gait_core.workflows.cluster_landmarks import spread
from gait_core.workspace import Workspace

__all__ = ["TASKS"]


def _baseline(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.create_baseline import BaselineRequest, create_baseline

    return create_baseline(BaselineRequest.from_dict(spread(params, workspace, reporter)), workspace, reporter)


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
        cluster=params.get("cluster"),
    )


def _measure(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.measure import MeasureRequest, measure_walks

    return measure_walks(MeasureRequest.from_dict(spread(params, workspace, reporter)), workspace, reporter)


def _compare_profiles(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.jobs.profile_runs import measure_under
    from gait_core.workflows.compare_profiles import CompareRequest, compare_profiles

    return compare_profiles(CompareRequest.from_dict(params), workspace, reporter, measure_under)


def _demo_walks(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.simulate.demo import demo_walks

    return demo_walks(workspace, reporter, count=int(params.get("count", 5)))


def _models(_: Mapping[str, Any], __: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.pose.models.assets import ensure_models

    with reporter.stage("models", "Fetching the pose models"):
        return {"models": {name: str(path) for name, path in ensure_models(reporter=reporter).items()}}


TASKS: Final[Mapping[str, Callable[[Mapping[str, Any], Workspace, Reporter], dict[str, Any]]]] = {
    "baseline": _baseline,
    "analyse": _analyse,
    "measure": _measure,
    "compare_profiles": _compare_profiles,
    "demo_walks": _demo_walks,
    "models": _models,
}
"""Kind of job → what runs it."""
