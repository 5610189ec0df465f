"""The performance report of a job folder: written when the job ends, read or assembled when it is read."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final, NotRequired, TypedDict

import psutil

from gait_core import __version__
from gait_core.cache import ArrayCache
from gait_core.config import DEFAULT_PROFILE, profile_named
from gait_core.errors import GaitError
from gait_core.jobs.performance_report import build_report
from gait_core.jobs.performance_text import report_text
from gait_core.runtime.cpu import available_cpus, cpu_name
from gait_core.runtime.devices import fast_bf16_unit, has_fast_bf16
from gait_core.runtime.memory_readings import machine_memory
from gait_core.storage.records import checked_record
from gait_core.storage.renamed import renamed
from gait_core.storage.schema import problem_in
from gait_core.storage.seal import sealed
from gait_core.workspace import Workspace, read_json, write_atomic, write_json

__all__ = ["REPORT", "REPORT_TEXT", "SAMPLES", "read_report", "read_samples", "write_report"]

REPORT: Final = "performance_report.json"
REPORT_TEXT: Final = "performance_report.txt"
SAMPLES: Final = "samples.json"
_LIBRARIES: Final = ("numpy", "openvino", "mediapipe", "tensorflow", "av", "opencv-contrib-python")
_EARLIER_NAMES: Final = {"processor": "cpu", "processors": "cpus"}
_MOST_ENTRIES: Final = 2000
_LOOK_AT_MOST_S: Final = 0.5
_UNTOLD: Final = {"device": "cpu", "device_reason": "Without optimisations no other device is tried."}
"""For landmarks that do not state which device ran: only those of an analysis without optimisations."""


class _Report(TypedDict):
    stages: list[dict[str, Any]]


class _Buckets(TypedDict):
    low: list[float | None]
    high: list[float | None]


class _Samples(TypedDict):
    series: NotRequired[dict[str, _Buckets | list[float] | int]]
    lanes: NotRequired[list[dict[str, Any]]]
    usage: NotRequired[dict[str, Any]]


_logger = logging.getLogger(__name__)


def write_report(folder: Path, status: Mapping[str, Any]) -> None:
    """Write ``performance_report.json`` and ``.txt`` into the result folder of a job that ends.

    A report never spoils what it reports on: when it cannot be written, the log says so.

    Parameters
    ----------
    folder : Path
    status : mapping
        What ``status.json`` is about to hold.
    """
    try:
        report = _put_together(folder, status, at_the_end=True)
        write_json(folder / "result" / REPORT, sealed(report, folder / "result"))
        write_atomic(folder / "result" / REPORT_TEXT, report_text(report).encode())
    except (GaitError, OSError, ValueError, TypeError, KeyError, AttributeError):
        _logger.exception("the performance report could not be written")


def read_report(folder: Path) -> dict[str, Any] | None:
    """Return the performance report of a job: as stored, or of what is known so far.

    Returns
    -------
    dict or None
        As of `gait_core.jobs.performance_report.build_report`. None before anything was measured, and where the report
        or what it is made from cannot be read.
    """
    stored = folder / "result" / REPORT
    try:
        if stored.is_file():
            what = "a performance report"
            report = checked_record(read_json(stored), stored, _Report, what=what, remedy="Run the job again.")
            return _under_names_of_today(report, "cpu", "machine")
        report = _put_together(folder, read_json(folder / "status.json"))
    except (GaitError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return None if problem_in(report, _Report) else dict(report)


def read_samples(folder: Path) -> dict[str, Any]:
    """Return what was sampled while a job ran.

    Returns
    -------
    dict
        ``series``, ``lanes``, ``lanes_left_out`` and ``usage``, as in ``samples.json``; empty when there is no such
        file or it is damaged.
    """
    try:
        found = read_json(folder / SAMPLES)
    except GaitError:
        return {}
    return {} if problem_in(found, _Samples) else _under_names_of_today(found, "usage")


def _under_names_of_today(values: Mapping[str, Any], *parts: str) -> dict[str, Any]:
    return {
        **values,
        **{part: renamed(values[part], _EARLIER_NAMES) for part in parts if isinstance(values.get(part), Mapping)},
    }


def _put_together(folder: Path, status: Mapping[str, Any], *, at_the_end: bool = False) -> dict[str, Any]:
    workspace = Workspace(folder.parent.parent)
    spec, samples = read_json(folder / "spec.json"), read_samples(folder)
    elsewhere = _walks_in_other_settings(workspace, samples) if at_the_end else 0
    return build_report(
        spec,
        status,
        samples,
        profile=_profile(spec, workspace),
        machine=_machine(),
        versions=_versions(),
        device=_UNTOLD,
        walks_in_other_profile=elsewhere,
    )


def _profile(spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """Return the fields of the profile of a job; an analysis without one uses that of its baseline."""
    params: Mapping[str, Any] = spec.get("params") or {}
    name = params.get("profile")
    try:
        if name is None and params.get("baseline_id"):
            folder = workspace.baseline_folder(str(params["baseline_id"]))
            name = read_json(folder / "manifest.json").get("profile")
        if name is None and params.get("videos"):
            name = DEFAULT_PROFILE
        return profile_named(str(name), workspace.profiles).to_dict() if name else {}
    except GaitError:
        return {"name": name} if name else {}


def _machine() -> dict[str, Any]:
    memory = machine_memory()
    return {
        "cpu": cpu_name(),
        "cores": available_cpus(),
        "cores_of_machine": psutil.cpu_count(),
        "memory_mb": round(memory.total_bytes / 1024**2),
        "container": memory.container,
        "system": platform.platform(),
        "fast_bf16": has_fast_bf16(),
        "bf16_unit": fast_bf16_unit(),
    }


def _versions() -> dict[str, str]:
    versions = {"gait_studio": __version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _walks_in_other_settings(workspace: Workspace, samples: Mapping[str, Any]) -> int:
    """Count the videos computed here of which the cache holds landmarks under other settings as well."""
    computed: dict[str, Mapping[str, Any]] = {}
    for lane in samples.get("lanes") or ():
        cost = lane.get("cost") or {}
        if lane.get("state") == "done" and cost.get("content_sha256"):
            computed[str(cost["content_sha256"])] = cost.get("settings") or {}
    if not computed:
        return 0
    found: set[str] = set()
    end_s = time.monotonic() + _LOOK_AT_MOST_S
    listings = ArrayCache.of(workspace).root.glob("track/*/*/entry.json")
    for number, path in enumerate(listings):
        # A large cache is looked at in part: a recommendation does not justify a pause at the end of a job.
        if number >= _MOST_ENTRIES or time.monotonic() > end_s or len(found) == len(computed):
            break
        try:
            info = read_json(path)["meta"]["info"]
            content, settings = str(info["source_content_sha256"]), dict(info["settings"])
        except (GaitError, OSError, ValueError, KeyError, TypeError):
            continue
        if any(settings.get(name) != value for name, value in computed.get(content, {}).items()):
            found.add(content)
    return len(found)
