"""Strides: from one initial contact to the next of the same foot, with the events between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

__all__ = ["Stride"]


@dataclass(frozen=True, kw_only=True)
class Stride:
    """One complete gait cycle of one foot, with the order of its events checked.

    Attributes
    ----------
    side : {"left", "right"}
    pass_number : int
        Index into `Kinematics.segments`.
    start_s, end_s : float
        Initial contact, and the next of the same foot, s.
    foot_off_s : float
        Foot off of the same foot, s.
    opposite_foot_off_s, opposite_contact_s : float or None
        Foot off and initial contact of the other foot within the cycle, s; None when they were not seen.
    near : bool
        The side faced the camera in this pass.
    confidence : float
        Lowest confidence of its events, in [0, 1].
    """

    side: str
    pass_number: int
    start_s: float
    end_s: float
    foot_off_s: float
    opposite_foot_off_s: float | None
    opposite_contact_s: float | None
    near: bool
    confidence: float

    @property
    def duration_s(self) -> float:
        """Stride time, s."""
        return self.end_s - self.start_s

    @property
    def foot_off_pct(self) -> float:
        """Foot off, % of the cycle."""
        return 100.0 * (self.foot_off_s - self.start_s) / self.duration_s

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from what `to_dict` gave."""
        return cls(**values)
