"""Fine-tunes the decoder with NumPy alone, all folds at once.

Why there are two ways to train. `gait_core.learn.loop` is the reference: any network, any of Keras' backends, and what
scratch training, pre-training and the Training lab use. A fine-tuning is a few dozen steps of a decoder of some
25,000 weights on codes that are computed once: less than a second of work, behind five to ten seconds of importing
TensorFlow and compiling, and 800 MB. So the decoder's forward pass, its back-propagation through time, Adam and the
clipping of gradients are written out here. What justifies it is that tests compare it with Keras: the gradients of a
batch, the weights after some steps, the losses of every epoch and the epoch that is kept.

References
----------
Kingma & Ba 2015, arXiv:1412.6980 (Adam); Pascanu, Mikolov & Bengio 2013, ICML (clipping by norm).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.autoencoder.adam import Adam
from gait_core.learn.autoencoder.cells import Array
from gait_core.learn.autoencoder.decoder import Decoder, DecoderLayout
from gait_core.learn.history import Account, History, shuffled_batches, shuffling
from gait_core.progress import Reporter

__all__ = ["Fold", "Tuned", "fine_tune"]

_VALIDATE_AT_ONCE: Final = 256


@dataclass(frozen=True, kw_only=True, eq=False)
class Fold:
    """What one of the models learns from.

    Attributes
    ----------
    training : ndarray of int
        Rows of the windows to learn from.
    validation : ndarray of int or None
        Rows to judge by. Without them the model follows the others for as long as they are trained.
    labels : mapping
        Added to each epoch's event, for example the number of the fold.
    """

    training: NDArray[np.intp]
    validation: NDArray[np.intp] | None = None
    labels: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Tuned:
    """What came out for one fold.

    Attributes
    ----------
    history : History
    weights : mapping
        Of the decoder, by name: the best ones, or without validation the last ones.
    after_epoch : sequence of mapping
        Without validation, the weights after each epoch.
    """

    history: History
    weights: dict[str, Array]
    after_epoch: Sequence[dict[str, Array]] = ()


def fine_tune(
    weights: Mapping[str, Array],
    codes: Array,
    windows: Array,
    folds: Sequence[Fold],
    *,
    rate: float,
    epochs: int,
    patience: int,
    batch_size: int,
    reporter: Reporter,
    stage: str = "train",
) -> list[Tuned]:
    """Train one decoder per fold, all from the same weights.

    The steps are those of `gait_core.learn.loop.TrainingLoop`: the same batches, mean squared error, Adam, the
    gradient of each variable clipped to norm 1. A fold that stopped keeps its best weights while the others go on.

    Parameters
    ----------
    weights : mapping
        Weights of the autoencoder, of which the decoder's are used.
    codes : ndarray, shape (n, latent)
    windows : ndarray, shape (n, window_frames, n_features)
        Standardised windows that the codes stand for.
    folds : sequence of Fold
    rate : float
        Learning rate.
    epochs, patience, batch_size : int
        Upper limit, epochs without gain before stopping, windows per step.
    reporter : Reporter
        Gets the losses of each epoch of each fold with validation, one fold after the other; asked before every batch
        whether to go on.
    stage : str
        Name of the stage in the events.

    Returns
    -------
    list of Tuned
        One per fold.

    Raises
    ------
    Cancelled
        When the user cancelled.
    """
    layout = DecoderLayout.of(weights)
    stack = _Stack(layout, layout.row(weights), codes, windows, folds, rate, batch_size)
    judged = np.array([fold.validation is not None for fold in folds])
    first = stack.validation_losses(judged)
    accounts = [Account(stack.rows[slot].copy(), loss, patience) for slot, loss in enumerate(first)]
    after_epoch: list[list[Array]] = [[] for _ in folds]
    events = _InOrder(reporter, stage, epochs, folds)
    going = np.ones(len(folds), dtype=bool)
    for _ in range(epochs):
        losses, stopped = stack.epoch(going, judged, reporter)
        for slot, val_loss in enumerate(stack.validation_losses(going & judged)):
            if not going[slot]:
                continue
            account = accounts[slot]
            if stopped and judged[slot]:
                account.reason = "user"
            loss = float(losses[slot])
            account.add(loss, val_loss, stack.rows[slot].copy)
            if val_loss is not None:
                events.epoch(slot, loss=loss, val_loss=val_loss)
                going[slot] = not account.reason
            else:
                after_epoch[slot].append(stack.rows[slot].copy())
        events.ended(~going)
        if judged.any() and not (going & judged).any():
            break
    events.ended(np.ones(len(folds), dtype=bool))
    return [
        Tuned(
            history=account.history(),
            weights=layout.named(rows[-1] if rows else account.best_weights),
            after_epoch=[layout.named(row) for row in rows],
        )
        for account, rows in zip(accounts, after_epoch, strict=True)
    ]


class _Stack:
    """The models of all folds and their data."""

    def __init__(
        self,
        layout: DecoderLayout,
        row: Array,
        codes: Array,
        windows: Array,
        folds: Sequence[Fold],
        rate: float,
        batch_size: int,
    ) -> None:
        self.rows = np.repeat(row[None], len(folds), axis=0)
        self._layout, self._codes, self._windows, self._folds = layout, codes, windows, folds
        self._orders = [shuffling(len(fold.training)) for fold in folds]
        self._batch_size = batch_size
        self._optimiser = Adam(rate, layout.starts, self.rows.shape)
        self._gradient = np.empty_like(self.rows)
        frames = windows.shape[1]
        self._learning = Decoder(layout, frames, keep=True)
        self._judging = Decoder(layout, frames, keep=False)

    def epoch(
        self, going: NDArray[np.bool_], judged: NDArray[np.bool_], reporter: Reporter
    ) -> tuple[NDArray[np.float64], bool]:
        """Train the models that are still going for one epoch; return their losses and whether the user stopped it.

        Stopping ends the epoch at once for the models that are judged; the others end theirs.
        """
        batches = [
            list(shuffled_batches(fold.training, self._batch_size, order)) if go else []
            for fold, order, go in zip(self._folds, self._orders, going, strict=True)
        ]
        total, count = np.zeros(len(batches)), np.zeros(len(batches))
        stopped = False
        for number in range(max(map(len, batches))):
            live = np.array([number < len(own) for own in batches])
            if stopped:
                live &= ~judged
            if not live.any():
                break
            reporter.check()
            total[live] += self._step(live, [own[number] for own, yes in zip(batches, live, strict=True) if yes])
            count[live] += 1
            stopped = stopped or reporter.wants_early_stop()
        return total / np.maximum(count, 1), stopped

    def _step(self, live: NDArray[np.bool_], batches: Sequence[NDArray[np.intp]]) -> NDArray[np.float64]:
        """Make one step of the live models and return their losses before it."""
        rows, real = _side_by_side(batches)
        everyone = bool(live.all())
        weights = self.rows if everyone else self.rows[live]
        gradient = self._gradient[: len(weights)]
        error = self._learning.forward(self._layout.views(weights), self._codes[rows])
        error -= self._windows[rows].swapaxes(1, 2)
        if not real.all():
            error *= real[:, None, :, None]
        numbers = real.sum(axis=1) * (error.shape[1] * error.shape[3])
        losses: NDArray[np.float64] = np.square(error).sum(axis=(1, 2, 3)) / numbers
        error *= (2.0 / numbers).astype(np.float32)[:, None, None, None]
        self._learning.backward(error, self._layout.views(gradient))
        self._optimiser.step(live, weights, gradient)
        if not everyone:
            self.rows[live] = weights
        return losses

    def validation_losses(self, asked: NDArray[np.bool_]) -> list[float | None]:
        """Return the mean squared error of each model that is asked for, None for the others."""
        found: list[float | None] = [None] * len(asked)
        if not asked.any():
            return found
        held_out = [fold.validation for fold, yes in zip(self._folds, asked, strict=True) if yes]
        rows, real = _side_by_side([own for own in held_out if own is not None])
        views = self._layout.views(self.rows if asked.all() else self.rows[asked])
        total = np.zeros(len(rows))
        for begin in range(0, rows.shape[1], _VALIDATE_AT_ONCE):
            part = rows[:, begin : begin + _VALIDATE_AT_ONCE]
            error = self._judging.forward(views, self._codes[part])
            error -= self._windows[part].swapaxes(1, 2)
            error *= real[:, None, begin : begin + _VALIDATE_AT_ONCE, None]
            total += np.square(error).sum(axis=(1, 2, 3), dtype=np.float64)
        losses = total / (real.sum(axis=1) * self._windows[0].size)
        for slot, loss in zip(np.flatnonzero(asked), losses, strict=True):
            found[slot] = float(loss)
        return found


def _side_by_side(rows: Sequence[NDArray[np.intp]]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return rows of different numbers as one array, filled up, and 1 for each that is real, 0 for the others."""
    most = max(map(len, rows))
    filled = np.stack([np.resize(own, most) for own in rows])
    real = np.stack([np.arange(most) < len(own) for own in rows])
    return filled, real.astype(np.float32)


class _InOrder:
    """Reports the epochs of one fold after the other, as the charts expect them, although they happen side by side."""

    def __init__(self, reporter: Reporter, stage: str, epochs: int, folds: Sequence[Fold]) -> None:
        self._reporter, self._stage, self._epochs, self._folds = reporter, stage, epochs, folds
        self._waiting: list[list[dict[str, float]]] = [[] for _ in folds]
        self._told = [0] * len(folds)
        self._now = 0

    def epoch(self, fold: int, **losses: float) -> None:
        """Take the losses of the next epoch of a fold."""
        self._waiting[fold].append(losses)
        self._tell()

    def ended(self, which: NDArray[np.bool_]) -> None:
        """Take note of the folds that have ended."""
        self._tell()
        while self._now < len(self._folds) and which[self._now]:
            self._now += 1
            self._tell()

    def _tell(self) -> None:
        if self._now == len(self._folds):
            return
        waiting = self._waiting[self._now]
        while waiting:
            self._told[self._now] += 1
            labels = self._folds[self._now].labels
            self._reporter.epoch(self._stage, self._told[self._now], self._epochs, **waiting.pop(0), **labels)
