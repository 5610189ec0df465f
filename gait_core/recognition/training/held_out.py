"""Divides walks into those that a network is trained on and those that it is evaluated on: `hold_out`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.learn.splits import group_folds
from gait_core.recognition.training.walks import TrainingWalks

__all__ = ["HeldOut", "hold_out"]

_STREAM: Final = 6611


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOut:
    """What a network is trained on, and what it is evaluated on.

    Attributes
    ----------
    training : TrainingWalks
        The people are numbered from 0 without a gap.
    classes : int
        People to learn from.
    judged : TrainingWalks or None
        Walks of the gallery and probes; None where nothing is held out.
    is_probe : ndarray of bool, shape (n judged,)
        Probes; no network learns from them.
    """

    training: TrainingWalks
    classes: int
    judged: TrainingWalks | None
    is_probe: NDArray[np.bool_]


def hold_out(walks: TrainingWalks, by: str, share: float, seed: int) -> HeldOut:
    """Divide walks.

    Parameters
    ----------
    walks : TrainingWalks
    by : {"walk", "subject", "none"}
        ``walk`` holds out some walks of each person, and the gallery holds that person's other walks; ``subject`` holds
        out some people, of each of whom the gallery holds the first walk.
    share : float
        Of the walks of each person, at least one of them, or of the people, at least one of them.
    seed : int
        Decides which.

    Returns
    -------
    HeldOut

    Raises
    ------
    InputError
        When nothing can be held out, or too little would be left to learn from.
    """
    if by == "none":
        return HeldOut(training=walks, classes=len(walks.names), judged=None, is_probe=np.zeros(0, bool))
    return _by_walk(walks, share, seed) if by == "walk" else _by_subject(walks, share, seed)


def _by_walk(walks: TrainingWalks, share: float, seed: int) -> HeldOut:
    generator = np.random.default_rng([_STREAM, seed])
    probes = np.zeros(len(walks), bool)
    for person in range(len(walks.names)):
        own = np.flatnonzero(walks.labels == person)
        if len(own) > 1:
            count = min(len(own) - 1, max(1, round(share * len(own))))
            probes[generator.choice(own, count, replace=False)] = True
    if not probes.any():
        raise InputError(
            "Expected a person with at least two walks, to hold out one of them, but everybody has one.",
            "Add walks, or train without validation.",
        )
    training = walks.select(np.flatnonzero(~probes))
    return HeldOut(training=training, classes=len(walks.names), judged=walks, is_probe=probes)


def _by_subject(walks: TrainingWalks, share: float, seed: int) -> HeldOut:
    folds = min(len(walks.names), max(2, round(1.0 / share)))
    split = group_folds(walks.labels, folds=folds, seed=seed)[0]
    known = np.unique(walks.labels[split.training])
    held = np.unique(walks.labels[split.validation])
    judged = walks.renumbered([*known.tolist(), *held.tolist()]).select(split.validation)
    # Of each person the first walk is enrolled.
    probes = np.ones(len(judged), bool)
    probes[np.unique(judged.labels, return_index=True)[1]] = False
    if not probes.any() or len(known) < 2 or len(held) < 2:
        raise InputError(
            f"Expected at least two people to learn from and two others with at least two walks each, but got "
            f"{len(known)} and {len(held)} people.",
            "Add people or walks, or hold out walks instead of people.",
        )
    training = walks.renumbered([*known.tolist(), *held.tolist()]).select(split.training)
    return HeldOut(training=training, classes=len(known), judged=judged, is_probe=probes)
