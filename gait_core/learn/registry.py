"""The models that can be trained: each registers itself in one line, beside its own code.

A package below `gait_core.learn` registers its models when it is imported; `model_kinds` imports them all. So a new
model is a new package, and no list elsewhere changes.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from gait_core.config import Settings
from gait_core.errors import InputError

__all__ = ["InputShape", "ModelKind", "model_kind", "model_kinds", "register_model"]

_KINDS: Final[dict[str, ModelKind]] = {}
"""Filled at import, never afterwards."""


@dataclass(frozen=True, kw_only=True)
class InputShape:
    """What a model is built for.

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
class ModelKind:
    """A kind of model that can be trained.

    Attributes
    ----------
    name : str
        As it stands in manifests and on the command line.
    title : str
        One line for people.
    task : {"reconstruct", "classify", "embed"}
        What it gives: its input again, a class, or a vector.
    settings : type of Settings
        Its own settings, with a default for each.
    axes : tuple of str
        What the axes of one sample mean, for example ``("frames", "features")``.
    build : callable
        (shape, settings) → keras.Model.
    parameters : callable
        (shape, settings) → number of trainable parameters, without building the model.
    activations : callable
        (shape, settings) → numbers that a training keeps per sample for the backward pass.
    """

    name: str
    title: str
    task: str
    settings: type[Settings]
    axes: tuple[str, ...]
    build: Callable[[InputShape, Any], Any]
    parameters: Callable[[InputShape, Any], int]
    activations: Callable[[InputShape, Any], int]

    def check(self, shape: InputShape) -> None:
        """Raise `InputError` when a sample has other axes than the model takes."""
        if len(shape.axes) != len(self.axes) or min(shape.axes) < 1:
            raise InputError(
                f"Expected samples of shape ({', '.join(self.axes)}) for the model {self.name}, but got {shape.axes}.",
                "Give data of that shape, or choose another model.",
            )

    def training_bytes(self, shape: InputShape, settings: Settings, batch_size: int) -> int:
        """Estimate the memory that a training takes for the model itself, without the library and the data.

        Parameters
        ----------
        shape : InputShape
        settings : Settings
        batch_size : int
            Samples per step.

        Returns
        -------
        int
            Bytes in single precision: weights, best weights, gradient, the two moments of Adam, and of every sample of
            a batch what the backward pass needs, with its gradient.
        """
        numbers = 5 * self.parameters(shape, settings) + 2 * batch_size * self.activations(shape, settings)
        return 4 * numbers


def register_model(kind: ModelKind) -> ModelKind:
    """Add a kind of model.

    Raises
    ------
    ValueError
        When another kind has the same name.
    """
    if _KINDS.setdefault(kind.name, kind) is not kind:
        raise ValueError(f"Expected one model named {kind.name!r}, but it is registered twice.")
    return kind


def model_kinds() -> tuple[ModelKind, ...]:
    """Return all kinds of models, sorted by name."""
    import gait_core.learn as rooms

    for room in pkgutil.iter_modules(rooms.__path__, f"{rooms.__name__}."):
        if room.ispkg:
            importlib.import_module(room.name)
    return tuple(_KINDS[name] for name in sorted(_KINDS))


def model_kind(name: str) -> ModelKind:
    """Return a kind of model by its name.

    Raises
    ------
    InputError
        When there is none of that name.
    """
    known = {kind.name: kind for kind in model_kinds()}
    if name not in known:
        raise InputError(f"Expected a model among {', '.join(known)}, but got {name!r}.", "Choose one of these.")
    return known[name]
