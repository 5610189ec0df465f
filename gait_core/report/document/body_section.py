"""What the body map of a report says: deviations from the baseline, or how far each joint moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from gait_core.baseline.part_levels import PART_LIMITS
from gait_core.gait.angles import SIDES
from gait_core.gait.deviation import phase_at
from gait_core.report.body_map import PartNote, deviation_notes
from gait_core.report.document.direction import direction_sentences
from gait_core.report.document.words import clean_text

if TYPE_CHECKING:
    from gait_core.baseline.findings import BaselineComparison
    from gait_core.gait.measurement import Measurement

__all__ = ["body_caption", "body_notes", "body_title", "marked_parts"]

_MOST_DIRECTIONS: Final = 2


def marked_parts(baseline: BaselineComparison | None) -> list[str]:
    """Return the parts of the body that deviate.

    Returns
    -------
    list of str
        Those at or above the first of `PART_LIMITS`, where 1 is typical, the largest deviation first; empty without a
        baseline.
    """
    joints = {} if baseline is None else {clean_text(part): float(value) for part, value in baseline.joints.items()}
    over = [part for part, value in joints.items() if value >= PART_LIMITS[0]]
    return sorted(over, key=lambda part: -joints[part])


def body_notes(measurement: Measurement, baseline: BaselineComparison | None) -> dict[str, PartNote]:
    """Return what the body map says about each part of the body.

    Returns
    -------
    dict of str to PartNote
        Deviations from the baseline; where there are none, the mean range of movement of the joints that were measured,
        degrees.
    """
    if baseline is not None and baseline.joints:
        return deviation_notes({clean_text(part): float(value) for part, value in baseline.joints.items()})
    notes = {}
    for name, part in (("hip", "hip"), ("knee", "knee"), ("ankle", "ankle and foot"), ("arm", "arm")):
        parameter = measurement.key_values.get(f"{name}_rom_deg")
        for side in SIDES:
            summary = getattr(parameter, side) if parameter is not None else None
            if summary is not None:
                notes[f"{side} {part}"] = PartNote(level="measured", text=f"moves {summary.mean:.0f}°")
    trunk = measurement.key_values.get("trunk_rom_deg")
    if trunk is not None and trunk.both is not None:
        notes["trunk"] = PartNote(level="measured", text=f"moves {trunk.both.mean:.0f}°")
    return notes


def body_title(baseline: BaselineComparison | None) -> str:
    """Return the title of the body map.

    Returns
    -------
    str
        For differences from the baseline, or without one for ranges of movement.
    """
    if baseline is None or not baseline.joints:
        return "How far each joint moves"
    return "Where the walk differs from this person’s own earlier walks"


def body_caption(baseline: BaselineComparison | None, notes: Mapping[str, PartNote], marked: Sequence[str]) -> str:
    """Return the caption of the body map.

    Parameters
    ----------
    baseline : BaselineComparison or None
        None where the walk was not compared.
    notes : mapping of str to PartNote
        As `body_notes` gives them.
    marked : sequence of str
        As `marked_parts` gives them.

    Returns
    -------
    str
        With marked parts also in which phase of the stride the first of them differs most, and in which direction the
        joints do.
    """
    if not notes:
        return "No joint could be measured."
    if baseline is None:
        return "Mean range of movement over the strides, in degrees."
    if not baseline.joints:
        return "Not compared; shown is the mean range of movement over the strides, in degrees."
    if not marked:
        return f"1.0 is typical of this person; no part of the body reaches {PART_LIMITS[0]:g}."
    phase = _phase_sentence(baseline, marked[0])
    how = "".join(f" {sentence}" for sentence in direction_sentences(baseline, marked, _MOST_DIRECTIONS))
    return f"1.0 is typical of this person; parts from {PART_LIMITS[0]:g} are named.{phase}{how}"


def _phase_sentence(baseline: BaselineComparison, part: str) -> str:
    """Say in which part of the stride the most deviating part of the body deviates most."""
    curve = baseline.phase_joints.get(part)
    if curve is None or not np.isfinite(curve).any():
        return ""
    peak = int(np.nanargmax(curve))
    return f" The {clean_text(part)} differs most in {phase_at(peak)}."
