"""Many independent tasks on any executor: threads, processes, or the machines of a cluster.

Every task gives one result, whatever happens to the worker that had it: a task whose worker died is run
again, and one that keeps killing its worker is given up alone, so that the others continue.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from gait_core.errors import ClusterError, InputError

__all__ = ["LocalProcesses", "Outcome", "local_threads", "run_each"]

Task = TypeVar("Task")
Result = TypeVar("Result")
_LOOK_EVERY_S = 0.25
_ATTEMPTS = 3
_AHEAD = 64
"""Tasks handed over at once; the others wait here, where they can be withdrawn."""


@dataclass(frozen=True, kw_only=True)
class Outcome(Generic[Result]):
    """What became of one task.

    Attributes
    ----------
    number : int
        Its place in the input.
    result : object or None
        What it returned; None when it was given up.
    lost : int
        How many workers died over it.
    """

    number: int
    result: Result | None
    lost: int = 0


@contextmanager
def local_threads(workers: int) -> Iterator[Executor]:
    """Give an executor of this process's own threads.

    Parameters
    ----------
    workers : int
        Threads, at least 1.

    Yields
    ------
    concurrent.futures.Executor
        At the end, what has begun is waited for and what has not is dropped.
    """
    pool = ThreadPoolExecutor(max_workers=_checked(workers), thread_name_prefix="task")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class LocalProcesses(Executor):
    """Processes of this machine, begun afresh; after one has died, new ones take its place.

    The standard pool refuses all further work once one of its processes is killed. Here only the tasks
    that were under way fail, with `BrokenExecutor`, and the next one gets a new pool.

    Parameters
    ----------
    workers : int
        Processes at once.
    """

    def __init__(self, workers: int) -> None:
        self._workers = _checked(workers)
        self._pool = self._new_pool()

    @property
    def ahead(self) -> int:
        """Tasks to hand over at once: those under way fail together, so no more than keep everybody busy."""
        return 2 * self._workers

    def _new_pool(self) -> ProcessPoolExecutor:
        # A forked copy of a process with threads may hang: begin new ones.
        return ProcessPoolExecutor(self._workers, mp_context=multiprocessing.get_context("spawn"))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand a task to the pool, a new one when the last is broken."""
        try:
            return self._pool.submit(fn, *args, **kwargs)
        except BrokenExecutor:
            self._pool.shutdown(wait=False)
            self._pool = self._new_pool()
            return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes."""
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)


def run_each(
    executor: Executor,
    function: Callable[[Task, int], Result],
    tasks: Sequence[Task],
    *,
    check: Callable[[], None] = lambda: None,
    attempts: int = _ATTEMPTS,
    ahead: int | None = None,
) -> Iterator[Outcome[Result]]:
    """Run one function on many tasks and yield every outcome once, as they come.

    Parameters
    ----------
    executor : Executor
        Anything of `concurrent.futures`, also Dask's ``Client.get_executor()``.
    function : callable
        Called as ``function(task, attempt)``; on other processes it has to be importable by name.
    tasks : sequence
    check : callable
        Called several times a second; what it raises ends the run.
    attempts : int
        How many workers may die over one task before it is given up.
    ahead : int, optional
        Tasks handed over at once; default: what the executor asks for with an attribute of that name, or 64.

    Yields
    ------
    Outcome
        In the order in which they end.

    Raises
    ------
    ClusterError
        When the executor dropped tasks whose results were not collected: it is gone.
    Exception
        Whatever a task raises; the tasks not begun are then taken back.
    """
    run = _Run(executor, function, tasks, attempts)
    at_once = ahead or int(getattr(executor, "ahead", _AHEAD))
    try:
        while run.unfinished:
            check()
            run.hand_over(at_once)
            yield from run.collect()
    finally:
        run.take_back()


class _Run(Generic[Task, Result]):
    """The tasks of one call: those that wait, those under way, and those that lost their worker."""

    def __init__(
        self, executor: Executor, function: Callable[[Task, int], Result], tasks: Sequence[Task], attempts: int
    ) -> None:
        self._executor, self._function, self._tasks, self._attempts = executor, function, tasks, attempts
        self._waiting = deque(range(len(tasks)))
        self._suspects: deque[int] = deque()
        self._lost: dict[int, int] = {}
        self._under_way: dict[Future[Result], int] = {}

    @property
    def unfinished(self) -> bool:
        return bool(self._waiting or self._suspects or self._under_way)

    def hand_over(self, ahead: int) -> None:
        while self._waiting and len(self._under_way) < ahead:
            self._submit(self._waiting.popleft())
        # One worker's death fails all that its pool had under way. Alone, the guilty one shows.
        if not self._under_way and self._suspects:
            self._submit(self._suspects.popleft())

    def _submit(self, number: int) -> None:
        try:
            future = self._executor.submit(self._function, self._tasks[number], self._lost.get(number, 0))
        except (BrokenExecutor, RuntimeError) as error:
            raise ClusterError(
                f"Expected workers that take tasks, but they take no more ({error}).",
                "Run again; what is finished is kept.",
            ) from error
        self._under_way[future] = number

    def collect(self) -> Iterator[Outcome[Result]]:
        if not self._under_way:
            return
        alone = len(self._under_way) == 1
        done, _ = wait(self._under_way, timeout=_LOOK_EVERY_S, return_when=FIRST_COMPLETED)
        for future in done:
            number = self._under_way.pop(future)
            try:
                result = future.result()
            except CancelledError:
                raise ClusterError(
                    "Expected the workers to stay until the end, but they disappeared and their tasks were dropped.",
                    "Look whether the machines still run, then run again; what is finished is kept.",
                ) from None
            except Exception as error:
                if not _worker_died(error):
                    raise
                yield from self._after_death(number, alone)
                continue
            yield Outcome(number=number, result=result, lost=self._lost.get(number, 0))

    def _after_death(self, number: int, alone: bool) -> Iterator[Outcome[Result]]:
        # With several tasks it is unknown which one did it, and a first retry costs little.
        if alone or number not in self._lost:
            self._lost[number] = self._lost.get(number, 0) + 1
        if self._lost[number] >= self._attempts:
            yield Outcome(number=number, result=None, lost=self._lost[number])
        else:
            self._suspects.append(number)

    def take_back(self) -> None:
        for future in self._under_way:
            with suppress(Exception):  # an executor that is gone cannot take anything back
                future.cancel()


def _worker_died(error: Exception) -> bool:
    """Return whether the worker died, not the task failed; Dask has a name of its own for it."""
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"


def _checked(workers: int) -> int:
    if workers < 1:
        raise InputError(f"Expected at least 1 worker, but got {workers}.", "Set --workers to 1 or more.")
    return workers
