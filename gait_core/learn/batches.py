"""Where training takes its batches from: a protocol, and the source that holds arrays in memory.

Every batch, the last one too, has a number of rows that the devices can share equally.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.learn.history import shuffling

__all__ = ["ArrayBatches", "Batch", "BatchSource", "Data", "Pair", "as_source", "shared_rows"]

Pair: TypeAlias = tuple[NDArray[Any], NDArray[Any]]
"""Inputs and targets."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """What one step works on.

    Attributes
    ----------
    inputs, targets : ndarray, shape (rows, …)
    weights : ndarray, shape (rows,), or None
        Weight of each row in the loss; None counts all alike.
    real : int
        Rows in front that count when a model is judged. The others only fill the batch up, so that a compiled function
        sees one shape; in training all rows count.
    """

    inputs: NDArray[Any]
    targets: NDArray[Any]
    weights: NDArray[np.float32] | None = None
    real: int


@runtime_checkable
class BatchSource(Protocol):
    """A source of batches.

    The batches of an epoch depend only on its number. That is what lets a training that was killed continue: it asks
    for the epoch after the last finished one and gets what an unbroken run would have got.
    """

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, 1-based, in the order to train in."""

    def in_order(self) -> Iterator[Batch]:
        """Yield every row once, in a fixed order, to evaluate a model."""

    def fingerprint(self) -> str:
        """Return a digest of everything that decides the batches."""


def shared_rows(rows: int, devices: int) -> int:
    """Return rows rounded up to a multiple of the devices, none of which then gets more than another.

    Returns
    -------
    int
    """
    return -(-rows // devices) * devices


class ArrayBatches:
    """Batches from arrays in memory, reshuffled in every epoch.

    The order of the k-th epoch is the k-th permutation that `shuffling` gives; the last batch of an epoch is filled up
    from the beginning of the same order. Where the gradients of several steps are averaged, the batches of an epoch are
    a whole number of such groups: half the batch with twice the steps learns from the same rows at every change of the
    weights.

    Parameters
    ----------
    inputs, targets : ndarray, shape (n, …)
    batch_size : int
        Rows per batch; `n` where that is less.
    weights : ndarray, shape (n,), optional
        Weight of each row in the loss.
    seed : int
        Another seed gives another order.
    accumulate : int
        Steps whose gradients are averaged.
    devices : int
        Among which a batch is divided; its rows are rounded up to a multiple.

    Raises
    ------
    InputError
        When there is nothing to learn from, or when the arrays differ in length.
    """

    def __init__(
        self,
        inputs: NDArray[Any],
        targets: NDArray[Any],
        *,
        batch_size: int,
        weights: NDArray[np.float32] | None = None,
        seed: int = 0,
        accumulate: int = 1,
        devices: int = 1,
    ) -> None:
        lengths = {len(inputs), len(targets), len(inputs if weights is None else weights)}
        if len(lengths) > 1 or not len(inputs):
            raise InputError(
                "Expected at least one row, and as many targets and weights as inputs, but got "
                f"{len(inputs)} inputs, {len(targets)} targets and "
                f"{'no' if weights is None else len(weights)} weights.",
                "Give arrays of the same length.",
            )
        self._inputs, self._targets, self._weights = inputs, targets, weights
        self._batch_size, self._seed, self._accumulate = batch_size, seed, accumulate
        rows = min(batch_size, -(-len(inputs) // accumulate))
        self._size = shared_rows(rows, devices)
        self._judged = shared_rows(batch_size, devices)
        self._order = shuffling(len(inputs), seed)
        self._drawn = 0

    def __len__(self) -> int:
        return len(self._inputs)

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch."""
        return -(-len(self) // (self._size * self._accumulate)) * self._accumulate

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, 1-based, shuffled."""
        n = len(self)
        if epoch <= self._drawn:
            self._order, self._drawn = shuffling(n, self._seed), 0
        while self._drawn < epoch - 1:
            self._order.permutation(n)
            self._drawn += 1
        self._drawn = epoch
        shuffled = self._order.permutation(n)
        for step in range(self.steps_per_epoch):
            start = step * self._size
            yield self._batch(shuffled[np.arange(start, start + self._size) % n], self._size)

    def in_order(self) -> Iterator[Batch]:
        """Yield all rows in their order, in batches of one size; the last is filled up from the beginning."""
        n = len(self)
        for start in range(0, n, self._judged):
            rows = np.arange(start, start + self._judged)
            yield self._batch(rows % n, min(self._judged, n - start))

    def fingerprint(self) -> str:
        """Return a digest of the arrays, the batch size, the steps that are averaged, and the seed."""
        own = (self._batch_size, self._seed, self._accumulate, self._size)
        digest = hashlib.blake2b(repr(own).encode(), digest_size=16)
        for array in (self._inputs, self._targets, self._weights):
            if array is not None:
                digest.update(repr((array.shape, array.dtype.str)).encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def _batch(self, rows: NDArray[np.intp], real: int) -> Batch:
        weights = None if self._weights is None else self._weights[rows]
        return Batch(inputs=self._inputs[rows], targets=self._targets[rows], weights=weights, real=real)


Data: TypeAlias = BatchSource | Pair
"""What training accepts: a source of batches, or inputs and targets as arrays."""


def as_source(data: Data, batch_size: int, seed: int = 0) -> BatchSource:
    """Return a source of batches for what training accepts.

    Parameters
    ----------
    data : Data
        Arrays, or a source of batches, which is returned itself.
    batch_size : int
        Rows in a batch.
    seed : int
        Seed of the shuffling.

    Returns
    -------
    BatchSource
    """
    if isinstance(data, tuple):
        return ArrayBatches(*data, batch_size=batch_size, seed=seed)
    return data
