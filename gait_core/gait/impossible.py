"""Joint curves that no body can have: left out, with the reason, before anything is read from them.

A leg taken for the other one, or a landmark that jumped away and was not repaired, bends a joint farther than it goes.
One such stride spoils every mean, so its curve of that joint is missing as if it had not been seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import WalkWarning
from gait_core.gait.curves import CURVES, Curves

__all__ = ["ANGLE_LIMITS_DEG", "CODE", "RANGE_LIMITS_DEG", "without_impossible"]

CODE: Final = "impossible_values"
ANGLE_LIMITS_DEG: Final[Mapping[str, tuple[float, float]]] = {
    "hip": (-60.0, 140.0),
    "knee": (-40.0, 150.0),
    "ankle": (-80.0, 60.0),
    "arm": (-90.0, 190.0),
    "trunk": (-60.0, 100.0),
}
"""Where a joint can be at all: what it reaches passively, and 20 to 30° for hypermobility and errors of measurement."""
RANGE_LIMITS_DEG: Final[Mapping[str, float]] = {"hip": 110.0, "knee": 110.0, "ankle": 90.0, "arm": 180.0, "trunk": 60.0}
"""Over how much a joint moves within one stride at most: about half as much again as in high steps or a fast run."""
_NAMES: Final[Mapping[str, str]] = {"arm": "arm swing", "trunk": "trunk lean"}


def without_impossible(curves: Curves) -> tuple[Curves, list[WalkWarning]]:
    """Leave out the curves that no body can have.

    Parameters
    ----------
    curves : Curves
        Of every stride.

    Returns
    -------
    curves : Curves
        Impossible ones are NaN; the same object when there are none.
    warnings : list of WalkWarning
        One for each joint of a side, with what was seen and how many strides are left.

    References
    ----------
    Ranges of joints: American Academy of Orthopaedic Surgeons 1965, Joint Motion; Roaas & Andersson 1982, Acta Orthop
    Scand 53:205. Ranges in walking and running: Perry & Burnfield 2010; Novacheck 1998, Gait & Posture 7:77.
    """
    values: dict[tuple[str, str], NDArray[np.float64]] = dict(curves.values)
    warnings = []
    for (name, side), found in curves.values.items():
        wrong, worst_deg = _impossible(name, found)
        if not wrong.any():
            continue
        values[name, side] = np.where(wrong[:, None], np.nan, found)
        label = _NAMES.get(name, name) if name == "trunk" else f"{side} {_NAMES.get(name, name)}"
        strides = f"{wrong.sum()} of {len(wrong)} strides" if len(wrong) > 1 else "the only stride"
        warnings.append(
            WalkWarning(
                code=CODE,
                message=f"The {label} is left out in {strides} of the {side} leg: it would move over "
                f"{worst_deg:.0f}° or beyond where it can be, so the landmarks are wrong there. "
                "Look at the overlay or, with markers, at their labels.",
            )
        )
    return (replace(curves, values=values) if warnings else curves), warnings


def _impossible(name: str, curves: NDArray[np.float64]) -> tuple[NDArray[np.bool_], float]:
    """Return which strides are impossible, shape (n_strides,), and the widest range among these, degrees."""
    if name not in CURVES or not len(curves):
        return np.zeros(len(curves), dtype=bool), 0.0
    lowest = np.where(np.isfinite(curves), curves, np.inf).min(axis=1)
    highest = np.where(np.isfinite(curves), curves, -np.inf).max(axis=1)
    low, high = ANGLE_LIMITS_DEG[name]
    seen = np.isfinite(lowest)
    width = np.where(seen, highest - lowest, 0.0)
    wrong = seen & ((width > RANGE_LIMITS_DEG[name]) | (lowest < low) | (highest > high))
    return wrong, float(width[wrong].max(initial=0.0))
