"""Joint angles that a reference defines the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.validation.evidence import Evidence

__all__ = ["other_way_notes"]

LEAST_OFF_DEG: Final = 15.0
OTHER_WAY_SHARE: Final = 0.4
"""An angle that is so far off, and so much less the other way round, is defined the other way round."""


def other_way_notes(evidence: Sequence[Evidence]) -> list[str]:
    """Say which angles of a reference fit with the other sign, or measured from the straight line.

    Parameters
    ----------
    evidence : sequence of Evidence

    Returns
    -------
    list of str
        A sentence for each joint.
    """
    notes = []
    for name in sorted({name for one in evidence for name, _ in one.angles}):
        pairs = [pair for one in evidence for (joint, _), pair in one.angles.items() if joint == name]
        measured, stated = (np.concatenate([np.ravel(pair[part]) for pair in pairs]) for part in range(2))
        as_stated = _rms_deg(measured - stated)
        ways = {
            "with the other sign": _rms_deg(measured + stated),
            "taken from 180°": _rms_deg(measured - (180.0 - stated)),
        }
        best = min(ways, key=ways.__getitem__)
        if as_stated > LEAST_OFF_DEG and ways[best] < OTHER_WAY_SHARE * as_stated:
            notes.append(
                f"The {name} angle of the reference fits {best} ({ways[best]:.1f}° off instead of {as_stated:.1f}°): "
                "check how it is defined there."
            )
    return notes


def _rms_deg(errors: NDArray[np.float64]) -> float:
    known = errors[np.isfinite(errors)]
    return float(np.sqrt(np.mean(known**2))) if len(known) else float("nan")
