"""One simulated person, rendered once; one baseline, made once: shared by all integration tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dask_machines import Machines
from support.once import demo_folder, landmarks_of, once

from gait_core.jobs.run import run_now
from gait_core.pose.models.assets import list_models
from gait_core.progress import silent
from gait_core.simulate.demo import demo_walks
from gait_core.workspace import Workspace


@dataclass(frozen=True)
class Made:
    """A workspace with a baseline in it."""

    workspace: Workspace
    videos: list[Path]
    later: dict[str, Path]
    result: dict[str, Any]

    @property
    def baseline_id(self) -> str:
        return str(self.result["baseline_id"])


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Return the demo walks and a baseline made from them through the real pipeline: a copy for each process."""

    def make(folder: Path) -> dict[str, Any]:
        workspace = Workspace(folder)
        shutil.copytree(demo_folder(tmp_path_factory), folder / "demo")
        videos = demo_walks(workspace, silent())["videos"]
        return run_now(
            workspace, "baseline", {"videos": videos, "subject": "Demo Person", "speed_mps": 1.3}, "Baseline"
        )

    original, result = once(tmp_path_factory, "baseline", make)
    workspace = Workspace(tmp_path_factory.mktemp("shared") / "workspace")
    shutil.copytree(original, workspace.root)
    walks = demo_walks(workspace, silent())
    return Made(
        workspace=workspace,
        videos=[Path(path) for path in walks["videos"]],
        later={walk["label"]: Path(walk["path"]) for walk in walks["later"]},
        result=result,
    )


@pytest.fixture
def seen(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, data: Path) -> Workspace:
    """Return a workspace whose cache has the landmarks of all real walks, found with the usual settings."""
    workspace = Workspace(tmp_path / "seen")
    shutil.copytree(landmarks_of(tmp_path_factory, data), workspace.root)
    return workspace


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    if not all(status.ready for status in list_models()):
        pytest.skip("the pose models are not on this machine: python -m gait_core models fetch")
    running = Machines(tmp_path)
    try:
        yield running.start()
    finally:
        running.stop()
