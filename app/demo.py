"""The demo walks and the demo dataset: each made by a job once, then one click away."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gait_core.jobs.store import Job, JobStore
from gait_core.workspace import Workspace

__all__ = ["DATASET_FILE", "DemoWalks", "dataset_job", "demo_dataset", "demo_job", "demo_walks"]

DATASET_FILE: Final = "dataset.json"
"""Written last: where it is, the demo dataset is whole."""


@dataclass(frozen=True, kw_only=True)
class DemoWalks:
    """Paths of the demo walks: five for a baseline, later ones to analyse."""

    videos: tuple[str, ...]
    later: tuple[dict[str, Any], ...]


def demo_walks(store: JobStore, found: list[Job] | None = None) -> DemoWalks | None:
    """Return the newest demo walks whose files are still there, or None."""
    for job in found if found is not None else store.list():
        if job.kind != "demo_walks" or job.state != "done":
            continue
        result = store.result(job.id) or {}
        paths = tuple(str(path) for path in result.get("videos", ()))
        if paths and all(Path(path).is_file() for path in paths):
            later = tuple(dict(walk) for walk in result.get("later", ()) if Path(str(walk.get("path"))).is_file())
            return DemoWalks(videos=paths, later=later)
    return None


def demo_job(store: JobStore) -> Job:
    """Return the job that makes the demo walks: the one under way, or a new one."""
    under_way = next((job for job in store.list() if job.kind == "demo_walks" and job.active), None)
    return under_way or store.submit("demo_walks", {"count": 5}, "Five demo walks")


def demo_dataset(space: Workspace) -> Path:
    """Return the folder of the demo dataset, whether it has been made or not."""
    return space.root / "demo" / "dataset"


def dataset_job(store: JobStore, space: Workspace) -> Job:
    """Return the job that makes the demo dataset: the one under way, or a new one."""
    folder = str(demo_dataset(space))
    for job in store.list():
        if job.kind == "dataset_make" and job.active and job.spec["params"].get("folder") == folder:
            return job
    return store.submit("dataset_make", {"folder": folder, "subjects": 12, "walks": 2}, "Demo dataset")
