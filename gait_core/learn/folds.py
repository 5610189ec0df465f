"""The plan of a cross-validation: who is tested in which fold, and on whom everything is chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.config import Settings
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.decision import THRESHOLDS
from gait_core.learn.splits import group_folds

__all__ = ["CrossValidationSettings", "FoldPlan", "inner_split", "permuted", "plan_folds"]

_STREAM: Final = 23
_FEWEST: Final = 2


@dataclass(frozen=True, kw_only=True)
class CrossValidationSettings(Settings):
    """How a cross-validation by subject is done.

    Attributes
    ----------
    folds : int
        Parts into which the subjects are divided, each tested once.
    seeds : int
        How often all of it is repeated, each time with another division.
    first_seed : int
        Seed of the first repetition; the next ones follow it.
    inner_folds : int
        One of so many parts of the training subjects of a fold decides when to stop, the threshold and the temperature;
        fewer parts where a class has fewer subjects.
    threshold : {"half", "inner"}
        Take the more probable class, or set the threshold of two classes on the inner split.
    calibrate : bool
        Set a temperature on the inner split.
    permuted : bool
        Give the subjects' labels to each other at random, in training and test alike: a control that must come to
        chance. Where subjects have walks of several classes, the labels of walks.
    """

    folds: int = 5
    seeds: int = 1
    first_seed: int = 0
    inner_folds: int = 5
    threshold: str = "half"
    calibrate: bool = False
    permuted: bool = False

    _ranges = {
        "folds": (2, 1000),
        "seeds": (1, 1000),
        "first_seed": (0, 2**31 - 1),
        "inner_folds": (2, 100),
    }
    _choices = {"threshold": THRESHOLDS, "calibrate": (False, True), "permuted": (False, True)}


@dataclass(frozen=True, kw_only=True, eq=False)
class FoldPlan:
    """One fold of one repetition.

    Attributes
    ----------
    seed : int
        Of the repetition.
    number, folds : int
        1-based number of the fold, and how many there are.
    samples : Samples
        All rows, with permuted labels where that is wanted.
    training, test : ndarray of int
        Rows; no subject is in both.
    inner : tuple of two ndarrays of int, or None
        Division of the training rows: learn from the first, choose by the second. None where a class has only one
        subject in training.
    """

    seed: int
    number: int
    folds: int
    samples: Samples
    training: NDArray[np.intp]
    test: NDArray[np.intp]
    inner: tuple[NDArray[np.intp], NDArray[np.intp]] | None

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f"{self.seed}-{self.number}"

    @property
    def model_seed(self) -> int:
        """Seed of the classifier; another one in every fold."""
        state = np.random.SeedSequence([_STREAM, self.seed, self.number]).generate_state(1)
        return int(state[0] % (2**31 - 1))

    @property
    def labels(self) -> dict[str, int]:
        """What the events of its training carry."""
        return {"fold": self.number, "folds": self.folds, "seed": self.seed}

    def subjects(self, rows: NDArray[np.intp]) -> tuple[str, ...]:
        """Return the subjects of some rows, sorted."""
        return tuple(sorted(set(self.samples.subjects[rows].tolist())))


def plan_folds(samples: Samples, settings: CrossValidationSettings) -> list[FoldPlan]:
    """Divide the subjects, once per repetition.

    Parameters
    ----------
    samples : Samples
    settings : CrossValidationSettings

    Returns
    -------
    list of FoldPlan
        Repetition by repetition; the same for the same samples and settings.

    Raises
    ------
    InputError
        When a class has fewer subjects than there are folds.
    """
    plans: list[FoldPlan] = []
    for seed in range(settings.first_seed, settings.first_seed + settings.seeds):
        own = permuted(samples, seed) if settings.permuted else samples
        names = np.array(own.classes)[own.labels]
        plans += [
            FoldPlan(
                seed=seed,
                number=split.number,
                folds=settings.folds,
                samples=own,
                training=split.training,
                test=split.validation,
                inner=inner_split(own, split.training, settings.inner_folds, seed),
            )
            for split in group_folds(own.subjects, folds=settings.folds, seed=seed, classes=names)
        ]
    return plans


def inner_split(
    samples: Samples, rows: NDArray[np.intp], folds: int, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Divide rows by subject into those to learn from and those to choose by; None where a class has one subject.

    Parameters
    ----------
    samples : Samples
        All rows with their subjects.
    rows : ndarray, shape (m,)
        Indices of the rows to divide.
    folds : int
        One of so many parts is the part to choose by.
    seed : int
        Seed of the division.

    Returns
    -------
    (ndarray, ndarray) or None
        Indices to learn from and to choose by.
    """
    subjects, labels = samples.subjects[rows], samples.labels[rows]
    fewest = min(len(set(subjects[labels == one].tolist())) for one in np.unique(labels))
    if fewest < _FEWEST:
        return None
    split = group_folds(subjects, folds=min(folds, fewest), seed=seed, classes=labels)[0]
    return rows[split.training], rows[split.validation]


def permuted(samples: Samples, seed: int) -> Samples:
    """Return samples whose subjects, or walks where subjects have several classes, have exchanged labels at random.

    Returns
    -------
    Samples
    """
    _, subject_of = np.unique(samples.subjects, return_inverse=True)
    several = len(np.unique(np.stack([subject_of, samples.labels], axis=1), axis=0)) > len(np.unique(subject_of))
    names = samples.subjects
    if several:
        names = np.char.add(np.char.add(samples.subjects.astype(np.str_), "\0"), samples.walks.astype(np.str_))
    _, first, unit_of = np.unique(names, return_index=True, return_inverse=True)
    order = np.random.default_rng([_STREAM, seed]).permutation(len(first))
    return replace(samples, labels=samples.labels[first][order][unit_of])
