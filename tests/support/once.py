"""What takes long is made once for all processes of a test run, under a lock in the folder that they share."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from gait_core.config import PoseSettings
from gait_core.errors import ModelError
from gait_core.pose.extract import ExtractedWalk, extract_many
from gait_core.progress import silent
from gait_core.simulate.demo import demo_walks
from gait_core.workspace import Workspace

__all__ = ["demo_folder", "landmarks_of", "once"]


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Any]) -> tuple[Path, Any]:
    """Return a folder that the first process that asks for it fills, and what `make` answered.

    Everybody else only reads it: a test that changes something works on a copy.
    """
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "once" / name
    answer = folder.with_name(f"{name}.json")
    folder.parent.mkdir(exist_ok=True)
    with FileLock(folder.with_name(f"{name}.lock")):
        if not answer.is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            answer.write_text(json.dumps(make(folder)))
        return folder, json.loads(answer.read_text())


def demo_folder(factory: pytest.TempPathFactory) -> Path:
    """Return the folder `demo` of a workspace: copied into another one, its walks need not be rendered there."""
    folder, _ = once(factory, "demo", lambda made: demo_walks(Workspace(made), silent()))
    return folder / "demo"


def landmarks_of(factory: pytest.TempPathFactory, data: Path) -> Path:
    """Return a workspace whose cache has the landmarks of all real walks; skip where there is no pose model."""

    def find(folder: Path) -> int:
        walks = sorted((data / "walks").glob("*.mp4"))
        try:
            outcomes = extract_many(walks, PoseSettings(), workspace=Workspace(folder))
        except ModelError as missing:
            pytest.skip(f"the pose model is not on this machine: {missing}")
        return sum(isinstance(outcome, ExtractedWalk) for outcome in outcomes)

    folder, found = once(factory, "landmarks", find)
    assert found == 10
    return folder
