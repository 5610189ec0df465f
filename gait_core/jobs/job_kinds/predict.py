"""The job that classifies walks with a trained model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gait_core.jobs.kinds import job_kind
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__: list[str] = []


@job_kind("predict", title="Classification of walks")
def _predict(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.predict import PredictRequest, predict_walks

    return predict_walks(PredictRequest.from_dict(params), workspace, reporter)
