"""When a classifier should abstain: its input is unlike its training data.

Each row is described by numbers in which people differ, not the moment at which the row begins. A window, which begins
anywhere in a stride, gives mean and standard deviation of each channel; a curve, which begins with the stride, its
values at up to 21 points; a row of parameters the parameters. The distance of a row is that to the nearest class ::

    d = min over classes c of  sqrt( (x - m_c)' S⁻¹ (x - m_c) / p )

where m_c is the mean of the class, S the covariance of the rows about the means of their classes, shrunk as Ledoit and
Wolf say, and p the count of numbers; about 1 is ordinary. Classes differ from each other more than people do within a
class, so a covariance of all rows together would let pass whatever lies between the classes.

The distance of a walk or subject is the median over its rows. The limit is the conformal quantile of such distances,
each measured with means and covariance of other people (folds by subject), where every subject counts alike however
many walks there are: with n subjects the smallest value that a share of (n + 1)(1 - rate) / n of them keeps to, and the
largest where that is more than all. So about `rate` of further people like those in training lie beyond it; from fewer
than 1 / rate people the largest distance is all that can be known, and less that is unlike is noticed.

References
----------
Lee, K., Lee, K., Lee, H., Shin, J. (2018). A simple unified framework for detecting out-of-distribution samples and
adversarial attacks. Advances in Neural Information Processing Systems 31.
Ledoit, O., Wolf, M. (2004). A well-conditioned estimator for large-dimensional covariance matrices. Journal of
Multivariate Analysis 88, 365-411.
"""

from __future__ import annotations

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

_FOLDS: Final = 5
_FEWEST_SUBJECTS: Final = 4
_MOST_STEPS: Final = 21
_SMALL: Final = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class _Space:
    """Means of the classes, scale and inverse covariance of what describes rows."""

    means: NDArray[np.float64]
    scale: NDArray[np.float64]
    precision: NDArray[np.float64]

    @classmethod
    def of(cls, rows: NDArray[np.float64], labels: NDArray[np.int64]) -> Self:
        from sklearn.covariance import LedoitWolf  # type: ignore[import-untyped]

        classes, own = np.unique(labels, return_inverse=True)
        means = np.stack([rows[own == number].mean(axis=0) for number in range(len(classes))])
        rest = rows - means[own]
        scale = rest.std(axis=0)
        # A channel that never moves in training counts as unlike when it moves, but not without limit.
        scale = np.maximum(scale, max(_SMALL, 0.01 * float(np.median(scale))))
        found = LedoitWolf(assume_centered=True).fit(rest / scale)
        return cls(means=means, scale=scale, precision=found.precision_)

    def distances(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distance of each row to the nearest class."""
        away = []
        for mean in self.means:
            scaled = (rows - mean) / self.scale
            away.append(((scaled @ self.precision) * scaled).sum(axis=1))
        nearest: NDArray[np.float64] = np.sqrt(np.maximum(np.min(away, axis=0), 0.0) / rows.shape[1])
        return nearest


@dataclass(frozen=True, kw_only=True, eq=False)
class Familiarity:
    """Decides whether rows are like those that a classifier was trained on.

    Attributes
    ----------
    space : object
        What is usual for each class.
    steps : int
        Points of a row that are compared; 0 where its mean and standard deviation are.
    limit : float
        Distance beyond which a walk or subject is unlike.
    rate : float
        Share of people like those in training who lie beyond the limit.
    n_subjects : int
        From whom the limit was learned.
    """

    space: _Space
    steps: int
    limit: float
    rate: float
    n_subjects: int

    def distances(self, samples: Samples) -> NDArray[np.float64]:
        """Return the distance of each row, shape (n,)."""
        return self.space.distances(_described(samples, self.steps))

    def unlike(self, distances: NDArray[np.float64], groups: NDArray[np.str_]) -> dict[str, float]:
        """Return the groups (walks or subjects) beyond the limit, with the median distance of their rows."""
        found = {str(name): float(np.median(distances[groups == name])) for name in np.unique(groups)}
        return {name: value for name, value in found.items() if value > self.limit}

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as arrays, for one ``.npz`` file."""
        numbers = {name: getattr(self, name) for name in ("steps", "limit", "rate", "n_subjects")}
        arrays = {**vars(self.space), **{name: np.array(value, np.float64) for name, value in numbers.items()}}
        return {f"familiarity/{name}": np.asarray(value) for name, value in arrays.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the output of `to_arrays`.

        Raises
        ------
        ModelError
            When an array is missing.
        """
        try:
            own = {name.partition("/")[2]: value for name, value in arrays.items() if name.startswith("familiarity/")}
            space = _Space(**{name: own[name] for name in ("means", "scale", "precision")})
            return cls(
                space=space,
                steps=int(own["steps"]),
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
    steps = 0 if samples.kind == "windows" else min(_MOST_STEPS, samples.n_steps)
    rows = _described(samples, steps)
    distances = np.empty(len(rows))
    for split in group_folds(samples.subjects, folds=min(_FOLDS, len(subjects)), seed=seed):
        space = _Space.of(rows[split.training], samples.labels[split.training])
        distances[split.validation] = space.distances(rows[split.validation])
    return Familiarity(
        space=_Space.of(rows, samples.labels),
        steps=steps,
        limit=_limit(samples, distances, rate),
        rate=rate,
        n_subjects=len(subjects),
    )


def _limit(samples: Samples, distances: NDArray[np.float64], rate: float) -> float:
    """Return the conformal quantile over the units that are judged as one, every subject counting alike."""
    names = samples.subjects.astype(np.str_)
    pairs = np.unique(np.stack([np.unique(names, return_inverse=True)[1], samples.labels], axis=1), axis=0)
    n = len(np.unique(names))
    if len(pairs) > n:  # subjects with walks of several classes: each walk is judged by itself
        names = np.char.add(np.char.add(names, "\0"), samples.walks.astype(np.str_))
    _, first, unit_of = np.unique(names, return_index=True, return_inverse=True)
    values = np.array([float(np.median(distances[unit_of == unit])) for unit in range(len(first))])
    owners, counts = np.unique(samples.subjects[first], return_counts=True)
    weights = 1.0 / counts[np.searchsorted(owners, samples.subjects[first])]
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    place = int(np.searchsorted(reached, min(n, (n + 1) * (1 - rate)) - _SMALL))
    return float(values[order][min(place, len(values) - 1)])


def _described(samples: Samples, steps: int) -> NDArray[np.float64]:
    """Return the numbers that describe each row: values at `steps` points, or mean and deviation where that is 0."""
    if steps:
        return _flat(samples, steps)
    values = samples.values.astype(np.float64)
    valid = (np.arange(samples.n_steps) < samples.lengths[:, None])[:, :, None]
    counts = samples.lengths[:, None]
    means = (values * valid).sum(axis=1) / counts
    deviations = np.sqrt((((values - means[:, None]) ** 2) * valid).sum(axis=1) / counts)
    return np.concatenate([means, deviations], axis=1)


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
