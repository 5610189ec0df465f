"""Kills work at a random moment and fills the disk under it: what was stored before is there, and it can run again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from gait_core.bench.common import BenchResult, Table
from gait_core.bench.faults_child import Outcome, run_child
from gait_core.bench.faults_tasks import TASKS, left_over, limited, next_start, state_of
from gait_core.errors import GaitError
from gait_core.progress import Reporter

__all__ = ["Master", "full_disks", "kills"]


@dataclass(frozen=True, kw_only=True)
class Master:
    """A filled workspace, and what its tasks answer when nothing goes wrong.

    Attributes
    ----------
    root : Path
        Folder of the workspace; only copies of it are worked on.
    known : mapping
        As `fill_workspace` returns it.
    answers : mapping of str to object
        By task.
    seconds : mapping of str to float
        How long each task takes, s.
    state : mapping
        As `state_of` returns it.
    """

    root: Path
    known: Mapping[str, Any]
    answers: Mapping[str, Any]
    seconds: Mapping[str, float]
    state: Mapping[str, Any]

    @classmethod
    def of(cls, root: Path, known: Mapping[str, Any], names: tuple[str, ...]) -> Master:
        """Run every task once to its end.

        Raises
        ------
        GaitError
            When one of them fails by itself.
        """
        answers, seconds = {}, {}
        for name in names:
            with _copy_of(root) as copy:
                outcome = run_child(TASKS[name], str(copy), known)
            if outcome.kind != "done":
                raise GaitError(
                    f"Expected {name!r} to work, but it ended with {outcome.kind}: {outcome.value}", "Run it."
                )
            answers[name], seconds[name] = outcome.value, outcome.seconds
        return cls(root=root, known=known, answers=answers, seconds=seconds, state=state_of(str(root), known))


@dataclass
class _Tally:
    """What was found."""

    tried: int = 0
    lost: list[str] = field(default_factory=list)
    leftovers: int = 0
    by_task: dict[str, list[int]] = field(default_factory=dict)

    def rows(self) -> list[list[Any]]:
        return [[name, *counts] for name, counts in sorted(self.by_task.items())]


def kills(master: Master, count: int, seed: int, reporter: Reporter, *, most_s: float) -> BenchResult:
    """Kill tasks with SIGKILL at a random moment of their run.

    Parameters
    ----------
    master : Master
    count : int
    seed : int
    reporter : Reporter
    most_s : float
        Time after which no further one is tried, s.

    Returns
    -------
    BenchResult
        ``kills``, ``kills_lost`` and ``leftovers``.
    """
    generator, tally, begun_s = np.random.default_rng(seed), _Tally(), time.monotonic()
    names = list(master.answers)
    while tally.tried < count and time.monotonic() - begun_s < most_s:
        name = names[tally.tried % len(names)]
        moment_s = float(generator.uniform(0.0, 1.05)) * master.seconds[name]
        with _copy_of(master.root) as copy:
            outcome = run_child(TASKS[name], str(copy), master.known, kill_after_s=moment_s)
            _take(tally, name, outcome, copy, master, wanted=("killed", "done"))
        reporter.progress("kills", tally.tried, count, "kills")
    return BenchResult(
        bench="kills",
        settings={"seed": seed, "tasks": names, "moment": "evenly over the run of each"},
        figures={"kills": tally.tried, "kills_lost": len(tally.lost), "leftovers": tally.leftovers},
        tables=[
            Table(title="Kills by task", columns=["task", "tried", "hit", "lost"], rows=tally.rows()),
            *_told(tally),
        ],
    )


def full_disks(master: Master, count: int, seed: int, reporter: Reporter) -> BenchResult:
    """Let tasks run out of space at a random size of file.

    Parameters
    ----------
    master : Master
    count : int
    seed : int
    reporter : Reporter

    Returns
    -------
    BenchResult
        ``full_disks``, ``full_disk_lost`` and ``full_disk_leftovers``.
    """
    generator, tally = np.random.default_rng(seed), _Tally()
    names = [name for name in master.answers if name != "cache"]
    for number in range(count):
        name = names[number % len(names)]
        largest_bytes = int(2 ** generator.uniform(6.0, 17.0))
        with _copy_of(master.root) as copy:
            outcome = run_child(limited, largest_bytes, name, str(copy), master.known)
            _take(tally, f"{name}", outcome, copy, master, wanted=("refused", "done"))
        reporter.progress("full_disks", number + 1, count, "full disks")
    return BenchResult(
        bench="full_disks",
        settings={"seed": seed, "limit": "64 bytes to 128 kB for each file"},
        figures={"full_disks": tally.tried, "full_disk_lost": len(tally.lost), "full_disk_leftovers": tally.leftovers},
        tables=[Table(title="Full disks", columns=["task", "tried", "hit", "lost"], rows=tally.rows()), *_told(tally)],
    )


def _take(tally: _Tally, name: str, outcome: Outcome, copy: Path, master: Master, *, wanted: tuple[str, str]) -> None:
    """Check what is left, start again, and run the task to its end."""
    counts = tally.by_task.setdefault(name, [0, 0, 0])
    tally.tried += 1
    counts[0] += 1
    counts[1] += outcome.kind == wanted[0]
    problems = [] if outcome.kind in wanted else [f"ended with {outcome.kind}: {str(outcome.value)[-300:]}"]
    next_start(str(copy))
    found = left_over(str(copy))
    tally.leftovers += len(found)
    problems += [f"left {path}" for path in found]
    try:
        state = state_of(str(copy), master.known)
    except GaitError as error:
        state = {"readable": error.message}
    loose = ("measurement",) if name == "measure again" else ()
    problems += [
        f"{key} is {value if isinstance(value, list) else 'not as it was'}"
        for key, value in state.items()
        if value != master.state.get(key) and key not in loose
    ]
    again = run_child(TASKS[name], str(copy), master.known)
    if again.kind != "done" or again.value != master.answers[name]:
        problems.append(f"run again: {again.kind}, {str(again.value)[-300:]}")
    if problems:
        counts[2] += 1
        tally.lost.append(f"{name}: {'; '.join(problems)}")


def _told(tally: _Tally) -> list[Table]:
    return [Table(title="Lost", columns=["what"], rows=[[text] for text in tally.lost])] if tally.lost else []


@contextmanager
def _copy_of(root: Path) -> Iterator[Path]:
    with TemporaryDirectory(prefix="gait-faults-") as folder:
        copy = Path(folder) / "workspace"
        shutil.copytree(root, copy)
        yield copy
