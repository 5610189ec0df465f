"""The spatiotemporal parameters of a walk, per side and per stride, with units and intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from gait_core.config import MeasureSettings
from gait_core.gait.angles import SIDES
from gait_core.gait.events.gait_events import EventSet
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.parameters.lengths import Step, find_steps, stride_lengths_leg
from gait_core.gait.parameters.parameter import Parameter, Summary
from gait_core.gait.parameters.possible import cut_note, possible_range, within
from gait_core.gait.parameters.scale import Scale
from gait_core.gait.parameters.statistics import summarise, withheld
from gait_core.gait.parameters.symmetry import asymmetry
from gait_core.gait.strides import Stride

__all__ = ["PARAMETERS", "lengths_withheld", "sided_parameter", "spatiotemporal"]

PARAMETERS: Final[Mapping[str, tuple[str, str]]] = {
    "cadence_spm": ("Cadence", "steps/min"),
    "walking_speed_mps": ("Walking speed", "m/s"),
    "step_length_m": ("Step length", "m"),
    "stride_length_m": ("Stride length", "m"),
    "step_time_s": ("Step time", "s"),
    "stride_time_s": ("Stride time", "s"),
    "stance_time_s": ("Stance time", "s"),
    "swing_time_s": ("Swing time", "s"),
    "stance_pct": ("Stance", "%"),
    "swing_pct": ("Swing", "%"),
    "single_support_s": ("Single support", "s"),
    "single_support_pct": ("Single support", "%"),
    "double_support_s": ("Double support", "s"),
    "double_support_pct": ("Double support", "%"),
    "initial_double_support_s": ("Initial double support", "s"),
    "initial_double_support_pct": ("Initial double support", "%"),
    "terminal_double_support_s": ("Terminal double support", "s"),
    "terminal_double_support_pct": ("Terminal double support", "%"),
    "walk_ratio_m_per_spm": ("Walk ratio", "m/(steps/min)"),
    "walking_speed_leg_per_s": ("Walking speed", "leg lengths/s"),
    "step_length_leg": ("Step length", "leg lengths"),
    "stride_length_leg": ("Stride length", "leg lengths"),
}
"""Name → label and unit, in the order in which they are shown."""

_PARTS: Final = (
    "stance",
    "swing",
    "single_support",
    "double_support",
    "initial_double_support",
    "terminal_double_support",
)
_LENGTHS: Final = (
    *("step_length_m", "stride_length_m", "walking_speed_mps", "walk_ratio_m_per_spm"),
    *("step_length_leg", "stride_length_leg", "walking_speed_leg_per_s"),
)
_FOLLOWED: Final = (
    "The camera moves, or the person walks on a treadmill: steps are taken between the heels at contact and come out "
    "about 5 to 10 % short. Compare them only with walks filmed in the same way."
)
_DRIFTED: Final = (
    "The places of the feet in the frame and the distance between the feet do not agree: the camera may have moved. "
    "Lengths and speed may be wrong. Put the camera on a stand."
)
_WITHHELD: Final = "Lengths and speed are withheld."
_ZOOMED: Final = 1.35
"""Growth of the person in one pass that no walk across the view brings about: 1.2 at 20° off the side view."""
_SIDE_VIEW_DEG: Final = 20.0
_USABLE: Final = (0.6, 1.5)
_AGREEMENT: Final = (0.80, 1.15)
"""Reach over length: 0.97 (0.94 to 1.00) on simulated walks, 0.95 (0.92 to 0.97) on real ones, 1.03 with a limp."""
Sided = dict[str, list[float]]


def spatiotemporal(
    motion: Kinematics, events: EventSet, strides: Sequence[Stride], scale: Scale | None, settings: MeasureSettings
) -> dict[str, Parameter]:
    """Measure a walk.

    Parameters
    ----------
    motion : Kinematics
        With all passes.
    events : EventSet
        From which the steps come.
    strides : sequence of Stride
        Complete cycles with their order checked.
    scale : Scale or None
        Without it there are no metres; lengths in leg lengths are always given.
    settings : MeasureSettings

    Returns
    -------
    dict of str to Parameter
        In the order of `PARAMETERS`; a parameter without a single value is left out. A step is named after the
        foot that lands. Percentages are of the gait cycle.

    References
    ----------
    Hollman, McDade & Petersen 2011, Gait & Posture 34:111 (definitions). Sekiya & Nagasaki 1998, Gait & Posture 7:225
    (walk ratio: step length over cadence).
    """
    steps = find_steps(motion, events)
    sided = _of_strides(strides) | _of_lengths(motion, strides, steps, scale)
    found = {name: sided_parameter(name, *PARAMETERS[name], values, settings) for name, values in sided.items()}
    if steps:
        found["cadence_spm"] = _cadence(steps, settings)
    for unit in ("mps", "leg_per_s"):
        name = f"walking_speed_{unit}"
        length = sided.get("stride_length_m" if unit == "mps" else "stride_length_leg")
        if length is not None:
            found[name] = _speed(name, length, sided["stride_time_s"], settings)
    known = {name: found[name] for name in PARAMETERS if name in found and found[name].both is not None}
    if lengths_withheld(motion, steps):
        known = {name: parameter for name, parameter in known.items() if name not in _LENGTHS}
    doubt = _doubt(motion, steps)
    return {
        name: replace(parameter, notes=(*parameter.notes, doubt)) if doubt and name in _LENGTHS else parameter
        for name, parameter in known.items()
    }


def lengths_withheld(motion: Kinematics, steps: Sequence[Step]) -> str:
    """Return why no length of a walk can be given, as a sentence; empty when they can.

    Parameters
    ----------
    motion : Kinematics
    steps : sequence of Step
        As `find_steps` gives them.

    Returns
    -------
    str
    """
    if motion.view.camera_moves or not steps:
        return ""
    growth = _growth(motion)
    ratio = _reach_over_length(steps)
    if growth >= _ZOOMED and motion.view.view_deg <= _SIDE_VIEW_DEG:
        found = f"The person becomes {growth:.2g} times as large, though seen from the side"
        return f"{found}: the camera zooms or moves. {_WITHHELD}"
    if not _USABLE[0] <= ratio <= _USABLE[1]:
        found = "The places of the feet and the distance between them do not agree"
        return f"{found}: the camera pans, zooms or moves. {_WITHHELD}"
    return ""


def _growth(motion: Kinematics) -> float:
    """Return how many times as large the person is at most, within one pass, as at least."""
    found = [1.0]
    for segment in motion.segments:
        size = motion.leg_px[segment.start : segment.stop]
        size = size[np.isfinite(size)]
        if len(size):
            found.append(float(size.max() / size.min()))
    return max(found)


def _reach_over_length(steps: Sequence[Step]) -> float:
    both = [(s.reach_leg, s.length_leg) for s in steps if np.isfinite(s.reach_leg) and np.isfinite(s.length_leg)]
    reach, length = np.sum(both, axis=0) if both else (1.0, 1.0)
    return float(reach / length) if length > 0.0 else float("inf")


def _doubt(motion: Kinematics, steps: Sequence[Step]) -> str:
    """Return what makes lengths doubtful, as a sentence; empty when nothing does."""
    if motion.view.camera_moves:
        return _FOLLOWED
    return "" if not steps or _AGREEMENT[0] <= _reach_over_length(steps) <= _AGREEMENT[1] else _DRIFTED


def sided_parameter(
    name: str,
    label: str,
    unit: str,
    values: Mapping[str, Sequence[float]],
    settings: MeasureSettings,
    *,
    ratio_scale: bool = True,
) -> Parameter:
    """Put one parameter together from the values of both sides.

    Parameters
    ----------
    name, label, unit : str
        As `Parameter` keeps them.
    values : mapping of side to sequence of float
        Single values in order of time; NaN where missing.
    settings : MeasureSettings
    ratio_scale : bool
        False for angles, see `symmetry.asymmetry`.

    Returns
    -------
    Parameter
        With summaries of both sides, their mean, and asymmetry where enough values exist.
    """
    left, right = (summarise(values[side], settings, ratio_scale=ratio_scale) for side in SIDES)
    both = summarise([*values["left"], *values["right"]], settings, ratio_scale=ratio_scale)
    counts = [summary.n if summary else 0 for summary in (left, right)]
    enough = min(counts) >= settings.fewest_strides_asymmetry
    return _possible(
        Parameter(
            name=name,
            label=label,
            unit=unit,
            left=left,
            right=right,
            both=both,
            asymmetry=asymmetry(left.mean, right.mean, ratio_scale=ratio_scale) if enough and left and right else None,
            notes=tuple(withheld(sum(counts), settings, left=counts[0], right=counts[1])),
        )
    )


def _possible(parameter: Parameter) -> Parameter:
    """Return the parameter with intervals that keep to possible values, and a note where one was cut."""
    possible = possible_range(parameter.name, parameter.unit)
    found = (parameter.left, parameter.right, parameter.both)
    left, right, both = kept = tuple(within(summary, possible) for summary in found)
    if kept == found:
        return parameter
    notes = (*parameter.notes, cut_note(possible, parameter.unit))
    return replace(parameter, left=left, right=right, both=both, notes=notes)


def _of_strides(strides: Sequence[Stride]) -> dict[str, Sided]:
    """Return what the events of each stride give: times in s and shares of the cycle in %."""
    found: dict[str, Sided] = {"stride_time_s": {side: [] for side in SIDES}}
    found |= {_named(name, unit): {side: [] for side in SIDES} for name in _PARTS for unit in ("s", "pct")}
    for stride in strides:
        whole_s = stride.duration_s
        found["stride_time_s"][stride.side].append(whole_s)
        for name, value_s in _parts_s(stride).items():
            found[_named(name, "s")][stride.side].append(value_s)
            found[_named(name, "pct")][stride.side].append(100.0 * value_s / whole_s)
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


def _of_lengths(
    motion: Kinematics, strides: Sequence[Stride], steps: Sequence[Step], scale: Scale | None
) -> dict[str, Sided]:
    """Return step time and everything that is a length."""
    stride_leg = stride_lengths_leg(motion, strides)
    found: dict[str, Sided] = {
        "step_time_s": {side: [step.duration_s for step in steps if step.side == side] for side in SIDES},
        "step_length_leg": {side: [step.length_leg for step in steps if step.side == side] for side in SIDES},
        "stride_length_leg": {
            side: [length for length, stride in zip(stride_leg, strides, strict=True) if stride.side == side]
            for side in SIDES
        },
    }
    if scale is None:
        return found
    metres = scale.metres_per_leg
    for name in ("step_length", "stride_length"):
        found[f"{name}_m"] = {side: [metres * v for v in found[f"{name}_leg"][side]] for side in SIDES}
    found["walk_ratio_m_per_spm"] = {
        side: [metres * step.length_leg * step.duration_s / 60.0 for step in steps if step.side == side]
        for side in SIDES
    }
    return found


def _cadence(steps: Sequence[Step], settings: MeasureSettings) -> Parameter:
    """Return steps per minute from the mean step time; its interval is that of the step time, turned round.

    Where the interval of the step time reaches 0, that of the cadence has no upper end and is left out.
    """
    step = summarise([step.duration_s for step in steps], settings)
    assert step is not None
    rates = tuple(60.0 / value for value in step.values)
    sd = float(np.std(rates, ddof=1)) if step.sd is not None else None
    mean = 60.0 / step.mean
    low = high = None
    notes = withheld(step.n, settings)
    if step.ci_low is not None and step.ci_high is not None:
        if step.ci_low > 0.0:
            low, high = 60.0 / step.ci_high, 60.0 / step.ci_low
        else:
            notes.append("No interval: few steps that differ much set no upper limit.")
    both = Summary(
        mean=mean,
        n=step.n,
        sd=sd,
        cv_pct=100.0 * sd / mean if sd is not None else None,
        ci_low=low,
        ci_high=high,
        values=rates,
    )
    label, unit = PARAMETERS["cadence_spm"]
    return Parameter(name="cadence_spm", label=label, unit=unit, both=both, notes=tuple(notes))


def _speed(name: str, length: Sided, time_s: Sided, settings: MeasureSettings) -> Parameter:
    """Return the speed over whole strides of either foot."""
    speeds = [a / b for side in SIDES for a, b in zip(length[side], time_s[side], strict=True)]
    both = summarise(speeds, settings)
    label, unit = PARAMETERS[name]
    notes = tuple(withheld(both.n if both else 0, settings))
    return _possible(Parameter(name=name, label=label, unit=unit, both=both, notes=notes))
