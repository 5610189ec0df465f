"""What every kind of classifier says of itself, and the classifiers among the models that can be trained."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

from gait_core.errors import InputError, ModelError
from gait_core.learn.artefact import ModelArtefact, load_artefact
from gait_core.learn.classifiers.protocol import Classifier, SampleShape
from gait_core.learn.registry import InputShape, ModelKind, model_kinds

__all__ = [
    "CLIP_AXES",
    "ClassifierKind",
    "classifier",
    "classifier_of",
    "classifiers",
    "load_classifier",
    "stored_shape",
]

CLIP_AXES: Final = ("frames", "height", "width", "channels")
"""Axes of a clip, where other kinds of samples have steps and channels."""


@dataclass(frozen=True, kw_only=True)
class ClassifierKind(ModelKind):
    """A kind of classifier; `ArrayClassifierKind` and `NetworkClassifierKind` serve most of them.

    `inputs` names kinds of samples: ``curves``, ``windows``, ``parameters``, ``clips``.

    Attributes
    ----------
    data : mapping
        Fields of `DatasetSettings` that a dataset is read with unless the user names others.
    """

    task: ClassVar[str] = "classify"

    axes: tuple[str, ...] = ("steps", "channels")
    data: Mapping[str, Any] = field(default_factory=dict)

    def check(self, shape: InputShape) -> None:
        """Raise `InputError` when a sample has other axes than the classifier takes; see `ModelKind.check`."""
        if "clips" not in self.inputs or len(shape.axes) != len(CLIP_AXES) or min(shape.axes) < 1:
            super().check(shape)

    @abstractmethod
    def build(self, settings: Any, shape: SampleShape) -> Classifier:
        """Return a classifier that is not trained yet; see `ModelKind.build`."""

    @abstractmethod
    def parameter_count(self, settings: Any, shape: SampleShape) -> int:
        """Return how many numbers are learned; see `ModelKind.parameter_count`."""

    @abstractmethod
    def memory_bytes(self, settings: Any, shape: SampleShape, rows: int) -> int:
        """Estimate the memory that a training on so many rows takes, in bytes; see `ModelKind.memory_bytes`."""

    @abstractmethod
    def restore(self, artefact: ModelArtefact) -> Classifier:
        """Return the trained classifier from its stored form; see `ModelKind.restore`."""


def classifiers(kind: str | None = None) -> tuple[ClassifierKind, ...]:
    """Return all kinds of classifiers, sorted by name.

    Parameters
    ----------
    kind : {"curves", "windows", "parameters", "clips"}, optional
        Only those that take such samples.

    Returns
    -------
    tuple of ClassifierKind
    """
    found = (model for model in model_kinds() if isinstance(model, ClassifierKind))
    return tuple(model for model in found if kind is None or kind in model.inputs)


def classifier(name: str) -> ClassifierKind:
    """Return a kind of classifier by its name.

    Returns
    -------
    ClassifierKind

    Raises
    ------
    InputError
        When there is none of that name.
    """
    known = {model.name: model for model in classifiers()}
    if name not in known:
        raise InputError(
            f"Expected the classifier to be one of {', '.join(known)}, but got {name!r}.", "Choose one of these."
        )
    return known[name]


def load_classifier(place: Path) -> Classifier:
    """Read a trained classifier after comparing its files with its manifest.

    Parameters
    ----------
    place : Path
        Folder into which it was saved.

    Returns
    -------
    Classifier

    Raises
    ------
    ModelError
        When the folder holds another model, a damaged one, or one of a kind that is not known here.
    NotFoundError
        When there is nothing.
    """
    return classifier_of(load_artefact(place))


def classifier_of(artefact: ModelArtefact) -> Classifier:
    """Return the trained classifier of a stored model.

    Returns
    -------
    Classifier

    Raises
    ------
    ModelError
        When it is another model, or its files hold something else than its manifest says.
    """
    kind = artefact.kind
    if not isinstance(kind, ClassifierKind):
        raise ModelError(
            f"Expected a classifier in {artefact.folder}, but it holds a model of the kind {kind.name}.",
            "Choose the folder of a trained classifier.",
        )
    return kind.restore(artefact)


def stored_shape(artefact: ModelArtefact) -> SampleShape:
    """Return what a stored classifier was built for.

    Returns
    -------
    SampleShape

    Raises
    ------
    ModelError
        When its manifest does not say it.
    """
    try:
        shape = SampleShape.from_dict(artefact.manifest.details["shape"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            f"Expected the manifest in {artefact.folder} to describe the rows of a classifier, but it does not "
            f"({error}).",
            "Restore the files, or train the classifier again.",
        ) from error
    if shape.size != artefact.manifest.inputs:
        raise ModelError(
            f"Expected a classifier of rows of size {artefact.manifest.inputs.axes} in {artefact.folder}, but its "
            f"description has {shape.size.axes}.",
            "Restore the files, or train the classifier again.",
        )
    return shape
