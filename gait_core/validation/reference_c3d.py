"""Reads a reference from a C3D file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gait_core.markers.trial import read_trial
from gait_core.validation.reference_model import Reference

__all__ = ["reference_from_c3d"]


def reference_from_c3d(path: Path) -> Reference:
    """Read foot strikes and foot offs, gait parameters, and hip, knee and ankle flexion where they are.

    Returns
    -------
    Reference
        Parts that the file lacks are empty, see `read_trial`. A file of our own export has the clock of the video
        (`same_clock`).

    Raises
    ------
    InputError
        When the file cannot be read.
    LibraryError
        When ezc3d is missing.
    """
    trial = read_trial(path)
    return Reference(
        name=trial.name,
        kind="c3d",
        events=trial.events,
        parameters=trial.parameters,
        time_s=trial.time_s if trial.angles else np.empty(0),
        angles=trial.angles,
        same_clock=trial.own,
        notes=trial.notes,
    )
