"""The training loop: Keras does the steps, this module reports, stops, cancels and keeps the best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.backend import load_keras
from gait_core.progress import Reporter

__all__ = ["History", "Pair", "Trainer"]

Pair: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Inputs and targets."""


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
        self._keras = load_keras()
        self.model = model
        rate: Any = learning_rate
        if decay_steps is not None:
            rate = self._keras.optimizers.schedules.CosineDecay(learning_rate, decay_steps, alpha=0.01)
        optimizer = self._keras.optimizers.Adam(rate, clipnorm=1.0)
        optimizer.build(model.trainable_variables)
        model.compile(optimizer=optimizer, loss="mse", jit_compile=False)
        self._first_weights = model.get_weights()
        self._first_state = [np.array(variable) for variable in optimizer.variables]

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
        first = float("nan")
        if validation is not None:
            first = float(self.model.evaluate(*validation, batch_size=1024, verbose=0))
        watcher = _watcher(self._keras, self.model, first, epochs, patience, reporter, stage, dict(labels or {}))
        self.model.fit(
            *training,
            validation_data=validation,
            epochs=epochs,
            batch_size=batch_size,
            validation_batch_size=1024 if validation is not None else None,
            shuffle=True,
            verbose=0,
            callbacks=[watcher],
        )
        if validation is not None:
            self.model.set_weights(watcher.best_weights)
        return History(
            loss=watcher.loss,
            val_loss=watcher.val_loss,
            first_val_loss=first,
            best_epoch=watcher.best_epoch,
            stopped_early=watcher.reason,
        )


def _watcher(
    keras: Any,
    model: Any,
    first: float,
    epochs: int,
    patience: int,
    reporter: Reporter,
    stage: str,
    labels: dict[str, int],
) -> Any:
    """Return the callback that reports, stops and remembers the best weights."""

    class Watcher(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
        def __init__(self) -> None:
            super().__init__()
            self.loss: list[float] = []
            self.val_loss: list[float] = []
            self.best = first
            self.best_weights: list[Any] = model.get_weights()
            self.best_epoch = 0
            self.reason = ""

        def on_train_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002 - Keras calls it so
            reporter.check()
            if reporter.wants_early_stop():
                self.reason = "user"
                self.model.stop_training = True

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            values = {name: float(value) for name, value in (logs or {}).items()}
            self.loss.append(values["loss"])
            if "val_loss" not in values:
                reporter.epoch(stage, epoch + 1, epochs, loss=values["loss"], **labels)
                self.best_epoch = epoch + 1
                return
            self.val_loss.append(values["val_loss"])
            reporter.epoch(stage, epoch + 1, epochs, loss=values["loss"], val_loss=values["val_loss"], **labels)
            if values["val_loss"] < self.best:
                self.best, self.best_epoch = values["val_loss"], epoch + 1
                self.best_weights = model.get_weights()
            elif epoch + 1 - self.best_epoch >= patience and not self.reason:
                self.reason = "patience"
                self.model.stop_training = True

    return Watcher()
