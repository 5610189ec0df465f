"""The spatiotemporal parameters of a walk, per side and per stride, with units and intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import hypot, sqrt
from typing import Final

import numpy as np

from gait_core.config import MeasureSettings
from gait_core.gait.angles import SIDES
from gait_core.gait.events.gait_events import EventSet
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.parameters.length_doubts import lengths_doubted, lengths_withheld
from gait_core.gait.parameters.lengths import Step
from gait_core.gait.parameters.measuring_errors import (
    EventError,
    event_errors,
    step_error_s,
)
from gait_core.gait.parameters.parameter import Parameter, Summary
from gait_core.gait.parameters.possible import cut_note, possible_range, within
from gait_core.gait.parameters.scale import Scale
from gait_core.gait.parameters.single_values import Sided, of_lengths, of_strides
from gait_core.gait.parameters.statistics import summarise, withheld
from gait_core.gait.parameters.symmetry import asymmetry
from gait_core.gait.strides import Stride

__all__ = ["PARAMETERS", "sided_parameter", "spatiotemporal"]

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

_LENGTHS: Final = (
    *("step_length_m", "stride_length_m", "walking_speed_mps", "walk_ratio_m_per_spm"),
    *("step_length_leg", "stride_length_leg", "walking_speed_leg_per_s"),
)
_AVERAGED: Final = ("stride_time_s", "step_time_s")
"""Times between events of one kind: what lags in both drops out, and what is left differs from stride to stride."""


def spatiotemporal(
    motion: Kinematics,
    events: EventSet,
    steps: Sequence[Step],
    strides: Sequence[Stride],
    scale: Scale | None,
    settings: MeasureSettings,
) -> dict[str, Parameter]:
    """Measure a walk.

    Parameters
    ----------
    motion : Kinematics
        With all passes.
    events : EventSet
        From which steps and strides come.
    steps : sequence of Step
        See `find_steps`.
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
    sd_s = event_errors(events)
    sided = of_strides(strides, sd_s) | of_lengths(motion, strides, steps, scale, sd_s)
    found = {
        name: sided_parameter(
            name,
            *PARAMETERS[name],
            {side: [value for value, _ in pairs] for side, pairs in values.items()},
            settings,
            errors={side: [error for _, error in pairs] for side, pairs in values.items()},
            repeating=0.0 if name in _AVERAGED else 1.0,
        )
        for name, values in sided.items()
    }
    if steps:
        found["cadence_spm"] = _cadence(steps, sd_s, settings)
    for unit in ("mps", "leg_per_s"):
        name = f"walking_speed_{unit}"
        length = sided.get("stride_length_m" if unit == "mps" else "stride_length_leg")
        if length is not None:
            found[name] = _speed(name, length, sided["stride_time_s"], settings)
    known = {name: found[name] for name in PARAMETERS if name in found and found[name].both is not None}
    if lengths_withheld(motion, steps) is not None:
        known = {name: parameter for name, parameter in known.items() if name not in _LENGTHS}
    doubt = lengths_doubted(motion, steps)
    return {
        name: replace(parameter, notes=(*parameter.notes, doubt)) if doubt and name in _LENGTHS else parameter
        for name, parameter in known.items()
    }


def sided_parameter(
    name: str,
    label: str,
    unit: str,
    values: Mapping[str, Sequence[float]],
    settings: MeasureSettings,
    *,
    ratio_scale: bool = True,
    errors: Mapping[str, Sequence[float]] | None = None,
    repeating: float = 1.0,
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
    errors : mapping of side to sequence of float, optional
        1 SD of the error of each value.
    repeating : float
        See `measuring_errors.error_of_mean`.

    Returns
    -------
    Parameter
        With summaries of both sides, their mean, and asymmetry where enough values exist.
    """

    def summed(*sides: str) -> Summary | None:
        return summarise(
            [value for side in sides for value in values[side]],
            settings,
            ratio_scale=ratio_scale,
            errors=None if errors is None else [error for side in sides for error in errors[side]],
            repeating=repeating,
            legs=[number for number, side in enumerate(sides) for _ in values[side]],
        )

    left, right = (summed(side) for side in SIDES)
    both = summed(*SIDES)
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
    lowest = min(parameter.both.values, default=0.0) if parameter.both else 0.0
    possible = possible_range(parameter.name, parameter.unit, lowest)
    found = (parameter.left, parameter.right, parameter.both)
    left, right, both = kept = tuple(within(summary, possible) for summary in found)
    if kept == found:
        return parameter
    notes = (*parameter.notes, cut_note(possible, parameter.unit))
    return replace(parameter, left=left, right=right, both=both, notes=notes)


def _cadence(steps: Sequence[Step], sd_s: EventError, settings: MeasureSettings) -> Parameter:
    """Return steps per minute from the mean step time; its interval is that of the step time, turned round.

    Where the interval of the step time reaches 0, that of the cadence has no upper end and is left out.
    """
    errors = [step_error_s(step, sd_s) for step in steps]
    step = summarise([step.duration_s for step in steps], settings, errors=errors, repeating=0.0)
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
        error_sd=None if step.error_sd is None else mean * step.error_sd / step.mean,
    )
    label, unit = PARAMETERS["cadence_spm"]
    return Parameter(name="cadence_spm", label=label, unit=unit, both=both, notes=tuple(notes))


def _speed(name: str, length: Sided, time_s: Sided, settings: MeasureSettings) -> Parameter:
    """Return the speed over whole strides of either foot."""
    pairs = [pair for side in SIDES for pair in zip(length[side], time_s[side], strict=True)]
    speeds = [far / long_s for (far, _), (long_s, _) in pairs]
    # Errors of stride times average out, those of lengths stay.
    averaged = 1.0 / sqrt(max(len(pairs), 1))
    errors = [hypot(far_sd, averaged * far * sd_s / long_s) / long_s for (far, far_sd), (long_s, sd_s) in pairs]
    both = summarise(speeds, settings, errors=errors)
    label, unit = PARAMETERS[name]
    notes = tuple(withheld(both.n if both else 0, settings))
    return _possible(Parameter(name=name, label=label, unit=unit, both=both, notes=notes))
