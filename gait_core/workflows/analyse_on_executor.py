"""Scoring on any executor: one task per walk that compares, measures and stores it, then one that draws its overlay.

All walks are scored before the first overlay is drawn, so that a worker that dies over a frame costs no score.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from gait_core.baseline.analyses import AnalysisSummary
from gait_core.baseline.assessment import ScoringBaseline
from gait_core.config import PoseSettings
from gait_core.errors import GaitError
from gait_core.pose.engines import resolved
from gait_core.progress import Reporter, silent
from gait_core.report.overlay import overlay_item
from gait_core.runtime.workers import Answer, run_mark, run_tasks
from gait_core.walks.measurements import new_walk_id
from gait_core.walks.prepare import PreparedWalk
from gait_core.workflows.analyse_task import SameProcess, WalkToScore, draw_task, score_task
from gait_core.workflows.classify_walk import WalkClassifiers
from gait_core.workspace import Workspace

__all__ = ["FoundWalk", "score_on"]


class FoundWalk(Protocol):
    """A video whose landmarks lie in the cache; `PreparedWalk` and `RemoteWalk` are such."""

    @property
    def path(self) -> Path:
        """The video."""

    @property
    def address(self) -> str:
        """Where the landmarks lie in the cache."""

    @property
    def cached(self) -> bool:
        """Whether they lay there before this run."""


def score_on(
    executor: Executor,
    walks: Sequence[FoundWalk],
    baseline: ScoringBaseline,
    *,
    workspace: Workspace,
    pose: PoseSettings,
    profile: str,
    overlay: bool = True,
    classifiers: Sequence[str] = (),
    findings: Mapping[str, Mapping[str, Any]] | None = None,
    reporter: Reporter | None = None,
    check: Callable[[], None] = lambda: None,
) -> list[AnalysisSummary | GaitError]:
    """Compare walks with a baseline, wherever the executor has its workers, and store what comes out.

    Parameters
    ----------
    executor : Executor
        Threads, processes, or the machines of a cluster; all see `workspace` and the videos under the same path.
    walks : sequence of FoundWalk
        One that is prepared already is not prepared again by a worker of this process.
    baseline : ScoringBaseline
    workspace : Workspace
        Holds landmarks and baseline; receives analyses and measurements.
    pose : PoseSettings
        How the landmarks were found, for those that have left the cache meanwhile.
    profile : str
        Name of the profile, as stored with the measurements.
    overlay : bool
        Also draw the overlay videos; one that cannot be drawn is a warning.
    classifiers : sequence of str
        Names of promoted models, which are applied as well.
    findings : mapping of str to mapping, optional
        What the guard says, by the path of the video; see `gait_core.workflows.guard`.
    reporter : Reporter, optional
        Stages ``score`` and ``overlay``.
    check : callable
        Called several times a second; what it raises ends the run.

    Returns
    -------
    list of AnalysisSummary or GaitError
        In the order of `walks`; each analysis is stored exactly once under its identifier, however often its task
        was begun. A walk that cannot be scored is its error, and the others continue.

    Raises
    ------
    ClusterError
        When the executor went away; the message says how many analyses are stored.
    ModelError, LibraryError, StorageError
        When a machine lacks something, which no other walk could escape there.
    Cancelled
        When the user stopped the work; the workers stop within about a second.
    """
    run_id = "" if reporter is None else reporter.run_id
    with run_mark(workspace) as mark:
        # Identifiers are given here: a task that is run again finds what its first run has stored.
        tasks = [
            WalkToScore(
                path=str(walk.path.absolute()),
                address=walk.address,
                cached=walk.cached,
                baseline_id=baseline.stored.id,
                profile=profile,
                pose=resolved(pose).to_dict(),
                analysis_id=new_walk_id(walk.path, run_id, number),
                measurement_id=new_walk_id(walk.path, run_id, number),
                created_s=time.time(),
                workspace=str(workspace.root),
                mark=str(mark),
                guard=dict((findings or {}).get(str(walk.path), {})),
                classifiers=tuple(classifiers),
                overlay=overlay,
            )
            for number, walk in enumerate(walks)
        ]
        prepared = {
            task.analysis_id: walk for task, walk in zip(tasks, walks, strict=True) if isinstance(walk, PreparedWalk)
        }
        here = SameProcess(
            reporter=reporter or silent(),
            baseline=baseline,
            walks=prepared,
            classifiers=WalkClassifiers(workspace, classifiers),
        )
        run = _Run(executor, tasks, workspace, here, check)
        try:
            outcomes = run.score()
            scored = [number for number, found in enumerate(outcomes) if isinstance(found, AnalysisSummary)]
            if overlay and scored:
                run.draw(scored)
            run.sweep_folders()
        finally:
            run.sweep_overlays()
    return outcomes


class _Run:
    """The walks of one call and what became of them."""

    def __init__(
        self,
        executor: Executor,
        tasks: Sequence[WalkToScore],
        workspace: Workspace,
        here: SameProcess,
        check: Callable[[], None],
    ) -> None:
        self._executor, self._tasks, self._workspace = executor, tasks, workspace
        self._here, self._reporter, self._check = here, here.reporter, check
        # Threads of this process can report every frame; other workers report only when they are done.
        self._within = isinstance(executor, ThreadPoolExecutor)

    def score(self) -> list[AnalysisSummary | GaitError]:
        """Score and store all walks."""
        found: dict[int, AnalysisSummary | GaitError] = {}

        def take(number: int, answer: Answer | GaitError) -> None:
            if isinstance(answer, GaitError):
                self._warn("score", number, answer)
                found[number] = answer
            else:
                found[number] = AnalysisSummary.from_dict(answer["summary"])
            self._reporter.progress("score", len(found), len(self._tasks), "walks")

        with self._reporter.stage("score", "Comparing with the baseline"):
            self._each(score_task, range(len(self._tasks)), take)
        return [found[number] for number in range(len(self._tasks))]

    def draw(self, numbers: Sequence[int]) -> None:
        """Draw the overlays of the walks that were scored."""
        ended: list[int] = []

        def take(number: int, answer: Answer | GaitError) -> None:
            ended.append(number)
            item = overlay_item(self._name(number))
            if isinstance(answer, GaitError):
                self._warn("overlay", number, answer)
                self._reporter.item_end("overlay", item, state="failed", message=str(answer))
            elif not self._within:
                self._reporter.item_end("overlay", item, state="done", worker=answer["worker"])
            if not self._within:
                self._reporter.progress("overlay", len(ended), len(numbers), "walks")

        with self._reporter.stage("overlay", "Drawing the overlay video"):
            self._each(draw_task, numbers, take)

    def sweep_folders(self) -> None:
        """Delete what killed workers have left half filled; only once no worker writes any more."""
        if self._within:
            return  # threads end together with this process
        for collection, ids in (
            ("analyses", [task.analysis_id for task in self._tasks]),
            ("measurements", [task.measurement_id for task in self._tasks]),
        ):
            for path in (self._workspace.root / collection).glob(".*.tmp"):
                if path.name.startswith(tuple(f".{own}." for own in ids)):
                    shutil.rmtree(path, ignore_errors=True)

    def sweep_overlays(self) -> None:
        """Delete half-drawn videos; a worker that still draws one loses nothing that would have been kept."""
        for task in self._tasks if not self._within else ():
            for path in self._folder(task).glob(".overlay.mp4.*"):
                path.unlink(missing_ok=True)

    def _each(
        self,
        function: Callable[..., dict[str, Any]],
        numbers: Sequence[int],
        take: Callable[[int, Answer | GaitError], None],
    ) -> None:
        run_tasks(
            self._executor,
            partial(function, here=self._here) if self._within else function,
            [self._tasks[number].to_dict() for number in numbers],
            [self._name(number) for number in numbers],
            take=lambda place, answer: take(numbers[place], answer),
            kept=self._kept,
            check=self._look,
        )

    def _look(self) -> None:
        self._reporter.check()
        self._check()

    def _kept(self) -> str:
        """Return what is finished, in words, as the disk shows it: more may be done than was reported."""
        files = ("analysis.json", "overlay.mp4")
        stored, drawn = (sum((self._folder(task) / file).is_file() for task in self._tasks) for file in files)
        return f"{stored} of {len(self._tasks)} walks are analysed and stored, {drawn} with an overlay video."

    def _folder(self, task: WalkToScore) -> Path:
        return self._workspace.analysis_folder(task.analysis_id)

    def _name(self, number: int) -> str:
        return Path(self._tasks[number].path).name

    def _warn(self, stage: str, number: int, error: GaitError) -> None:
        self._reporter.warn(stage, str(error), item=self._name(number))
