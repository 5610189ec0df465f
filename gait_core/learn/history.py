"""What a training run keeps account of: losses, the best weights so far, why it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Account", "History", "shuffled_batches", "shuffling"]

WeightsT = TypeVar("WeightsT")
_SHUFFLE_STREAM: Final = 7


@dataclass(frozen=True, kw_only=True)
class History:
    """Losses of a training run.

    Attributes
    ----------
    loss, val_loss : list of float
        Mean squared error after each epoch.
    first_val_loss : float
        Validation error before the first step.
    best_epoch : int
        1-based; 0 when no epoch was better than the start.
    stopped_early : str
        ``""``, ``"patience"`` or ``"user"``.
    """

    loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    first_val_loss: float = float("nan")
    best_epoch: int = 0
    stopped_early: str = ""

    @property
    def best_val_loss(self) -> float:
        """Smallest validation error, the start included."""
        return min([self.first_val_loss, *self.val_loss])


class Account(Generic[WeightsT]):
    """Losses so far, the best weights, and whether to go on.

    Parameters
    ----------
    weights : object
        Those of the start: the best ones until an epoch is better.
    first : float or None
        Validation error of the start; None without validation, when the last epoch counts as the best.
    patience : int
        Epochs without gain before stopping.
    """

    def __init__(self, weights: WeightsT, first: float | None, patience: int) -> None:
        self.best_weights = weights
        self.reason = ""
        self._first = float("nan") if first is None else first
        self._best = self._first
        self._best_epoch = 0
        self._patience = patience
        self._loss: list[float] = []
        self._val_loss: list[float] = []

    def add(self, loss: float, val_loss: float | None, weights: Callable[[], WeightsT]) -> None:
        """Take the losses of an epoch; `weights` is called when they are the best so far."""
        self._loss.append(loss)
        epoch = len(self._loss)
        if val_loss is None:
            self._best_epoch = epoch
            return
        self._val_loss.append(val_loss)
        if val_loss < self._best:
            self._best, self._best_epoch = val_loss, epoch
            self.best_weights = weights()
        if epoch - self._best_epoch >= self._patience and not self.reason:
            self.reason = "patience"

    def history(self) -> History:
        """Return what happened."""
        return History(
            loss=self._loss,
            val_loss=self._val_loss,
            first_val_loss=self._first,
            best_epoch=self._best_epoch,
            stopped_early=self.reason,
        )


def shuffling(n: int) -> np.random.Generator:
    """Return what shuffles `n` windows; the same for every run over as many."""
    return np.random.default_rng([_SHUFFLE_STREAM, n])


def shuffled_batches(rows: NDArray[np.intp], batch_size: int, order: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """Yield rows, shuffled, in batches of one size; the last is filled up from the beginning of the same order."""
    n = len(rows)
    shuffled = rows[order.permutation(n)]
    size = min(batch_size, n)
    for start in range(0, n, size):
        yield shuffled[np.arange(start, start + size) % n]
