"""What the CPUs can do: how many, their name, and whether they run bfloat16 fast."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["available_cpus", "cpu_flags", "cpu_name", "fast_bf16_unit", "has_fast_bf16"]

_BF16_UNITS: Final = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512", "bf16": "the Arm BF16 extension"}
"""Flag of the CPU → what it is called; the best first."""


def available_cpus() -> int:
    """Return how many CPUs this process may use.

    Returns
    -------
    int
        At least 1. Its CPU affinity counts where the system reports it, otherwise all CPUs of the machine.
    """
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, available)


def has_fast_bf16(cpuinfo: Path | None = None) -> bool:
    """Return whether the CPU multiplies in bfloat16 by itself; without it bfloat16 is slower than float32.

    Parameters
    ----------
    cpuinfo : Path, optional
        What Linux says of the CPU; default ``/proc/cpuinfo``.

    Returns
    -------
    bool
    """
    return fast_bf16_unit(cpuinfo) is not None


def fast_bf16_unit(cpuinfo: Path | None = None) -> str | None:
    """Return the name of the unit of the CPU that multiplies in bfloat16.

    Parameters
    ----------
    cpuinfo : Path, optional
        What Linux says of the CPU; default ``/proc/cpuinfo``.

    Returns
    -------
    str or None
        ``AMX``, ``AVX-512`` or ``the Arm BF16 extension``, the best that is there; None where there is none.
    """
    flags = cpu_flags(cpuinfo or Path("/proc/cpuinfo"))
    return next((name for flag, name in _BF16_UNITS.items() if flag in flags), None)


@cache
def cpu_flags(cpuinfo: Path) -> frozenset[str]:
    """Return the flags that every CPU of the machine has.

    Parameters
    ----------
    cpuinfo : Path
        The file ``/proc/cpuinfo``. Where there is none, macOS is asked.

    Returns
    -------
    frozenset of str
        As Linux names them: ``amx_bf16``; of macOS ``bf16`` at most. Empty where unknown.
    """
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        # Apple names what Linux calls bf16 in a way of its own.
        return frozenset({"bf16"}) if _sysctl("hw.optional.arm.FEAT_BF16") == "1" else frozenset()
    # Cores may differ on Arm: what one of them lacks must not be used.
    found = [
        frozenset(line.partition(":")[2].split())
        for line in text.splitlines()
        if line.partition(":")[0].strip().lower() in ("flags", "features")
    ]
    return frozenset.intersection(*found) if found else frozenset()


def cpu_name(cpuinfo: Path | None = None) -> str:
    """Return what the maker calls the CPU.

    Parameters
    ----------
    cpuinfo : Path, optional
        What Linux says of the CPU; default ``/proc/cpuinfo``.

    Returns
    -------
    str
        Its architecture where it has no name.
    """
    try:
        text = (cpuinfo or Path("/proc/cpuinfo")).read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip().lower() == "model name" and value.strip():
            return " ".join(value.split())
    return _sysctl("machdep.cpu.brand_string") or platform.processor() or platform.machine()


def _sysctl(name: str) -> str:
    """Return one value that macOS knows of itself; empty on other systems."""
    tool = shutil.which("sysctl") if sys.platform == "darwin" else None
    if tool is None:
        return ""
    try:
        return subprocess.run([tool, "-n", name], capture_output=True, text=True, timeout=3, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
