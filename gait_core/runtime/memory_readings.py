"""Readings of memory: of this process, of the machine, and of the container that stands for it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["MachineMemory", "machine_memory", "own_memory_bytes"]

_GIB = 1024**3
_MIB = 1024**2
_LEAST_FREE_BYTES = 200 * _MIB
_MOST_RESERVED_BYTES = 1 * _GIB


@dataclass(frozen=True, kw_only=True)
class MachineMemory:
    """Memory of the machine, or of the container that stands for it.

    Attributes
    ----------
    total_bytes : int
        What there is in all.
    available_bytes : int
        What can still be taken before something is killed; cached files count as available.
    container : bool
        True when the limit of a container (cgroup) is the lower one.
    """

    total_bytes: int
    available_bytes: int
    container: bool = False

    @property
    def reserve_bytes(self) -> int:
        """What has to stay free: 5 % of all, at least 200 MB, at most 1 GiB."""
        return max(_LEAST_FREE_BYTES, min(self.total_bytes // 20, _MOST_RESERVED_BYTES))


def machine_memory(cgroups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> MachineMemory:
    """Read the memory of this machine; the limit of a container counts where it is lower.

    Parameters
    ----------
    cgroups, own : Path
        Where Linux shows the control groups, and those of this process.

    Returns
    -------
    MachineMemory
    """
    memory = psutil.virtual_memory()
    total, available, container = int(memory.total), int(memory.available), False
    for folder in _cgroup_folders(cgroups, own):
        limit = _number(folder / "memory.max", folder / "memory.limit_in_bytes")
        used = _number(folder / "memory.current", folder / "memory.usage_in_bytes")
        if limit is None or used is None or limit >= total:
            continue
        # Cached files are dropped before anything is killed.
        free = limit - max(0, used - _cached_file_bytes(folder / "memory.stat"))
        total, available, container = limit, max(0, min(available, free)), True
    return MachineMemory(total_bytes=total, available_bytes=available, container=container)


def _cgroup_folders(cgroups: Path, own: Path) -> list[Path]:
    """Return the control groups that limit this process, innermost first; their parents limit it as well."""
    if sys.platform != "linux":
        return []
    try:
        lines = own.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
    folders = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        base = cgroups / "memory" if controllers else cgroups
        # Inside a container the path is that of the host: what does not exist here is simply not read.
        inner = base / path.strip("/")
        folders += [inner, *(parent for parent in inner.parents if parent == base or base in parent.parents)]
    return folders


def _number(*places: Path) -> int | None:
    for place in places:
        try:
            text = place.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            continue
        return int(text) if text.isdigit() else None
    return None


def _cached_file_bytes(stat: Path) -> int:
    try:
        lines = stat.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return 0
    values = dict(line.split(" ", 1) for line in lines if " " in line)
    names = ("total_inactive_file", "total_active_file")
    if "total_inactive_file" not in values:
        names = ("inactive_file", "active_file")
    return sum(int(values.get(name, 0)) for name in names)


def own_memory_bytes(process: psutil.Process | None = None) -> int:
    """Return the memory that a process holds for itself, without the pages of mapped files.

    Landmarks and models are mapped from files: such pages are shared, the system drops them when it
    needs room, and no process is killed for them. Linux tells anonymous and shared memory apart from file pages;
    macOS gives the unique set size; on Windows private bytes stand for it where they are less than
    the working set.

    Parameters
    ----------
    process : psutil.Process, optional
        Default: this process.

    Returns
    -------
    int
        Bytes.
    """
    if sys.platform == "linux":
        try:
            return _linux_own_bytes(process.pid if process is not None else os.getpid())
        except (OSError, KeyError, ValueError):
            pass  # a kernel without these lines: fall through to what psutil knows
    process = process if process is not None else psutil.Process()
    memory = process.memory_info()
    resident = int(memory.rss)
    if sys.platform == "darwin":
        return int(process.memory_full_info().uss)
    if sys.platform == "win32":
        return min(resident, int(memory.private))
    return resident - int(getattr(memory, "shared", 0))


def _linux_own_bytes(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    values = dict(line.split(":", 1) for line in text.splitlines() if line.startswith("Rss"))
    return sum(int(values[name].split()[0]) * 1024 for name in ("RssAnon", "RssShmem"))
