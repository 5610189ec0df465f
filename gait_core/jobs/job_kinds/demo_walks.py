"""The job that renders the demo walks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gait_core.jobs.kinds import job_kind
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__: list[str] = []


@job_kind("demo_walks", title="Demo walks")
def _demo_walks(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.simulate.demo import demo_walks

    return demo_walks(workspace, reporter, count=int(params.get("count", 5)))
