"""Where the walk of a report came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gait_core.pose.track import Track

__all__ = ["ReportSource"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ReportSource:
    """The video behind a measurement.

    Attributes
    ----------
    name : str
        File name of the video, for display.
    path : Path or None
        Where it was; it may have gone since.
    content_sha256 : str
        Hash of the video; empty when not known.
    track : Track or None
        Landmarks after the repairs, on the clock of the measurement; None when they are no longer in the cache, and
        then there are no images.
    """

    name: str
    path: Path | None = None
    content_sha256: str = ""
    track: Track | None = None

    @property
    def model_sha256(self) -> str:
        """Hash of the pose model, empty when not known."""
        return str(self.track.info.get("model_sha256", "")) if self.track is not None else ""

    @property
    def time_scale(self) -> float:
        """Seconds of the measurement per second of the video: below 1 for slow motion."""
        return float(self.track.info.get("time_scale", 1.0)) if self.track is not None else 1.0
