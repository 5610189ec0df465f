"""What an exporter is given, and small things that all of them need."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gait_core.errors import InputError
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.measurement import Measurement

__all__ = [
    "SIDE_LETTERS",
    "ExportJob",
    "ExportSource",
    "Exported",
    "Exporter",
    "needs_motion",
    "number",
    "scale_sentence",
]

SIDE_LETTERS: Final[Mapping[str, str]] = {"left": "l", "right": "r"}


@dataclass(frozen=True, kw_only=True)
class ExportSource:
    """Where a measurement came from, as written into every file that can hold it.

    Attributes
    ----------
    name : str
        File name of the video.
    subject : str
        Pseudonym, empty when there is none.
    measurement_id : str
        Identifier in the workspace, empty for one that was never stored.
    content_sha256 : str
        Hash of the video.
    created_s : float or None
        When it was measured, s since 1970.
    """

    name: str = ""
    subject: str = ""
    measurement_id: str = ""
    content_sha256: str = ""
    created_s: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class ExportJob:
    """One walk to be exported.

    Attributes
    ----------
    measurement : Measurement
    motion : Kinematics or None
        The motion that it was measured from; the time series of TRC, MOT and C3D need it.
    stem : str
        Beginning of every file name.
    source : ExportSource
    """

    measurement: Measurement
    motion: Kinematics | None
    stem: str
    source: ExportSource = field(default_factory=ExportSource)

    @property
    def metres_per_leg(self) -> float | None:
        """Metres that one leg length stands for, or None without a scale."""
        return self.measurement.scale.metres_per_leg if self.measurement.scale is not None else None


Exporter = Callable[[ExportJob], dict[str, bytes]]
"""Turns a job into file names and their contents; refuses with `InputError` what the format cannot hold."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What an export wrote.

    Attributes
    ----------
    files : tuple of Path
        In the order written.
    skipped : mapping of str to str
        Format → one sentence: why it was left out.
    """

    files: tuple[Path, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)


def needs_motion(job: ExportJob, what: str) -> Kinematics:
    """Return the motion of a job.

    Parameters
    ----------
    job : ExportJob
    what : str
        What is to be written, for the message.

    Returns
    -------
    Kinematics

    Raises
    ------
    InputError
        When the job has none.
    """
    if job.motion is None:
        raise InputError(
            f"Expected the landmarks of the walk to write {what}, but they are no longer in the cache.",
            "Measure the video again, then export.",
        )
    return job.motion


def number(value: float | None) -> str:
    """Format a number for a file.

    Returns
    -------
    str
        Six decimals, or six significant digits below 1, without trailing zeros; empty for None, NaN and infinity.
    """
    if value is None or not math.isfinite(value):
        return ""
    return f"{value:.6g}" if abs(value) < 1.0 else f"{round(value, 6):.15g}"


def scale_sentence(job: ExportJob) -> str:
    """Say where metres come from.

    Returns
    -------
    str
        One sentence, also where no scale was given.
    """
    scale = job.measurement.scale
    return scale.note if scale is not None else "No scale was given: lengths are in leg lengths."
