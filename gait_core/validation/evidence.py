"""What of a measurement has a partner in a reference: events, strides, angles, mean values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.angles import SIDES
from gait_core.gait.measurement import Measurement
from gait_core.gait.parameters.parameter import Parameter, Summary
from gait_core.gait.strides import Stride
from gait_core.validation.align import Alignment
from gait_core.validation.event_agreement import TOLERANCE_S, Matching, match_events
from gait_core.validation.reference_model import ANGLE_NAMES, Reference, strides_of
from gait_core.validation.stride_agreement import pair_strides, reference_curve

__all__ = ["Angles", "Evidence", "collect"]

Angles = Mapping[tuple[str, str], tuple[NDArray[np.float64], NDArray[np.float64]]]
"""(name, side) → measured and reference, each shape (n_strides, 101), degrees."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """Everything of one measurement that has a partner in the reference.

    Attributes
    ----------
    alignment : Alignment
    matching : Matching or None
        None when the reference has no events.
    strides : tuple of (Stride, Stride)
        Measured, reference.
    angles : mapping of (name, side) to (measured, reference), each shape (n_strides, 101)
    means : tuple of (name, unit, side, measured, reference)
        Parameters that the reference states as means.
    """

    alignment: Alignment
    matching: Matching | None
    strides: tuple[tuple[Stride, Stride], ...]
    angles: Angles
    means: tuple[tuple[str, str, str, float, float], ...]


def collect(
    measurement: Measurement, reference: Reference, alignment: Alignment, tolerance_s: float = TOLERANCE_S
) -> Evidence:
    """Pair what was measured with what the reference says.

    Parameters
    ----------
    measurement : Measurement
        With the events as a person left them.
    reference : Reference
    alignment : Alignment
        Its offset is added to the times of the reference.
    tolerance_s : float
        Events further apart are different events, s.

    Returns
    -------
    Evidence
        Empty in what the reference lacks; `matching` is None where it has no events.
    """
    shift_s = alignment.offset_s
    # A reference event just inside the part where events are looked for may be found just outside of it.
    edge_s = measurement.settings.edge_ignore_s + tolerance_s / 3
    moved = [replace(event, time_s=event.time_s + shift_s) for event in reference.events]
    matching = None
    if moved:
        spans = [(segment.start_s + edge_s, segment.end_s - edge_s) for segment in measurement.segments]
        matching = match_events(measurement.current_events.events, moved, tolerance_s=tolerance_s, spans_s=spans)
    return Evidence(
        alignment=alignment,
        matching=matching,
        strides=tuple(pair_strides(measurement.strides, strides_of(reference.events, shift_s))),
        angles=_angle_pairs(measurement, reference, shift_s),
        means=tuple(_mean_pairs(measurement, reference)),
    )


def _angle_pairs(measurement: Measurement, reference: Reference, shift_s: float) -> Angles:
    time_s = reference.time_s + shift_s
    pairs = {}
    for name in ANGLE_NAMES:
        for side in SIDES:
            own = [stride for stride in measurement.strides if stride.side == side]
            if (name, side) in reference.angles and own:
                values = reference.angles[name, side]
                truth = np.stack([reference_curve(time_s, values, stride) for stride in own])
                pairs[name, side] = (measurement.curves.values[name, side], truth)
    return pairs


def _mean_pairs(measurement: Measurement, reference: Reference) -> list[tuple[str, str, str, float, float]]:
    pairs = []
    for (name, side), value in reference.parameters.items():
        parameter: Parameter | None = measurement.parameters.get(name) or measurement.key_values.get(name)
        summary: Summary | None = getattr(parameter, side) if parameter is not None else None
        if parameter is not None and summary is not None:
            pairs.append((name, parameter.unit, side, summary.mean, value))
    return pairs
