"""The training loop: Keras does the steps, this module reports, stops, cancels and keeps the best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.backend import load_keras
from gait_core.progress import Reporter

__all__ = ["History", "Pair", "Trainer"]

Pair: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Inputs and targets."""
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


class Trainer:
    """Trains one Keras model, any number of times, and compiles it once.

    Mean squared error, Adam with gradient clipping. After each run the model holds the best weights
    of that run; a run that only made it worse gives the weights back that it began with.

    Parameters
    ----------
    model : keras.Model
    learning_rate : float
    decay_steps : int, optional
        Steps over which a cosine lets the rate fall to a hundredth; default: constant.
    """

    def __init__(self, model: Any, learning_rate: float, *, decay_steps: int | None = None) -> None:
        keras = load_keras()
        self.model = model
        rate: Any = learning_rate
        if decay_steps is not None:
            rate = keras.optimizers.schedules.CosineDecay(learning_rate, decay_steps, alpha=0.01)
        optimizer = keras.optimizers.Adam(rate, clipnorm=1.0)
        optimizer.build(model.trainable_variables)
        # On the processor TensorFlow's XLA takes longer to compile than a fine-tuning takes; JAX is nothing without.
        jit = "auto" if keras.config.backend() == "jax" else False
        model.compile(optimizer=optimizer, loss="mse", jit_compile=jit)
        self._first_weights = model.get_weights()
        self._first_state = [keras.ops.convert_to_numpy(variable) for variable in optimizer.variables]

    def reset(self) -> None:
        """Go back to the weights and the optimiser's state of the beginning."""
        self.model.set_weights(self._first_weights)
        for variable, value in zip(self.model.optimizer.variables, self._first_state, strict=True):
            variable.assign(value)

    def run(
        self,
        training: Pair,
        validation: Pair | None,
        *,
        epochs: int,
        patience: int,
        batch_size: int,
        reporter: Reporter,
        stage: str = "train",
        labels: Mapping[str, int] | None = None,
    ) -> History:
        """Train from where the model stands.

        Parameters
        ----------
        training, validation : pair of ndarray
            Inputs and targets; no window of one may overlap a window of the other. Without validation
            all epochs are run and the last weights stay.
        epochs, patience, batch_size : int
            Upper limit, epochs without gain before stopping, windows per step.
        reporter : Reporter
            Gets the losses of each epoch; asked after every batch whether to go on.
        stage : str
            Name of the stage in the events.
        labels : mapping, optional
            Added to each epoch's event, for example the fold.

        Raises
        ------
        Cancelled
            When the user asked for it.
        """
        inputs, targets = training
        order = np.random.default_rng([_SHUFFLE_STREAM, len(inputs)])
        progress = _Progress(self.model, self._loss(validation, batch_size) if validation is not None else None)
        for epoch in range(1, epochs + 1):
            self.model.reset_metrics()
            for rows in _batches(len(inputs), batch_size, order):
                self.model.train_on_batch(inputs[rows], targets[rows])
                reporter.check()
                if reporter.wants_early_stop():
                    progress.reason = "user"
                    break
            loss = float(self.model.get_metrics_result()["loss"])
            if validation is None:
                progress.add(epoch, loss, None)
                reporter.epoch(stage, epoch, epochs, loss=loss, **dict(labels or {}))
            else:
                val_loss = self._loss(validation, batch_size)
                progress.add(epoch, loss, val_loss)
                reporter.epoch(stage, epoch, epochs, loss=loss, val_loss=val_loss, **dict(labels or {}))
                if epoch - progress.best_epoch >= patience and not progress.reason:
                    progress.reason = "patience"
            if progress.reason:
                break
        if validation is not None:
            self.model.set_weights(progress.best_weights)
        return progress.history()

    def _loss(self, pair: Pair, batch_size: int) -> float:
        """Return the mean squared error; batches are filled up so that one compiled function serves every size."""
        inputs, targets = pair
        n = len(inputs)
        total = 0.0
        for start in range(0, n, batch_size):
            rows = np.arange(start, start + batch_size)
            real = rows < n
            found = np.asarray(self.model.predict_on_batch(inputs[rows % n]))[real]
            total += float(((found - targets[rows[real]]).astype(np.float64) ** 2).sum())
        return total / targets.size


def _batches(n: int, batch_size: int, order: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Yield shuffled rows in batches of one size; the last is filled up from the beginning of the same order."""
    shuffled = order.permutation(n)
    size = min(batch_size, n)
    for start in range(0, n, size):
        yield shuffled[np.arange(start, start + size) % n]


class _Progress:
    """Losses so far and the best weights."""

    def __init__(self, model: Any, first: float | None) -> None:
        self._model = model
        self._first = float("nan") if first is None else first
        self._best = self._first
        self._loss: list[float] = []
        self._val_loss: list[float] = []
        self.best_weights = model.get_weights()
        self.best_epoch = 0
        self.reason = ""

    def add(self, epoch: int, loss: float, val_loss: float | None) -> None:
        """Take the losses of an epoch."""
        self._loss.append(loss)
        if val_loss is None:
            self.best_epoch = epoch
            return
        self._val_loss.append(val_loss)
        if val_loss < self._best:
            self._best, self.best_epoch = val_loss, epoch
            self.best_weights = self._model.get_weights()

    def history(self) -> History:
        """Return what happened."""
        return History(
            loss=self._loss,
            val_loss=self._val_loss,
            first_val_loss=self._first,
            best_epoch=self.best_epoch,
            stopped_early=self.reason,
        )
