"""Recognition networks in the workspace, by name: `add_model`, `find_model`, `list_models`, `delete_model`.

::

    models/<name>/
      recognition.json    name, digest of the weights, where they come from
      model.keras         the network, see `gait_core.recognition.stored`
      model.json          its manifest; of a converted checkpoint with what went where

Embeddings are compared only where the digest of the weights is the same. It is that of the numbers, not of the file:
the same checkpoint converted twice, with or without its classifier, gives the same digest.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from gait_core.cache.archive import json_ready
from gait_core.config import Settings
from gait_core.errors import GaitError, InputError, ModelError, NotFoundError, StorageError
from gait_core.learn.artefact import DEFAULT_STEM
from gait_core.learn.backend import load_keras
from gait_core.learn.history import History
from gait_core.recognition.gallery.entries import ModelIdentity
from gait_core.recognition.networks.model import settings_from_dict
from gait_core.recognition.networks.settings import NetworkSettings
from gait_core.recognition.stored import load_network, save_network
from gait_core.recognition.weights import Conversion
from gait_core.storage.damaged import DamagedItem, read_each
from gait_core.storage.records import read_record
from gait_core.storage.seal import sealed
from gait_core.workspace import Workspace, safe_name, whole_folder, write_json

__all__ = [
    "RecognitionModel",
    "add_model",
    "damaged_models",
    "delete_model",
    "find_model",
    "free_name",
    "list_models",
    "weights_digest",
]

_MARKER: Final = "recognition.json"
_COLLECTION: Final = "models"
_DIGEST_LENGTH: Final = 32
_NONE_YET: Final = (
    "Add weights of your own with `recognise models add FILE`, train on your walks with `recognise train`, or run "
    "`recognise train --demo`."
)


@dataclass(frozen=True, kw_only=True)
class _Record(Settings):
    """Contents of ``recognition.json``."""

    title: str
    network: str
    settings: Mapping[str, Any]
    weights: str
    origin: str
    source: str = ""
    created_s: float = 0.0
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RecognitionModel:
    """A stored recognition network.

    Attributes
    ----------
    name : str
        Name of its folder.
    title : str
        For people.
    settings : NetworkSettings
    digest : str
        Of the weights that decide the embedding; 32 hexadecimal digits.
    origin : {"converted", "trained", "demo", "added"}
        From a checkpoint of PyTorch, trained here on own walks or on simulated walkers, or a file of ours.
    source : str
        Name of the file or folder it comes from.
    created_s : float
        s since 1970.
    details : mapping
        Of a training: people, walks, figures.
    folder : Path
    """

    name: str
    title: str
    settings: NetworkSettings
    digest: str
    origin: str
    source: str
    created_s: float
    details: Mapping[str, Any]
    folder: Path

    @property
    def identity(self) -> ModelIdentity:
        """What a gallery keeps of the model beside an embedding."""
        return ModelIdentity(name=self.title, digest=self.digest)

    @property
    def path(self) -> Path:
        """The network."""
        return self.folder / f"{DEFAULT_STEM}.keras"

    def load(self, *, dtype: str = "float32") -> Any:
        """Load the network; see `gait_core.recognition.stored.load_network`.

        Raises
        ------
        ModelError
            When a file has changed, or the weights are not those the model was stored with.
        """
        network = load_network(self.path, dtype=dtype)
        if weights_digest(network) != self.digest:
            raise ModelError(
                f"Expected the weights {self.digest[:8]} in {self.path}, but they are others.",
                "Restore the folder, or add the model again.",
            )
        return network

    def to_dict(self) -> dict[str, Any]:
        """Return the facts for JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "network": self.settings.network,
            "settings": self.settings.to_dict(),
            "channels": list(self.settings.channels),
            "digest": self.digest,
            "origin": self.origin,
            "source": self.source,
            "created_s": self.created_s,
            "details": dict(self.details),
            "path": str(self.path),
        }


def add_model(
    workspace: Workspace,
    network: Any,
    name: str,
    *,
    origin: str = "added",
    source: str = "",
    conversion: Conversion | None = None,
    history: History | None = None,
    details: Mapping[str, Any] | None = None,
) -> RecognitionModel:
    """Store a network under a name.

    Parameters
    ----------
    workspace : Workspace
    network : keras.Model
        From `gait_core.recognition.networks.model.build_network`.
    name : str
        For people; its letters and digits name the folder.
    origin, source, details
        See `RecognitionModel`.
    conversion : Conversion, optional
        Where it was converted.
    history : History, optional
        Where it was trained.

    Returns
    -------
    RecognitionModel

    Raises
    ------
    InputError
        When another model has that name, or nothing is left of it without special characters.
    StorageError
        When the workspace is read-only or full.
    """
    folder = workspace.models / free_name(workspace, name)
    record = _Record(
        title=name.strip(),
        network=network.settings.network,
        settings=network.settings.to_dict(),
        weights=weights_digest(network),
        origin=origin,
        source=source,
        created_s=time.time(),
        details=json_ready(dict(details or {})),
    )
    ModelIdentity(name=record.title, digest=record.weights)  # refuses a name that no gallery could hold
    with whole_folder(folder) as place:
        save_network(network, place / f"{DEFAULT_STEM}.keras", conversion, history=history)
        write_json(place / _MARKER, sealed(record.to_dict(), place))
    return _model(record, folder)


def free_name(workspace: Workspace, name: str) -> str:
    """Return the name of the folder for a new model.

    Returns
    -------
    str
        At most 60 lower-case letters, digits, ``-`` and ``_``. Nothing in ``models`` has that name yet; it is not
        reserved.

    Raises
    ------
    InputError
        As of `add_model`.
    """
    plain = safe_name(name, fallback="")
    if not plain:
        raise InputError(f"Expected a name with a letter or a digit, but got {name!r}.", "Give another name.")
    if (workspace.models / plain).exists():
        raise InputError(
            f"Expected a new name for the model, but {plain!r} is taken.", "Give another name, or delete that model."
        )
    return plain


def list_models(workspace: Workspace) -> list[RecognitionModel]:
    """Return the recognition networks whose record can be read; see `damaged_models` for the others.

    Returns
    -------
    list of RecognitionModel
        By name. Their weights are neither read nor checked before `RecognitionModel.load`.
    """
    return read_each(workspace.folders(_COLLECTION, _MARKER), _read)[0]


def damaged_models(workspace: Workspace) -> list[DamagedItem]:
    """Return the recognition networks whose record cannot be read.

    Returns
    -------
    list of DamagedItem
        What is wrong with each and what can be done; by name. Damaged weights come to light in `RecognitionModel.load`.
    """
    return read_each(workspace.folders(_COLLECTION, _MARKER), _read)[1]


def find_model(
    workspace: Workspace, named: str | None = None, *, digests: frozenset[str] | None = None
) -> RecognitionModel:
    """Return a stored recognition network.

    Parameters
    ----------
    workspace : Workspace
    named : str, optional
        Its name, or the beginning of its digest (8 digits or more); default: the only one.
    digests : frozenset of str, optional
        Where nothing is named, those that fit: the models of a gallery.

    Returns
    -------
    RecognitionModel

    Raises
    ------
    NotFoundError
        When there is none of that name, or none that fits.
    InputError
        When nothing is named and several fit.
    """
    models = list_models(workspace)
    if named is not None:
        for model in models:
            if named in (model.name, model.title) or (len(named) >= 8 and model.digest.startswith(named)):
                return model
        names = ", ".join(model.name for model in models) or "none"
        raise NotFoundError(f"Expected the recognition model to be one of {names}, but got {named!r}.", _NONE_YET)
    fitting = [model for model in models if digests is None or model.digest in digests]
    if len({model.digest for model in fitting}) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(model.name for model in fitting)
        raise InputError(f"Expected the name of a model, since there are several: {names}.", "Name one with --model.")
    if digests is not None:
        raise NotFoundError(
            "Expected the model that the people of this gallery were enrolled with, but it is not in the workspace.",
            "Add it with `recognise models add FILE`, or name another one with --model.",
        )
    raise NotFoundError("Expected a recognition model in the workspace, but there is none.", _NONE_YET)


def delete_model(workspace: Workspace, named: str) -> RecognitionModel:
    """Delete a stored network; embeddings made with it stay where they are.

    Returns
    -------
    RecognitionModel
        What was known of it; its folder is gone.

    Raises
    ------
    NotFoundError
        When there is none of that name.
    """
    model = find_model(workspace, named)
    workspace.delete_folder(_COLLECTION, model.name)
    return model


def weights_digest(network: Any) -> str:
    """Return a digest of all that decides the embedding: the settings and the weights without the classifier.

    Returns
    -------
    str
        The first 32 hexadecimal digits of a SHA-256.
    """
    to_numpy = load_keras().ops.convert_to_numpy
    settings = {"network": network.settings.network, **network.settings.with_(classes=0).to_dict()}
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for name, parameter in sorted(network.parameters.by_name.items()):
        if name.startswith("BNNecks") and name.endswith(".fc_bin"):
            continue  # the classifier comes after the embedding
        value = np.ascontiguousarray(to_numpy(parameter.variable), dtype=np.float32)
        digest.update(f"{name} {value.shape}".encode())
        digest.update(value.data)
    return digest.hexdigest()[:_DIGEST_LENGTH]


def _read(folder: Path) -> RecognitionModel:
    what, remedy = f"the recognition model {folder.name}", "Restore the folder, or delete it and add the model again."
    values = read_record(folder / _MARKER, _Record, what=what, remedy=remedy)
    try:
        return _model(_Record.from_dict(values), folder)
    except (TypeError, ValueError, GaitError) as error:
        raise StorageError(
            f"Expected {what} as Gait Studio stores it, but {_MARKER} is not: {error}", remedy
        ) from error


def _model(record: _Record, folder: Path) -> RecognitionModel:
    return RecognitionModel(
        name=folder.name,
        title=record.title,
        settings=settings_from_dict(record.network, record.settings),
        digest=record.weights,
        origin=record.origin,
        source=record.source,
        created_s=record.created_s,
        details=record.details,
        folder=folder,
    )
