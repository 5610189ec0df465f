"""The training loop: Keras does the steps, this module reports, stops, cancels and keeps the best."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.backend import load_keras
from gait_core.progress import Reporter

__all__ = ["History", "fit"]


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


def fit(
    model: Any,
    inputs: NDArray[np.float32],
    targets: NDArray[np.float32],
    val_inputs: NDArray[np.float32],
    val_targets: NDArray[np.float32],
    *,
    epochs: int,
    patience: int,
    batch_size: int,
    learning_rate: float,
    reporter: Reporter,
    stage: str = "train",
    cosine: bool = False,
) -> History:
    """Train with mean squared error and Adam, and leave the model with its best weights.

    Parameters
    ----------
    model : keras.Model
        Trained in place. A model that ends worse than it began gets its first weights back.
    inputs, targets, val_inputs, val_targets : ndarray
        Training and validation data; no window of one may overlap a window of the other.
    epochs, patience, batch_size : int
        Upper limit, epochs without gain before stopping, windows per step.
    learning_rate : float
        Adam's rate; with `cosine` it falls to a hundredth over all epochs.
    reporter : Reporter
        Gets the losses of each epoch; asked after every batch whether to go on.
    stage : str
        Name of the stage in the events.
    cosine : bool
        Let the rate fall.

    Raises
    ------
    Cancelled
        When the user asked for it.
    """
    keras = load_keras()
    rate: Any = learning_rate
    if cosine:
        steps = epochs * max(1, -(-len(inputs) // batch_size))
        rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps, alpha=0.01)
    model.compile(optimizer=keras.optimizers.Adam(rate, clipnorm=1.0), loss="mse", jit_compile=False)
    first = float(model.evaluate(val_inputs, val_targets, batch_size=1024, verbose=0))
    history = History(first_val_loss=first)
    watcher = _watcher(keras, model, history, epochs, patience, reporter, stage)
    model.fit(
        inputs,
        targets,
        validation_data=(val_inputs, val_targets),
        epochs=epochs,
        batch_size=batch_size,
        validation_batch_size=1024,
        shuffle=True,
        verbose=0,
        callbacks=[watcher],
    )
    model.set_weights(watcher.best_weights)
    return History(
        loss=history.loss,
        val_loss=history.val_loss,
        first_val_loss=first,
        best_epoch=watcher.best_epoch,
        stopped_early=watcher.reason,
    )


def _watcher(
    keras: Any, model: Any, history: History, epochs: int, patience: int, reporter: Reporter, stage: str
) -> Any:
    """Return the callback that reports, stops and remembers the best weights."""

    class Watcher(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
        def __init__(self) -> None:
            super().__init__()
            self.best = history.first_val_loss
            self.best_weights: Iterable[Any] = model.get_weights()
            self.best_epoch = 0
            self.reason = ""

        def on_train_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002 - Keras calls it so
            reporter.check()
            if reporter.wants_early_stop():
                self.reason = "user"
                self.model.stop_training = True

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            values = logs or {}
            loss, val_loss = float(values["loss"]), float(values["val_loss"])
            history.loss.append(loss)
            history.val_loss.append(val_loss)
            reporter.epoch(stage, epoch + 1, epochs, loss=loss, val_loss=val_loss)
            if val_loss < self.best:
                self.best, self.best_epoch = val_loss, epoch + 1
                self.best_weights = model.get_weights()
            elif epoch + 1 - self.best_epoch >= patience and not self.reason:
                self.reason = "patience"
                self.model.stop_training = True

    return Watcher()
