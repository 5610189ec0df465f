"""The spare worker itself: loads what the usual jobs need, waits for one, runs it, ends."""

from __future__ import annotations

import importlib
import os
import time
from pathlib import Path
from typing import Final

import psutil
from filelock import FileLock, Timeout

from gait_core.errors import GaitError
from gait_core.jobs.run import run_folder
from gait_core.jobs.spare import Spare, code_stamp
from gait_core.runtime.native_memory import release_native_memory
from gait_core.workspace import Workspace, storage_guard, write_json

__all__ = ["PRELOADED", "run_spare"]

PRELOADED: Final = (
    "gait_core.workflows.create_baseline",
    "gait_core.workflows.analyse",
    "gait_core.workflows.measure",
    "av",
    "cv2",
    "scipy.interpolate",
    "scipy.ndimage",
    "scipy.signal",
)
"""What baselines, analyses and measurements load. TensorFlow is left out: it takes three times the memory of all of
these, and a network is trained in a process of its own, which would not inherit it."""

_LOOK_EVERY_S: Final = 0.02
_LIVE_EVERY_S: Final = 0.5
_SWEEP_AFTER_S: Final = 24 * 3600.0


def run_spare(workspace: Workspace, *, idle_s: float) -> str | None:
    """Wait for a job and run it.

    Parameters
    ----------
    workspace : Workspace
    idle_s : float
        Longest wait, s.

    Returns
    -------
    str or None
        Identifier of the job; None when none came, when whoever started this process is gone, or when the
        workspace has a spare already.

    Raises
    ------
    InputError
        When another worker began the job before this one could.
    GaitError
        Whatever ended the work.
    """
    folder = Spare(workspace).folder
    with storage_guard(folder):
        folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock")
    parent = os.getppid()
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    try:
        job = _wait(workspace, folder, parent, idle_s)
    finally:
        lock.release()
    if job is None:
        return None
    _speak_into(job / "log.txt")
    run_folder(job, workspace)
    return job.name


def _wait(workspace: Workspace, folder: Path, parent: int, idle_s: float) -> Path | None:
    """Return the folder of a job that was taken, or None; the caller holds the lock."""
    (folder / "ready.json").unlink(missing_ok=True)
    _sweep(folder)
    stamp = code_stamp()
    _load()
    release_native_memory()
    ready = folder / "ready.json"
    process = psutil.Process()
    facts = {
        "pid": process.pid,
        "pid_started_s": process.create_time(),
        "stamp": stamp,
        "memory_bytes": process.memory_info().rss,
    }
    write_json(ready, facts, durable=False)
    looked_s = time.monotonic()
    end_s = looked_s + idle_s
    while True:
        name = _take(folder)
        if name is not None:
            # Without it this process was given up or asked to leave, and may be ended any moment: nothing is begun.
            asked_to_leave = not ready.exists()
            ready.unlink(missing_ok=True)
            return None if asked_to_leave else workspace.jobs / name
        now_s = time.monotonic()
        if now_s - looked_s > _LIVE_EVERY_S:
            looked_s = now_s
            if now_s > end_s or _orphaned(parent) or not ready.exists():
                ready.unlink(missing_ok=True)
                return None
        time.sleep(_LOOK_EVERY_S)


def _take(folder: Path) -> str | None:
    taken = folder / f"taken-{os.getpid()}"
    try:
        (folder / f"offer-{os.getpid()}").rename(taken)
    except FileNotFoundError:
        return None
    return taken.read_text(encoding="utf-8").strip()


def _sweep(folder: Path) -> None:
    """Remove what earlier spares left; a recent one may still be in use."""
    for file in (*folder.glob("offer-*"), *folder.glob("taken-*"), *folder.glob("written-*")):
        try:
            # A process number that is reused must not find the file of its predecessor.
            if file.name.endswith(f"-{os.getpid()}") or time.time() - file.stat().st_mtime > _SWEEP_AFTER_S:
                file.unlink(missing_ok=True)
        except OSError:
            continue  # another process sweeps as well


def _orphaned(parent: int) -> bool:
    return os.getppid() != parent or not psutil.pid_exists(parent)


def _load() -> None:
    for name in PRELOADED:
        importlib.import_module(name)
    from gait_core.config import DEFAULT_PROFILE, PROFILES
    from gait_core.pose.engines import open_engine
    from gait_core.pose.models.assets import list_models

    settings = PROFILES[DEFAULT_PROFILE].pose_settings()
    if any(model.ready and model.variant == settings.variant for model in list_models()):
        try:
            with open_engine(settings):
                pass  # the library is loaded, and the models are read and compiled once a process
        except GaitError:
            return  # the job will meet it and say so


def _speak_into(log: Path) -> None:
    """Send what native libraries write to the log of the job, as with a worker started for it."""
    with storage_guard(log), log.open("ab") as handle:
        os.dup2(handle.fileno(), 1)
        os.dup2(handle.fileno(), 2)
