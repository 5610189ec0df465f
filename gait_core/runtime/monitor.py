"""Readings of memory, processor and graphics card at one moment."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import psutil

__all__ = ["gpus", "sample"]


def sample() -> dict[str, Any]:
    """Read the machine.

    Returns
    -------
    dict
        ``memory_bytes`` in use, ``memory_total_bytes``, ``process_bytes`` (this process), ``cpu_pct``
        since the last reading, ``cpu_count``, ``gpu`` as `gpus` gives it.
    """
    memory = psutil.virtual_memory()
    return {
        "memory_bytes": int(memory.total - memory.available),
        "memory_total_bytes": int(memory.total),
        "process_bytes": int(psutil.Process().memory_info().rss),
        "cpu_pct": float(psutil.cpu_percent(interval=None)),
        "cpu_count": int(psutil.cpu_count() or 1),
        "gpu": gpus(),
    }


def gpus() -> list[dict[str, Any]]:
    """Return name, utilisation and memory of each NVIDIA card; empty where there is none or no driver."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = "name,utilization.gpu,memory.used,memory.total"
    try:
        text = subprocess.run(
            [tool, f"--query-gpu={query}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=3,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    cards = []
    for line in text.splitlines():
        name, utilisation, used_mib, total_mib = (part.strip() for part in line.rsplit(",", 3))
        cards.append(
            {
                "name": name,
                "utilisation_pct": float(utilisation) if utilisation.replace(".", "").isdigit() else None,
                "memory_bytes": int(float(used_mib) * 1024**2),
                "memory_total_bytes": int(float(total_mib) * 1024**2),
            }
        )
    return cards
