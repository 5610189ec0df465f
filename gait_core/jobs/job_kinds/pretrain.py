"""The job that trains the autoencoder that every baseline starts from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gait_core.jobs.kinds import job_kind
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__: list[str] = []


@job_kind("pretrain", title="Pre-training")
def _pretrain(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    from gait_core.workflows.from_scratch import pretrain_from_scratch
    from gait_core.workflows.pretrain import pretrain

    out = Path(params["out"]) if params.get("out") else None
    make = pretrain_from_scratch if params.get("from_scratch") else pretrain
    how: dict[str, Any] = {"people": params.get("people"), "cell": params.get("cell", "gru")}
    if params.get("keep_network"):
        how["keep_network"] = True
    return make(out, workspace, reporter, **how)
