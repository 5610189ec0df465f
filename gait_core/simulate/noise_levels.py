"""How the size of a pose model's errors differs between walks, and within a walk.

Light, clothes and background make one walk noisier than the next, and errors come in gusts. Without this a fast
path repeats the same noise on every walk, and limits that are set on it are too narrow for video.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track
from gait_core.simulate.noise_model import LEVEL_GROUPS, NoiseModel
from gait_core.simulate.truth import WalkTruth

__all__ = ["fit_levels", "levels", "measure_levels"]

Array = NDArray[np.float64]
Observer = Callable[[WalkTruth, int, NoiseModel], Track]
ErrorOf = Callable[[WalkTruth, Track, NoiseModel], Array]

_GROUPS: Final[tuple[tuple[int, ...], ...]] = tuple(
    tuple(INDEX[name] for name in names)
    for names in (
        [name for name in INDEX if "eye" in name or "ear" in name or "mouth" in name or name == "nose"],
        ["left_shoulder", "right_shoulder", "left_hip", "right_hip"],
        *(
            [name for name in INDEX if name.startswith(side) and any(part in name for part in parts)]
            for parts in (("knee", "ankle", "heel", "foot"), ("elbow", "wrist", "pinky", "index", "thumb"))
            for side in ("left", "right")
        ),
    )
)
"""Rows of head, trunk, near leg, far leg, near arm, far arm, in canonical order; foot tips belong to the legs."""
GUST_MEMORY_S: Final = 0.3
_ROBUST_TO_SD: Final = 1.4826
_REPEATS: Final = 3


def _rows(group: int) -> list[int]:
    legs = {row for leg in _GROUPS[2:4] for row in leg}
    return [row for row in _GROUPS[group] if group in (2, 3) or row not in legs]


def levels(noise: NoiseModel, n: int, draw: Callable[[Array, int], Array], generator: np.random.Generator) -> Array:
    """Return by how much the errors of each landmark are larger than usual, shape (n, 33).

    Parameters
    ----------
    noise : NoiseModel
    n : int
        Frames.
    draw : callable
        From memories in s, shape (m,), and `n` to autoregressive noise of unit SD, shape (n, m).
    generator : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n, 33)
        Factors; 1 is the usual size.
    """
    result = np.ones((n, 33))
    common = noise.level_common_sd * generator.standard_normal()
    own = np.clip(generator.standard_normal(LEVEL_GROUPS), -2.5, 2.5) * noise.level_sd
    gusts = draw(np.full(LEVEL_GROUPS, GUST_MEMORY_S), n) * noise.gust_sd - noise.gust_sd**2
    for group in range(LEVEL_GROUPS):
        factor = np.exp(noise.level_mean[group] + common + own[group] + gusts[:, group])
        result[:, _rows(group)] = factor[:, None]
    return result


def measure_levels(error: Array) -> tuple[Array, Array]:
    """Return the log of the typical (median) and of the root-mean-square error of each group, each shape (6,).

    Parameters
    ----------
    error : ndarray, shape (n, 33, 2)
        Errors of one walk without what repeats with the gait cycle, shares of body height.

    Returns
    -------
    median, rms : ndarray, shape (6,)
        Natural logarithms.
    """
    error = error - np.nanmedian(error, axis=0)
    typical = [np.log(_ROBUST_TO_SD * np.nanmedian(np.abs(error[:, _rows(g)]))) for g in range(LEVEL_GROUPS)]
    root = [0.5 * np.log(np.nanmean(error[:, _rows(g)] ** 2)) for g in range(LEVEL_GROUPS)]
    return np.array(typical), np.array(root)


def fit_levels(
    noise: NoiseModel, pairs: Sequence[tuple[WalkTruth, Track]], observe: Observer, error_of: ErrorOf
) -> NoiseModel:
    """Give a fitted model the spread between walks and the gusts that it lacks.

    The same figures are measured on the real tracks and on what the model gives for the same walks; what the real
    ones vary more becomes the spread, what they are more peaked becomes the gusts.

    Parameters
    ----------
    noise : NoiseModel
        As `gait_core.simulate.noise_fit.fit_noise` gives it, without levels.
    pairs : sequence of (WalkTruth, Track)
        Rendered walks and their landmarks.
    observe : callable
        The fast path: truth, seed, model → track.
    error_of : callable
        Truth, track, model → error of shape (n, 33, 2), shares of body height.

    Returns
    -------
    NoiseModel
    """
    legs = np.isin(np.arange(LEVEL_GROUPS), (2, 3))
    real_typical, real_root = _stacked([measure_levels(error_of(truth, track, noise)) for truth, track in pairs])

    def fast(model: NoiseModel) -> tuple[Array, Array]:
        return _stacked(
            [
                measure_levels(error_of(truth, observe(truth, 7000 + 100 * repeat + number, model), model))
                for repeat in range(_REPEATS)
                for number, (truth, _) in enumerate(pairs)
            ]
        )

    typical, root = fast(noise)
    peaked = (real_root - real_typical).mean(axis=0) - (root - typical).mean(axis=0)
    # The confusion of the legs rules their root mean square, so only the typical error shows their noise.
    gust_sd = np.sqrt(np.where(legs, np.median(peaked[~legs]), peaked).clip(0.0, 0.4))
    by_typical = real_typical.mean(axis=0) - typical.mean(axis=0) + gust_sd**2
    mean = np.where(legs, by_typical, real_root.mean(axis=0) - root.mean(axis=0))
    gusty = replace(noise, gust_sd=gust_sd, level_mean=mean)

    typical, _ = fast(gusty)
    # The root mean square of a few walks with one wild arm would make every walk's arm wild.
    excess = (real_typical.var(axis=0) - typical.var(axis=0)).clip(0.0)
    common = 0.5 * float(np.median(excess))
    own = (excess - common).clip(0.0)
    return replace(
        gusty,
        # A spread of the logarithm raises the mean square; this is corrected here.
        level_mean=mean - (common + own),
        level_sd=np.sqrt(own),
        level_common_sd=float(np.sqrt(common)),
    )


def _stacked(found: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
    return np.array([typical for typical, _ in found]), np.array([root for _, root in found])
