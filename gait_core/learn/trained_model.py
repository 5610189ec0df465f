"""A trained classifier that is stored with everything needed to use it on other data, and says what it may be used for.

::

    <folder>/
      model.json         manifest of `gait_core.learn.artefact`: the classifier, the digest of every other file, and in
                         its details what it learned from and how good it is
      model.keras, .npz  the classifier as it stores itself
      model.inputs.npz   where its channels usually lie, and what is like its training data
      card.md            the same for readers, who may add to it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.cache.archive import json_ready
from gait_core.errors import GaitError, ModelError, NotFoundError
from gait_core.learn.abstention import Familiarity
from gait_core.learn.artefact import DEFAULT_STEM, ModelArtefact, extend_artefact, load_artefact
from gait_core.learn.channel_map import UsualChannels
from gait_core.learn.classifiers import Classifier
from gait_core.learn.classifiers.kind import classifier_of
from gait_core.learn.cross_validation import predict_samples
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.decision import Decision
from gait_core.learn.predictions import Predictions
from gait_core.workspace import Workspace, whole_folder

__all__ = ["TrainedModel", "TrainedModelFacts", "find_model", "load_model", "save_model", "stored_facts"]

_MANIFEST: Final = f"{DEFAULT_STEM}.json"
_INPUTS: Final = "inputs"
_FACTS: Final = "trained_model"
_RESTORE: Final = "Restore the folder, or train the model again."


@dataclass(frozen=True, kw_only=True)
class TrainedModelFacts:
    """What is known about a trained model, beside what its classifier says of itself.

    Attributes
    ----------
    model, title : str
        Name in the registry of classifiers, and the display name.
    run : str
        The training run that it comes from.
    created_s : float
        s since 1970.
    dataset : mapping
        Name, path, kind, digest and counts of what it learned from.
    data_settings, settings : mapping
        `DatasetSettings`, and the settings of the classifier.
    channels, classes : tuple of str
    kind : {"curves", "windows", "parameters", "clips"}
    n_steps : int
    decision : Decision
    epochs : int
        Epochs of the final training; 0 for a classifier that has none.
    scores : mapping
        Of the cross-validation, see `gait_core.learn.scores.Scores.to_dict`; empty where there was none.
    versions : mapping of str to str
    """

    model: str
    title: str
    run: str
    created_s: float
    dataset: Mapping[str, Any]
    data_settings: Mapping[str, Any]
    settings: Mapping[str, Any]
    channels: tuple[str, ...]
    classes: tuple[str, ...]
    kind: str
    n_steps: int
    decision: Decision
    epochs: int = 0
    scores: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        found: dict[str, Any] = json_ready(dict(vars(self), decision=self.decision.to_dict()))
        return found

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from JSON; a `KeyError`, `TypeError` or `ValueError` where it does not fit."""
        own = {entry.name: values[entry.name] for entry in fields(cls)}
        for name in ("channels", "classes"):
            own[name] = tuple(map(str, own[name]))
        return cls(**dict(own, decision=Decision.from_dict(own["decision"])))


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainedModel:
    """A trained classifier, ready to be used.

    Attributes
    ----------
    facts : TrainedModelFacts
    classifier : Classifier
    usual : UsualChannels
    familiarity : Familiarity or None
        None where there were too few subjects to tell what is unlike them.
    folder : Path or None
        Where it is stored.
    """

    facts: TrainedModelFacts
    classifier: Classifier
    usual: UsualChannels
    familiarity: Familiarity | None
    folder: Path | None = None

    def predict(self, samples: Samples) -> Predictions:
        """Return what it says about samples that have its channels and classes, see `fitted_samples`."""
        return predict_samples(self.classifier, samples, self.facts.decision)

    def distances(self, samples: Samples) -> NDArray[np.float64]:
        """Return how far each row lies from the training data, shape (n,); 0 where that is not known."""
        return np.zeros(len(samples)) if self.familiarity is None else self.familiarity.distances(samples)

    def unlike(self, samples: Samples, groups: NDArray[np.str_]) -> dict[str, float]:
        """Return the groups of rows that are unlike the training data, with their distances."""
        return {} if self.familiarity is None else self.familiarity.unlike(self.distances(samples), groups)


def save_model(folder: Path, model: TrainedModel, card: str) -> None:
    """Write a trained model; the folder appears whole or not at all.

    Parameters
    ----------
    folder : Path
        Replaced where it exists.
    model : TrainedModel
    card : str
        Markdown for readers.

    Raises
    ------
    StorageError
        When the place is read-only or full.
    """
    arrays = model.usual.to_arrays() | ({} if model.familiarity is None else model.familiarity.to_arrays())
    with whole_folder(folder) as place:
        model.classifier.save(place)
        extend_artefact(place, _INPUTS, arrays, {_FACTS: model.facts.to_dict()})
        (place / "card.md").write_text(card, encoding="utf-8")


def load_model(folder: Path) -> TrainedModel:
    """Read a trained model after comparing every file with its manifest.

    Returns
    -------
    TrainedModel

    Raises
    ------
    NotFoundError
        When there is none.
    ModelError
        When a file has changed or is missing, when the manifest is of another format, or when the classifier is not the
        one described or holds code.
    """
    artefact = load_artefact(folder)
    facts = _facts(artefact)
    arrays = artefact.arrays(_INPUTS)
    classifier = classifier_of(artefact)
    if classifier.name != facts.model or classifier.shape.channels != facts.channels:
        raise ModelError(
            f"Expected a {facts.model} over {len(facts.channels)} channels in {folder}, but the stored classifier is a "
            f"{classifier.name} over {len(classifier.shape.channels)}.",
            _RESTORE,
        )
    knows = any(name.startswith("familiarity/") for name in arrays)
    return TrainedModel(
        facts=facts,
        classifier=classifier,
        usual=UsualChannels.from_arrays(arrays),
        familiarity=Familiarity.from_arrays(arrays) if knows else None,
        folder=folder,
    )


def stored_facts(folder: Path) -> TrainedModelFacts:
    """Return what is known about a stored model, without loading the classifier itself.

    Returns
    -------
    TrainedModelFacts

    Raises
    ------
    NotFoundError, ModelError
        As of `load_model`.
    """
    return _facts(load_artefact(folder))


def _facts(artefact: ModelArtefact) -> TrainedModelFacts:
    try:
        return TrainedModelFacts.from_dict(artefact.manifest.details[_FACTS])
    except (KeyError, TypeError, ValueError, AttributeError, GaitError) as error:
        raise ModelError(
            f"Expected a classifier and what it learned from in {artefact.folder}, but its manifest does not describe "
            f"that ({error}).",
            _RESTORE,
        ) from error


def find_model(named: str, workspace: Workspace) -> Path:
    """Return the folder of a trained model.

    Parameters
    ----------
    named : str
        Name of a model of the workspace, identifier of a run, or path of a folder of either.
    workspace : Workspace

    Returns
    -------
    Path

    Raises
    ------
    NotFoundError
        When there is none.
    """
    places = [Path(named).expanduser(), Path(named).expanduser() / "model"]
    if "/" not in named and "\\" not in named:
        places += [workspace.models / named, workspace.runs / named / "model"]
    for place in places:
        if (place / _MANIFEST).is_file():
            return place
    if any((place.parent if place.name == "model" else place).joinpath("run.json").is_file() for place in places):
        raise NotFoundError(
            f"Expected a trained model in the run {named!r}, but it has none: it is not finished, or it was a control "
            "with permuted labels.",
            f"Resume it with `train --resume {named}`, or name another run.",
        )
    raise NotFoundError(
        f"Expected a run, a model or a folder named {named!r}, but there is none.",
        "Look at the list of runs on the Training lab page.",
    )
