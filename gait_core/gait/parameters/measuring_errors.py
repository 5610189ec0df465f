"""What measuring adds to the error of a gait parameter: from the times of events and the places of landmarks.

First-order propagation (JCGM 100:2008, section 5.1) with independent errors of different events and landmarks. An
error of the scale in metres is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import hypot, nan, sqrt

import numpy as np

from gait_core.gait.angles import SIDES
from gait_core.gait.channels import other_side
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, EventSet
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.parameters.lengths import Step
from gait_core.gait.position_errors import position_sd_leg
from gait_core.gait.strides import Stride
from gait_core.pose.landmarks import INDEX

__all__ = ["EventError", "error_of_mean", "event_errors", "length_error_leg", "step_error_s", "stride_errors_s"]

_Edges = tuple[tuple[str, str, float], ...]
EventError = Callable[[str, str, float], float]
"""Side, kind and time of an event → 1 SD of the error of that time, s; NaN where it is not known."""


def error_of_mean(errors: Sequence[float], *, repeating: float) -> float | None:
    """Return 1 SD of the error of a mean of single values.

    Parameters
    ----------
    errors : sequence of float
        1 SD of the error of each value that the mean is taken of; NaN where it is not known.
    repeating : float
        Share of the variance that is the same in every value, so that averaging does not take it away, in [0, 1].

    Returns
    -------
    float or None
        None where the error of a value is not known.
    """
    known = np.asarray(errors, dtype=np.float64)
    if not len(known) or not np.isfinite(known).all():
        return None
    usual = float(np.sqrt((known**2).mean()))
    return usual * sqrt(repeating + (1.0 - repeating) / len(known))


def event_errors(events: EventSet) -> EventError:
    """Return what looks up the error of an event; one that a person set counts as exact.

    Parameters
    ----------
    events : EventSet

    Returns
    -------
    callable
        See `EventError`.
    """
    known: Mapping[tuple[str, str, float], float | None] = {
        (event.side, event.kind, event.time_s): 0.0 if event.source == "manual" else event.time_sd_s
        for event in events.events
    }

    def sd_s(side: str, kind: str, time_s: float) -> float:
        found = known.get((side, kind, time_s))
        return nan if found is None else found

    return sd_s


def stride_errors_s(stride: Stride, sd_s: EventError) -> dict[str, float]:
    """Return 1 SD of the error of a stride and of its parts.

    Parameters
    ----------
    stride : Stride
    sd_s : callable
        See `event_errors`.

    Returns
    -------
    dict of str to float
        ``stride``, ``stance``, ``swing`` and, where it has them, ``single_support``, ``double_support``,
        ``initial_double_support``, ``terminal_double_support``, s.
    """
    return {name: sqrt(sum(sd_s(*edge) ** 2 for edge in edges)) for name, edges in _edges(stride).items()}


def step_error_s(step: Step, sd_s: EventError) -> float:
    """Return 1 SD of the error of a step time, s.

    Parameters
    ----------
    step : Step
    sd_s : callable
        See `event_errors`.

    Returns
    -------
    float
    """
    before = sd_s(other_side(step.side), INITIAL_CONTACT, step.start_s)
    return hypot(before, sd_s(step.side, INITIAL_CONTACT, step.end_s))


def length_error_leg(motion: Kinematics) -> float:
    """Return 1 SD of the error of the distance between two places of the ankles, leg lengths.

    Parameters
    ----------
    motion : Kinematics

    Returns
    -------
    float
        NaN where the ankles were never seen.
    """
    errors = position_sd_leg(motion.track)[:, [INDEX[f"{side}_ankle"] for side in SIDES]]
    known = errors[np.isfinite(errors)]
    return sqrt(2.0) * float(np.median(known)) if len(known) else nan


def _edges(stride: Stride) -> dict[str, _Edges]:
    """Return the events at the ends of every part of a stride."""
    side, other = stride.side, other_side(stride.side)
    start = (side, INITIAL_CONTACT, stride.start_s)
    end = (side, INITIAL_CONTACT, stride.end_s)
    off = (side, FOOT_OFF, stride.foot_off_s)
    found: dict[str, _Edges] = {"stride": (start, end), "stance": (start, off), "swing": (off, end)}
    other_off = None if stride.opposite_foot_off_s is None else (other, FOOT_OFF, stride.opposite_foot_off_s)
    contact = None if stride.opposite_contact_s is None else (other, INITIAL_CONTACT, stride.opposite_contact_s)
    if other_off is not None:
        found["initial_double_support"] = (start, other_off)
    if contact is not None:
        found["terminal_double_support"] = (contact, off)
    if other_off is not None and contact is not None:
        found["single_support"] = (other_off, contact)
        found["double_support"] = (start, other_off, contact, off)
    return found
