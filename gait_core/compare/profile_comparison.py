"""One video under several profiles: what is stored of it, and where.

::

    comparisons/<id>/
      comparison.json      the profiles, their times, memory, agreement and gait values
      curves.npz           mean joint angles, ``0_knee_near`` …: number of the profile, joint, leg
      overlay_<n>.mp4      the walk with the landmarks of profile n, all frames at the same moments
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.config import Profile
from gait_core.storage.renamed import renamed

__all__ = ["STAGES", "ProfileComparison", "ProfileRun", "most_accurate"]

VERSION: Final = 1
_EARLIER_NAMES: Final = {"processor": "cpu", "processor_s": "cpu_s"}

STAGES: Final[Mapping[str, str]] = {
    "start": "Start the program",
    "probe": "Look at the file",
    "decode": "Wait for frames",
    "pose": "Find the body",
    "quality": "Rate frame quality",
    "extract": "Load the model, and the rest",
    "features": "Clean the movement",
    "measure": "Find the steps",
}
"""Stage → what it does, in the order in which they run."""


@dataclass(frozen=True, kw_only=True)
class ProfileRun:
    """One video under one profile.

    Attributes
    ----------
    name : str
    settings : mapping
        Fields of the `Profile`.
    error : mapping or None
        Why it did not work; the rest is then empty.
    engine, precision : str
        What ran the pose model.
    frames : int
        Frames analysed.
    detection_rate : float
        Share of them with a person.
    stages_s : mapping of str to float
        Time in each of `STAGES`, s.
    frames_per_s : float
        Frames analysed per second of extraction.
    cpu_s : float
        Time that all cores together worked for it, s; other work on the machine hardly changes it.
    peak_bytes : int
        Largest resident memory of the process, which did nothing else.
    agreement : mapping or None
        See `gait_core.compare.agreement.agreement`; None for the reference itself.
    values : mapping
        See `gait_values`.
    curve_difference_deg : mapping
        Mean absolute difference of each mean curve from the reference; empty for the reference.
    warnings : sequence of str
    """

    name: str
    settings: Mapping[str, Any]
    error: Mapping[str, str] | None = None
    engine: str = ""
    precision: str = ""
    frames: int = 0
    detection_rate: float = 0.0
    stages_s: Mapping[str, float] = field(default_factory=dict)
    frames_per_s: float = 0.0
    cpu_s: float = 0.0
    peak_bytes: int = 0
    agreement: Mapping[str, Any] | None = None
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    curve_difference_deg: Mapping[str, float | None] = field(default_factory=dict)
    warnings: Sequence[str] = ()

    @property
    def total_s(self) -> float:
        """From the start of the process to its end, s."""
        return float(sum(self.stages_s.values()))

    @property
    def work_s(self) -> float:
        """Time without the start of the program, which every profile has alike, s."""
        return self.total_s - float(self.stages_s.get("start", 0.0))

    @property
    def limit_bytes(self) -> int:
        """Memory that the profile allows."""
        return int(self.settings["memory_limit_bytes"])

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `dataclasses.asdict`; keys of later versions are left out."""
        known = {entry.name for entry in fields(cls)}
        return cls(**{key: value for key, value in renamed(values, _EARLIER_NAMES).items() if key in known})


@dataclass(frozen=True, kw_only=True, eq=False)
class ProfileComparison:
    """One video under several profiles.

    Attributes
    ----------
    id : str
    created_s : float
        When, seconds since the Unix epoch.
    name, path, content_sha256 : str
        The video.
    duration_s, frame_rate_hz : float
    width_px, height_px : int
    near : {"left", "right"}
        Side of the body that the camera sees.
    reference : str
        Name of the most accurate profile that succeeded; others are compared with it.
    runs : tuple of ProfileRun
        In the order chosen.
    machine : mapping
        ``cpu``, ``cores``, ``memory_gib``, ``system``.
    curves : mapping of str to ndarray, shape (101,)
        ``<number of the run>_<joint>_<near or far>``, degrees.
    request : mapping
        Parameters of the job that made it; empty where an earlier version did not keep them.
    """

    id: str
    created_s: float
    name: str
    path: str
    content_sha256: str
    duration_s: float
    frame_rate_hz: float
    width_px: int
    height_px: int
    near: str
    reference: str
    runs: tuple[ProfileRun, ...]
    machine: Mapping[str, Any]
    curves: Mapping[str, NDArray[np.float64]] = field(default_factory=dict, repr=False)
    request: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sound(self) -> tuple[ProfileRun, ...]:
        """Runs that succeeded."""
        return tuple(run for run in self.runs if run.error is None)

    @property
    def reference_run(self) -> ProfileRun:
        """The run that the others are compared with."""
        return next(run for run in self.runs if run.name == self.reference)

    def curve(self, run: ProfileRun, name: str) -> NDArray[np.float64] | None:
        """Return the mean curve of a run, such as ``knee_near``, shape (101,), degrees; None when it has none."""
        return self.curves.get(f"{self.runs.index(run)}_{name}")

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the curves for JSON."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name not in _APART}
        runs = [asdict(run) for run in self.runs]
        return {"version": VERSION, **values, "request": dict(self.request), "runs": runs}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], curves: Mapping[str, NDArray[np.float64]]) -> Self:
        """Build from the output of `to_dict`."""
        plain = {entry.name: values[entry.name] for entry in fields(cls) if entry.name not in _APART}
        plain["request"] = values.get("request") or {}
        plain["machine"] = renamed(values["machine"], _EARLIER_NAMES)
        return cls(**plain, runs=tuple(ProfileRun.from_dict(run) for run in values["runs"]), curves=curves)


_APART: Final = ("runs", "curves", "request")


def most_accurate(profiles: Sequence[Profile]) -> Profile:
    """Return the profile that promises most.

    Returns
    -------
    Profile
        The one with the larger model, then the larger frames, the higher rate, float32 before other precisions, and the
        higher confidence; the first of equals. No limit to the size or rate counts as the largest.
    """
    return max(
        profiles,
        key=lambda profile: (
            profile.model_complexity,
            profile.max_side_px or 1 << 20,
            profile.target_fps or 1e6,
            profile.precision == "f32",
            profile.confidence,
        ),
    )
