"""The jobs that make a simulated dataset and check a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gait_core.jobs.kinds import job_kind
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__: list[str] = []


@job_kind("dataset_make", title="Simulated dataset")
def _make(params: Mapping[str, Any], _: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.dataset import MakeRequest, made_dataset

    return made_dataset(MakeRequest.from_dict(params), reporter)


@job_kind("dataset_check", title="Dataset check")
def _check(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.dataset import CheckRequest, checked_dataset

    return checked_dataset(CheckRequest.from_dict(params), workspace, reporter)
