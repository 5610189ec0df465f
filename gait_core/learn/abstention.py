"""When a classifier had better say nothing: its input is unlike what it has learned from.

Each row is brought to the model's inputs: its valid steps, stretched to the longest row, every channel side by side,
centred and scaled by the training rows. With the principal components of the training rows, of which the first k hold
95 % of the variance (k at most a third of the number of subjects, and at most 32), the distance of a row is ::

    d = sqrt( (1/k) * sum_i t_i² / λ_i  +  q / q̄ )

where t_i is the row along component i, λ_i the variance of the training rows along it, q the squared distance from the
space of the components and q̄ its mean over held-out rows. About √2 is ordinary. The distance of a walk or subject is
the median over its rows. The limit is the conformal quantile of the distances of training subjects, each measured with
components of the others (folds by subject): with n subjects the ⌈(n + 1)(1 - rate)⌉-th smallest, and the largest where
that is more than n. So about `rate` of further people like those in training lie beyond it.

References
----------
Jackson, J. E., Mudholkar, G. S. (1979). Control procedures for residuals associated with principal component analysis.
Technometrics 21, 341-349.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import ModelError
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.splits import group_folds

__all__ = ["ABSTAIN_RATE", "Familiarity", "learn_familiarity"]

ABSTAIN_RATE: Final = 0.02
"""Share of people like those in training for whom a classifier says nothing."""

_VARIANCE: Final = 0.95
_MOST_COMPONENTS: Final = 32
_FOLDS: Final = 5
_FEWEST_SUBJECTS: Final = 4
_SMALL: Final = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class _Space:
    """Centre, scale and principal components of rows."""

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    components: NDArray[np.float64]
    variances: NDArray[np.float64]

    @classmethod
    def of(cls, rows: NDArray[np.float64], n_subjects: int) -> Self:
        from sklearn.decomposition import PCA  # type: ignore[import-untyped]

        centre, scale = rows.mean(axis=0), rows.std(axis=0)
        # A channel that never moves in training counts as unlike when it moves, but not without limit.
        scale = np.maximum(scale, max(_SMALL, 0.01 * float(np.median(scale))))
        most = max(1, min(_MOST_COMPONENTS, n_subjects // 3, len(rows) - 1, rows.shape[1]))
        found = PCA(n_components=most, svd_solver="full" if min(rows.shape) <= 2000 else "auto", random_state=0)
        found.fit((rows - centre) / scale)
        shares = np.cumsum(found.explained_variance_ratio_)
        k = min(most, int(np.searchsorted(shares, _VARIANCE)) + 1)
        variances = np.maximum(found.explained_variance_[:k], _SMALL)
        return cls(centre=centre, scale=scale, components=found.components_[:k], variances=variances)

    def parts(self, rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the squared distance within the components, by component, and that from their space."""
        scaled = (rows - self.centre) / self.scale
        along = scaled @ self.components.T
        rest = (scaled**2).sum(axis=1) - (along**2).sum(axis=1)
        return (along**2 / self.variances).mean(axis=1), np.maximum(rest, 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Familiarity:
    """Tells whether rows are like those that a classifier has learned from.

    Attributes
    ----------
    space : object
        Centre, scale and components of the training rows.
    usual_rest : float
        Mean squared distance of held-out rows from the space of the components.
    limit : float
        Distance beyond which a walk or subject is unlike.
    rate : float
        Share of people like those in training who lie beyond the limit.
    n_subjects : int
        From whom the limit was learned.
    """

    space: _Space
    usual_rest: float
    limit: float
    rate: float
    n_subjects: int

    def distances(self, samples: Samples) -> NDArray[np.float64]:
        """Return the distance of each row, shape (n,)."""
        steps = self.space.centre.size // len(samples.channels)
        within, rest = self.space.parts(_flat(samples, steps))
        return np.sqrt(within + rest / self.usual_rest)

    def unlike(self, distances: NDArray[np.float64], groups: NDArray[np.str_]) -> dict[str, float]:
        """Return the groups (walks or subjects) beyond the limit, with the median distance of their rows."""
        found = {str(name): float(np.median(distances[groups == name])) for name in np.unique(groups)}
        return {name: value for name, value in found.items() if value > self.limit}

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as arrays, for one ``.npz`` file."""
        numbers = {name: getattr(self, name) for name in ("usual_rest", "limit", "rate", "n_subjects")}
        arrays = {**vars(self.space), **{name: np.array(value, np.float64) for name, value in numbers.items()}}
        return {f"familiarity/{name}": np.asarray(value) for name, value in arrays.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from what `to_arrays` gave.

        Raises
        ------
        ModelError
            When an array is missing.
        """
        try:
            own = {name.partition("/")[2]: value for name, value in arrays.items() if name.startswith("familiarity/")}
            space = _Space(**{name: own[name] for name in ("centre", "scale", "components", "variances")})
            return cls(
                space=space,
                usual_rest=float(own["usual_rest"]),
                limit=float(own["limit"]),
                rate=float(own["rate"]),
                n_subjects=int(own["n_subjects"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"Expected what the model knows of its training data, but {error} is missing or wrong.",
                "Restore the model, or train it again.",
            ) from error


def learn_familiarity(samples: Samples, *, rate: float = ABSTAIN_RATE, seed: int = 0) -> Familiarity | None:
    """Learn what is usual for the training data.

    Parameters
    ----------
    samples : Samples
        Training rows.
    rate : float
        Share of people like those in training who may lie beyond the limit.
    seed : int
        Of the folds by subject.

    Returns
    -------
    Familiarity or None
        None with fewer than four subjects.
    """
    subjects = np.unique(samples.subjects)
    if len(subjects) < _FEWEST_SUBJECTS:
        return None
    rows = _flat(samples, samples.n_steps)
    folds = group_folds(samples.subjects, folds=min(_FOLDS, len(subjects)), seed=seed)
    within, rest = np.empty(len(rows)), np.empty(len(rows))
    for split in folds:
        space = _Space.of(rows[split.training], len(np.unique(samples.subjects[split.training])))
        within[split.validation], rest[split.validation] = space.parts(rows[split.validation])
    usual_rest = max(float(rest.mean()), _SMALL)
    distances = np.sqrt(within + rest / usual_rest)
    of_subjects = np.sort([float(np.median(distances[samples.subjects == name])) for name in subjects])
    place = min(len(subjects), math.ceil((len(subjects) + 1) * (1 - rate)))
    return Familiarity(
        space=_Space.of(rows, len(subjects)),
        usual_rest=usual_rest,
        limit=float(of_subjects[place - 1]),
        rate=rate,
        n_subjects=len(subjects),
    )


def _flat(samples: Samples, n_steps: int) -> NDArray[np.float64]:
    """Return the rows, each stretched to `n_steps` steps, shape (n, n_steps · n_channels)."""
    values = samples.values.astype(np.float64)
    if samples.n_steps == n_steps and (samples.lengths == n_steps).all():
        return values.reshape(len(values), -1)
    stretched = np.empty((len(values), n_steps, values.shape[2]))
    for length in np.unique(samples.lengths):
        rows = np.flatnonzero(samples.lengths == length)
        places = np.linspace(0, length - 1, n_steps)
        low = np.floor(places).astype(int)
        high, share = np.minimum(low + 1, length - 1), (places - low)[None, :, None]
        part = values[rows]
        stretched[rows] = part[:, low] * (1 - share) + part[:, high] * share
    return stretched.reshape(len(values), -1)
