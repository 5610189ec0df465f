"""The demo walks: made by a job once, then one click away."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gait_core.jobs.store import Job, JobStore

__all__ = ["DemoWalks", "demo_job", "demo_walks"]


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
