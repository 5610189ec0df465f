"""What a training run keeps account of: losses, the best weights so far, why it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Account", "AccountState", "History", "shuffled_batches", "shuffling"]

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
        ``""``, ``"patience"``, ``"user"``, ``"nan"`` for a loss that is not a number, or a callback's reason.
    metrics : mapping of str to list of float
        Named metrics of the validation data after each epoch.
    """

    loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    first_val_loss: float = float("nan")
    best_epoch: int = 0
    stopped_early: str = ""
    metrics: dict[str, list[float]] = field(default_factory=dict)

    @property
    def best_val_loss(self) -> float:
        """Smallest validation error, the start included."""
        return min([self.first_val_loss, *self.val_loss])


@dataclass(frozen=True, kw_only=True)
class AccountState:
    """The numbers of an `Account`, for a checkpoint; the weights go beside them.

    Attributes
    ----------
    first, best : float
        Watched value of the start, and the best one so far; NaN without validation.
    best_epoch : int
        1-based; 0 for the start.
    loss, val_loss : tuple of float
    reason : str
        Why training ended, ``""`` as long as it goes on.
    """

    first: float
    best: float
    best_epoch: int
    loss: tuple[float, ...]
    val_loss: tuple[float, ...]
    reason: str


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
    watched : float, optional
        Value of the start by which epochs are compared, lower is better; default: `first`.
    """

    def __init__(self, weights: WeightsT, first: float | None, patience: int, *, watched: float | None = None) -> None:
        self.best_weights = weights
        self.reason = ""
        self._first = float("nan") if first is None else first
        self._best = self._first if watched is None else watched
        self._best_epoch = 0
        self._patience = patience
        self._loss: list[float] = []
        self._val_loss: list[float] = []

    def add(
        self,
        loss: float,
        val_loss: float | None,
        weights: Callable[[], WeightsT],
        *,
        watched: float | None = None,
    ) -> None:
        """Take the losses of an epoch; `weights` is called when they are the best so far.

        Epochs are compared by `watched`, lower is better; default: `val_loss`.
        """
        self._loss.append(loss)
        epoch = len(self._loss)
        if val_loss is None:
            self._best_epoch = epoch
            return
        self._val_loss.append(val_loss)
        value = val_loss if watched is None else watched
        if value < self._best:
            self._best, self._best_epoch = value, epoch
            self.best_weights = weights()
        if epoch - self._best_epoch >= self._patience and not self.reason:
            self.reason = "patience"

    def state(self) -> AccountState:
        """Return the numbers, for a checkpoint."""
        return AccountState(
            first=self._first,
            best=self._best,
            best_epoch=self._best_epoch,
            loss=tuple(self._loss),
            val_loss=tuple(self._val_loss),
            reason=self.reason,
        )

    def restore(self, state: AccountState, best_weights: WeightsT) -> None:
        """Go on from the numbers and the best weights of a checkpoint."""
        self.best_weights, self.reason = best_weights, state.reason
        self._first, self._best, self._best_epoch = state.first, state.best, state.best_epoch
        self._loss, self._val_loss = list(state.loss), list(state.val_loss)

    def history(self) -> History:
        """Return what happened."""
        return History(
            loss=list(self._loss),
            val_loss=list(self._val_loss),
            first_val_loss=self._first,
            best_epoch=self._best_epoch,
            stopped_early=self.reason,
        )


def shuffling(n: int, seed: int = 0) -> np.random.Generator:
    """Return what shuffles `n` windows; the same for every run over as many with the same seed.

    Returns
    -------
    numpy.random.Generator
    """
    return np.random.default_rng([_SHUFFLE_STREAM, n, seed] if seed else [_SHUFFLE_STREAM, n])


def shuffled_batches(rows: NDArray[np.intp], batch_size: int, order: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    """Yield rows, shuffled, in batches of one size; the last is filled up from the beginning of the same order.

    Parameters
    ----------
    rows : ndarray, shape (n,)
        Indices of the rows.
    batch_size : int
        Rows in a batch.
    order : numpy.random.Generator
        Draws the order.

    Yields
    ------
    ndarray, shape (batch_size,)
        Indices of one batch.
    """
    n = len(rows)
    shuffled = rows[order.permutation(n)]
    size = min(batch_size, n)
    for start in range(0, n, size):
        yield shuffled[np.arange(start, start + size) % n]
