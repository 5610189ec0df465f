"""What a gait event is, and the events of one walk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["FOOT_OFF", "INITIAL_CONTACT", "KINDS", "EventSet", "GaitEvent", "Rejection"]

INITIAL_CONTACT: Final = "initial_contact"
FOOT_OFF: Final = "foot_off"
KINDS: Final = (INITIAL_CONTACT, FOOT_OFF)


@dataclass(frozen=True, kw_only=True)
class GaitEvent:
    """One foot meets or leaves the floor.

    Attributes
    ----------
    time_s : float
        On the clock of the video, s.
    side : {"left", "right"}
        Which foot.
    kind : {"initial_contact", "foot_off"}
        What happens.
    confidence : float
        Share of events like this one that lie within 50 ms of the truth, in [0, 1], see `certainty`; 1 for an event
        set by a person.
    time_sd_s : float or None
        1 SD of the error of the time, s; None where it is not known, as for an event set by a person.
    source : {"auto", "manual"}
        Found by a method, or set by a person.
    """

    time_s: float
    side: str
    kind: str
    confidence: float = 1.0
    time_sd_s: float | None = None
    source: str = "auto"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """A piece of the walk that gives no cycle, and why.

    Attributes
    ----------
    start_s, end_s : float
        From when to when, s.
    side : {"left", "right"}
    code : str
        Stable name, for example ``"order"``, ``"too_short"``, ``"edge"``, ``"gap"``.
    reason : str
        One sentence for the user.
    """

    start_s: float
    end_s: float
    side: str
    code: str
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class EventSet:
    """The events of one walk.

    Attributes
    ----------
    events : tuple of GaitEvent
        In order of time.
    rejections : tuple of Rejection
    method : str
        Which method found them.
    """

    events: tuple[GaitEvent, ...]
    rejections: tuple[Rejection, ...] = ()
    method: str = "coordinate"

    def times_s(self, side: str, kind: str) -> NDArray[np.float64]:
        """Return the times of one kind of event of one side, s, rising."""
        return np.array([event.time_s for event in self.events if event.side == side and event.kind == kind])

    def with_events(self, events: Sequence[GaitEvent]) -> Self:
        """Return the set with other events, put in order of time."""
        ordered = tuple(sorted(events, key=lambda event: event.time_s))
        return type(self)(events=ordered, rejections=self.rejections, method=self.method)

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            "method": self.method,
            "events": [event.to_dict() for event in self.events],
            "rejections": [rejection.to_dict() for rejection in self.rejections],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        return cls(
            events=tuple(GaitEvent.from_dict(event) for event in values["events"]),
            rejections=tuple(Rejection.from_dict(rejection) for rejection in values["rejections"]),
            method=values["method"],
        )
