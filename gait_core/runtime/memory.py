"""Keeps the work of this process under a memory limit, and refuses before the system kills it."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable

from gait_core.errors import MemoryLimitError
from gait_core.progress import Reporter
from gait_core.runtime.memory_readings import MachineMemory, machine_memory, own_memory_bytes
from gait_core.runtime.native_memory import release_native_memory

__all__ = ["MemoryMonitor", "batch_size_for"]

_GIB = 1024**3
_MIB = 1024**2
_READ_EVERY_S = 0.25
_COLLECT_FROM = 0.85
_COLLECT_EVERY_S = 2.0
_COLLECT_RARELY_S = 30.0
_GRACE_S = 2.0

_BATCH_BY_MEMORY = ((4 * _GIB, 16), (8 * _GIB, 32), (16 * _GIB, 64))
_LARGEST_BATCH = 128
_LARGEST_BY_PROFILE = {"fast": 128, "balanced": 64, "accurate": 32}


def batch_size_for(profile: str, available_bytes: int) -> int:
    """Return how many windows go into one step.

    =========================== ======== ============ ============
    free memory of the machine  ``fast`` ``balanced`` ``accurate``
    =========================== ======== ============ ============
    less than 4 GB              16       16           16
    less than 8 GB              32       32           32
    less than 16 GB             64       64           32
    16 GB or more               128      64           32
    =========================== ======== ============ ============

    The rows are the rule by memory, the columns end where the range of the profile ends: 64 to 128 for
    fast, 32 to 64 for balanced, 16 to 32 for accurate. Where memory is too short for a profile's range,
    memory decides.

    Parameters
    ----------
    profile : str
        ``fast``, ``balanced`` or ``accurate``; of any other name only memory decides.
    available_bytes : int
        Free memory of the machine, as `machine_memory` reports it.

    Returns
    -------
    int
    """
    by_memory = next((batch for below, batch in _BATCH_BY_MEMORY if available_bytes < below), _LARGEST_BATCH)
    return min(by_memory, _LARGEST_BY_PROFILE.get(profile, _LARGEST_BATCH))


class MemoryMonitor:
    """Keep the work of this process under a limit. Safe to share between threads.

    What the process held before (a notebook, other work of the same program) counts up to half the limit;
    the rest of it is not this work's to give back.

    Parameters
    ----------
    limit_bytes : int
        Memory that the work may use, bytes.
    reporter : Reporter, optional
        Called once when fewer workers run than wanted, and once when memory runs short.
    own, machine : callable, optional
        Read the memory of the process (bytes) and of the machine; replaced in tests.
    clock : callable, optional
        Seconds, never falling.
    """

    def __init__(
        self,
        limit_bytes: int,
        *,
        reporter: Reporter | None = None,
        own: Callable[[], int] = own_memory_bytes,
        machine: Callable[[], MachineMemory] = machine_memory,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reporter = reporter
        self._own, self._machine, self._clock = own, machine, clock
        self._lock = threading.Lock()
        self._used = own()
        self._limit = limit_bytes + max(0, self._used - limit_bytes // 2)
        self._peaks: dict[str, int] = {}
        self._seen: set[str] = set()
        self._due_s = clock() + _READ_EVERY_S
        self._collect_due_s = clock()
        self._collect_every_s = _COLLECT_EVERY_S
        self._over_since_s: float | None = None
        self._said: set[str] = set()

    @property
    def limit_bytes(self) -> int:
        """The limit of the whole process, bytes."""
        return self._limit

    @property
    def pressure(self) -> float:
        """Share of the limit in use at the last reading; from 0.8 callers hold fewer frames ahead."""
        return self._used / self._limit

    @property
    def peaks_bytes(self) -> dict[str, int]:
        """Stage → highest memory seen while it ran, bytes."""
        with self._lock:
            return dict(self._peaks)

    def workers_for(self, wanted: int, bytes_each: int) -> int:
        """Return how many workers fit.

        Parameters
        ----------
        wanted : int
        bytes_each : int
            What one worker needs, bytes.

        Returns
        -------
        int
            At least 1, at most `wanted`.
        """
        machine = self._machine()
        free = machine.available_bytes - machine.reserve_bytes
        room = min(self._limit - self._own(), free)
        fitting = max(1, min(wanted, room // max(1, bytes_each)))
        if fitting < wanted:
            cause = "this machine has free" if free <= room else "the profile's limit leaves"
            self._say_once(
                "workers",
                f"Only {fitting} of {wanted} run at the same time: each needs about {_size(bytes_each)}, "
                f"and {cause} {_size(max(0, room))}.",
            )
        return int(fitting)

    def check(self, stage: str) -> None:
        """Record the memory of a stage, release what is unused when it runs short, refuse when that is not enough.

        Cheap: between two readings, a quarter of a second apart, it only looks at the clock.

        Raises
        ------
        MemoryLimitError
            When the process stays over its limit for two seconds, although memory was collected and
            callers could see `pressure`, or when the machine itself is about to run out.
        """
        self._seen.add(stage)
        if self._clock() < self._due_s and stage in self._peaks:
            return
        if not self._lock.acquire(blocking=False):
            return  # another thread is reading just now
        try:
            self._read(stage)
        finally:
            self._lock.release()

    def _read(self, stage: str) -> None:
        now_s = self._clock()
        self._due_s = now_s + _READ_EVERY_S
        self._used = self._own()
        self._note_peaks()
        machine = self._machine()
        short = machine.available_bytes < machine.reserve_bytes
        over = self._used > self._limit
        if short or self._used >= _COLLECT_FROM * self._limit:
            self._collect(now_s, urgent=short or over)
            over = self._used > self._limit
        if short:
            machine = self._machine()
            if machine.available_bytes < machine.reserve_bytes:
                raise _machine_is_full(stage, machine, self._used)
        if not over:
            self._over_since_s = None
        elif self._over_since_s is None:
            self._over_since_s = now_s
        elif now_s - self._over_since_s >= _GRACE_S:
            raise _over_the_limit(stage, self._used, self._limit)

    def _note_peaks(self) -> None:
        seen, self._seen = self._seen, set()
        for name in seen:
            self._peaks[name] = max(self._peaks.get(name, 0), self._used)

    def _collect(self, now_s: float, *, urgent: bool) -> None:
        if now_s < self._collect_due_s and not (urgent and self._over_since_s is None):
            return
        before = self._used
        gc.collect()
        release_native_memory()
        self._used = self._own()
        helped = before - self._used > before // 100
        # Collecting costs time; where there is nothing to collect it is tried less and less often.
        self._collect_every_s = _COLLECT_EVERY_S if helped else min(2 * self._collect_every_s, _COLLECT_RARELY_S)
        self._collect_due_s = now_s + (_COLLECT_EVERY_S if urgent else self._collect_every_s)
        self._say_once(
            "short",
            f"Memory is getting short: {_size(before)} of {_size(self._limit)}; what is unused is given back.",
        )

    def _say_once(self, key: str, message: str) -> None:
        if self._reporter is None or key in self._said:
            return
        self._said.add(key)
        if key == "workers":
            self._reporter.warn("memory", message)
        else:
            self._reporter.note("memory", message)


def _over_the_limit(stage: str, used: int, limit: int) -> MemoryLimitError:
    return MemoryLimitError(
        f"Expected {_stage(stage)} to stay under {_size(limit)} of memory, but it needs {_size(used)}.",
        "Choose fewer videos at the same time, the profile 'fast', or a profile with a higher limit; "
        "finished work is kept.",
    )


def _machine_is_full(stage: str, machine: MachineMemory, used: int) -> MemoryLimitError:
    where = "this container" if machine.container else "this machine"
    return MemoryLimitError(
        f"Expected at least {_size(machine.reserve_bytes)} of memory free during {_stage(stage)}, but {where} has "
        f"{_size(machine.available_bytes)} of {_size(machine.total_bytes)} left; this work holds {_size(used)}.",
        "Close other programs, then run again; finished work is kept.",
    )


def _stage(stage: str) -> str:
    return f"the stage {stage!r}"


def _size(count: int) -> str:
    return f"{count / _GIB:.1f} GB" if count >= _GIB else f"{count / _MIB:.0f} MB"
