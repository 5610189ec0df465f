"""Divides samples into training and test samples, never with one subject or walk on both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError

__all__ = ["Split", "group_folds", "leave_one_out"]

_FEWEST_GROUPS: Final = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """One way to divide samples.

    Attributes
    ----------
    training, validation : ndarray of int, shape (n,)
        Rows of the samples, rising; no row is in both, and no group either.
    label : str
        What is held out, in words: a walk, a subject, the number of a fold.
    number, count : int
        1-based number of the split, and how many there are.
    """

    training: NDArray[np.intp]
    validation: NDArray[np.intp]
    label: str
    number: int
    count: int

    @property
    def labels(self) -> dict[str, int]:
        """What the events of a training carry: ``fold`` and ``folds``."""
        return {"fold": self.number, "folds": self.count}


def leave_one_out(groups: Sequence[Hashable] | NDArray[Any]) -> list[Split]:
    """Hold out each group in turn.

    Parameters
    ----------
    groups : sequence, length n
        The walk or subject that each sample comes from.

    Returns
    -------
    list of Split
        One per group, in the order in which the groups first appear.

    Raises
    ------
    InputError
        With fewer than two groups.
    """
    names, group_of = _numbered(groups)
    _check(len(names), _FEWEST_GROUPS, "groups to leave one out")
    return [
        Split(
            training=np.flatnonzero(group_of != number),
            validation=np.flatnonzero(group_of == number),
            label=str(name),
            number=number + 1,
            count=len(names),
        )
        for number, name in enumerate(names)
    ]


def group_folds(
    groups: Sequence[Hashable] | NDArray[Any],
    *,
    folds: int,
    seed: int,
    classes: Sequence[Hashable] | NDArray[Any] | None = None,
) -> list[Split]:
    """Divide groups at random into folds and hold out each fold in turn.

    Parameters
    ----------
    groups : sequence, length n
        The subject that each sample comes from; all samples of a subject are in the same fold.
    folds : int
        At least 2, at most as many as there are groups.
    seed : int
        The same seed gives the same folds.
    classes : sequence, length n, optional
        Class of each sample; every fold then gets about the same share of each class.

    Returns
    -------
    list of Split

    Raises
    ------
    InputError
        With fewer groups than folds, or fewer groups of a class than folds.
    """
    names, group_of = _numbered(groups)
    if folds < _FEWEST_GROUPS:
        raise InputError(f"Expected at least {_FEWEST_GROUPS} folds, but got {folds}.", "Choose a larger number.")
    _check(len(names), folds, f"groups for {folds} folds")
    parts = _grouped(group_of, folds, seed) if classes is None else _stratified(group_of, classes, folds, seed)
    return [
        Split(
            training=np.sort(training).astype(np.intp),
            validation=np.sort(validation).astype(np.intp),
            label=f"fold {number}",
            number=number,
            count=folds,
        )
        for number, (training, validation) in enumerate(parts, start=1)
    ]


def _grouped(group_of: NDArray[np.intp], folds: int, seed: int) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    from sklearn.model_selection import GroupKFold  # type: ignore[import-untyped]

    yield from GroupKFold(n_splits=folds, shuffle=True, random_state=seed).split(group_of, groups=group_of)


def _stratified(
    group_of: NDArray[np.intp], classes: Sequence[Hashable] | NDArray[Any], folds: int, seed: int
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    from sklearn.model_selection import StratifiedGroupKFold

    names, class_of = _numbered(classes)
    if len(class_of) != len(group_of):
        raise InputError(
            f"Expected a class for each of {len(group_of)} samples, but got {len(class_of)}.",
            "Give as many classes as groups.",
        )
    pairs = {(int(group), int(kind)) for group, kind in zip(group_of, class_of, strict=True)}
    counts = Counter(kind for _, kind in pairs)
    for kind, name in enumerate(names):
        _check(counts[kind], folds, f"groups of class {name!r} for {folds} folds")
    splitter = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=seed)
    yield from splitter.split(class_of, class_of, groups=group_of)


def _numbered(values: Sequence[Hashable] | NDArray[Any]) -> tuple[list[Any], NDArray[np.intp]]:
    """Return the different values in the order of appearance, and the number of each sample's value."""
    plain = values.tolist() if isinstance(values, np.ndarray) else list(values)
    numbers: dict[Any, int] = {}
    group_of = np.array([numbers.setdefault(value, len(numbers)) for value in plain], dtype=np.intp)
    return list(numbers), group_of


def _check(found: int, needed: int, what: str) -> None:
    if found < needed:
        raise InputError(f"Expected at least {needed} {what}, but got {found}.", "Add data, or use fewer folds.")
