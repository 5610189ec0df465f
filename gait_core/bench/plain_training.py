"""The plain loop that training is measured against: arrays into `fit`, cross-entropy, a fixed rate, nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from gait_core.bench.processes import cpu_s
from gait_core.learn.backend import load_keras
from gait_core.learn.batches import Pair

__all__ = ["PLAIN_BATCH", "PLAIN_RATE", "EpochEnd", "plain_training"]

PLAIN_BATCH: Final = 32
"""Batch size that `fit` uses by default."""
PLAIN_RATE: Final = 1e-4

EpochEnd = tuple[float, float, float]
"""Clock time and CPU time at the end of an epoch, s, and the balanced accuracy on the held-out rows."""


def plain_training(
    build: Callable[[], Any],
    training: Pair,
    held_out: tuple[Any, Any, Any],
    *,
    epochs: int,
    batch_size: int = PLAIN_BATCH,
    rate: float = PLAIN_RATE,
) -> list[EpochEnd]:
    """Train a network with the plain loop.

    Parameters
    ----------
    build : callable
        Returns the network, a keras.Model.
    training : pair of ndarray
        Inputs and one-hot targets.
    held_out : tuple of ndarray
        Inputs, one-hot targets, and weights of the rows under which accuracy is balanced accuracy.
    epochs : int
    batch_size : int
    rate : float

    Returns
    -------
    list of EpochEnd
        One per epoch; whatever compiling takes is in the first.
    """
    keras = load_keras()
    ends: list[EpochEnd] = []

    def note(epoch: int, logs: dict[str, float]) -> None:
        del epoch
        ends.append((time.perf_counter(), cpu_s(), float(logs["val_categorical_accuracy"])))

    model = build()
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss="categorical_crossentropy",
        weighted_metrics=["categorical_accuracy"],
    )
    model.fit(
        *training,
        validation_data=held_out,
        epochs=epochs,
        batch_size=batch_size,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=note)],
    )
    return ends
