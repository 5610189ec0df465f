"""How many processors this process may use."""

from __future__ import annotations

import os

__all__ = ["available_processors"]


def available_processors() -> int:
    """Return how many processors this process may use, at least 1."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, available)
