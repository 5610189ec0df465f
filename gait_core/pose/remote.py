"""Extraction on any executor: one task per video, in a worker that sees the same workspace.

Only paths and small facts travel. The landmarks go through the cache of the shared workspace, where their
content address makes sure that each exists once, however often a task was begun.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gait_core import errors
from gait_core.config import PoseSettings
from gait_core.errors import Cancelled, ClusterError, GaitError, InputError, VideoError
from gait_core.pose.engines import resolved
from gait_core.pose.extract import STAGE, extract_track
from gait_core.pose.frame_progress import labels_of
from gait_core.progress import Reporter, silent
from gait_core.runtime.executors import run_each
from gait_core.workspace import Workspace, new_id, write_atomic

__all__ = ["RemoteWalk", "extract_on", "run_mark"]

_WATCH_EVERY_S: Final = 1.0
_OLD_MARK_S: Final = 24 * 3600.0
_AHEAD: Final = 64


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
    executor: Executor,
    paths: Sequence[Path | str],
    settings: PoseSettings,
    *,
    workspace: Workspace,
    reporter: Reporter | None = None,
    check: Callable[[], None] = lambda: None,
    videos_at_once: int = 1,
    on_result: Callable[[int, RemoteWalk | GaitError], None] | None = None,
) -> list[RemoteWalk | GaitError]:
    """Find the landmarks in many videos, wherever the executor has its workers.

    Parameters
    ----------
    executor : Executor
        Threads, processes, or the machines of a cluster; all see `workspace` and the videos under the same path.
    paths : sequence of path-like
    settings : PoseSettings
        What ``auto`` means is decided here, so that every machine computes the same.
    workspace : Workspace
        Its cache receives the landmarks.
    reporter : Reporter, optional
        Stage ``extract``, in videos.
    check : callable
        Called several times a second; what it raises ends the run.
    videos_at_once : int
        Videos that share one process, which then have fewer threads each.
    on_result : callable, optional
        Receives place and outcome of every video as soon as it is known.

    Returns
    -------
    list of RemoteWalk or GaitError
        In the order of `paths`, each exactly once; a video that cannot be used is its error, and the others go on.

    Raises
    ------
    ClusterError
        When the executor went away; what is finished is in the cache.
    ModelError, LibraryError, StorageError
        When a machine lacks something, which no other video could escape there.
    Cancelled
        When the user stopped the work; the workers stop within about a second.
    """
    reporter = reporter or silent()
    files = [Path(path).absolute() for path in paths]
    settings = resolved(settings)
    meeting = _Meeting(files, reporter, on_result)

    def look() -> None:
        reporter.check()
        check()

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
        ahead = getattr(executor, "ahead", _AHEAD)
        try:
            for outcome in run_each(executor, extract_task, tasks, check=look, ahead=ahead):
                meeting.take(outcome.number, _walk_of(files[outcome.number], outcome.result, outcome.lost))
        except ClusterError as error:
            raise meeting.broken_off(error) from error
    return meeting.results()


@contextmanager
def run_mark(workspace: Workspace) -> Iterator[Path]:
    """Keep a file in the workspace for as long as a run lasts; its workers stop when it goes.

    A worker on another machine cannot be told to stop in the middle of a video, but it can see this.
    """
    folder = workspace.cache / "runs"
    for old in folder.glob("*.running"):
        if time.time() - old.stat().st_mtime > _OLD_MARK_S:
            old.unlink(missing_ok=True)  # of a run that was killed
    mark = folder / f"{new_id('run')}.running"
    write_atomic(mark, f"{platform.node()} {os.getpid()}\n".encode(), durable=False)
    try:
        yield mark
    finally:
        mark.unlink(missing_ok=True)


def extract_task(task: Mapping[str, Any], attempt: int) -> dict[str, Any]:  # noqa: ARG001
    """Find the landmarks of one video in a worker and return small facts; the arrays stay in the cache.

    Parameters
    ----------
    task : mapping
        ``path``, ``settings``, ``workspace``, ``mark``, ``videos_at_once``.
    attempt : int
        How many workers died over it before; makes the task another one for a scheduler that remembers.
    """
    begun_s = time.perf_counter()
    worker = {"worker": f"{platform.node()}:{os.getpid()}"}
    mark = Path(task["mark"])
    if not mark.is_file():
        return {"state": "stopped", **worker}
    try:
        walk = extract_track(
            task["path"],
            PoseSettings.from_dict(task["settings"]),
            workspace=Workspace(task["workspace"]),
            reporter=Reporter(cancelled=_gone(mark)),
            share=int(task["videos_at_once"]),
        )
    except Cancelled:
        return {"state": "stopped", **worker}
    except GaitError as error:
        state = "failed" if isinstance(error, InputError) else "broken"
        return {"state": state, "error": error.to_dict(), **worker}
    except Exception as error:  # noqa: BLE001 - one video must not stop the others
        kind = type(error).__name__
        found = VideoError(
            f"Expected to analyse {Path(task['path']).name}, but it failed: {kind}: {error}".strip(),
            "Convert the video to MP4 (H.264) and try again; if it fails again, report it.",
        )
        return {"state": "failed", "error": found.to_dict(), **worker}
    return {
        "state": "done",
        "address": walk.address,
        "frames": len(walk.track),
        "detection_rate": float(walk.track.detection_rate),
        "frame_rate_hz": float(walk.track.frame_rate_hz),
        "cached": walk.cached,
        "warnings": [warning.to_dict() for warning in walk.warnings],
        "duration_s": time.perf_counter() - begun_s,
        **worker,
    }


def _gone(mark: Path) -> Callable[[], bool]:
    """Return a cheap test whether the run is over: at most one look a second, on a disk that may be far."""
    looked_s, gone = time.monotonic(), False

    def test() -> bool:
        nonlocal looked_s, gone
        now_s = time.monotonic()
        if not gone and now_s - looked_s >= _WATCH_EVERY_S:
            looked_s, gone = now_s, not mark.is_file()
        return gone

    return test


def _walk_of(path: Path, facts: Mapping[str, Any] | None, lost: int) -> RemoteWalk | GaitError:
    """Return what a worker answered; raise what no other video could escape."""
    if facts is None:
        return ClusterError(
            f"Expected to analyse {path.name}, but {lost} workers died over it.",
            "It may need more memory than a worker has: analyse it alone, or with the profile 'fast'.",
        )
    if facts["state"] == "stopped":
        raise ClusterError(
            f"Expected the worker {facts['worker']} to see the mark of this run, but it did not.",
            "Every worker has to see the workspace under the same path; check the shared folder.",
        )
    if facts["state"] in ("failed", "broken"):
        error = _error_of(facts["error"])
        if facts["state"] == "broken":
            raise type(error)(f"On {facts['worker']}: {error.message}", error.remedy)
        return error
    known = {name: facts[name] for name in ("address", "frames", "detection_rate", "frame_rate_hz", "cached")}
    return RemoteWalk(
        path=path,
        warnings=tuple(facts["warnings"]),
        duration_s=facts["duration_s"],
        worker=facts["worker"],
        **known,
    )


def _error_of(facts: Mapping[str, str]) -> GaitError:
    kind = getattr(errors, facts["kind"], GaitError)
    kind = kind if isinstance(kind, type) and issubclass(kind, GaitError) else GaitError
    return kind(facts["message"], facts["remedy"])


class _Meeting:
    """Where the outcomes come together: in the order of the input, told to whoever listens."""

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

    def broken_off(self, error: ClusterError) -> ClusterError:
        """Return the error with what is kept."""
        return ClusterError(
            f"{error.message} {self._usable} of {len(self._labels)} videos are in the cache.",
            "Look whether the machines still run, then run the same command again: it goes on where it stopped.",
        )

    def results(self) -> list[RemoteWalk | GaitError]:
        return [self._found[number] for number in range(len(self._labels))]
