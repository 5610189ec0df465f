"""Strides: from one initial contact to the next of the same foot, with the events between them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Final, Self

import numpy as np

from gait_core.gait.angles import SIDES
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, EventSet, GaitEvent, Rejection
from gait_core.gait.kinematics import Kinematics

__all__ = ["Stride", "build_strides", "cut_strides", "mean_share_pct"]

PASS_MARGIN_S: Final = 0.2
"""An event that a person sets this far outside a pass still belongs to it, s."""
SHORTEST_S: Final = 0.4
LONGEST_S: Final = 3.0
LONGEST_SHARE: Final = 1.6
"""Two contacts farther apart than this, times the usual stride, have a missed one between them."""


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
        """Build from the output of `to_dict`."""
        return cls(**values)


def build_strides(events: EventSet, motion: Kinematics) -> tuple[Stride, ...]:
    """Put events together to strides.

    Parameters
    ----------
    events : EventSet
        Found by a rule, or edited by a person.
    motion : Kinematics
        The walk; it tells the passes, so that no stride reaches over a turn.

    Returns
    -------
    tuple of Stride
        Those whose events follow each other as in walking: contact, foot off of the other foot, contact of the other
        foot, foot off, contact. In order of time.
    """
    return cut_strides(events, motion)[0]


def mean_share_pct(strides: Sequence[Stride], side: str, field: str) -> tuple[float, int]:
    """Return when an event comes in the strides of one side.

    Parameters
    ----------
    strides : sequence of Stride
    side : {"left", "right"}
    field : str
        Attribute of `Stride` with the time of the event, s, such as ``opposite_contact_s``.

    Returns
    -------
    mean_pct : float
        Mean over the strides, percent of the stride; NaN without any.
    count : int
        Strides that have the event.
    """
    shares = [
        100.0 * (time_s - stride.start_s) / stride.duration_s
        for stride in strides
        if stride.side == side and (time_s := getattr(stride, field)) is not None
    ]
    return (float(np.mean(shares)) if shares else float("nan")), len(shares)


def cut_strides(events: EventSet, motion: Kinematics) -> tuple[tuple[Stride, ...], tuple[Rejection, ...]]:
    """Return what each two contacts of a foot that follow each other in a pass enclose.

    Parameters
    ----------
    events : EventSet
    motion : Kinematics
        As for `build_strides`.

    Returns
    -------
    strides : tuple of Stride
        See `build_strides`.
    rejections : tuple of Rejection
        The others, and why they are no strides, in order of time.
    """
    passes = _by_pass(events, motion)
    durations = [
        last.time_s - first.time_s
        for here in passes
        for side in SIDES
        for first, last in pairwise(_contacts(here, side))
    ]
    longest_s = min(LONGEST_S, LONGEST_SHARE * float(np.median(durations))) if durations else LONGEST_S
    gaps = [rejection for rejection in events.rejections if rejection.code == "gap"]
    strides: list[Stride] = []
    rejections: list[Rejection] = []
    for number, here in enumerate(passes):
        times_s = [event.time_s for event in here]
        for side in SIDES:
            for first, last in pairwise(_contacts(here, side)):
                inside = here[bisect_right(times_s, first.time_s) : bisect_left(times_s, last.time_s)]
                problem = _problem(first, last, inside, longest_s, gaps)
                if problem is None:
                    strides.append(_stride(first, last, inside, number, motion.segments[number].visible_side == side))
                else:
                    code, reason = problem
                    rejections.append(
                        Rejection(start_s=first.time_s, end_s=last.time_s, side=side, code=code, reason=reason)
                    )
    strides.sort(key=lambda stride: stride.start_s)
    rejections.sort(key=lambda rejection: rejection.start_s)
    return tuple(strides), tuple(rejections)


def _by_pass(events: EventSet, motion: Kinematics) -> list[list[GaitEvent]]:
    """Return the events of each pass: those inside it, or near it and nearer to no other."""
    if not motion.segments:
        return []
    starts_s = np.array([segment.start_s for segment in motion.segments])
    ends_s = np.array([segment.end_s for segment in motion.segments])
    passes: list[list[GaitEvent]] = [[] for _ in motion.segments]
    for event in events.events:
        away_s = np.maximum(np.maximum(starts_s - event.time_s, event.time_s - ends_s), 0.0)
        nearest = int(away_s.argmin())
        if away_s[nearest] <= PASS_MARGIN_S:
            passes[nearest].append(event)
    return passes


def _contacts(events: list[GaitEvent], side: str) -> list[GaitEvent]:
    return [event for event in events if event.side == side and event.kind == INITIAL_CONTACT]


def _problem(
    first: GaitEvent, last: GaitEvent, inside: list[GaitEvent], longest_s: float, gaps: list[Rejection]
) -> tuple[str, str] | None:
    """Return code and sentence of what is wrong with a stride; None when nothing is."""
    span = f"from {first.time_s:.2f} to {last.time_s:.2f} s"
    duration_s = last.time_s - first.time_s
    if any(gap.side == first.side and gap.start_s < last.time_s and gap.end_s > first.time_s for gap in gaps):
        return "gap", f"The {first.side} foot was not seen for a part of the stride {span}."
    if duration_s < SHORTEST_S:
        return "too_short", f"Two contacts of the {first.side} foot {span} are too near for a stride."
    if duration_s > longest_s:
        return "too_long", f"A contact of the {first.side} foot is missing {span}."
    own = [event for event in inside if event.side == first.side and event.kind == FOOT_OFF]
    if not own:
        return "missing", f"The {first.side} foot off is missing {span}."
    other = [event for event in inside if event.side != first.side]
    offs = [event.time_s for event in other if event.kind == FOOT_OFF]
    contacts = [event.time_s for event in other if event.kind == INITIAL_CONTACT]
    order = [*offs, *contacts, own[0].time_s]
    if len(own) > 1 or len(offs) > 1 or len(contacts) > 1 or order != sorted(order):
        return (
            "order",
            f"The events of the stride of the {first.side} foot {span} do not follow each other as in walking.",
        )
    return None


def _stride(first: GaitEvent, last: GaitEvent, inside: list[GaitEvent], number: int, near: bool) -> Stride:
    def time_of(kind: str, *, own: bool) -> float | None:
        return next((e.time_s for e in inside if e.kind == kind and (e.side == first.side) == own), None)

    foot_off_s = time_of(FOOT_OFF, own=True)
    assert foot_off_s is not None
    return Stride(
        side=first.side,
        pass_number=number,
        start_s=first.time_s,
        end_s=last.time_s,
        foot_off_s=foot_off_s,
        opposite_foot_off_s=time_of(FOOT_OFF, own=False),
        opposite_contact_s=time_of(INITIAL_CONTACT, own=False),
        near=near,
        confidence=min(event.confidence for event in (first, last, *inside)),
    )
