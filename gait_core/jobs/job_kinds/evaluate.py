"""The job that evaluates a trained model on data that it has never seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gait_core.jobs.kinds import job_kind
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__: list[str] = []


@job_kind("evaluate", title="Evaluation")
def _evaluate(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.evaluate import EvaluateRequest, evaluate_model

    return evaluate_model(EvaluateRequest.from_dict(params), workspace, reporter)
