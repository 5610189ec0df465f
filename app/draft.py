"""What the user has entered into the wizard so far, on disk, so that a reload loses nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from app import videos
from gait_core.config import DEFAULT_PROFILE, ThresholdSettings
from gait_core.errors import GaitError
from gait_core.workspace import Workspace, new_id, read_json, safe_name, write_json

__all__ = ["Draft"]

ROWS = 5


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The wizard's entries.

    Attributes
    ----------
    id : str
    videos : tuple of str
        One text per row as typed, possibly empty.
    demo_job : str
        Job that makes the demo walks, while it is waited for.
    subject : str
        Pseudonym.
    profile, cell : str
    speed_mps, height_m, fps : float or None
    from_scratch : bool
    watch_rate, alert_rate : float
        Shares of normal walks over the limits.
    """

    id: str
    videos: tuple[str, ...] = field(default_factory=lambda: ("",) * ROWS)
    demo_job: str = ""
    subject: str = ""
    profile: str = DEFAULT_PROFILE
    cell: str = "gru"
    speed_mps: float | None = None
    height_m: float | None = None
    fps: float | None = None
    from_scratch: bool = False
    watch_rate: float = 0.05
    alert_rate: float = 0.01

    @classmethod
    def load(cls, workspace: Workspace, draft_id: str | None) -> Self:
        """Return a stored draft, or a new one that is not stored yet."""
        if draft_id:
            try:
                values = read_json(_path(workspace, draft_id))
                known = {entry.name for entry in fields(cls)}
                return cls(**{key: _value(key, value) for key, value in values.items() if key in known})
            except (GaitError, TypeError, AttributeError):
                pass  # a draft that is missing or damaged is started over; nothing of value is lost
        return cls(id=new_id("draft"))

    def save(self, workspace: Workspace) -> None:
        """Store the draft."""
        write_json(_path(workspace, self.id), asdict(self))

    def discard(self, workspace: Workspace) -> None:
        """Remove the draft once its job is submitted."""
        _path(workspace, self.id).unlink(missing_ok=True)

    def with_(self, **changes: Any) -> Self:
        """Return a changed copy."""
        return replace(self, **changes)

    def add(self, paths: list[str]) -> Self:
        """Return a copy with paths put into the empty rows; more rows are made when needed."""
        present = [text for text in self.videos if text.strip()]
        merged = present + [path for path in paths if path not in present]
        return self.with_(videos=tuple(merged + [""] * (ROWS - len(merged))))

    @property
    def title(self) -> str:
        """Title of the job."""
        return f"Baseline of {self.subject or 'demo'}"

    def params(self) -> dict[str, Any]:
        """Return the parameters of a ``baseline`` job.

        Raises
        ------
        SettingsError
            When the rates contradict each other.
        """
        limits = ThresholdSettings(watch_rate=self.watch_rate, alert_rate=self.alert_rate)
        return {
            "videos": videos.usable(self.videos),
            "subject": self.subject.strip(),
            "profile": self.profile,
            "speed_mps": self.speed_mps,
            "height_m": self.height_m,
            "fps": self.fps,
            "cell": self.cell,
            "from_scratch": self.from_scratch,
            "thresholds": limits.to_dict(),
        }


def _path(workspace: Workspace, draft_id: str) -> Path:
    return workspace.root / "drafts" / f"{safe_name(draft_id)}.json"


def _value(key: str, value: Any) -> Any:
    return tuple(str(item) for item in value) if key == "videos" else value
