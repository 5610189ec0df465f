"""A classifier around any network of Keras: inputs, batch size, training, prediction and storage."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.config import digest_of
from gait_core.errors import ModelError
from gait_core.learn.artefact import DEFAULT_STEM, ModelArtefact, save_artefact
from gait_core.learn.backend import load_keras, seed_everything, training_versions
from gait_core.learn.batches import ArrayBatches, BatchSource
from gait_core.learn.checkpoint import Checkpoint
from gait_core.learn.classifiers.batch_size import fitting_batch_size
from gait_core.learn.classifiers.checks import balancing_weights, check_fits, check_training
from gait_core.learn.classifiers.features import Scaling
from gait_core.learn.classifiers.kind import ClassifierKind, stored_shape
from gait_core.learn.classifiers.network_settings import NetworkSettings
from gait_core.learn.classifiers.precision import chosen_precision, precision
from gait_core.learn.classifiers.protocol import FitReport, SampleShape
from gait_core.learn.classifiers.sides import ExchangingBatches, Sides, both_sides, sides_of
from gait_core.learn.classifiers.training_options import callbacks_of, loss_of, optimizer_of
from gait_core.learn.data_parallel import DataParallel, chosen_devices
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.history import History
from gait_core.learn.keras_network import KerasNetwork
from gait_core.learn.loop import TrainingLoop
from gait_core.learn.settings import TrainSettings
from gait_core.progress import Reporter, silent

__all__ = ["NetworkClassifier", "NetworkClassifierKind", "network_inputs", "one_hot", "row_weights"]

_JUDGED_AT_ONCE: Final = 128
_ACCURACY: Final = "balanced_accuracy"


class NetworkClassifier:
    """Trains a network of Keras and predicts with it.

    Parameters
    ----------
    kind : NetworkClassifierKind
    settings : NetworkSettings
        Those of the kind.
    shape : SampleShape
    """

    def __init__(self, kind: NetworkClassifierKind, settings: Any, shape: SampleShape) -> None:
        self._kind, self.settings, self.shape = kind, settings, shape
        self._model: Any = None
        self._scaling: Scaling | None = None
        self._history = History()
        self._n_devices = 1

    @property
    def name(self) -> str:
        """Name in the registry."""
        return self._kind.name

    @property
    def model(self) -> Any:
        """The trained network, a keras.Model."""
        return self._trained()[0]

    def fit(
        self,
        training: Samples,
        validation: Samples | None = None,
        *,
        reporter: Reporter | None = None,
        checkpoint: Path | None = None,
        labels: Mapping[str, int] | None = None,
    ) -> FitReport:
        """Learn from samples; see `Classifier.fit`.

        With validation the epoch with the lowest validation loss is kept; without it all epochs are run.
        """
        begun_s = time.perf_counter()
        settings: NetworkSettings = self.settings
        check_training(self.name, self._kind.inputs, self.shape, training)
        if validation is not None:
            check_fits(self.name, self.shape, validation)
        sides, note = sides_of(training) if settings.exchange_sides else (None, "")
        dtype, precision_note = chosen_precision(settings.mixed_precision)
        self._scaling = self._learned_scaling(both_sides(training, sides))
        devices, devices_note = chosen_devices(settings.devices, settings.accumulate)
        parallel = DataParallel(devices)
        self._n_devices = parallel.count
        batch_size = settings.batch_size or fitting_batch_size(self._memory, len(training), settings.accumulate)
        rows = self._training_batches(training, batch_size)
        source: BatchSource = rows if sides is None else self._exchanging(rows, sides)
        seed_everything(settings.seed)
        with precision(dtype), parallel.scope():
            self._model = self._kind.network.build(settings, self.shape.size)
            loop = self._loop(training, batch_size, rows.steps_per_epoch, parallel)
        history = loop.run(
            source,
            None if validation is None else self._validation_batches(both_sides(validation, sides)),
            reporter=reporter or silent(),
            callbacks=callbacks_of(settings, None if checkpoint is None else checkpoint.parent),
            checkpoint=None if checkpoint is None else self._checkpoint(checkpoint),
            labels=labels,
        )
        if parallel.count > 1:
            self._on_one_device(dtype)
        self._history = history
        return FitReport(
            epochs=len(history.loss),
            history=history,
            parameters=int(sum(np.prod(weight.shape) for weight in self._model.trainable_variables)),
            duration_s=time.perf_counter() - begun_s,
            notes=tuple(filter(None, (note, precision_note, devices_note))),
        )

    def predict(self, samples: Samples) -> NDArray[np.float64]:
        """Return the probability of each class, shape (n, n_classes); see `Classifier.predict`."""
        self._trained()
        check_fits(self.name, self.shape, samples)
        if not len(samples):
            return np.zeros((0, len(self.shape.classes)))
        found = self._probabilities(samples)
        sides = sides_of(samples)[0] if self.settings.exchange_sides else None
        if sides is None:
            return found
        return (found + self._probabilities(samples.mirrored())[:, sides.classes]) / 2

    def save(self, folder: Path) -> None:
        """Write the network as ``.keras`` with its manifest; see `Classifier.save`."""
        model, scaling = self._trained()
        save_artefact(
            folder / DEFAULT_STEM,
            model,
            kind=self.name,
            settings=self.settings,
            inputs=self.shape.size,
            versions=training_versions(),
            history=self._history,
            feature_names=self.shape.channels,
            arrays={"mean": scaling.mean, "deviation": scaling.deviation},
            details={"shape": self.shape.to_dict()},
        )

    @classmethod
    def restored(cls, kind: NetworkClassifierKind, artefact: ModelArtefact) -> Self:
        """Return a trained classifier from its stored form; no code from the file is run.

        Raises
        ------
        ModelError
            When the files are damaged, or hold something that safe mode refuses.
        """
        loaded = cls(kind, artefact.manifest.settings, stored_shape(artefact))
        arrays = artefact.arrays()
        if not {"mean", "deviation"} <= set(arrays):
            raise ModelError(
                f"Expected mean and deviation of each channel in {artefact.folder}, but got "
                f"{', '.join(sorted(arrays)) or 'nothing'}.",
                "Restore the files, or train the classifier again.",
            )
        loaded._scaling = Scaling(mean=arrays["mean"], deviation=arrays["deviation"])
        loaded._model, loaded._history = artefact.model(), artefact.manifest.history
        return loaded

    def _memory(self, batch_size: int) -> int:
        return self._kind.network.training_bytes(self.settings, self.shape.size, batch_size)

    def _on_one_device(self, dtype: str) -> None:
        """Build the trained network again, to be used and stored like any other."""
        weights = self._model.get_weights()
        with precision(dtype):
            self._model = self._kind.network.build(self.settings, self.shape.size)
        self._model.set_weights(weights)

    def _loop(self, training: Samples, batch_size: int, steps_per_epoch: int, parallel: DataParallel) -> TrainingLoop:
        settings: NetworkSettings = self.settings
        weights = balancing_weights(training.labels, len(self.shape.classes))
        train_settings = TrainSettings(
            epochs=settings.epochs,
            patience=settings.patience,
            batch_size=batch_size,
            learning_rate=settings.learning_rate,
            clipnorm=settings.clipnorm,
            seed=settings.seed,
        )
        return TrainingLoop(
            self._model,
            train_settings,
            loss=loss_of(settings, weights),
            metrics={_ACCURACY: "categorical_accuracy"},
            optimizer=optimizer_of(settings, steps_per_epoch),
            parallel=parallel,
        )

    def _learned_scaling(self, training: Samples) -> Scaling:
        return _scaling(training)

    def _exchanging(self, rows: Any, sides: Sides) -> BatchSource:
        return ExchangingBatches(rows, sides, self.settings.seed)

    def _training_batches(self, training: Samples, batch_size: int) -> Any:
        settings: NetworkSettings = self.settings
        by_row = settings.class_weights and settings.loss == "cross_entropy"
        return ArrayBatches(
            self._network_inputs(training),
            one_hot(training),
            batch_size=batch_size,
            weights=row_weights(training) if by_row else None,
            seed=settings.seed,
            accumulate=settings.accumulate,
            devices=self._n_devices,
        )

    def _validation_batches(self, validation: Samples) -> BatchSource:
        # Weighted by class, so that accuracy over these rows is balanced accuracy.
        weights = row_weights(validation) if self.settings.class_weights else None
        inputs = self._network_inputs(validation)
        return ArrayBatches(
            inputs,
            one_hot(validation),
            batch_size=_JUDGED_AT_ONCE,
            weights=weights,
            devices=self._n_devices,
        )

    def _checkpoint(self, path: Path) -> Checkpoint:
        return Checkpoint(
            path=path,
            every=self.settings.checkpoint_every,
            context={"classifier": self.name, "settings": digest_of(self.settings.to_dict())},
        )

    def _network_inputs(self, samples: Samples) -> NDArray[np.float32]:
        if self._scaling is None:
            raise ModelError(f"Expected a trained {self.name}, but it was never trained.", "Call `fit` first.")
        return network_inputs(samples, self._scaling)

    def _probabilities(self, samples: Samples) -> NDArray[np.float64]:
        inputs = self._network_inputs(samples)
        to_numpy = load_keras().ops.convert_to_numpy
        found = [
            np.asarray(to_numpy(self._model.predict_on_batch(part)), np.float64)
            for part in np.array_split(inputs, range(_JUDGED_AT_ONCE, len(inputs), _JUDGED_AT_ONCE))
        ]
        shares = np.concatenate(found)
        total: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
        return total

    def _trained(self) -> tuple[Any, Scaling]:
        if self._model is None or self._scaling is None:
            raise ModelError(f"Expected a trained {self.name}, but it was never trained.", "Call `fit` first.")
        return self._model, self._scaling


def network_inputs(samples: Samples, scaling: Scaling) -> NDArray[np.float32]:
    """Return scaled rows with their mask as the last channel, shape (n, n_steps, n_channels + 1).

    Returns
    -------
    ndarray, shape (n, n_steps, n_channels + 1), float32
    """
    mask = (np.arange(samples.n_steps) < samples.lengths[:, None])[:, :, None]
    rows = np.where(mask, scaling(samples.values), 0.0)
    return np.concatenate([rows, mask], axis=2).astype(np.float32)


def _scaling(samples: Samples) -> Scaling:
    """Return the scaling of each channel over valid steps."""
    return Scaling.of(samples.values[np.arange(samples.n_steps) < samples.lengths[:, None]])


def one_hot(samples: Samples) -> NDArray[np.float32]:
    """Return the class of each row as a target, shape (n, n_classes).

    Returns
    -------
    ndarray, shape (n, n_classes), float32
        1 for the class of the row, else 0.
    """
    return np.eye(len(samples.classes), dtype=np.float32)[samples.labels]


def row_weights(samples: Samples) -> NDArray[np.float32]:
    """Return weights of the rows under which all classes count alike, shape (n,).

    Returns
    -------
    ndarray, shape (n,), float32
    """
    weights = balancing_weights(samples.labels, len(samples.classes))
    return weights[samples.labels].astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class NetworkClassifierKind(ClassifierKind):
    """A kind of classifier around a network of Keras.

    Attributes
    ----------
    network : KerasNetwork
        Takes rows with one channel more, the mask, and gives probabilities.
    """

    inputs: tuple[str, ...] = ("curves", "windows")
    network: KerasNetwork

    def build(self, settings: Any, shape: SampleShape) -> NetworkClassifier:
        """Return a classifier that is not trained yet; see `ModelKind.build`."""
        return NetworkClassifier(self, settings, shape)

    def parameter_count(self, settings: Any, shape: SampleShape) -> int:
        """Return how many numbers are learned; see `ModelKind.parameter_count`."""
        return self.network.parameters(settings, shape.size)

    def memory_bytes(self, settings: Any, shape: SampleShape, rows: int) -> int:
        """Estimate the memory that a training on so many rows takes, in bytes; see `ModelKind.memory_bytes`."""
        batch = min(rows, settings.batch_size or _JUDGED_AT_ONCE)
        data = 4 * 2 * rows * shape.n_steps * (len(shape.channels) + 1)
        return self.network.training_bytes(settings, shape.size, batch) + data

    def restore(self, artefact: ModelArtefact) -> NetworkClassifier:
        """Return the trained classifier from its stored form; see `ModelKind.restore`."""
        return NetworkClassifier.restored(self, artefact)
