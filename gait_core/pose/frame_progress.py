"""Progress of several videos that are analysed side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from gait_core.progress import RateMeter, Reporter

__all__ = ["FrameProgress", "labels_of"]

_REPORT_EVERY_S = 0.25


class FrameProgress:
    """Frames done per video and in total, reported at most four times a second.

    Frames from the cache count as done, but neither rate nor time left follow from them.

    Parameters
    ----------
    reporter : Reporter
    stage : str
        Stage to report under.
    """

    def __init__(self, reporter: Reporter, stage: str) -> None:
        self._reporter = reporter
        self._stage = stage
        self._lock = threading.Lock()
        self._done: dict[str, int] = {}
        self._expected: dict[str, int] = {}
        self._from_cache: set[str] = set()
        self._meter = RateMeter()
        self._told_s: dict[str | None, float] = {}

    def expect(self, label: str, frames: int) -> None:
        """Take a video into the total."""
        with self._lock:
            self._expected[label] = frames
            self._done[label] = 0
        self._reporter.progress(self._stage, 0, frames, "frames", item=label)

    def update(self, label: str, done: int) -> None:
        """Report how far a video is."""
        with self._lock:
            self._done[label] = done
            expected = self._expected[label] = max(self._expected[label], done)
            due = self._due(label)
        if due:
            self._reporter.progress(self._stage, done, expected, "frames", item=label)
            self.total()

    def finish(self, label: str, frames: int, *, cached: bool = False) -> None:
        """Report that a video is done, by computing or from the cache."""
        with self._lock:
            self._done[label] = self._expected[label] = frames
            if cached:
                self._from_cache.add(label)
        rate_per_s = 0.0 if cached else None
        self._reporter.progress(self._stage, frames, frames, "frames", item=label, rate_per_s=rate_per_s)
        self.total(final=True)

    def fail(self, label: str) -> None:
        """Take a video out of the total."""
        with self._lock:
            self._done.pop(label, None)
            self._expected.pop(label, None)

    def total(self, *, final: bool = False) -> None:
        """Report how far all are together."""
        with self._lock:
            if not self._due(None) and not final:
                return
            done, expected = sum(self._done.values()), sum(self._expected.values())
            computed = sum(done for label, done in self._done.items() if label not in self._from_cache)
            rate_per_s = self._meter.update(computed, time.monotonic()) or 0.0
        self._reporter.progress(self._stage, done, expected, "frames", rate_per_s=rate_per_s)

    def _due(self, key: str | None) -> bool:
        now_s = time.monotonic()
        if now_s - self._told_s.get(key, float("-inf")) < _REPORT_EVERY_S:
            return False
        self._told_s[key] = now_s
        return True


def labels_of(paths: Sequence[Path]) -> list[str]:
    """Return a label for each video, under which its progress is shown.

    Returns
    -------
    list of str
        File names, in the order of `paths`; a name that repeats is followed by `` (2)``, `` (3)`` and so on.
    """
    seen: dict[str, int] = {}
    labels = []
    for path in paths:
        seen[path.name] = seen.get(path.name, 0) + 1
        labels.append(path.name if seen[path.name] == 1 else f"{path.name} ({seen[path.name]})")
    return labels
