"""Extraction on any executor: one task per video, in a worker that sees the same workspace.

Only paths and small facts travel. The landmarks go through the cache of the shared workspace, where their
content address makes sure that each exists once, however often a task was begun.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from gait_core.config import PoseSettings
from gait_core.errors import GaitError
from gait_core.pose.cluster import join_cluster
from gait_core.pose.engines import resolved
from gait_core.pose.extract import STAGE, extract_track
from gait_core.pose.frame_progress import labels_of
from gait_core.progress import Reporter, silent
from gait_core.runtime.cluster import Cluster
from gait_core.runtime.workers import Answer, in_worker, run_mark, run_tasks
from gait_core.workspace import Workspace

__all__ = ["RemoteWalk", "extract_on"]


@dataclass(frozen=True, kw_only=True)
class RemoteWalk:
    """The facts of a video whose landmarks are now in the cache.

    Attributes
    ----------
    path : Path
    address : str
        Where the landmarks lie in the cache.
    frames : int
    detection_rate : float
        Share of the frames in which a person was found.
    frame_rate_hz : float
    cached : bool
        True when they lay there already.
    warnings : tuple of dict
        `code`, `message` and `blocking` of each doubt.
    duration_s : float
        Time that the task took, s.
    worker : str
        Machine and process that did it.
    """

    path: Path
    address: str
    frames: int
    detection_rate: float
    frame_rate_hz: float
    cached: bool
    warnings: tuple[Mapping[str, Any], ...]
    duration_s: float
    worker: str


def extract_on(
    where: Executor | str,
    paths: Sequence[Path | str],
    settings: PoseSettings,
    *,
    workspace: Workspace,
    reporter: Reporter | None = None,
    videos_at_once: int | None = None,
    on_result: Callable[[int, RemoteWalk | GaitError], None] | None = None,
) -> list[RemoteWalk | GaitError]:
    """Find the landmarks in many videos, wherever the executor has its workers.

    Parameters
    ----------
    where : Executor or str
        Threads, processes, a cluster that was joined (`gait_core.pose.cluster.join_cluster`), or the address of the
        scheduler of one; all see `workspace` and the videos under the same path.
    paths : sequence of path-like
    settings : PoseSettings
        Which engine and precision ``auto`` means is decided here, for all machines; each chooses its own device.
    workspace : Workspace
        Its cache receives the landmarks.
    reporter : Reporter, optional
        Stage ``extract``, in videos.
    videos_at_once : int, optional
        Videos that share one process, which then have fewer threads each; default: as many as a worker of the cluster
        has threads, otherwise 1.
    on_result : callable, optional
        Receives place and outcome of every video as soon as it is known.

    Returns
    -------
    list of RemoteWalk or GaitError
        In the order of `paths`, each exactly once; a video that cannot be used is its error, and the others continue.

    Raises
    ------
    ClusterError
        When there is no such cluster, its workers do not fit, or the executor went away; what is finished is in the
        cache.
    ModelError, LibraryError, StorageError
        When a machine lacks something, which no other video could escape there.
    Cancelled
        When the user stopped the work; the workers stop within about a second.
    """
    if isinstance(where, str):
        with join_cluster(where, paths, settings, workspace=workspace, reporter=reporter) as joined:
            return extract_on(joined, paths, settings, workspace=workspace, reporter=reporter, on_result=on_result)
    reporter = reporter or silent()
    files = [Path(path).absolute() for path in paths]
    settings = resolved(settings)
    meeting = _Meeting(files, reporter, on_result)

    cluster = where if isinstance(where, Cluster) else None
    if videos_at_once is None:
        videos_at_once = max(cluster.workers.values(), default=1) if cluster is not None else 1

    def look() -> None:
        reporter.check()
        if cluster is not None:
            cluster.check()

    with run_mark(workspace) as mark:
        tasks = [
            {
                "path": str(file),
                "settings": settings.to_dict(),
                "workspace": str(workspace.root),
                "mark": str(mark),
                "videos_at_once": videos_at_once,
            }
            for file in files
        ]

        def take(number: int, answer: Answer | GaitError) -> None:
            meeting.take(number, answer if isinstance(answer, GaitError) else _walk_of(files[number], answer))

        names = [file.name for file in files]
        run_tasks(where, extract_task, tasks, names, take=take, kept=meeting.kept, check=look)
    return meeting.results()


def extract_task(task: Mapping[str, Any], attempt: int) -> dict[str, Any]:  # noqa: ARG001
    """Find the landmarks of one video in a worker and return small facts; the arrays stay in the cache.

    Parameters
    ----------
    task : mapping
        ``path``, ``settings``, ``workspace``, ``mark``, ``videos_at_once``.
    attempt : int
        How many workers died over it before; makes the task another one for a scheduler that remembers.
    """

    def work(reporter: Reporter) -> dict[str, Any]:
        walk = extract_track(
            task["path"],
            PoseSettings.from_dict(task["settings"]),
            workspace=Workspace(task["workspace"]),
            reporter=reporter,
            share=int(task["videos_at_once"]),
        )
        return {
            "address": walk.address,
            "frames": len(walk.track),
            "detection_rate": float(walk.track.detection_rate),
            "frame_rate_hz": float(walk.track.frame_rate_hz),
            "cached": walk.cached,
            "warnings": [warning.to_dict() for warning in walk.warnings],
        }

    remedy = "Convert the video to MP4 (H.264) and try again; if it fails again, report it."
    return in_worker(Path(task["mark"]), work, name=Path(task["path"]).name, remedy=remedy)


def _walk_of(path: Path, facts: Answer) -> RemoteWalk:
    known = {field.name: facts[field.name] for field in fields(RemoteWalk) if field.name in facts}
    return RemoteWalk(**known | {"path": path, "warnings": tuple(facts["warnings"])})


class _Meeting:
    """Where the outcomes come together: in the order of the input, reported to whoever listens."""

    def __init__(
        self,
        files: Sequence[Path],
        reporter: Reporter,
        on_result: Callable[[int, RemoteWalk | GaitError], None] | None,
    ) -> None:
        self._labels = labels_of(files)
        self._reporter = reporter
        self._on_result = on_result
        self._found: dict[int, RemoteWalk | GaitError] = {}
        self._computed = 0
        self._usable = 0
        self._begun_s = time.monotonic()
        reporter.progress(STAGE, 0, len(files), "videos")

    def take(self, number: int, outcome: RemoteWalk | GaitError) -> None:
        """Take the outcome of one video; a second one of the same is an error of ours."""
        if number in self._found:
            raise RuntimeError(f"video {number} came twice")
        self._found[number] = outcome
        label = self._labels[number]
        if isinstance(outcome, GaitError):
            self._reporter.item_end(STAGE, label, state="failed", message=str(outcome))
        else:
            self._usable += 1
            for warning in outcome.warnings:
                self._reporter.warn(STAGE, str(warning["message"]), item=label)
            state = "cached" if outcome.cached else "done"
            self._reporter.item_end(
                STAGE, label, state=state, detection_rate=outcome.detection_rate, worker=outcome.worker
            )
        if isinstance(outcome, GaitError) or not outcome.cached:
            self._computed += 1
        self._reporter.progress(STAGE, len(self._found), len(self._labels), "videos", rate_per_s=self._rate_per_s())
        if self._on_result is not None:
            self._on_result(number, outcome)

    def _rate_per_s(self) -> float | None:
        """Return videos per second since the start; those from the cache cost nothing and say nothing."""
        elapsed_s = time.monotonic() - self._begun_s
        return self._computed / elapsed_s if self._computed and elapsed_s > 0 else None

    def kept(self) -> str:
        """Return what is finished, in words."""
        return f"{self._usable} of {len(self._labels)} videos are in the cache."

    def results(self) -> list[RemoteWalk | GaitError]:
        return [self._found[number] for number in range(len(self._labels))]
