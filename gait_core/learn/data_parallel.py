"""Trains one network on several devices at once: each takes an equal part of every batch, and all learn the same.

TensorFlow does it with ``MirroredStrategy``, JAX with ``keras.distribution``. What differs between them stands here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from gait_core.learn.backend import active_backend, load_keras, training_device
from gait_core.learn.batches import Batch

__all__ = ["DataParallel", "chosen_devices"]


def chosen_devices(wanted: int, accumulate: int = 1) -> tuple[tuple[str, ...], str]:
    """Return the devices to train on, and a note where there are fewer than are wanted.

    Parameters
    ----------
    wanted : int
        How many of the kind that training runs on.
    accumulate : int
        Steps whose gradients are averaged.

    Returns
    -------
    tuple of str
        As the backend names them; empty where one device trains alone.
    str
        Why fewer devices are used, or nothing.
    """
    if wanted <= 1:
        return (), ""
    backend, kind = active_backend(), training_device().device.keras_type
    if backend == "torch":
        return (), "One device was used: several at once need TensorFlow or JAX."
    if backend == "tensorflow" and accumulate > 1:
        return (), "One device was used: TensorFlow cannot average the gradients of several steps on several devices."
    found = _devices(backend, kind)[:wanted]
    note = "" if len(found) == wanted else f"{len(found)} of {wanted} devices were used: there are no more of the kind."
    return (tuple(found) if len(found) > 1 else ()), note


class DataParallel:
    """Several devices on which a network is built and trained.

    Parameters
    ----------
    devices : sequence of str
        See `chosen_devices`; with none, everything is as without this class.
    """

    def __init__(self, devices: Sequence[str] = ()) -> None:
        self._strategy: Any = None
        self._distribution: Any = None
        self.count = max(1, len(devices))
        if len(devices) > 1 and active_backend() == "tensorflow":
            import tensorflow

            self._strategy = tensorflow.distribute.MirroredStrategy(list(devices))
        elif len(devices) > 1:
            self._distribution = load_keras().distribution.DataParallel(devices=list(devices))

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Build the network and its optimizer, and train it, within this."""
        chosen = self._strategy if self._strategy is not None else self._distribution
        if chosen is None:
            yield
            return
        with chosen.scope():
            yield

    def step(self, model: Any, batch: Batch) -> float:
        """Train on one batch and return its loss.

        Parameters
        ----------
        model : keras.Model
            Compiled.
        batch : Batch
            With several devices a multiple of their number of rows.
        """
        if self._strategy is None:
            return float(model.train_on_batch(batch.inputs, batch.targets, sample_weight=batch.weights))
        data = [one for one in (batch.inputs, batch.targets, batch.weights) if one is not None]
        model._maybe_symbolic_build(data_batch=tuple(data))
        model.make_train_function()
        model.reset_metrics()
        # `train_on_batch` would give every device the whole batch.
        parts = tuple(self._parted(array) for array in data)
        found = model.train_function(iter([parts]))
        return float(np.asarray(found["loss"]))

    def _parted(self, array: Any) -> Any:
        import tensorflow

        parts = np.split(array, self.count)
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: tensorflow.convert_to_tensor(parts[context.replica_id_in_sync_group])
        )


def _devices(backend: str, kind: str) -> list[str]:
    if backend == "tensorflow":
        import tensorflow

        return [one.name for one in tensorflow.config.list_logical_devices(kind)]
    return [str(name) for name in load_keras().distribution.list_devices(kind.lower())]
