"""What another instrument says about a walk: events, parameters, joint angles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, GaitEvent
from gait_core.gait.strides import Stride

__all__ = ["ANGLE_NAMES", "Reference", "strides_of"]

ANGLE_NAMES: Final = ("hip", "knee", "ankle")
LONGEST_STRIDE_S: Final = 3.0
SHORTEST_STRIDE_S: Final = 0.4


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """What is compared with.

    Attributes
    ----------
    name : str
        File name.
    kind : {"csv", "c3d", "mocap", "simulated"}
    events : tuple of GaitEvent
        On the clock of the reference, in order of time.
    parameters : mapping of (name, side) to float
        Means that the file states; side is ``left``, ``right`` or ``both``.
    time_s : ndarray, shape (n,)
        Of the angles; empty without angles.
    angles : mapping of (name, side) to ndarray, shape (n,)
        ``hip``, ``knee``, ``ankle``; degrees, flexion and dorsiflexion positive; NaN where missing.
    same_clock : bool
        Times are those of the video: nothing is to be aligned.
    notes : tuple of str
        What was left out when the file was read, in words.
    """

    name: str
    kind: str
    events: tuple[GaitEvent, ...] = ()
    parameters: Mapping[tuple[str, str], float] = field(default_factory=dict)
    time_s: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    angles: Mapping[tuple[str, str], NDArray[np.float64]] = field(default_factory=dict)
    same_clock: bool = False
    notes: tuple[str, ...] = ()

    @property
    def rate_hz(self) -> float | None:
        """Samples of the angles per second, or None without angles."""
        return float(1.0 / np.median(np.diff(self.time_s))) if len(self.time_s) > 1 else None

    def describe(self) -> str:
        """Say in one sentence what the file holds."""
        parts = [
            f"{len(self.events)} events" if self.events else "",
            f"{len(self.parameters)} parameter values" if self.parameters else "",
            f"{len(self.angles)} joint angles at {self.rate_hz:.0f} Hz" if self.rate_hz else "",
        ]
        return f"{self.name}: {', '.join(part for part in parts if part)}."


def strides_of(events: tuple[GaitEvent, ...], shift_s: float = 0.0) -> tuple[Stride, ...]:
    """Cut reference events into strides.

    Parameters
    ----------
    events : tuple of GaitEvent
        Any order.
    shift_s : float
        Added to every time, s.

    Returns
    -------
    tuple of Stride
        Both sides in order of their beginning. A cycle without exactly one foot off of its own, or of an impossible
        duration, is left out.
    """
    ordered = sorted(events, key=lambda event: event.time_s)
    strides = []
    for side, other in (("left", "right"), ("right", "left")):
        contacts = [event.time_s for event in ordered if event.side == side and event.kind == INITIAL_CONTACT]
        for start_s, end_s in pairwise(contacts):
            if not SHORTEST_STRIDE_S <= end_s - start_s <= LONGEST_STRIDE_S:
                continue

            def within(of: str, kind: str, low: float = start_s, high: float = end_s) -> list[float]:
                return [e.time_s for e in ordered if e.side == of and e.kind == kind and low < e.time_s < high]

            offs, opposite_offs, opposite = (
                within(side, FOOT_OFF),
                within(other, FOOT_OFF),
                within(other, INITIAL_CONTACT),
            )
            if len(offs) != 1:
                continue
            strides.append(
                Stride(
                    side=side,
                    pass_number=0,
                    start_s=start_s + shift_s,
                    end_s=end_s + shift_s,
                    foot_off_s=offs[0] + shift_s,
                    opposite_foot_off_s=opposite_offs[0] + shift_s if len(opposite_offs) == 1 else None,
                    opposite_contact_s=opposite[0] + shift_s if len(opposite) == 1 else None,
                    near=False,
                    confidence=1.0,
                )
            )
    return tuple(sorted(strides, key=lambda stride: stride.start_s))
