"""The rendered walks that the noise of the fast path is fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.track import Track
from gait_core.simulate.noise import observe, phase_basis, to_canonical
from gait_core.simulate.noise_fit import Pair, fit_noise
from gait_core.simulate.noise_levels import fit_levels
from gait_core.simulate.noise_model import NoiseModel
from gait_core.simulate.truth import WalkTruth
from gait_core.simulate.windows import FIRST_SEED, SimulatedWalk

__all__ = ["PEOPLE", "WALKS_EACH", "noise_of", "noise_walks"]

PEOPLE: Final = 12
WALKS_EACH: Final = 7


def noise_walks(people: int = PEOPLE, walks_each: int = WALKS_EACH) -> list[SimulatedWalk]:
    """Return the walks to render, one of every person before the second of any, half of them in each direction.

    Returns
    -------
    list of SimulatedWalk
    """
    return [
        SimulatedWalk(
            person_seed=FIRST_SEED["noise"] + person, number=number, direction=-1 if (person + number) % 2 else 1
        )
        for number in range(walks_each)
        for person in range(people)
    ]


def noise_of(pairs: Sequence[Pair], *, source: str) -> NoiseModel:
    """Fit the errors of rendered walks, how they differ between walks, and their gusts.

    Parameters
    ----------
    pairs : sequence of (WalkTruth, Track)
        At least four walks with the landmarks found in them, the legs put right over the whole walk: that is what the
        fast path stands for, whose tracks have no candidates to choose from.
    source : str
        What the tracks came from, for the record.

    Returns
    -------
    NoiseModel

    Raises
    ------
    InputError
        When there are too few walks or a track does not belong to its truth.
    """
    return fit_levels(fit_noise(pairs, source=source), pairs, _observed, _error_of)


def _observed(truth: WalkTruth, seed: int, noise: NoiseModel) -> Track:
    return observe(truth, seed=seed, noise=noise)


def _error_of(truth: WalkTruth, track: Track, noise: NoiseModel) -> NDArray[np.float64]:
    """Return the errors without what repeats with the gait cycle, shares of body height."""
    found = to_canonical(track.position.astype(np.float64), truth.near_side)
    scale = truth.height_px[:, None, None] * np.array([truth.direction, 1.0])
    error = (found - to_canonical(truth.position_px, truth.near_side)) / scale
    result: NDArray[np.float64] = error - np.einsum(
        "nlh,lch->nlc", phase_basis(truth.phase, truth.near_side), noise.phase_bias
    )
    return result
