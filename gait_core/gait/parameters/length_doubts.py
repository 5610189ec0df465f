"""Whether the lengths of a walk can be trusted: a camera that moves or zooms changes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from gait_core.errors import WalkWarning
from gait_core.gait.angles import SIDES
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.parameters.lengths import Step

__all__ = ["lengths_doubted", "lengths_withheld"]

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
_APART_LEG: Final = 0.35
"""Longest less shortest step of one foot, leg lengths: 0.17 at most on ten real walks, 0.30 with a limp."""
_MANY_STEPS: Final = 12
"""From so many steps on, one wrong length moves the mean little, and the interval shows it."""
_USABLE: Final = (0.6, 1.5)
_AGREEMENT: Final = (0.80, 1.15)
"""Reach over length: 0.97 (0.94 to 1.00) on simulated walks, 0.95 (0.92 to 0.97) on real ones, 1.03 with a limp."""


def lengths_withheld(motion: Kinematics, steps: Sequence[Step], *, rhythm: bool = True) -> WalkWarning | None:
    """Return why no length of a walk can be given.

    Parameters
    ----------
    motion : Kinematics
    steps : sequence of Step
        As `find_steps` gives them.
    rhythm : bool
        Whether the steps have a regular rhythm. Without one, as in slow motion, steps are missed, and feet that seem to
        move over the floor say nothing about the camera.

    Returns
    -------
    WalkWarning or None
        With the code ``camera_moved``, ``steps_missed`` or ``lengths_disagree``; None when lengths can be given.
    """
    unlike = _unlike(steps)
    if unlike is not None:
        return unlike
    if motion.view.camera_moves or not steps:
        return None
    growth = _growth(motion)
    ratio = _reach_over_length(steps)
    if growth >= _ZOOMED and motion.view.view_deg <= _SIDE_VIEW_DEG:
        found = f"The person becomes {growth:.2g} times as large, though seen from the side"
        return WalkWarning(code="camera_moved", message=f"{found}: the camera zooms or moves. {_WITHHELD}")
    if _USABLE[0] <= ratio <= _USABLE[1]:
        return None
    found = "The positions of the feet and the distance between them do not agree"
    if rhythm:
        return WalkWarning(code="camera_moved", message=f"{found}: the camera pans, zooms or moves. {_WITHHELD}")
    return WalkWarning(code="steps_missed", message=f"{found}, as if steps were missed. {_WITHHELD}")


def _unlike(steps: Sequence[Step]) -> WalkWarning | None:
    """Return that the few steps of one foot differ in length by more than those of a walk do."""
    if len(steps) >= _MANY_STEPS:
        return None
    for side in SIDES:
        lengths = sorted(step.length_leg for step in steps if step.side == side and np.isfinite(step.length_leg))
        if len(lengths) > 1 and lengths[-1] - lengths[0] > _APART_LEG:
            found = f"The steps of the {side} foot are from {lengths[0]:.2f} to {lengths[-1]:.2f} leg lengths long"
            reason = "which in one walk is more likely a foot seen in the wrong place than a true difference"
            return WalkWarning(
                code="lengths_disagree", message=f"{found}, {reason}. {_WITHHELD} Film more steps, all in full view."
            )
    return None


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


def lengths_doubted(motion: Kinematics, steps: Sequence[Step]) -> str:
    """Return what makes lengths doubtful, as a sentence; empty when nothing does.

    Parameters
    ----------
    motion : Kinematics
    steps : sequence of Step
        As `find_steps` gives them.

    Returns
    -------
    str
    """
    if motion.view.camera_moves:
        return _FOLLOWED
    return "" if not steps or _AGREEMENT[0] <= _reach_over_length(steps) <= _AGREEMENT[1] else _DRIFTED
