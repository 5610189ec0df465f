"""Windows of simulated walkers, for training and for benchmarks; no person serves both.

Ranges of person seeds keep apart who is used for what: what a benchmark reports comes from people
that no training, no tuning and no calibration has seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.config import FeatureSettings
from gait_core.errors import WalkRefused
from gait_core.gait.features import compute_features
from gait_core.gait.windows import windows_of
from gait_core.simulate.noise import NoiseModel, observe
from gait_core.simulate.person import sample_person
from gait_core.simulate.truth import WalkTruth
from gait_core.simulate.walker import walk

__all__ = ["FIRST_SEED", "SimulatedWalk", "simulated_walks", "simulated_windows"]

Array = NDArray[np.float32]

FIRST_SEED: Final = {
    "train": 1_000_000,
    "validate": 2_000_000,
    "metric": 3_000_000,
    "reference": 4_000_000,
    "noise": 4_500_000,
}
"""First person seed of each use; the benchmark's people begin at 5,000,000, those of datasets at 6,000,000;
experiments use seeds below a million."""


@dataclass(frozen=True, kw_only=True)
class SimulatedWalk:
    """Which walk of which simulated person.

    Attributes
    ----------
    person_seed, number : int
        Person, and number of the walk of that person.
    direction : {+1, -1}
        +1 crosses the frame from left to right.
    impairment : str or None
    severity : float
    affected_side : {"left", "right"}
    duration_s : float
    """

    person_seed: int
    number: int
    direction: int = 1
    impairment: str | None = None
    severity: float = 0.0
    affected_side: str = "left"
    duration_s: float = 6.0

    @property
    def seed(self) -> int:
        """Seed of the motion; that of the errors follows from it."""
        return self.person_seed * 1000 + self.number

    def truth(self) -> WalkTruth:
        """Let the person walk."""
        return walk(
            sample_person(self.person_seed),
            seed=self.seed,
            direction=self.direction,
            impairment=self.impairment,
            severity=self.severity,
            affected_side=self.affected_side,
            duration_s=self.duration_s,
        )


def simulated_windows(
    which: SimulatedWalk, settings: FeatureSettings, side: str | None = None, *, noise: NoiseModel | None = None
) -> NDArray[np.float32] | None:
    """Return the windows of a simulated walk, shape (m, window_frames, n_features), or None when it is refused.

    The features are computed from noisy landmarks by the same code as those of a video.

    Parameters
    ----------
    which : SimulatedWalk
        Person, walk and impairment.
    settings : FeatureSettings
        Rate, filter and windows.
    side : {"left", "right"}, optional
        Side to look at; default: the one nearer to the camera.

    Returns
    -------
    ndarray, shape (m, window_frames, n_features), or None
    """
    try:
        features = compute_features(observe(which.truth(), seed=which.seed + 500, noise=noise), settings, side=side)
    except WalkRefused:
        return None
    windows = windows_of(features, settings)
    return windows.stacked() if len(windows) else None


def simulated_walks(
    person_seed: int, numbers: range, direction: int, settings: FeatureSettings, *, noise: NoiseModel | None = None
) -> Iterator[NDArray[np.float32]]:
    """Yield the windows of several normal walks of one person.

    Parameters
    ----------
    person_seed : int
        The person.
    numbers : range
        Walks of that person.
    direction : {1, -1}
        +1 crosses the frame from left to right.
    settings : FeatureSettings
        Rate, filter and windows.

    Yields
    ------
    ndarray, shape (m, window_frames, n_features), float32
        Windows of one walk.
    """
    for number in numbers:
        windows = simulated_windows(
            SimulatedWalk(person_seed=person_seed, number=number, direction=direction), settings, noise=noise
        )
        if windows is not None:
            yield windows
