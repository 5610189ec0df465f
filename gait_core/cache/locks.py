"""A lock between processes that can be waited for without being deaf to the user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from gait_core.progress import Reporter
from gait_core.workspace import storage_guard

__all__ = ["waiting_lock"]


@contextmanager
def waiting_lock(path: Path, reporter: Reporter) -> Iterator[None]:
    """Hold the lock of a file; the system frees it when its holder dies.

    Parameters
    ----------
    path : Path
        Made when missing; it stays.
    reporter : Reporter
        May cancel while another process holds the lock.

    Yields
    ------
    None

    Raises
    ------
    StorageError
        When the place is read-only or full.
    Cancelled
    """
    with storage_guard(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    while True:
        reporter.check()
        try:
            with storage_guard(path):
                lock.acquire(timeout=0.25)
            break
        except Timeout:
            continue
    try:
        yield
    finally:
        lock.release()
