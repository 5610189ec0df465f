"""The classifiers that can be trained: each registers itself in one line at the end of its module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gait_core.config import Settings
from gait_core.errors import InputError, ModelError
from gait_core.learn.classifiers.protocol import Classifier, SampleShape
from gait_core.workspace import read_json

__all__ = ["ClassifierSpec", "classifier", "classifiers", "load_classifier", "register"]

_SPECS: Final[dict[str, ClassifierSpec]] = {}
"""Filled at import, never afterwards."""


@dataclass(frozen=True, kw_only=True)
class ClassifierSpec:
    """A kind of classifier.

    Attributes
    ----------
    name : str
        As it stands in manifests and on the command line.
    title : str
        Name for people.
    describe : str
        One sentence: how it works and when to choose it.
    inputs : tuple of str
        Kinds of samples that it takes: ``curves``, ``windows``, ``parameters``.
    settings : type of Settings
        Its own settings, with a default for each.
    build : callable
        (settings, shape) → Classifier, not yet trained.
    parameter_count : callable
        (settings, shape) → numbers that are learned; an upper limit where it depends on the data.
    memory_bytes : callable
        (settings, shape, rows) → estimate of the memory that a training on so many rows takes, in bytes, without the
        libraries.
    load : callable
        Folder → Classifier, from what `Classifier.save` wrote.
    """

    name: str
    title: str
    describe: str
    inputs: tuple[str, ...]
    settings: type[Settings]
    build: Callable[[Any, SampleShape], Classifier]
    parameter_count: Callable[[Any, SampleShape], int]
    memory_bytes: Callable[[Any, SampleShape, int], int]
    load: Callable[[Path], Classifier]


def register(spec: ClassifierSpec) -> ClassifierSpec:
    """Add a kind of classifier.

    Raises
    ------
    ValueError
        When another one has the same name.
    """
    if _SPECS.setdefault(spec.name, spec) is not spec:
        raise ValueError(f"Expected one classifier named {spec.name!r}, but it is registered twice.")
    return spec


def classifiers(kind: str | None = None) -> tuple[ClassifierSpec, ...]:
    """Return all kinds of classifiers, sorted by name.

    Parameters
    ----------
    kind : {"curves", "windows", "parameters"}, optional
        Only those that take such samples.
    """
    found = (_SPECS[name] for name in sorted(_SPECS))
    return tuple(spec for spec in found if kind is None or kind in spec.inputs)


def classifier(name: str) -> ClassifierSpec:
    """Return a kind of classifier by its name.

    Raises
    ------
    InputError
        When there is none of that name.
    """
    if name not in _SPECS:
        raise InputError(
            f"Expected a classifier among {', '.join(sorted(_SPECS))}, but got {name!r}.", "Choose one of these."
        )
    return _SPECS[name]


def load_classifier(folder: Path) -> Classifier:
    """Read a trained classifier from the folder into which it was saved.

    Raises
    ------
    ModelError
        When the folder holds no classifier, a damaged one, or one of a kind that is not known here.
    NotFoundError
        When there is nothing.
    """
    values = read_json(folder / "model.json")
    name = str(values.get("model", "")) if isinstance(values, dict) else ""
    if name not in _SPECS:
        raise ModelError(
            f"Expected one of the classifiers {', '.join(sorted(_SPECS))} in {folder}, but got {name!r}.",
            "Update Gait Studio, or train the classifier again.",
        )
    return _SPECS[name].load(folder)
