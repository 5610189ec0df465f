"""How good a recording is, over all that was found in it: never better than what is said beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gait_core.gait.check import NO_DOUBT

if TYPE_CHECKING:
    from gait_core.errors import WalkWarning
    from gait_core.gait.check import Check
    from gait_core.gait.measurement import Measurement

__all__ = ["FEW_STRIDES", "few_strides", "recording_checks", "recording_state"]

FEW_STRIDES: Final = 6
"""Full strides, of both feet together, below which the values of a walk are rough."""


def few_strides(measurement: Measurement) -> bool:
    """Return whether so few full strides were measured, of a foot or in all, that the values are rough.

    Returns
    -------
    bool
    """
    count = [sum(stride.side == side for stride in measurement.strides) for side in ("left", "right")]
    return sum(count) < FEW_STRIDES or min(count) == 0


def recording_checks(measurement: Measurement) -> tuple[Check, ...]:
    """Return what was checked, as it is shown beside the values.

    Parameters
    ----------
    measurement : Measurement

    Returns
    -------
    tuple of Check
        As measured, but the length of the walk is not good where few strides were measured: that check goes by the
        time of walking, of which the strides at its ends, or those left out, are no part.
    """
    if not few_strides(measurement):
        return measurement.checks
    return tuple(
        replace(check, state="poor", advice=_LONGER, sentence=f"{check.sentence} {_full(measurement)}")
        if check.name == "walk_length" and check.state == "good"
        else check
        for check in measurement.checks
    )


def recording_state(measurement: Measurement, beside: Sequence[WalkWarning] = ()) -> str:
    """Return how good the recording is.

    Parameters
    ----------
    measurement : Measurement
    beside : sequence of WalkWarning
        Further warnings that are shown with it.

    Returns
    -------
    {"good", "poor", "unusable"}
        The worst of all checks and warnings; ``unusable`` where no stride was measured.
    """
    states = {check.state for check in recording_checks(measurement)}
    warnings = [one for one in (*measurement.warnings, *beside) if one.code not in NO_DOUBT]
    states |= {"unusable" if warning.blocking else "poor" for warning in warnings}
    if few_strides(measurement):
        states.add("poor" if measurement.strides else "unusable")
    return next((state for state in ("unusable", "poor") if state in states), "good")


_LONGER: Final = "Have the person walk farther through the frame, or record several passes."


def _full(measurement: Measurement) -> str:
    count = len(measurement.strides)
    return f"Of both together, {count} {'was' if count == 1 else 'were'} measured in full."
