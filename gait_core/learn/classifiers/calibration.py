"""From decision values to probabilities, and the inner division of subjects that this and tuning take.

References
----------
Platt, J. (1999). Probabilistic outputs for support vector machines. Advances in Large Margin Classifiers.
Guo, C. et al. (2017). On calibration of modern neural networks. ICML. (Scaling by one temperature.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.datasets.samples import Samples
from gait_core.learn.splits import group_folds

__all__ = ["Scores", "fitted_sharpness", "held_out_scores", "inner_folds", "probabilities"]

Scores: TypeAlias = Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[np.float64]]
"""(rows to learn from, rows to judge) → decision value of each class, shape (rows to judge, n_classes)."""
_MOST_FOLDS: Final = 5
_LOG_SHARPNESS: Final = (-4.0, 4.0)


def inner_folds(samples: Samples, seed: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return divisions of the training itself by subject: (rows to learn from, rows to judge).

    Returns
    -------
    list of pairs of ndarray
        Up to five; none where a class has a single subject.
    """
    pairs = {(int(label), str(subject)) for label, subject in zip(samples.labels, samples.subjects, strict=True)}
    fewest = min(sum(own == label for own, _ in pairs) for label in {label for label, _ in pairs})
    folds = min(_MOST_FOLDS, fewest)
    if folds < 2:
        return []
    splits = group_folds(samples.subjects, folds=folds, seed=seed, classes=samples.labels)
    return [(split.training, split.validation) for split in splits]


def held_out_scores(samples: Samples, seed: int, scores: Scores) -> NDArray[np.float64] | None:
    """Return decision values of every row by a classifier that never saw its subject; None without inner folds.

    Parameters
    ----------
    samples : Samples
        Rows with their subjects.
    seed : int
        Seed of the inner folds.
    scores : callable
        Takes the rows to learn from and the rows to judge, and returns decision values, see `Scores`.

    Returns
    -------
    ndarray or None
        One row of decision values per row of `samples`.
    """
    folds = inner_folds(samples, seed)
    if not folds:
        return None
    found = np.zeros((len(samples), len(samples.classes)))
    for learn, judge in folds:
        found[judge] = scores(learn, judge)
    return found


def probabilities(scores: NDArray[Any], sharpness: float) -> NDArray[np.float64]:
    """Return the probability of each class: the softmax of decision values times a sharpness.

    The class with the highest decision value stays the most probable one. A class whose value is minus infinity has
    probability 0.

    Returns
    -------
    ndarray, shape (n, n_classes)
        Probabilities; each row adds up to 1.
    """
    scaled = sharpness * np.asarray(scores, np.float64)
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def fitted_sharpness(
    scores: NDArray[np.float64] | None, labels: NDArray[np.int64], weights: NDArray[np.float64]
) -> tuple[float, str]:
    """Return the sharpness that makes held-out labels most likely.

    As in Platt's method a label counts as slightly less than certain, so that perfectly separated rows do not give
    certainty. Unlike in Platt's method there is no shift: with few subjects it would move the decision at random.

    Parameters
    ----------
    scores : ndarray, shape (n, n_classes), or None
        Of rows whose subjects the classifier did not see; None gives the sharpness 1.
    labels : ndarray of int, shape (n,)
    weights : ndarray, shape (n,)

    Returns
    -------
    float
    str
        A note where the probabilities are not calibrated, else empty.
    """
    if scores is None:
        return 1.0, "Probabilities are not calibrated: a class has only one subject."
    from scipy.optimize import minimize_scalar

    targets = _softened(scores, labels)

    def cost(log_sharpness: float) -> float:
        likely = np.log(np.maximum(probabilities(scores, float(np.exp(log_sharpness))), 1e-12))
        return float(-(weights[:, None] * targets * likely).sum())

    return float(np.exp(minimize_scalar(cost, bounds=_LOG_SHARPNESS, method="bounded").x)), ""


def _softened(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    counts = np.bincount(labels, minlength=scores.shape[1])
    sure = (counts[labels] + 1.0) / (counts[labels] + 2.0)
    possible = np.isfinite(scores)
    targets: NDArray[np.float64] = possible * ((1.0 - sure) / np.maximum(1, possible.sum(axis=1) - 1))[:, None]
    targets[np.arange(len(labels)), labels] = sure
    return targets
