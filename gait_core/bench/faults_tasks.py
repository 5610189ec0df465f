"""What the bench of faults kills and starves: real work on a small workspace, and how to see that nothing was lost."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from gait_core.baseline.analyses import load_analysis
from gait_core.baseline.store import load_baseline
from gait_core.bench.faults_workspace import SUBJECT, enrolment
from gait_core.cache import ArrayCache
from gait_core.jobs.run import run_now
from gait_core.jobs.store import JobStore
from gait_core.recognition.gallery.gallery import Gallery
from gait_core.storage.leftovers import sweep_leftovers
from gait_core.walks.measurements import load_measurement, remeasure
from gait_core.workflows.damaged_items import damaged_items
from gait_core.workspace import Workspace

__all__ = ["TASKS", "digest", "left_over", "limited", "next_start", "state_of"]

_ROUNDS: Final = 12
"""How often a task repeats something short, so that a kill has something to hit."""
_KEPT: Final = 3


def measure(root: str, known: Mapping[str, Any]) -> Any:
    """Measure a walk as a job."""
    params = {"videos": known["videos"][-1:], "subject": SUBJECT}
    return run_now(Workspace(root), "measure", params, "Measure")["walks"][0]["parameters"]


def make_baseline(root: str, known: Mapping[str, Any]) -> Any:
    """Make a baseline as a job."""
    params = {"videos": known["videos"][:3], "subject": SUBJECT}
    made = run_now(Workspace(root), "baseline", params, "Baseline")
    return [made["thresholds"], [walk["score"] for walk in made["walks"]]]


def analyse(root: str, known: Mapping[str, Any]) -> Any:
    """Analyse a walk as a job, with its overlay video."""
    params = {"videos": known["videos"][-1:], "baseline_id": known["baseline"], "classify": False}
    found = run_now(Workspace(root), "analyse", params, "Analyse")["walks"][0]
    return [found["level"], found["score"]]


def change_gallery(root: str, known: Mapping[str, Any]) -> Any:
    """Enrol and remove a person again and again."""
    gallery = Gallery(Workspace(root), known["gallery"])
    for _ in range(_ROUNDS):
        for number in (3, 4):
            gallery.remove_subject(f"person-{number}")
            gallery.enrol(enrolment(number))
    return sorted({record.subject for record in gallery.list()})


def replace_measurement(root: str, known: Mapping[str, Any]) -> Any:
    """Measure a stored walk again, in its place."""
    workspace = Workspace(root)
    walk = load_measurement(workspace, known["measurement"])
    for _ in range(_KEPT):
        walk = remeasure(workspace, walk)
    return walk.measurement.to_dict()["parameters"]


def fill_cache(root: str, _: Mapping[str, Any]) -> Any:
    """Store arrays in a cache that is too small for them."""
    cache = ArrayCache(Workspace(root).cache / "small", limit_bytes=400_000)
    for number in range(_ROUNDS):
        cache.put("track", f"{number:02d}{'ab' * 8}", {"a": np.full(20_000, float(number))}, {"number": number})
    return [cache.holds("track", f"{_ROUNDS - 1:02d}{'ab' * 8}")]


TASKS: Final[Mapping[str, Callable[[str, Mapping[str, Any]], Any]]] = {
    "measure": measure,
    "baseline": make_baseline,
    "analyse": analyse,
    "gallery": change_gallery,
    "measure again": replace_measurement,
    "cache": fill_cache,
}


def limited(largest_bytes: int, name: str, root: str, known: Mapping[str, Any]) -> Any:
    """Run a task in this process with a limit on what a file may grow to, as a full disk limits it.

    Parameters
    ----------
    largest_bytes : int
    name : str
        Of `TASKS`.
    root : str
        Of the workspace.
    known : mapping
        As `fill_workspace` returns it.

    Returns
    -------
    object
        What the task returned.
    """
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_bytes, largest_bytes))
    return TASKS[name](root, known)


def next_start(root: str) -> None:
    """Do what the next start of the dashboard does before anything else.

    Parameters
    ----------
    root : str
        Of the workspace.
    """
    sweep_leftovers(Path(root), thorough=True)
    Workspace(root).check_writable()


def left_over(root: str) -> list[str]:
    """Return the hidden files and folders that nothing uses.

    Parameters
    ----------
    root : str
        Of the workspace.

    Returns
    -------
    list of str
        Paths within the workspace.
    """
    signs = (".tmp", ".part", ".deleted-", ".write-test")
    hidden = (path for path in Path(root).rglob(".*") if any(sign in path.name for sign in signs))
    return [str(path.relative_to(root)) for path in hidden]


def state_of(root: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return a digest of every result that was stored before, and what is damaged now.

    Parameters
    ----------
    root : str
        Of the workspace.
    known : mapping
        As `fill_workspace` returns it.

    Returns
    -------
    dict
    """
    workspace = Workspace(root)
    baseline = load_baseline(workspace, known["baseline"])
    analysis = load_analysis(workspace, known["analysis"])
    walk = load_measurement(workspace, known["measurement"])
    people = {entry.record.subject: entry.parts for entry in Gallery(workspace, known["gallery"]).entries()}
    damaged_jobs = [job.id for job in JobStore(workspace).list() if job.state == "damaged"]
    return {
        "baseline": digest(
            [baseline.manifest.to_dict(), baseline.thresholds.to_dict(), baseline.calibration.to_dict()]
        ),
        "analysis": digest([analysis.summary.to_dict(), analysis.joint_time_scores.tolist()]),
        "measurement": digest([walk.facts(), walk.measurement.to_dict()]),
        "people": digest([people[f"person-{number}"].tolist() for number in (1, 2)]),
        "damaged": [f"{item.collection}/{item.id}" for item in damaged_items(workspace)] + damaged_jobs,
    }


def digest(value: Any) -> str:
    """Return the digest of a value from JSON.

    Parameters
    ----------
    value : object

    Returns
    -------
    str
    """
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
