"""The training loop: Keras does the steps; this module judges, reports, stops, stores and continues.

Loss, metrics, optimizer, source of batches, callbacks and checkpoint are given from outside. Whatever draws random
numbers during a training has to belong to the model, to a callback or to the source of batches: then a checkpoint
holds it, and a killed training that continues ends with the same weights as an unbroken one, bit for bit on a CPU.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import SettingsError, StorageError
from gait_core.learn.backend import load_keras, training_versions
from gait_core.learn.batches import BatchSource, Data, as_source
from gait_core.learn.callbacks import Callback, EarlyStopping, EpochResult
from gait_core.learn.checkpoint import Checkpoint, TrainingState
from gait_core.learn.data_parallel import DataParallel
from gait_core.learn.evaluation import Evaluator, Loss, MetricChoice
from gait_core.learn.history import History
from gait_core.learn.identity import architecture, loss_name, optimizer_settings, signature
from gait_core.learn.settings import TrainSettings
from gait_core.progress import Reporter

__all__ = ["TrainingLoop"]


class TrainingLoop:
    """Trains one Keras model, any number of times, and compiles it once.

    Parameters
    ----------
    model : keras.Model
    settings : TrainSettings
    loss : str, keras.losses.Loss or callable, optional
        Default: mean squared error.
    metrics : mapping of str to (str, keras.metrics.Metric or callable), optional
        Computed on the validation data after each epoch, by the name under which each is reported.
    optimizer : keras.Optimizer, optional
        Default: Adam with the rate, the decay and the clipping of the settings.
    parallel : DataParallel, optional
        Devices to train on, in whose scope the model was built; their number has to divide every batch.
    """

    def __init__(
        self,
        model: Any,
        settings: TrainSettings,
        *,
        loss: Loss = "mse",
        metrics: Mapping[str, MetricChoice] | None = None,
        optimizer: Any = None,
        parallel: DataParallel | None = None,
    ) -> None:
        keras = load_keras()
        self.model, self.settings = model, settings
        self._parallel = parallel or DataParallel()
        # On the CPU TensorFlow's XLA takes longer to compile than a small training takes; JAX is nothing without.
        jit = "auto" if keras.config.backend() == "jax" else False
        with self._parallel.scope():
            optimizer = _adam(settings) if optimizer is None else optimizer
            optimizer.build(model.trainable_variables)
            model.compile(optimizer=optimizer, loss=loss, jit_compile=jit)
            if not model.optimizer.built:  # mixed precision wraps the optimizer
                model.optimizer.build(model.trainable_variables)
        self._judge = Evaluator(model, loss, metrics or {})
        self._loss = loss_name(loss)
        self._optimizer = optimizer_settings(optimizer)
        self._first = _values(model.variables), _values(model.optimizer.variables)

    def reset(self) -> None:
        """Go back to the beginning: weights, random states of the model, and the state of the optimizer."""
        self._assign(*self._first)

    def run(
        self,
        training: Data,
        validation: Data | None = None,
        *,
        reporter: Reporter,
        epochs: int | None = None,
        stopping: EarlyStopping | None = None,
        callbacks: Sequence[Callback] = (),
        checkpoint: Checkpoint | None = None,
        stage: str = "train",
        labels: Mapping[str, int] | None = None,
    ) -> History:
        """Train from where the model stands, or from where its checkpoint says that it was.

        After the run the model holds the best weights of that run. Where the optimizer keeps a running mean of the
        weights, the mean is judged, compared and kept, while the training goes on with the weights themselves.

        Parameters
        ----------
        training, validation : BatchSource, or pair of ndarray
            Inputs and targets; no row of one may overlap a row of the other. Without validation all epochs are run and
            the last weights stay.
        reporter : Reporter
            Gets the losses of each epoch; checked for cancellation after every batch.
        epochs : int, optional
            Upper limit of this run; default: that of the settings.
        stopping : EarlyStopping, optional
            Default: by the validation loss, with the patience of the settings.
        callbacks : sequence of Callback
        checkpoint : Checkpoint, optional
            Written after each epoch. Where its file exists the run continues with the epoch after the last stored one;
            a run that had ended gives its result again.
        stage : str
            Name of the stage in the events.
        labels : mapping, optional
            Added to each epoch's event, for example the fold.

        Returns
        -------
        History

        Raises
        ------
        Cancelled
            When the user cancelled; a checkpoint stays and the training can be continued.
        SettingsError
            When two callbacks have the same name.
        ModelError, StorageError
            When the checkpoint belongs to another training, or is damaged; before the first step.
        """
        with self._parallel.scope():
            return self._run(
                training,
                validation,
                reporter=reporter,
                settings=self.settings.with_(epochs=epochs or self.settings.epochs),
                stopping=stopping or EarlyStopping(self.settings.patience),
                callbacks=callbacks,
                checkpoint=checkpoint,
                stage=stage,
                labels=labels or {},
            )

    def _run(
        self,
        training: Data,
        validation: Data | None,
        *,
        reporter: Reporter,
        settings: TrainSettings,
        stopping: EarlyStopping,
        callbacks: Sequence[Callback],
        checkpoint: Checkpoint | None,
        stage: str,
        labels: Mapping[str, int],
    ) -> History:
        source = as_source(training, settings.batch_size, settings.seed)
        held_out = None if validation is None else as_source(validation, settings.batch_size)
        everyone = _distinct([stopping, *callbacks])
        identity = self._identity(settings, source, held_out, everyone) if checkpoint is not None else {}
        stored = self._stored(checkpoint, identity) if checkpoint is not None else None
        if stored is None:
            epoch, reason = 0, ""
            metrics: dict[str, list[float]] = {name: [] for name in self._judge.metric_names}
            first = self._result(0, float("nan"), held_out)
            for callback in everyone:
                callback.start(self.model, first)
        else:
            epoch, reason, metrics = stored.epoch, stored.reason, dict(stored.metrics)
            self._continue(stored, everyone)
            reporter.note(stage, f"Continuing after epoch {epoch} of {settings.epochs}.")
        while not reason and epoch < settings.epochs:
            epoch += 1
            loss, stopped = self._epoch(source, epoch, reporter)
            with self._mean_weights():
                result = self._result(epoch, loss, held_out)
                reasons = [callback.after_epoch(self.model, result) for callback in everyone]
            reason = "user" if stopped else next(filter(None, reasons), "")
            if not math.isfinite(loss):  # no later epoch can mend it
                reason = "nan"
            for name, value in result.metrics.items():
                metrics[name].append(value)
            if checkpoint is not None and checkpoint.is_due(epoch, last=bool(reason) or epoch == settings.epochs):
                checkpoint.save(self._state(epoch, reason, everyone, metrics), identity)
            found = {"loss": loss} if result.val_loss is None else {"loss": loss, "val_loss": result.val_loss}
            reporter.epoch(stage, epoch, settings.epochs, **found, **result.metrics, **labels)
        if epoch:
            self._take_mean_weights()
        for callback in everyone:
            callback.end(self.model)
        return replace(stopping.history(), stopped_early=reason, metrics=metrics)

    @contextmanager
    def _mean_weights(self) -> Iterator[None]:
        """Let the model hold the running mean of its weights, where the optimizer keeps one: it is judged and kept."""
        own = self._take_mean_weights()
        try:
            yield
        finally:
            for variable, value in own:
                variable.assign(value)

    def _take_mean_weights(self) -> list[tuple[Any, NDArray[Any]]]:
        """Give the model the running mean of its weights, where there is one; return what it had before."""
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        if not optimizer.use_ema:
            return []
        pairs = zip(optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True)
        kept = [(variable, mean) for variable, mean in pairs if mean is not None]
        own = list(zip((one for one, _ in kept), _values([one for one, _ in kept]), strict=True))
        for variable, mean in kept:
            variable.assign(mean)
        return own

    def _epoch(self, source: BatchSource, epoch: int, reporter: Reporter) -> tuple[float, bool]:
        """Train for an epoch; return the mean loss of its batches and whether the user stopped it."""
        losses: list[float] = []
        for batch in source.batches(epoch):
            losses.append(self._parallel.step(self.model, batch))
            reporter.check()
            if reporter.wants_early_stop():
                return float(np.mean(losses)), True
        return float(np.mean(losses)), False

    def _result(self, epoch: int, loss: float, held_out: BatchSource | None) -> EpochResult:
        if held_out is None:
            return EpochResult(epoch=epoch, loss=loss, val_loss=None)
        val_loss, metrics = self._judge(held_out)
        return EpochResult(epoch=epoch, loss=loss, val_loss=val_loss, metrics=metrics)

    def _stored(self, checkpoint: Checkpoint, identity: Mapping[str, Any]) -> TrainingState | None:
        """Read the checkpoint, if there is one; what it holds fits the model."""
        stored = checkpoint.load(identity)
        if stored is None:
            return None
        for variables, values in (
            (self.model.variables, stored.model),
            (self.model.optimizer.variables, stored.optimizer),
        ):
            if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
                raise StorageError(
                    f"Expected arrays of the shapes of the model in {checkpoint.path}, but it holds others.",
                    "Delete the file to start from the beginning.",
                )
        return stored

    def _continue(self, stored: TrainingState, callbacks: Sequence[Callback]) -> None:
        self._assign(stored.model, stored.optimizer)
        for callback in callbacks:
            callback.load_state(stored.callbacks[callback.name])

    def _state(
        self, epoch: int, reason: str, callbacks: Sequence[Callback], metrics: Mapping[str, list[float]]
    ) -> TrainingState:
        return TrainingState(
            epoch=epoch,
            reason=reason,
            model=_values(self.model.variables),
            optimizer=_values(self.model.optimizer.variables),
            callbacks={callback.name: callback.state_dict() for callback in callbacks},
            metrics=metrics,
        )

    def _identity(
        self, settings: TrainSettings, source: BatchSource, held_out: BatchSource | None, callbacks: Sequence[Callback]
    ) -> dict[str, Any]:
        """Return what has to be the same for a checkpoint to fit."""
        return {
            "model": {
                "architecture": architecture(self.model),
                "variables": [signature(variable) for variable in self.model.variables],
            },
            "settings": settings.to_dict() | {"digest": settings.digest()},
            "loss": self._loss,
            "metrics": list(self._judge.metric_names),
            "optimizer": self._optimizer,
            "callbacks": [callback.name for callback in callbacks],
            "data": {
                "training": source.fingerprint(),
                "validation": "" if held_out is None else held_out.fingerprint(),
            },
            "versions": training_versions(),
        }

    def _assign(self, model: Sequence[NDArray[Any]], optimizer: Sequence[NDArray[Any]]) -> None:
        for variables, values in ((self.model.variables, model), (self.model.optimizer.variables, optimizer)):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)


def _distinct(callbacks: list[Callback]) -> list[Callback]:
    names = [callback.name for callback in callbacks]
    if len(set(names)) < len(names):
        raise SettingsError(
            f"Expected callbacks of different names, but got {', '.join(names)}.",
            "Give each a name of its own: a checkpoint keeps their states apart by it.",
        )
    return callbacks


def _adam(settings: TrainSettings) -> Any:
    keras = load_keras()
    rate: Any = settings.learning_rate
    if settings.decay_steps is not None:
        rate = keras.optimizers.schedules.CosineDecay(rate, settings.decay_steps, alpha=0.01)
    return keras.optimizers.Adam(rate, clipnorm=settings.clipnorm)


def _values(variables: Sequence[Any]) -> tuple[NDArray[Any], ...]:
    """Return copies of variables; a format that NumPy does not know, such as bfloat16, becomes float32 exactly."""
    to_numpy = load_keras().ops.convert_to_numpy
    values = [np.array(to_numpy(variable)) for variable in variables]
    return tuple(value.astype(np.float32) if value.dtype.kind == "V" else value for value in values)
