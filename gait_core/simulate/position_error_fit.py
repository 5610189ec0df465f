"""Learns how far landmarks lie from the joints, by the confidence of the pose model, on rendered walkers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.angles import SIDES
from gait_core.gait.body import leg_length_px
from gait_core.gait.position_errors import CONFIDENCES, PARTS
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track
from gait_core.simulate.noise_fit import Pair, errors_of
from gait_core.simulate.truth import WalkTruth

__all__ = ["fit_position_errors"]

Array = NDArray[np.float64]
_LEGS: Final = [INDEX[f"{side}_{part}"] for side in SIDES for part in ("hip", "knee", "ankle", "heel", "foot_index")]
_EDGES: Final = (-np.inf, 0.55, 0.8, 0.95, np.inf)
"""Between the confidences of the table."""
_FEWEST: Final = 100
"""Fewest frames from which an error is estimated; with fewer, that of the next higher confidence is used."""


def fit_position_errors(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Learn the table of `gait_core.gait.position_errors`.

    The mean error of a landmark over all walks is left out: it is a matter of where a model puts its joints, and the
    same in every walk. What stays with one walk counts.

    Parameters
    ----------
    pairs : sequence of (WalkTruth, Track)
        Walks with truth and the landmarks found in them.

    Returns
    -------
    dict
        ``confidence``, ``sd_leg`` (part → SD along one axis at each confidence, leg lengths), ``repeating_share`` (of
        the variance in the legs, what is constant in a walk or one of three harmonics of the gait cycle), ``walks``.
    """
    errors, confidences, repeated = zip(*(_of_walk(*pair) for pair in pairs), strict=True)
    error, confidence = np.concatenate(errors), np.concatenate(confidences)
    mean = np.nanmean(error, axis=0)
    kept = np.nansum([((part - mean)[:, _LEGS] ** 2).sum(axis=0) for part in repeated], axis=0)
    error = error - mean
    size = np.sqrt((error**2).mean(axis=2))
    table = {}
    for part in PARTS:
        columns = [INDEX[f"{side}_{part}"] for side in ("left", "right")]
        table[part] = _by_confidence(size[:, columns].ravel(), confidence[:, columns].ravel())
    share = float(kept.sum() / np.nansum(error[:, _LEGS] ** 2))
    return {
        "confidence": list(CONFIDENCES),
        "sd_leg": table,
        "repeating_share": round(share, 3),
        "walks": len(pairs),
    }


def _of_walk(truth: WalkTruth, track: Track) -> tuple[Array, Array, Array]:
    """Return the errors of a walk, leg lengths, the confidences, and what of the errors repeats in every stride."""
    found = errors_of(truth, track)
    leg_share = leg_length_px(track.position[track.detected]) / float(np.median(truth.height_px))
    error = found.error / leg_share
    repeated = np.full_like(error, np.nan)
    for landmark in _LEGS:
        course = np.column_stack([np.ones(len(error)), found.waves[:, landmark]])
        known = np.isfinite(error[:, landmark]).all(axis=1)
        if known.sum() > 2 * course.shape[1]:
            fit = np.linalg.lstsq(course[known], error[known, landmark], rcond=None)[0]
            repeated[known, landmark] = course[known] @ fit
    return error, found.confidence, repeated


def _by_confidence(size: Array, confidence: Array) -> list[float]:
    """Return the root mean square at each confidence, never smaller where the model is less sure."""
    known = np.isfinite(size) & np.isfinite(confidence)
    size, confidence = size[known], confidence[known]
    whole = float(np.sqrt((size**2).mean())) if len(size) else float("nan")
    found: list[float] = []
    for low, high in reversed(list(pairwise(_EDGES))):
        inside = size[(confidence >= low) & (confidence < high)]
        usual = found[-1] if found else whole
        found.append(
            max(float(np.sqrt((inside**2).mean())), found[-1] if found else 0.0) if len(inside) >= _FEWEST else usual
        )
    return [round(value, 5) for value in reversed(found)]
