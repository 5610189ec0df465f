"""Judges a model on data that it does not learn from: any loss, any named metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.backend import load_keras
from gait_core.learn.batches import Batch, BatchSource

__all__ = ["Evaluator", "Loss", "MetricChoice"]

Loss: TypeAlias = Any
"""Name of a Keras loss, a Keras loss, or a callable (targets, predictions) → one value per row or one in all."""
MetricChoice: TypeAlias = Any
"""Name of a Keras metric, a Keras metric, or a callable like a loss."""
_SQUARED_ERROR = ("mse", "mean_squared_error")


class Evaluator:
    """Computes the loss and the metrics of a model over all rows of a source.

    Parameters
    ----------
    model : keras.Model
    loss : str, keras.losses.Loss or callable
        The mean over rows is taken, weighted where the source gives weights.
    metrics : mapping of str to (str, keras.metrics.Metric or callable)
        By the name under which each is reported. Accuracy is named in full, for example
        ``sparse_categorical_accuracy``.
    """

    def __init__(self, model: Any, loss: Loss, metrics: Mapping[str, MetricChoice]) -> None:
        self._model = model
        self._plain = isinstance(loss, str) and loss in _SQUARED_ERROR
        self._rows = _loss_by_row(loss)
        self._metrics = {name: _metric(name, choice) for name, choice in metrics.items()}

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Names of the metrics."""
        return tuple(self._metrics)

    def __call__(self, source: BatchSource) -> tuple[float, dict[str, float]]:
        """Return the loss and the metrics; the model stays as it is."""
        for metric in self._metrics.values():
            metric.reset_state()
        total = weight = 0.0
        for batch in source.in_order():
            found = np.asarray(load_keras().ops.convert_to_numpy(self._model.predict_on_batch(batch.inputs)))
            found, targets = found[: batch.real], batch.targets[: batch.real]
            part, parts = self._sum(batch, found, targets)
            total, weight = total + part, weight + parts
            own = None if batch.weights is None else batch.weights[: batch.real]
            for metric in self._metrics.values():
                metric.update_state(targets, found, sample_weight=own)
        return total / weight, {name: float(metric.result()) for name, metric in self._metrics.items()}

    def _sum(self, batch: Batch, found: NDArray[Any], targets: NDArray[Any]) -> tuple[float, float]:
        """Return the sum of the losses of a batch and what to divide it by."""
        if self._plain and batch.weights is None:
            # Squares are summed in double precision, whatever precision the model runs in.
            return float(((found - targets).astype(np.float64) ** 2).sum()), float(targets.size)
        losses = self._rows(targets, found)
        weights = np.ones(batch.real) if batch.weights is None else batch.weights[: batch.real].astype(np.float64)
        return float((losses * weights).sum()), float(weights.sum())


def _loss_by_row(loss: Loss) -> Callable[[NDArray[Any], NDArray[Any]], NDArray[np.float64]]:
    keras = load_keras()
    chosen = keras.losses.get(loss)
    function = chosen.call if isinstance(chosen, keras.losses.Loss) else chosen

    def by_row(targets: NDArray[Any], found: NDArray[Any]) -> NDArray[np.float64]:
        if targets.ndim == found.ndim - 1 and found.shape[-1] == 1:
            targets = targets[..., None]
        tensors = keras.ops.convert_to_tensor(targets), keras.ops.convert_to_tensor(found)
        values = np.asarray(keras.ops.convert_to_numpy(function(*tensors)), np.float64)
        # A loss that compares the rows of a batch with each other gives one value for all of them.
        return np.full(len(found), values) if values.ndim == 0 else values.reshape(len(found), -1).mean(axis=1)

    return by_row


def _metric(name: str, choice: MetricChoice) -> Any:
    keras = load_keras()
    chosen = keras.metrics.get(choice)
    if isinstance(chosen, keras.metrics.Metric):
        return chosen
    return keras.metrics.MeanMetricWrapper(chosen, name=name)
