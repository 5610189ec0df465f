"""The job that finds the landmarks in videos and folders of videos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gait_core.jobs.kinds import OnPart, job_kind
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__: list[str] = []


@job_kind("extract", title="Landmarks", streams=True)
def _extract(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter, *, on_part: OnPart) -> dict[str, Any]:
    from gait_core.workflows.extract import ExtractRequest, extract_walks

    return extract_walks(ExtractRequest.from_dict(params), workspace, reporter, on_walk=on_part)
