"""The training loop: Keras does the steps, this module reports, stops, cancels and keeps the best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.backend import load_keras
from gait_core.learn.history import Account, History, shuffled_batches, shuffling
from gait_core.progress import Reporter

__all__ = ["Pair", "Trainer"]

Pair: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Inputs and targets."""


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
        order = shuffling(len(inputs))
        first = self._loss(validation, batch_size) if validation is not None else None
        account = Account(self.model.get_weights(), first, patience)
        for epoch in range(1, epochs + 1):
            losses: list[float] = []
            for rows in shuffled_batches(np.arange(len(inputs)), batch_size, order):
                losses.append(float(self.model.train_on_batch(inputs[rows], targets[rows])))
                reporter.check()
                if reporter.wants_early_stop():
                    account.reason = "user"
                    break
            loss = float(np.mean(losses))
            val_loss = self._loss(validation, batch_size) if validation is not None else None
            account.add(loss, val_loss, self.model.get_weights)
            found = {"loss": loss} if val_loss is None else {"loss": loss, "val_loss": val_loss}
            reporter.epoch(stage, epoch, epochs, **found, **dict(labels or {}))
            if account.reason:
                break
        if validation is not None:
            self.model.set_weights(account.best_weights)
        return account.history()

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
