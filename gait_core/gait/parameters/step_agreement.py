"""Whether the steps of a walk agree with each other: where they do not, an event is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gait_core.errors import WalkWarning
from gait_core.gait.angles import SIDES
from gait_core.gait.parameters.lengths import Step
from gait_core.gait.strides import Stride

__all__ = ["MOST_RATIO", "steps_disagree"]

MOST_RATIO: Final = 1.35
"""Longest over shortest step, or stride, of one foot: 1.15 at most on ten real normal walks, 1.3 on a slouched one."""
_ENOUGH_STRIDES: Final = 6
"""From so many strides on, one wrong event moves the means little, and the intervals show it."""


def steps_disagree(steps: Sequence[Step], strides: Sequence[Stride]) -> WalkWarning | None:
    """Return that the steps, or the strides, of one foot differ by more than those of a walk do.

    Parameters
    ----------
    steps : sequence of Step
    strides : sequence of Stride

    Returns
    -------
    WalkWarning or None
        With the code ``steps_withheld``, which blocks, where there are so few strides that no mean can be trusted,
        else ``steps_disagree``; None where they agree.
    """
    for what, pieces in (("step", steps), ("stride", strides)):
        for side in SIDES:
            durations_s = sorted(piece.duration_s for piece in pieces if piece.side == side)
            if len(durations_s) > 1 and durations_s[-1] > MOST_RATIO * durations_s[0]:
                found = (
                    f"The {what}s of the {side} foot last from {durations_s[0]:.2f} to {durations_s[-1]:.2f} s, which "
                    "in one walk is more likely a wrong event than a true difference"
                )
                if len(strides) < _ENOUGH_STRIDES:
                    message = f"{found}. Times, lengths and speed are withheld: correct the events, or film more steps."
                    return WalkWarning(code="steps_withheld", message=message, blocking=True)
                return WalkWarning(code="steps_disagree", message=f"{found}. Look at the events.")
    return None
