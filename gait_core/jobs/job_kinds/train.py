"""The job that trains and evaluates a classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gait_core.jobs.kinds import job_kind
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__: list[str] = []


@job_kind("train", title="Training")
def _train(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows import supervised_training, train

    request = train.TrainRequest.from_dict(params)
    if supervised_training.wants_supervision(request):
        return supervised_training.train_supervised(request, workspace, reporter)
    return train.train_classifier(request, workspace, reporter)
