"""Tasks on executors: every outcome once, in spite of dead workers; one that kills is given up alone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from pathlib import Path

import pytest

from gait_core.errors import Cancelled, ClusterError, InputError
from gait_core.runtime.cluster import check_address
from gait_core.runtime.executors import LocalProcesses, Outcome, local_threads, run_each


class Scripted(Executor):
    """Runs a task when it is handed over; a plan says what becomes of which task at which attempt."""

    def __init__(self, plan: Callable[[int, int], str]) -> None:
        self.plan = plan
        self.log: list[tuple[int, int]] = []

    def submit(self, fn, /, *args, **kwargs):
        task, attempt = args
        self.log.append((task, attempt))
        future: Future[int] = Future()
        fate = self.plan(task, attempt)
        if fate == "die":
            future.set_exception(BrokenExecutor("killed"))
        elif fate == "drop":
            future.cancel()
            future.set_running_or_notify_cancel()
        elif fate == "fail":
            future.set_exception(ValueError("of the task"))
        elif fate == "work":
            future.set_result(fn(*args))
        return future  # else: never ends


def double(task: int, attempt: int) -> int:
    return 2 * task


def sorted_results(outcomes: list[Outcome[int]]) -> list[int | None]:
    assert sorted(outcome.number for outcome in outcomes) == list(range(len(outcomes)))
    return [outcome.result for outcome in sorted(outcomes, key=lambda outcome: outcome.number)]


def test_every_task_gives_one_outcome_on_threads():
    with local_threads(3) as pool:
        outcomes = list(run_each(pool, double, range(100), ahead=7))
    assert sorted_results(outcomes) == [2 * task for task in range(100)]


def test_a_task_whose_worker_died_is_run_again():
    pool = Scripted(lambda task, attempt: "die" if task == 3 and attempt < 1 else "work")
    outcomes = list(run_each(pool, double, range(6)))
    assert sorted_results(outcomes) == [0, 2, 4, 6, 8, 10]
    assert [outcome.lost for outcome in outcomes if outcome.number == 3] == [1]


def test_a_task_that_always_kills_is_given_up_and_the_others_are_not_blamed():
    died: list[int] = []

    def plan(task: int, attempt: int) -> str:
        # What is under way beside the guilty one dies with it.
        guilty = task == 1
        together = len(died) < 4
        if guilty or together:
            died.append(task)
            return "die"
        return "work"

    pool = Scripted(plan)
    outcomes = list(run_each(pool, double, range(4), attempts=3))
    assert sorted_results(outcomes) == [0, None, 4, 6]
    assert [task for task, _ in pool.log].count(1) == 3


def test_tasks_that_nobody_took_back_mean_that_the_workers_are_gone():
    outcomes = run_each(Scripted(lambda task, attempt: "drop" if task == 2 else "work"), double, range(4), ahead=1)
    assert [next(outcomes).number, next(outcomes).number] == [0, 1]
    with pytest.raises(ClusterError, match="disappeared"):
        next(outcomes)


def test_a_broken_pool_that_takes_no_tasks_is_a_clear_error():
    class Broken(Executor):
        def submit(self, fn, /, *args, **kwargs):
            raise BrokenExecutor("a child ended")

    with pytest.raises(ClusterError, match="take no more"):
        list(run_each(Broken(), double, range(2)))


def test_the_error_of_a_task_ends_the_run_and_takes_the_others_back():
    futures: list[Future[int]] = []

    class Recording(Scripted):
        def submit(self, fn, /, *args, **kwargs):
            futures.append(super().submit(fn, *args, **kwargs))
            return futures[-1]

    with pytest.raises(ValueError, match="of the task"):
        list(run_each(Recording(lambda task, attempt: "fail" if task == 0 else "wait"), double, range(5)))
    assert [future.cancelled() for future in futures[1:]] == [True] * 4


def test_cancelling_is_felt_while_nothing_ends():
    def stop() -> None:
        if time.monotonic() - begun > 0.3:
            raise Cancelled()

    begun = time.monotonic()
    with pytest.raises(Cancelled):
        list(run_each(Scripted(lambda task, attempt: "wait"), double, range(5), check=stop))


def kill_once(task: str, attempt: int) -> str:
    """End the process without a word the first time, in the manner of the system when memory is short."""
    marker = Path(task)
    if marker.name.startswith("bad") and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return marker.name


def kill_always(task: str, attempt: int) -> str:
    if Path(task).name == "bad":
        os.kill(os.getpid(), signal.SIGKILL)
    return Path(task).name


@pytest.mark.slow
def test_killed_processes_lose_no_task(tmp_path):
    tasks = [str(tmp_path / name) for name in ("a", "bad-1", "b", "bad-2", "c", "d", "e", "f")]
    with LocalProcesses(2) as pool:
        outcomes = list(run_each(pool, kill_once, tasks, ahead=pool.ahead))
    assert sorted_results(outcomes) == [Path(task).name for task in tasks]


@pytest.mark.slow
def test_a_task_that_always_kills_its_process_is_the_only_one_lost(tmp_path):
    tasks = [str(tmp_path / name) for name in ("a", "bad", "b", "c")]
    with LocalProcesses(2) as pool:
        outcomes = list(run_each(pool, kill_always, tasks, ahead=pool.ahead))
    assert sorted_results(outcomes) == ["a", None, "b", "c"]


@pytest.mark.slow
def test_the_standard_pool_of_processes_ends_with_a_clear_error(tmp_path):
    with ProcessPoolExecutor(1) as pool, pytest.raises(ClusterError, match="take no more"):
        list(run_each(pool, kill_always, [str(tmp_path / "bad")] * 2))


@pytest.mark.parametrize(
    "address", ["10.0.0.5:8786", "tcp://host", "http://host:1", "tcp://host:8786/x", "", "tcp://:1"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(InputError, match="address of a Dask scheduler"):
        check_address(address)


@pytest.mark.parametrize("address", ["tcp://10.0.0.5:8786", "tls://node-1.local:8786", "tcp://[fd00::1]:8786"])
def test_addresses_of_schedulers(address):
    assert check_address(address) == address


def test_at_least_one_worker():
    with pytest.raises(InputError, match="at least 1 worker"), local_threads(0):
        pass
