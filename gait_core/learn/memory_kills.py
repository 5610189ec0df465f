"""Decides whether the system has ended a process for want of memory, as well as a system tells it.

Linux counts the processes that it has ended for want of memory: for each control group, with those inside it
(``memory.events`` of version 2, ``memory.oom_control`` of version 1), and for the whole machine (``/proc/vmstat``). The
innermost group that keeps a count is read, so that a browser that was ended elsewhere does not count. Where there is no
count, a process that was killed while less memory was free than has to stay free counts as ended for want of memory.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gait_core.runtime.memory_readings import machine_memory

__all__ = ["kills_for_memory", "memory_is_short"]

_GROUPS: Final = Path("/sys/fs/cgroup")
_OWN_GROUPS: Final = Path("/proc/self/cgroup")
_MACHINE: Final = Path("/proc/vmstat")


def kills_for_memory() -> int | None:
    """Return how many processes the system has ended so far for want of memory; None where it keeps no count.

    Returns
    -------
    int or None
        Of the control group of this process, or else of the machine.
    """
    if sys.platform != "linux":
        return None
    for counter in (*_group_counters(), _MACHINE):
        with contextlib.suppress(OSError, ValueError):
            for line in counter.read_text(encoding="ascii").splitlines():
                if line.startswith("oom_kill "):
                    return int(line.split()[1])
    return None


def memory_is_short() -> bool:
    """Return whether less memory is free than has to stay free.

    Returns
    -------
    bool
    """
    memory = machine_memory()
    return memory.available_bytes < memory.reserve_bytes


def _group_counters() -> Iterator[Path]:
    """Return where the control groups of this process may keep a count, innermost first."""
    try:
        lines = _OWN_GROUPS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        base = _GROUPS / "memory" if controllers else _GROUPS
        own = base / path.strip("/")
        for folder in (own, *(parent for parent in own.parents if parent == base or base in parent.parents)):
            yield folder / ("memory.oom_control" if controllers else "memory.events")
