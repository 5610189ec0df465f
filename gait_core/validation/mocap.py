"""Validates the method itself on motion capture, projected to a side view with the errors of a pose model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Final

from gait_core.config import MeasureSettings
from gait_core.errors import InputError
from gait_core.gait.measurement import measure, motion_of
from gait_core.markers.projection import jitter, project
from gait_core.markers.recording import open_recording
from gait_core.phrases import plural
from gait_core.simulate.noise import NoiseModel
from gait_core.validation.align import align
from gait_core.validation.evidence import Evidence, collect
from gait_core.validation.limits import Limit
from gait_core.validation.reference_mocap import reference_of
from gait_core.validation.reference_model import Reference
from gait_core.validation.validate import ValidationResult, compared_anything, conclude

__all__ = ["DEFAULT_SEEDS", "mocap_evidence", "validate_mocap"]

DEFAULT_SEEDS: Final = tuple(range(8))
DIRECTIONS: Final = (1, -1)


def validate_mocap(
    path: Path,
    settings: MeasureSettings | None = None,
    limits: tuple[Limit, ...] | None = None,
    *,
    fps: float = 30.0,
    seeds: Sequence[int] = DEFAULT_SEEDS,
    noise: NoiseModel | None = None,
) -> ValidationResult:
    """Film a recorded walk from the side, measure it, and compare it with the recording.

    The clock is the same, so nothing is aligned and the bias of the events is that of the method.

    Parameters
    ----------
    path : Path
        ``.c3d`` or ``.npz``, see `gait_core.markers.recording.open_recording`.
    settings : MeasureSettings, optional
    limits : tuple of Limit, optional
    fps : float
        Frame rate of the projected video, Hz.
    seeds : sequence of int
        One measurement per draw of landmark errors and direction of walking; they are pooled.
    noise : NoiseModel, optional
        Landmark errors; by default 8 mm from frame to frame.

    Returns
    -------
    ValidationResult
        Of all measurements together, two per seed.

    Raises
    ------
    InputError
        When the file cannot be read or is too short.
    """
    evidence, reference = mocap_evidence(path, settings, fps=fps, seeds=seeds, noise=noise)
    result = conclude(evidence, reference, limits)
    if not compared_anything(result):
        raise InputError(
            f"Expected events or angles in {path.name} that fit its own markers, but not one of "
            f"{plural(len(reference.events), 'event')} lies near one that the movement shows.",
            "Check that left and right are not exchanged, and from which frame the events count.",
        )
    return result


def mocap_evidence(
    path: Path,
    settings: MeasureSettings | None = None,
    *,
    fps: float = 30.0,
    seeds: Sequence[int] = DEFAULT_SEEDS,
    noise: NoiseModel | None = None,
) -> tuple[list[Evidence], Reference]:
    """Measure a recorded walk as `validate_mocap` does, without the summary.

    The walk is seen once from either side for every seed.

    Parameters
    ----------
    path : Path
        ``.c3d`` or ``.npz``, see `gait_core.markers.recording.open_recording`.
    settings : MeasureSettings, optional
    fps : float
        Frame rate of the projected video, Hz.
    seeds : sequence of int
        Draws of the landmark errors; two measurements each.
    noise : NoiseModel, optional
        Landmark errors; by default 8 mm from frame to frame.

    Returns
    -------
    evidence : list of Evidence
        What each measurement has in common with the recording, two per seed.
    reference : Reference
        The recording.
    """
    walk = open_recording(path).walk
    reference = replace(reference_of(walk, path.name), same_clock=True)
    evidence = []
    for seed, direction in product(seeds, DIRECTIONS):
        _, track = project(walk, fps=fps, seed=seed, noise=noise or jitter(), direction=direction)
        measurement = measure(motion_of(track, settings), settings)
        evidence.append(collect(measurement, reference, align(measurement, reference)))
    return evidence, reference
