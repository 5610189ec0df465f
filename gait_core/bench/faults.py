"""What accidents do: work that is killed, videos and stored files that are damaged, disks that are full; seeded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from gait_core.bench.common import BenchResult, joined
from gait_core.bench.faults_kills import Master, full_disks, kills
from gait_core.bench.faults_stored import damaged_files
from gait_core.bench.faults_tasks import TASKS
from gait_core.bench.faults_videos import mutated_videos
from gait_core.bench.faults_workspace import fill_workspace
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["FULL", "QUICK", "FaultSize", "bench_faults", "fault_parts"]

_SEED: Final = 14


@dataclass(frozen=True, kw_only=True)
class FaultSize:
    """How often each fault is tried, and how long at most.

    Attributes
    ----------
    tasks : tuple of str
        What is killed and starved: names of `gait_core.bench.faults_tasks.TASKS`.
    kills, videos, files, disks : int
        Number of kills, mutated videos, damaged stored files and full disks.
    kills_s, videos_s, files_s : float
        Time after which no further one is tried, s.
    extracted : int
        Batches of videos of which one also goes through the pose model.
    """

    tasks: tuple[str, ...]
    kills: int
    kills_s: float
    videos: int
    videos_s: float
    extracted: int
    files: int
    files_s: float
    disks: int


FULL: Final = FaultSize(
    tasks=tuple(TASKS),
    kills=100,
    kills_s=420.0,
    videos=300,
    videos_s=180.0,
    extracted=8,
    files=500,
    files_s=90.0,
    disks=10,
)
QUICK: Final = FaultSize(
    tasks=("measure again", "gallery"),
    kills=4,
    kills_s=20.0,
    videos=24,
    videos_s=10.0,
    extracted=0,
    files=65,
    files_s=10.0,
    disks=2,
)


def bench_faults(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Kill, damage and starve real work on a small workspace, and count what was lost, silent or left behind.

    Parameters
    ----------
    workspace : Workspace
        Stays as it is: everything happens in folders of its own.
    reporter : Reporter
    quick : bool
        A few of each fault.
    data : str, optional
        Not used: the walks are simulated.

    Returns
    -------
    BenchResult
        ``kills``, ``kills_lost``, ``mutated_videos``, ``mutated_tracebacks``, ``damaged_files``, ``damaged_silent``,
        ``full_disks``, ``full_disk_lost``, ``leftovers`` and more.
    """
    del workspace, data
    size = QUICK if quick else FULL
    with TemporaryDirectory(prefix="gait-faults-") as folder, reporter.stage("faults", "Faults"):
        known = fill_workspace(Path(folder))
        parts = fault_parts(Path(folder) / "workspace", known, size, reporter)
        return joined("faults", parts, seed=_SEED, quick=quick)


def fault_parts(root: Path, known: Mapping[str, Any], size: FaultSize, reporter: Reporter) -> Iterator[BenchResult]:
    """Try each kind of fault.

    Parameters
    ----------
    root : Path
        Of a workspace that `fill_workspace` has filled; it is as before at the end.
    known : mapping
        As `fill_workspace` returns it.
    size : FaultSize
    reporter : Reporter

    Yields
    ------
    BenchResult
        Videos, stored files, kills, full disks.
    """
    yield mutated_videos(size.videos, _SEED, reporter, most_s=size.videos_s, extracted=size.extracted)
    yield damaged_files(root, known, size.files, _SEED, reporter, most_s=size.files_s)
    master = Master.of(root, known, size.tasks)
    yield kills(master, size.kills, _SEED, reporter, most_s=size.kills_s)
    yield full_disks(master, size.disks, _SEED, reporter)
