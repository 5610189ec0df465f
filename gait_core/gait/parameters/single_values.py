"""The values of every single stride and step, each with the error that measuring adds to it."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot
from typing import Final

from gait_core.gait.angles import SIDES
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.parameters.lengths import Step, stride_lengths_leg
from gait_core.gait.parameters.measuring_errors import EventError, length_error_leg, step_error_s, stride_errors_s
from gait_core.gait.parameters.scale import Scale
from gait_core.gait.strides import Stride

__all__ = ["Sided", "of_lengths", "of_strides"]

_PARTS: Final = (
    "stance",
    "swing",
    "single_support",
    "double_support",
    "initial_double_support",
    "terminal_double_support",
)
Sided = dict[str, list[tuple[float, float]]]
"""Side → every single value with 1 SD of the error that measuring adds to it."""


def of_strides(strides: Sequence[Stride], sd_s: EventError) -> dict[str, Sided]:
    """Return what the events of each stride give: times in s and shares of the cycle in %.

    Parameters
    ----------
    strides : sequence of Stride
    sd_s : callable
        Looks up the error of an event, see `measuring_errors.event_errors`.

    Returns
    -------
    dict of str to Sided
        ``stride_time_s``, ``stance_time_s``, ``stance_pct`` and so on; in order of time.
    """
    found: dict[str, Sided] = {"stride_time_s": {side: [] for side in SIDES}}
    found |= {_named(name, unit): {side: [] for side in SIDES} for name in _PARTS for unit in ("s", "pct")}
    for stride in strides:
        share_pct, errors_s = 100.0 / stride.duration_s, stride_errors_s(stride, sd_s)
        found["stride_time_s"][stride.side].append((stride.duration_s, errors_s["stride"]))
        for name, value_s in _parts_s(stride).items():
            found[_named(name, "s")][stride.side].append((value_s, errors_s[name]))
            found[_named(name, "pct")][stride.side].append((share_pct * value_s, share_pct * errors_s[name]))
    return found


def _named(part: str, unit: str) -> str:
    return f"{part}_time_s" if unit == "s" and part in ("stance", "swing") else f"{part}_{unit}"


def _parts_s(stride: Stride) -> dict[str, float]:
    parts = {"stance": stride.foot_off_s - stride.start_s, "swing": stride.end_s - stride.foot_off_s}
    off_s, contact_s = stride.opposite_foot_off_s, stride.opposite_contact_s
    if off_s is not None:
        parts["initial_double_support"] = off_s - stride.start_s
    if contact_s is not None:
        parts["terminal_double_support"] = stride.foot_off_s - contact_s
    if off_s is not None and contact_s is not None:
        parts["single_support"] = contact_s - off_s
        parts["double_support"] = parts["initial_double_support"] + parts["terminal_double_support"]
    return parts


def of_lengths(
    motion: Kinematics, strides: Sequence[Stride], steps: Sequence[Step], scale: Scale | None, sd_s: EventError
) -> dict[str, Sided]:
    """Return step time and everything that is a length.

    Parameters
    ----------
    motion : Kinematics
    strides : sequence of Stride
    steps : sequence of Step
    scale : Scale or None
        Without it there are no metres.
    sd_s : callable
        Looks up the error of an event, see `measuring_errors.event_errors`.

    Returns
    -------
    dict of str to Sided
        ``step_time_s``, ``step_length_leg``, ``step_length_m`` and so on; in order of time.
    """
    stride_leg, error_leg = stride_lengths_leg(motion, strides), length_error_leg(motion)
    found: dict[str, Sided] = {
        "step_time_s": {
            side: [(step.duration_s, step_error_s(step, sd_s)) for step in steps if step.side == side] for side in SIDES
        },
        "step_length_leg": {
            side: [(step.length_leg, error_leg) for step in steps if step.side == side] for side in SIDES
        },
        "stride_length_leg": {
            side: [
                (length, error_leg) for length, stride in zip(stride_leg, strides, strict=True) if stride.side == side
            ]
            for side in SIDES
        },
    }
    if scale is None:
        return found
    metres = scale.metres_per_leg
    for name in ("step_length", "stride_length"):
        found[f"{name}_m"] = {
            side: [(metres * value, metres * error) for value, error in found[f"{name}_leg"][side]] for side in SIDES
        }
    found["walk_ratio_m_per_spm"] = {
        side: [
            (
                metres * step.length_leg * step.duration_s / 60.0,
                metres * hypot(error_leg * step.duration_s, step.length_leg * step_error_s(step, sd_s)) / 60.0,
            )
            for step in steps
            if step.side == side
        ]
        for side in SIDES
    }
    return found
