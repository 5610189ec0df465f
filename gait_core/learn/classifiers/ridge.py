"""Ridge regression onto classes, for many features and few rows; the penalty is chosen on held-out subjects.

References
----------
Hoerl, A. E., Kennard, R. W. (1970). Ridge regression: biased estimation for nonorthogonal problems. Technometrics 12.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.classifiers.calibration import inner_folds
from gait_core.learn.datasets.samples import Samples

__all__ = ["Ridge", "RidgeChoice", "chosen_penalty", "fitted_ridge"]

_PENALTIES: Final = tuple(float(value) for value in np.logspace(-1, 5, 7))
"""Per feature of unit variance, so a value means the same for any number of them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ridge:
    """A linear map from features to one value per class.

    Attributes
    ----------
    weights : ndarray, shape (n_features, n_classes)
    bias : ndarray, shape (n_classes,)
    """

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def __call__(self, features: NDArray[Any]) -> NDArray[np.float64]:
        """Return the value of each class, shape (n, n_classes)."""
        values: NDArray[np.float64] = features @ self.weights + self.bias
        return values


@dataclass(frozen=True, kw_only=True, eq=False)
class RidgeChoice:
    """The penalty that predicts held-out subjects best.

    Attributes
    ----------
    penalty : float
    scores : ndarray, shape (n, n_classes), or None
        Values of every row by a ridge that never saw its subject; None without inner folds.
    """

    penalty: float
    scores: NDArray[np.float64] | None


def fitted_ridge(
    features: NDArray[Any], targets: NDArray[np.float64], weights: NDArray[np.float64], penalty: float
) -> Ridge:
    """Return the ridge of features onto targets.

    Parameters
    ----------
    features : ndarray, shape (n, n_features)
    targets : ndarray, shape (n, n_classes)
    weights : ndarray, shape (n,)
        Of the rows.
    penalty : float
        Above 0.

    Returns
    -------
    Ridge
    """
    return _solver(features, targets, weights)(penalty)


def chosen_penalty(
    features: NDArray[Any], targets: NDArray[np.float64], weights: NDArray[np.float64], samples: Samples, seed: int
) -> RidgeChoice:
    """Try penalties on inner folds by subject and take the one with the smallest squared error.

    Parameters
    ----------
    features, targets, weights : ndarray
        As for `fitted_ridge`.
    samples : Samples
        The rows that the features are of.
    seed : int
        Of the folds.

    Returns
    -------
    RidgeChoice
    """
    folds = inner_folds(samples, seed)
    if not folds:
        return RidgeChoice(penalty=_PENALTIES[len(_PENALTIES) // 2], scores=None)
    scores = np.zeros((len(_PENALTIES), *targets.shape))
    for learn, judge in folds:
        solve = _solver(features[learn], targets[learn], weights[learn])
        for number, penalty in enumerate(_PENALTIES):
            scores[number, judge] = solve(penalty)(features[judge])
    errors = (weights[:, None] * (scores - targets) ** 2).sum(axis=(1, 2))
    best = int(np.argmin(errors))
    return RidgeChoice(penalty=_PENALTIES[best], scores=scores[best])


def _solver(
    features: NDArray[Any], targets: NDArray[np.float64], weights: NDArray[np.float64]
) -> Callable[[float], Ridge]:
    """Return what gives the ridge for a penalty; what all penalties share is computed once."""
    from scipy.linalg import solve

    features = np.asarray(features, np.float64)
    shares = weights / weights.sum()
    centre, middle = shares @ features, shares @ targets
    root = np.sqrt(weights)[:, None]
    rows, goals = root * (features - centre), root * (targets - middle)
    wide = rows.shape[1] > rows.shape[0]
    products = rows @ rows.T if wide else rows.T @ rows
    right = goals if wide else rows.T @ goals

    def ridge(penalty: float) -> Ridge:
        system = products.copy()
        system.flat[:: len(system) + 1] += penalty * features.shape[1] / 100.0
        found = solve(system, right, assume_a="pos")
        coefficients = rows.T @ found if wide else found
        return Ridge(weights=coefficients, bias=middle - centre @ coefficients)

    return ridge
