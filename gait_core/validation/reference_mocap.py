"""Reads a reference from a motion-capture walk."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gait_core.gait.angles import SIDES
from gait_core.markers.mocap_walk import MocapWalk
from gait_core.validation.reference_model import ANGLE_NAMES, Reference

__all__ = ["reference_from_mocap", "reference_of"]


def reference_from_mocap(path: Path) -> Reference:
    """Read events and joint angles of a walk recorded with markers.

    Returns
    -------
    Reference

    Raises
    ------
    InputError
        When the file cannot be read or is another archive.
    """
    return reference_of(MocapWalk.load(path), path.name)


def reference_of(walk: MocapWalk, name: str) -> Reference:
    """Return a walk recorded with markers as a reference.

    Returns
    -------
    Reference
        Events and joint angles on the clock of the recording; no parameters.
    """
    angles = {
        (joint, side): walk.angles[f"{side}_{joint}"]
        for joint in ANGLE_NAMES
        for side in SIDES
        if f"{side}_{joint}" in walk.angles
    }
    time_s = walk.time_s if angles else np.empty(0)
    return Reference(name=name, kind="mocap", events=walk.truth_events(), time_s=time_s, angles=angles)
