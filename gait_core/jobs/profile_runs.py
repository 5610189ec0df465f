"""Measures videos under one profile in a fresh process, with an empty cache: its own times, its own peak memory."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from gait_core.compare.measured_profile import EXTRACTION_PARTS, MeasuredProfile, OnProgress
from gait_core.config import Profile
from gait_core.config.profile_body import profile_body
from gait_core.config.user_profiles import DOCUMENT_KEY
from gait_core.errors import GaitError
from gait_core.jobs.job import ACTIVE_STATES
from gait_core.jobs.store import JobStore
from gait_core.pose.track import Track
from gait_core.progress import Reporter
from gait_core.walks.measurements import MeasuredWalk, load_measurement
from gait_core.workspace import Workspace, read_json, write_json

__all__ = ["measure_under", "peak_bytes"]

_PROJECT: Final = Path(__file__).resolve().parents[2]
_POLL_S: Final = 0.1
_END_S: Final = 5.0


def measure_under(
    videos: Sequence[Path],
    profile: Profile,
    folder: Path,
    reporter: Reporter,
    *,
    on_progress: OnProgress | None = None,
    person: str = "auto",
) -> MeasuredProfile:
    """Extract and measure videos under a profile, in a process of its own.

    Parameters
    ----------
    videos : sequence of Path
    profile : Profile
    folder : Path
        Empty folder; becomes the workspace of that process, so that nothing comes from a cache. Yours to delete.
    reporter : Reporter
        Only checked for cancellation; a process that is no longer wanted is ended.
    on_progress : callable, optional
    person : str
        See `PoseSettings`.

    Returns
    -------
    MeasuredProfile
        A video that cannot be used is an error among its `walks`; the others continue.

    Raises
    ------
    GaitError
        What ended the process: the machine lacks something, the settings are wrong, or it was killed.
    Cancelled
        When the user stopped the work.
    """
    space = Workspace(folder)
    if not profile.built_in:
        write_json(space.profiles / "compared.json", {DOCUMENT_KEY: {profile.name: profile_body(profile)}})
    params = {"videos": [str(path) for path in videos], "profile": profile.name, "person": person}
    job = JobStore(space).create("measure", params, profile.name)
    begun_s = time.perf_counter()
    peak, cpu_s = _run(job.folder, space, reporter, on_progress)
    wall_s = time.perf_counter() - begun_s
    result = JobStore(space).result(job.id)
    status = read_json(job.folder / "status.json")
    if result is None:
        raise _ended_badly(status)
    walks = tuple(_walk(space, entry) for entry in result["walks"])
    tracks = tuple(None if isinstance(walk, GaitError) else walk.track(space) for walk in walks)
    return MeasuredProfile(
        walks=walks,
        tracks=tracks,
        stages_s=_stages(result["timing_s"], wall_s, tracks),
        cpu_s=cpu_s,
        peak_bytes=max(peak, int(status.get("peak_memory_bytes", 0))),
    )


def _run(folder: Path, space: Workspace, reporter: Reporter, on_progress: OnProgress | None) -> tuple[int, float]:
    """Run a job folder to its end and return its largest resident memory and its CPU time."""
    command = [sys.executable, "-m", "gait_core.jobs.attached_worker", str(folder), str(space.root)]
    peak, cpu_s = 0, 0.0
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=_PROJECT)
        try:
            while process.poll() is None:
                reporter.check()
                peak = max(peak, peak_bytes(process.pid))
                cpu_s = max(cpu_s, _cpu_s(process.pid))
                if on_progress is not None:
                    _tell(folder, on_progress)
                time.sleep(_POLL_S)
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(_END_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            if process.stdin is not None:
                process.stdin.close()
    return peak, cpu_s


def _cpu_s(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def peak_bytes(pid: int) -> int:
    """Return the largest resident memory of a living process so far.

    Linux keeps it exactly; elsewhere it is what the process has now, which many looks make nearly the same.

    Returns
    -------
    int
        Bytes; 0 when the process has gone.
    """
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def _tell(folder: Path, on_progress: OnProgress) -> None:
    try:
        status = read_json(folder / "status.json")
    except GaitError:
        return
    if status.get("stage") == "extract" and status.get("total"):
        on_progress(float(status.get("done") or 0.0), float(status["total"]))


def _ended_badly(status: dict[str, Any]) -> GaitError:
    error = status.get("error")
    if error and status.get("state") not in ACTIVE_STATES:
        return GaitError(str(error["message"]), str(error["remedy"]))
    return GaitError(
        "Expected the process of this profile to finish, but it stopped unexpectedly; it may have been killed because "
        "memory ran out.",
        "Close other programs, or choose a smaller model or a smaller image size.",
    )


def _walk(space: Workspace, entry: dict[str, Any]) -> MeasuredWalk | GaitError:
    if entry.get("error"):
        return GaitError(str(entry["error"]["message"]), str(entry["error"]["remedy"]))
    return load_measurement(space, str(entry["measurement_id"]))


def _stages(timing_s: dict[str, float], wall_s: float, tracks: Sequence[Track | None]) -> dict[str, float]:
    """Return the time of each stage; they add up to that of the process."""
    inside = dict.fromkeys(EXTRACTION_PARTS, 0.0)
    for track in tracks:
        parts = (track.info.get("stage_s") if track is not None else None) or {}
        for name, own in EXTRACTION_PARTS.items():
            inside[name] += sum(float(parts.get(part, 0.0)) for part in own)
    extract_s = float(timing_s.get("extract", 0.0))
    together_s = sum(inside.values())
    if together_s > extract_s > 0:  # videos side by side: their times add up to more than the clock saw
        inside = {name: value * extract_s / together_s for name, value in inside.items()}
    stages = {
        "start": max(0.0, wall_s - sum(timing_s.values())),
        "probe": float(timing_s.get("probe", 0.0)),
        **inside,
        "extract": max(0.0, extract_s - sum(inside.values())),
        "features": float(timing_s.get("features", 0.0)),
        "measure": float(timing_s.get("measure", 0.0)),
    }
    return {name: round(value, 4) for name, value in stages.items()}
