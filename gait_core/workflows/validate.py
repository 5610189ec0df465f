"""Validates from files: a reference with the measurement of a video, or motion capture alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gait_core.config import MeasureSettings
from gait_core.errors import InputError
from gait_core.gait.measurement import Measurement
from gait_core.markers.endings import is_marker_file
from gait_core.validation.limits import GENERAL_LIMITS, MOCAP_LIMITS, limits_from
from gait_core.validation.mocap import validate_mocap
from gait_core.validation.reference import load_reference
from gait_core.validation.validate import ValidationResult, validate

__all__ = ["validate_file"]


def validate_file(
    path: Path,
    measurement: Measurement | None = None,
    *,
    settings: MeasureSettings | None = None,
    limits: Mapping[str, float] | None = None,
    offset_s: float | None = None,
    walk: str | None = None,
) -> ValidationResult:
    """Compare a measurement with a reference file.

    Parameters
    ----------
    path : Path
        Reference, see `gait_core.validation.reference.load_reference`.
    measurement : Measurement, optional
        Of the video of the same walk. Without one the reference has to be a walk with markers: it is projected to a
        side view and measured.
    settings : MeasureSettings, optional
        For motion capture alone; a measurement keeps its own.
    limits : mapping of figure to float, optional
        Limits that differ from the usual ones.
    offset_s : float, optional
        Added to the times of the reference where the shift to the video is known, s.
    walk : str, optional
        Path of the video, or its file name, for a table that holds several walks.

    Returns
    -------
    ValidationResult

    Raises
    ------
    InputError
        When the reference cannot be used, is of another walk, needs a video, or holds nothing that was measured.
    """
    reference = load_reference(path, walk)
    if measurement is None:
        if not is_marker_file(path):
            raise InputError(
                f"Expected a video beside {path.name}, but got none.",
                "Name the video of the same walk with --video; only walks with markers (.c3d, .npz) do without.",
            )
        return validate_mocap(path, settings, limits_from(limits or {}, MOCAP_LIMITS))
    # A real video beside motion capture is judged like any other laboratory: the pose model has its share.
    return validate(measurement, reference, limits_from(limits or {}, GENERAL_LIMITS), offset_s=offset_s)
