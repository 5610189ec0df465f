"""Base of the classifiers whose whole knowledge is a few arrays: stored without pickle, predicted with NumPy alone."""

from __future__ import annotations

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.cache.archive import load_arrays, save_arrays
from gait_core.config import Settings
from gait_core.errors import GaitError, ModelError
from gait_core.learn.classifiers.checks import check_fits, check_training
from gait_core.learn.classifiers.protocol import FitReport, SampleShape
from gait_core.learn.classifiers.sides import both_sides, sides_of
from gait_core.learn.classifiers.spec import classifier
from gait_core.learn.datasets.samples import KINDS, Samples
from gait_core.progress import Reporter, silent
from gait_core.workspace import read_json, write_json

__all__ = ["ArrayClassifier", "ArraySettings", "Learned"]

FORMAT: Final = 1


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
        begun_s = time.perf_counter()
        check_training(self.name, self.inputs, self.shape, training)
        reporter = reporter or silent()
        sides, note = sides_of(training) if self.settings.exchange_sides else (None, "")
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
        """Write ``model.npz`` and then ``model.json``; see `Classifier.save`."""
        arrays = self._trained()
        save_arrays(folder / "model.npz", arrays)
        document = {
            "format": FORMAT,
            "model": self.name,
            "settings": self.settings.to_dict(),
            "shape": self.shape.to_dict(),
            "sha256": _digest(folder / "model.npz"),
        }
        write_json(folder / "model.json", document)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        ModelError
            When the files are damaged, do not belong together, or are of another format.
        """
        values = read_json(folder / "model.json")
        if values.get("format") != FORMAT:
            raise ModelError(
                f"Expected a classifier of format {FORMAT} in {folder}, but it has format {values.get('format')!r}.",
                "Update Gait Studio, or train the classifier again.",
            )
        try:
            settings = classifier(cls.name).settings.from_dict(values["settings"])
            shape, digest = SampleShape.from_dict(values["shape"]), str(values["sha256"])
        except (KeyError, TypeError, ValueError, AttributeError, GaitError) as error:
            raise ModelError(
                f"Expected the description of a classifier in {folder}, but it is not ({error}).",
                "Restore the files, or train the classifier again.",
            ) from error
        if _digest(folder / "model.npz") != digest:
            raise ModelError(
                f"Expected model.npz in {folder} to belong to its model.json, but its digest differs.",
                "Restore the files, or train the classifier again.",
            )
        loaded = cls(settings, shape)
        loaded._arrays = load_arrays(folder / "model.npz")
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


def _digest(path: Path) -> str:
    """Return the digest of a file; empty where there is none, which fits no description."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
