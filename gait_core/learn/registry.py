"""The models that can be trained: each registers itself in one line, beside its own code.

A package of `gait_core` that has models has a module ``model_kinds``, which imports them; these modules are found by
looking, on the first question about a model. A program of your own calls `register_model` before it uses its model.

`ModelKind` holds what all models have in common. Each task has a subclass of it: `gait_core.learn.classifiers` for
classifiers, `gait_core.learn.autoencoder.kind` for the autoencoder, `gait_core.recognition.networks.model` for
recognition networks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from gait_core.config import Settings
from gait_core.errors import InputError
from gait_core.runtime.discovery import import_named

if TYPE_CHECKING:
    from gait_core.learn.artefact import ModelArtefact

__all__ = ["REGISTERED", "InputShape", "ModelKind", "model_kind", "model_kinds", "register_model"]

_MODULE: Final = "model_kinds"
KindT = TypeVar("KindT", bound="ModelKind")


@dataclass(frozen=True, kw_only=True)
class InputShape:
    """The size of what a model is built for.

    Attributes
    ----------
    axes : tuple of int
        Shape of one sample, in the order of `ModelKind.axes`.
    classes : int
        Number of classes to tell apart; 0 for a model that does not classify.
    """

    axes: tuple[int, ...]
    classes: int = 0


@dataclass(frozen=True, kw_only=True)
class ModelKind(ABC):
    """A kind of model that can be trained.

    Attributes
    ----------
    name : str
        As it stands in manifests and on the command line.
    title : str
        Display name.
    describe : str
        One sentence: how it works and when to choose it.
    task : {"reconstruct", "classify", "embed"}
        What it gives: its input again, probabilities of classes, or a vector. The same for all of a subclass.
    inputs : tuple of str
        What it takes: kinds of samples, of which one is given (``curves``, ``windows``, ``parameters``); of a
        recognition network the channels of a frame, of which all are given (``limb``, ``joint``).
    axes : tuple of str
        What the axes of one sample mean, for example ``("frames", "features")``.
    settings : type of Settings
        Its own settings, with a default for each.
    """

    task: ClassVar[str]

    name: str
    title: str
    describe: str
    inputs: tuple[str, ...]
    axes: tuple[str, ...]
    settings: type[Settings]

    @abstractmethod
    def build(self, settings: Any, shape: Any) -> Any:
        """Return a model that is not trained yet.

        Parameters
        ----------
        settings : Settings
            Of the type `settings`.
        shape : InputShape or SampleShape
            What it is built for; classifiers also need the names of channels and classes.
        """

    @abstractmethod
    def parameter_count(self, settings: Any, shape: Any) -> int:
        """Return how many numbers are learned, without building the model.

        An upper limit where the number depends on the data.
        """

    @abstractmethod
    def memory_bytes(self, settings: Any, shape: Any, rows: int) -> int:
        """Estimate the memory that a training takes, in bytes, without the libraries.

        Parameters
        ----------
        settings : Settings
        shape : InputShape or SampleShape
        rows : int
            Samples of the training; of one batch where the settings leave the batch size to the training loop.
        """

    @abstractmethod
    def restore(self, artefact: ModelArtefact) -> Any:
        """Return the trained model from its stored form, whose files agree with its manifest.

        Raises
        ------
        ModelError
            When the files hold something else than the manifest says.
        """

    def check(self, shape: InputShape) -> None:
        """Raise `InputError` when a sample has other axes than the model takes."""
        if len(shape.axes) != len(self.axes) or min(shape.axes) < 1:
            raise InputError(
                f"Expected samples of shape ({', '.join(self.axes)}) for the model {self.name}, but got {shape.axes}.",
                "Give data of that shape, or choose another model.",
            )


REGISTERED: Final[dict[str, ModelKind]] = {}
"""Filled by `register_model` when the modules are imported; read it through `model_kinds`."""


def register_model(kind: KindT) -> KindT:
    """Add a kind of model and return it.

    Returns
    -------
    ModelKind
        `kind` itself.

    Raises
    ------
    ValueError
        When another kind has the same name.
    """
    if REGISTERED.setdefault(kind.name, kind) is not kind:
        raise ValueError(f"Expected one model named {kind.name!r}, but it is registered twice.")
    return kind


def model_kinds() -> tuple[ModelKind, ...]:
    """Return all kinds of models, sorted by name.

    Returns
    -------
    tuple of ModelKind
    """
    import_named(_MODULE)
    return tuple(REGISTERED[name] for name in sorted(REGISTERED))


def model_kind(name: str) -> ModelKind:
    """Return a kind of model by its name.

    Returns
    -------
    ModelKind

    Raises
    ------
    InputError
        When there is none of that name.
    """
    known = {kind.name: kind for kind in model_kinds()}
    if name not in known:
        raise InputError(
            f"Expected the model to be one of {', '.join(known)}, but got {name!r}.", "Choose one of these."
        )
    return known[name]
