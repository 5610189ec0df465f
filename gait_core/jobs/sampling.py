"""Samples what a job uses while it runs, and keeps it in the job folder."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from gait_core.cache import ArrayCache
from gait_core.jobs.performance import SAMPLES
from gait_core.progress import Event
from gait_core.runtime.memory_readings import machine_memory
from gait_core.runtime.monitor import ProcessMonitor, Reading
from gait_core.runtime.profiler import JobProfile
from gait_core.workspace import Workspace, write_json

__all__ = ["JobSampler"]


class JobSampler:
    """Takes readings of this process and its children, and keeps their series, stages and lanes.

    Its caller keeps threads apart.

    Parameters
    ----------
    folder : Path
        Job folder; the cache of its workspace is watched.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / SAMPLES
        self._cache = ArrayCache.of(Workspace(folder.parent.parent))
        self._profile = JobProfile()
        self._monitor = ProcessMonitor()
        self._cache_before = self._cache.counts()
        self._stages_begun: dict[str, tuple[float, float]] = {}
        self._others: list[float] = [0.0, 0.0]
        self._machine_share_peak = 0.0

    @property
    def resident_peak_bytes(self) -> int:
        """Largest resident memory seen so far."""
        return self._profile.resident_peak_bytes

    def start(self) -> None:
        """Start over: time in the queue does not count for the job."""
        self._profile = JobProfile()
        self._monitor = ProcessMonitor()
        self._cache_before = self._cache.counts()

    def sample(self) -> None:
        """Take one reading."""
        reading = self._monitor.read()
        self._profile.read(reading, self._cache_use())
        self._machine_share_peak = max(self._machine_share_peak, reading.machine_memory_share)
        self._others[0] += self._share_of_others(reading)
        self._others[1] += 1

    def stage_begins(self, name: str) -> None:
        """Record the start of a stage."""
        self._stages_begun[name] = (time.monotonic(), self._monitor.cpu_s)
        self._profile.stage_begins(name, self._monitor.memory_bytes)

    def stage_ends(self, name: str) -> dict[str, Any]:
        """Return `peak_memory_bytes` and `cpu_share` of a stage."""
        begun_s, cpu_s = self._stages_begun.pop(name, (time.monotonic(), self._monitor.cpu_s))
        elapsed_s = time.monotonic() - begun_s
        share = (self._monitor.cpu_s - cpu_s) / (elapsed_s * self._monitor.cpus) if elapsed_s > 0.05 else None
        return {
            "peak_memory_bytes": self._profile.stage_ends(name, self._monitor.memory_bytes),
            "cpu_share": round(min(1.0, share), 4) if share is not None else None,
        }

    def item_moves(self, event: Event) -> None:
        """Take the progress of one video."""
        frames = int(event.done) if event.unit == "frames" else None
        self._profile.item_moves(event.stage, event.item or "", event.time_s, frames)

    def item_ends(self, event: Event, state: str, cost: Mapping[str, Any]) -> None:
        """Take the end of one video."""
        self._profile.item_ends(event.stage, event.item or "", event.time_s, state, cost)

    def end(self, state: str) -> None:
        """Close what is open."""
        self._profile.end(time.time(), state)

    def save(self) -> None:
        """Write series, lanes and usage.

        Raises
        ------
        StorageError
            When the place is read-only or full.
        """
        write_json(self._path, {"usage": self._usage(), **self._profile.to_dict()}, durable=False)

    def _usage(self) -> dict[str, Any]:
        profile, memory = self._profile, machine_memory()
        hits, misses = self._cache_use()
        gpu_memory = profile.gpu_memory_peak_bytes
        return {
            "peak_bytes": profile.peak_bytes,
            "resident_peak_bytes": profile.resident_peak_bytes,
            "virtual_bytes": int(psutil.Process().memory_info().vms),
            "machine_memory_bytes": memory.total_bytes,
            "machine_memory_share_peak": round(self._machine_share_peak, 4),
            "cpus": self._monitor.cpus,
            "cpu_mean_share": round(self._monitor.mean_cpu_share(), 4),
            "cpu_peak_share": round(profile.cpu_peak_share, 4),
            "others_cpu_mean_share": round(self._others[0] / self._others[1], 4) if self._others[1] else None,
            "cache_hits": hits,
            "cache_misses": misses,
            "gpu": {
                "cards": self._monitor.cards(),
                "note": self._monitor.gpu_note,
                "peak_share": profile.gpu_peak_share,
                "peak_memory_mb": round(gpu_memory / 1024**2, 1) if gpu_memory is not None else None,
            },
        }

    def _cache_use(self) -> tuple[int, int]:
        """Return hits and misses since the job began; jobs of a workspace run one at a time."""
        hits, misses = self._cache.counts()
        # A cache that was cleared meanwhile counts from zero again.
        return max(0, hits - self._cache_before[0]), max(0, misses - self._cache_before[1])

    def _share_of_others(self, reading: Reading) -> float:
        own = reading.cpu_share * self._monitor.cpus / (psutil.cpu_count() or 1)
        return max(0.0, reading.machine_cpu_share - own)
