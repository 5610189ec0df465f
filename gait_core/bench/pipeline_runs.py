"""Runs of the pipeline that need more than a fresh process: libraries loaded once, and a worker kept warm."""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["WarmRun", "load_everything", "warm_runs"]

_LIBRARIES: Final = ("cv2", "av", "scipy.signal", "openvino", "tensorflow", "keras")


@dataclass(frozen=True, kw_only=True)
class WarmRun:
    """One run in a worker that was ready.

    Attributes
    ----------
    wall_s : float
        From the order to the answer, s.
    timing_s : mapping of str to float
        As the answer has it.
    """

    wall_s: float
    timing_s: Mapping[str, float]


def load_everything() -> dict[str, list[str]]:
    """Import what any run will import, so that none of them is the one that waits for the disk.

    Returns
    -------
    dict
        ``loaded``, the names of the libraries that could be imported.
    """
    from gait_core.learn.backend import load_keras
    from gait_core.pose.mediapipe.library import load_mediapipe

    load_mediapipe()
    load_keras()
    return {"loaded": [name for name in _LIBRARIES if _loads(name)]}


def _loads(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def warm_runs(videos: Sequence[str], folder: Path, repeats: int, reporter: Reporter) -> dict[str, list[WarmRun]]:
    """Time the pipeline in workers that have loaded everything before they get their job.

    Parameters
    ----------
    videos : sequence of str
    folder : Path
        Each repeat has an empty workspace in it.
    repeats : int
    reporter : Reporter

    Returns
    -------
    dict of str to list of WarmRun
        ``cold``: nothing cached; ``cached``: the same again.
    """
    from gait_core.jobs.warm import WarmWorker

    found: dict[str, list[WarmRun]] = {"cold": [], "cached": []}
    params = {"videos": list(videos), "subject": "bench"}
    for repeat in range(repeats):
        with WarmWorker(Workspace(folder / f"warm-{repeat}")) as worker:
            for runs in found.values():
                reporter.check()
                worker.wait_until_ready()
                begun_s = time.perf_counter()
                result = worker.run("baseline", params, "Baseline of the benchmark")
                runs.append(WarmRun(wall_s=time.perf_counter() - begun_s, timing_s=result["timing_s"]))
    return found
