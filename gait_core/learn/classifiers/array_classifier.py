"""Base of the classifiers whose whole knowledge is a few arrays: stored without pickle, predicted with NumPy alone."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from gait_core import __version__
from gait_core.config import Settings
from gait_core.errors import ModelError
from gait_core.learn.artefact import DEFAULT_STEM, ModelArtefact, save_artefact
from gait_core.learn.classifiers.checks import check_fits, check_training
from gait_core.learn.classifiers.kind import ClassifierKind, stored_shape
from gait_core.learn.classifiers.protocol import Classifier, FitReport, SampleShape
from gait_core.learn.classifiers.sides import both_sides, sides_of
from gait_core.learn.datasets.samples import KINDS, Samples
from gait_core.progress import Reporter, silent

__all__ = ["ArrayClassifier", "ArrayClassifierKind", "ArraySettings", "Learned"]


@dataclass(frozen=True, kw_only=True)
class ArraySettings(Settings):
    """What all classifiers without epochs have in common.

    Attributes
    ----------
    class_weights : bool
        Count all classes alike, however many rows each has.
    exchange_sides : bool
        Learn from each row and from its mirror image, and average the probabilities of both.
    seed : int
        Decides the inner division of subjects, and what a classifier draws at random.
    """

    class_weights: bool = True
    exchange_sides: bool = True
    seed: int = 0

    _ranges = {"seed": (0, 2**31 - 1)}
    _choices = {"class_weights": (False, True), "exchange_sides": (False, True)}


@dataclass(frozen=True, kw_only=True, eq=False)
class Learned:
    """What a training came to.

    Attributes
    ----------
    arrays : mapping of str to ndarray
        All that a prediction needs.
    parameters : int
        Numbers learned from the data.
    notes : tuple of str
        What the user should know.
    """

    arrays: Mapping[str, NDArray[Any]]
    parameters: int
    notes: tuple[str, ...] = field(default=())


class ArrayClassifier(ABC):
    """Learns arrays from samples and predicts from them.

    Parameters
    ----------
    settings : ArraySettings
    shape : SampleShape
    """

    name: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]] = KINDS

    def __init__(self, settings: Any, shape: SampleShape) -> None:
        self.settings, self.shape = settings, shape
        self._arrays: Mapping[str, NDArray[Any]] | None = None

    def fit(
        self,
        training: Samples,
        validation: Samples | None = None,  # noqa: ARG002 - no epochs, nothing to stop
        *,
        reporter: Reporter | None = None,
        checkpoint: Path | None = None,  # noqa: ARG002 - done again from the beginning within seconds
        labels: Mapping[str, int] | None = None,  # noqa: ARG002 - no epochs to label
    ) -> FitReport:
        """Learn from samples; see `Classifier.fit`."""
        from threadpoolctl import threadpool_limits

        begun_s = time.perf_counter()
        check_training(self.name, self.inputs, self.shape, training)
        reporter = reporter or silent()
        sides, note = sides_of(training) if self.settings.exchange_sides else (None, "")
        # The matrices are small: threads of BLAS that wait for each other cost up to 25 times the CPU time of one.
        with threadpool_limits(1, user_api="blas"):
            learned = self._learn(both_sides(training, sides), reporter)
        self._arrays = learned.arrays
        return FitReport(
            epochs=0,
            history=None,
            parameters=learned.parameters,
            duration_s=time.perf_counter() - begun_s,
            notes=tuple(filter(None, (note, *learned.notes))),
        )

    def predict(self, samples: Samples) -> NDArray[np.float64]:
        """Return the probability of each class, shape (n, n_classes); see `Classifier.predict`."""
        arrays = self._trained()
        check_fits(self.name, self.shape, samples)
        if not len(samples):
            return np.zeros((0, len(self.shape.classes)))
        found = self._probabilities(samples, arrays)
        sides = sides_of(samples)[0] if self.settings.exchange_sides else None
        if sides is None:
            return found
        return (found + self._probabilities(samples.mirrored(), arrays)[:, sides.classes]) / 2

    def save(self, folder: Path) -> None:
        """Write the arrays with their manifest; see `Classifier.save`."""
        save_artefact(
            folder / DEFAULT_STEM,
            None,
            kind=self.name,
            settings=self.settings,
            inputs=self.shape.size,
            versions={"gait_studio": __version__, "numpy": np.__version__},
            feature_names=self.shape.channels,
            arrays=self._trained(),
            details={"shape": self.shape.to_dict()},
        )

    @classmethod
    def restored(cls, artefact: ModelArtefact) -> Self:
        """Return a trained classifier from its stored form.

        Raises
        ------
        ModelError
            When the arrays are damaged, or the manifest describes no classifier.
        """
        loaded = cls(artefact.manifest.settings, stored_shape(artefact))
        loaded._arrays = artefact.arrays()
        return loaded

    @abstractmethod
    def _learn(self, training: Samples, reporter: Reporter) -> Learned:
        """Learn from rows; mirror images are among them where sides are exchanged."""

    @abstractmethod
    def _probabilities(self, samples: Samples, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Return the probability of each class for rows as they are."""

    def _trained(self) -> Mapping[str, NDArray[Any]]:
        if self._arrays is None:
            raise ModelError(f"Expected a trained {self.name}, but it was never trained.", "Call `fit` first.")
        return self._arrays


@dataclass(frozen=True, kw_only=True)
class ArrayClassifierKind(ClassifierKind):
    """A kind of classifier whose whole knowledge is a few arrays.

    Attributes
    ----------
    classifier : type of ArrayClassifier
    parameters : callable
        (settings, shape) → numbers that are learned, see `ModelKind.parameter_count`.
    memory : callable
        (settings, shape, rows) → bytes, see `ModelKind.memory_bytes`.
    """

    classifier: type[ArrayClassifier]
    parameters: Callable[[Any, SampleShape], int]
    memory: Callable[[Any, SampleShape, int], int]

    def build(self, settings: Any, shape: SampleShape) -> Classifier:
        """Return a classifier that is not trained yet; see `ModelKind.build`."""
        return self.classifier(settings, shape)

    def parameter_count(self, settings: Any, shape: SampleShape) -> int:
        """Return how many numbers are learned; see `ModelKind.parameter_count`."""
        return self.parameters(settings, shape)

    def memory_bytes(self, settings: Any, shape: SampleShape, rows: int) -> int:
        """Estimate the memory that a training on so many rows takes, in bytes; see `ModelKind.memory_bytes`."""
        return self.memory(settings, shape, rows)

    def restore(self, artefact: ModelArtefact) -> Classifier:
        """Return the trained classifier from its stored form; see `ModelKind.restore`."""
        return self.classifier.restored(artefact)
