"""Reads what another instrument says about a walk from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from gait_core.errors import InputError
from gait_core.storage.ordinary_file import check_file
from gait_core.validation.reference_c3d import reference_from_c3d
from gait_core.validation.reference_csv import reference_from_csv
from gait_core.validation.reference_mocap import reference_from_mocap
from gait_core.validation.reference_model import Reference

__all__ = ["READERS", "Reference", "load_reference"]

LOWEST_RATE_HZ: Final = 20.0
READERS: Final[Mapping[str, Callable[[Path], Reference]]] = {
    ".csv": reference_from_csv,
    ".c3d": reference_from_c3d,
    ".npz": reference_from_mocap,
}
"""Ending of a file name → what reads it."""


def load_reference(path: Path, walk: str | None = None) -> Reference:
    """Read a reference file.

    Parameters
    ----------
    path : Path
        ``.csv`` (events, parameters or joint angles, as our own exports), ``.c3d`` (EVENT and ANALYSIS groups, Plug-in
        Gait angles) or ``.npz`` (motion capture).
    walk : str, optional
        Path of the video, or its file name, for tables that hold several walks.

    Returns
    -------
    Reference
        With events, parameters or angles; times on the clock of the file.

    Raises
    ------
    InputError
        When the file is missing, empty, damaged, of another kind, or holds nothing to compare with.
    LibraryError
        When ezc3d is missing.
    """
    check_file(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"Expected a reference as {', '.join(READERS)}, but got {path.name}.",
            "Export the reference in one of these formats.",
        )
    if path.stat().st_size == 0:
        raise InputError(f"Expected a reference in {path.name}, but the file is empty.", "Export it again.")
    return _checked(reference_from_csv(path, walk) if reader is reference_from_csv else reader(path))


def _checked(reference: Reference) -> Reference:
    if not (reference.events or reference.parameters or reference.angles):
        raise InputError(
            f"Expected gait events, gait parameters or joint angles in {reference.name}, but it has none of them.",
            "Mark the events or compute the angles in the program that made the file, then export it again.",
        )
    if reference.angles:
        if len(reference.time_s) < 2 or not np.all(np.diff(reference.time_s) > 0.0):
            raise InputError(
                f"Expected rising times in {reference.name}, but some repeat or fall.", "Export the file again."
            )
        rate_hz = reference.rate_hz
        if rate_hz is not None and rate_hz < LOWEST_RATE_HZ:
            raise InputError(
                f"Expected angles at {LOWEST_RATE_HZ:g} Hz or more in {reference.name}, but got {rate_hz:.3g} Hz.",
                "Export them at their full rate; the rate need not be that of the video.",
            )
    return reference
