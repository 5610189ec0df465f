"""What one profile made of some videos, and what runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from gait_core.config import Profile
from gait_core.errors import GaitError
from gait_core.pose.track import Track
from gait_core.progress import Reporter
from gait_core.walks.measurements import MeasuredWalk

__all__ = ["EXTRACTION_PARTS", "MeasuredProfile", "OnProgress", "ProfileRunner"]

EXTRACTION_PARTS: Final = {"decode": ("decode",), "pose": ("pose",), "quality": ("quality", "people")}
"""Parts of extraction that are timed separately → their names in the facts of the landmarks."""

OnProgress = Callable[[float, float], None]
"""Receives frames done and frames expected."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredProfile:
    """What running a profile on some videos gave.

    Attributes
    ----------
    walks : tuple of MeasuredWalk or GaitError
        In the order of the videos.
    tracks : tuple of Track or None
        Their landmarks; None for an error.
    stages_s : dict of str to float
        See `gait_core.compare.profile_comparison.STAGES`; videos that ran side by side share the time.
    cpu_s : float
        Time that all cores together worked, s.
    peak_bytes : int
        Largest resident memory of the process.
    """

    walks: tuple[MeasuredWalk | GaitError, ...]
    tracks: tuple[Track | None, ...]
    stages_s: dict[str, float]
    cpu_s: float
    peak_bytes: int

    @property
    def frames(self) -> int:
        """Frames analysed."""
        return sum(len(track) for track in self.tracks if track is not None)

    @property
    def extract_s(self) -> float:
        """Time of extraction as a whole, s."""
        return sum(self.stages_s.get(name, 0.0) for name in (*EXTRACTION_PARTS, "extract"))

    @property
    def frames_per_s(self) -> float:
        """Frames analysed per second of extraction; 0 without any."""
        return self.frames / self.extract_s if self.extract_s > 0 else 0.0


class ProfileRunner(Protocol):
    """Measures videos under one profile, with nothing cached and with times and memory of its own."""

    def __call__(
        self,
        videos: Sequence[Path],
        profile: Profile,
        folder: Path,
        reporter: Reporter,
        *,
        on_progress: OnProgress | None = None,
        person: str = "auto",
    ) -> MeasuredProfile:
        """Return what came out; see `gait_core.jobs.profile_runs.measure_under`."""
