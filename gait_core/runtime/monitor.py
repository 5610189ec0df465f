"""Readings of memory, CPU and GPU at one moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

from gait_core.runtime.cpu import available_cpus
from gait_core.runtime.gpu_monitor import GpuMonitor, shared_gpu_monitor, unmeasured_cards
from gait_core.runtime.memory_readings import machine_memory, own_memory_bytes

__all__ = ["ProcessMonitor", "Reading", "gpus", "sample"]


def sample() -> dict[str, Any]:
    """Read the machine.

    Returns
    -------
    dict
        ``memory_bytes`` in use, ``memory_total_bytes`` (of the container where one limits it),
        ``process_bytes`` (this process), ``cpu_busy_s`` of ``cpu_all_s`` that all
        CPUs spent since the machine began, ``cpu_count``, ``gpu`` as `gpus`
        gives it, ``gpu_note`` on cards that are not there or not measured.
    """
    memory = machine_memory()
    monitor = shared_gpu_monitor()
    times = psutil.cpu_times()
    all_s = float(sum(times[:8]))  # the time of guests after them is included in the first ones
    busy_s = all_s - float(times.idle) - float(getattr(times, "iowait", 0.0))
    return {
        "memory_bytes": memory.total_bytes - memory.available_bytes,
        "memory_total_bytes": memory.total_bytes,
        "process_bytes": int(psutil.Process().memory_info().rss),
        "cpu_busy_s": busy_s,
        "cpu_all_s": all_s,
        "cpu_count": int(psutil.cpu_count() or 1),
        "gpu": monitor.read(),
        "gpu_note": " ".join([monitor.reason, *unmeasured_cards()]).strip(),
    }


def gpus() -> list[dict[str, Any]]:
    """Read load and memory of the NVIDIA cards.

    Returns
    -------
    list of dict
        ``name``, ``utilisation_pct`` (0 to 100, None where a card does not report it), ``memory_bytes`` in use and
        ``memory_total_bytes`` of each card; empty where there is no card, no driver or no ``nvidia-ml-py``.
    """
    return shared_gpu_monitor().read()


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a job used at one moment.

    Attributes
    ----------
    time_s : float
        Seconds since the Unix epoch.
    memory_bytes : int
        Memory that the process and its child processes hold for themselves, see `own_memory_bytes`.
    resident_bytes : int
        Resident memory of all of them with the pages of mapped files.
    cpu_share : float
        CPU time of all of them since the last reading, as a share of all CPUs that the process may use, in [0, 1].
    machine_cpu_share : float
        The same of everything that runs on the machine.
    machine_memory_share : float
        Memory of the machine or container in use, in [0, 1].
    gpu_share, gpu_memory_bytes : float, int or None
        Mean load in [0, 1] and memory in use of the NVIDIA cards; None where there is none.
    """

    time_s: float
    memory_bytes: int
    resident_bytes: int
    cpu_share: float
    machine_cpu_share: float
    machine_memory_share: float
    gpu_share: float | None = None
    gpu_memory_bytes: int | None = None


class ProcessMonitor:
    """Reads what this process, its child processes and the machine use; one reading takes a few milliseconds.

    A training of a network runs in a child of the job's process, so the children belong to what the job uses.

    Parameters
    ----------
    gpu : GpuMonitor, optional
        Default: the shared one.
    clock, wall : callable, optional
        Seconds that never fall, and seconds since the Unix epoch.
    """

    def __init__(
        self,
        gpu: GpuMonitor | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._process = psutil.Process()
        self._gpu = gpu if gpu is not None else shared_gpu_monitor()
        self._clock, self._wall = clock, wall
        self.cpus = available_cpus()
        self._begun_s = self._last_s = clock()
        self._begun_cpu_s = self._last_cpu_s = self.cpu_s
        self._last_times = psutil.cpu_times()

    @property
    def gpu_note(self) -> str:
        """Why no GPU is measured; empty where one is."""
        return " ".join([self._gpu.reason, *unmeasured_cards()]).strip()

    @property
    def cpu_s(self) -> float:
        """CPU time that this process and its children have used so far, s."""
        return sum(map(_cpu_s, self._family()))

    @property
    def memory_bytes(self) -> int:
        """Memory that this process and its children hold for themselves."""
        return sum(map(_own_bytes, self._family()))

    def cards(self) -> list[dict[str, Any]]:
        """Return a reading of each NVIDIA GPU."""
        return self._gpu.read()

    def mean_cpu_share(self) -> float:
        """Return the share of all CPUs that the process has used since the monitor was made, in [0, 1]."""
        return self._share(self.cpu_s - self._begun_cpu_s, self._clock() - self._begun_s)

    def read(self) -> Reading:
        """Read everything once."""
        family = self._family()
        now_s, cpu_s = self._clock(), sum(map(_cpu_s, family))
        share = self._share(cpu_s - self._last_cpu_s, now_s - self._last_s)
        self._last_s, self._last_cpu_s = now_s, cpu_s
        memory = machine_memory()
        loads, used = [], 0
        cards = self._gpu.read()
        for card in cards:
            used += card["memory_bytes"]
            if card["utilisation_pct"] is not None:
                loads.append(card["utilisation_pct"] / 100)
        return Reading(
            time_s=self._wall(),
            memory_bytes=sum(map(_own_bytes, family)),
            resident_bytes=sum(map(_resident_bytes, family)),
            cpu_share=share,
            machine_cpu_share=self._machine_share(),
            machine_memory_share=1.0 - memory.available_bytes / max(1, memory.total_bytes),
            gpu_share=sum(loads) / len(loads) if loads else None,
            gpu_memory_bytes=used if cards else None,
        )

    def _family(self) -> list[psutil.Process]:
        return [self._process, *self._process.children(recursive=True)]

    def _share(self, cpu_s: float, elapsed_s: float) -> float:
        if elapsed_s <= 0:
            return 0.0
        # CPU time is counted in hundredths of a second, so that a short interval may seem more than fully used.
        return min(1.0, max(0.0, cpu_s / (elapsed_s * self.cpus)))

    def _machine_share(self) -> float:
        before, self._last_times = self._last_times, psutil.cpu_times()
        total = sum(self._last_times) - sum(before)
        idle = self._last_times.idle - before.idle
        idle += getattr(self._last_times, "iowait", 0.0) - getattr(before, "iowait", 0.0)
        return min(1.0, max(0.0, 1.0 - idle / total)) if total > 0 else 0.0


def _cpu_s(process: psutil.Process) -> float:
    """Return the CPU time of a process and of its children that have ended, s; 0 when it ended meanwhile."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    # On Windows the times of children are not there, and end with them.
    ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return float(times.user + times.system + ended)


def _own_bytes(process: psutil.Process) -> int:
    try:
        return own_memory_bytes(process)
    except psutil.Error:
        return 0


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
