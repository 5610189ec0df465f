"""Stored models: a ``.keras`` file, or arrays, or both, and a manifest that vouches for them.

::

    <stem>.keras        the network; a model without one is its arrays
    <stem>.npz          arrays of the model, without pickle
    <stem>.<role>.npz   arrays of whoever uses the model, see `extend_artefact`
    <stem>.json         manifest, see `gait_core.learn.manifest`; written last

A file is read only after its size and digest agree with the manifest. That shows damage and mix-ups; whoever can write
the manifest can also write the rest, so what is read is limited all the same: plain file names, bounded sizes, no
pickle, no code from the model file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

from numpy.typing import NDArray

from gait_core.cache.archive import load_arrays, save_arrays
from gait_core.config import Settings
from gait_core.errors import ModelError
from gait_core.learn.artefact_files import (
    MANIFEST_BYTES,
    RESTORE,
    check_archive,
    check_file,
    check_size,
    described,
)
from gait_core.learn.backend import load_keras
from gait_core.learn.history import History
from gait_core.learn.manifest import ArtefactFile, ModelManifest
from gait_core.learn.registry import InputShape, ModelKind, model_kind
from gait_core.workspace import read_json, storage_guard, write_json

__all__ = ["DEFAULT_STEM", "ModelArtefact", "SavableModel", "extend_artefact", "load_artefact", "save_artefact"]

DEFAULT_STEM: Final = "model"
"""Name of the files of a model that has a folder of its own."""
_NETWORK: Final = "model"
_ARRAYS: Final = "arrays"
_NOT_LOADED: Final = (ValueError, TypeError, KeyError, AttributeError, ImportError, OSError, RuntimeError)


class SavableModel(Protocol):
    """What can be written as a ``.keras`` file: a model of Keras, or one made by `RewrittenModel`."""

    def save(self, target: Path, /) -> None:
        """Write the file."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelArtefact:
    """A stored model whose files agree with its manifest.

    Attributes
    ----------
    folder : Path
    manifest : ModelManifest
    """

    folder: Path
    manifest: ModelManifest

    @property
    def kind(self) -> ModelKind:
        """What kind of model it is."""
        return model_kind(self.manifest.model)

    def path(self, role: str) -> Path:
        """Return where a file lies.

        Parameters
        ----------
        role : str
            ``model`` for the network, ``arrays``, or a role of `extend_artefact`.

        Raises
        ------
        ModelError
            When the artefact has no such file.
        """
        if role not in self.manifest.files:
            raise ModelError(f"Expected a file of {role} in {self.folder}, but the manifest lists none.", RESTORE)
        return self.folder / self.manifest.files[role].name

    def archive(self, role: str) -> Path:
        """Return where a file lies that can be unpacked: a plain archive of bounded size.

        Raises
        ------
        ModelError
            When the artefact has no such file, or when it is no such archive.
        """
        path = self.path(role)
        check_archive(path)
        return path

    def arrays(self, role: str = _ARRAYS) -> dict[str, NDArray[Any]]:
        """Return the arrays of the model, or those that were added in another role.

        Raises
        ------
        ModelError, StorageError
            When there are none, or when they are damaged or absurdly large.
        """
        return load_arrays(self.archive(role))

    def model(self) -> Any:
        """Load the network with Keras, in safe mode: no code from the file is run.

        Returns
        -------
        keras.Model
            Not compiled.

        Raises
        ------
        ModelError
            When the file is not a ``.keras`` archive, is absurdly large, or holds something that safe mode refuses.
        """
        path = self.archive(_NETWORK)
        keras = load_keras()
        try:
            return keras.models.load_model(path, compile=False, safe_mode=True)
        except _NOT_LOADED as error:
            raise ModelError(
                f"Expected a model that Keras loads in safe mode in {path}, but it does not: {error}", RESTORE
            ) from error


def save_artefact(
    place: Path,
    model: SavableModel | None,
    *,
    kind: str,
    settings: Settings,
    inputs: InputShape,
    versions: Mapping[str, str],
    history: History | None = None,
    feature_names: tuple[str, ...] = (),
    arrays: Mapping[str, NDArray[Any]] | None = None,
    details: Mapping[str, Any] | None = None,
) -> ModelArtefact:
    """Write a model, its arrays and its manifest.

    Parameters
    ----------
    place : Path
        Existing folder, path of the ``.keras`` file, or path of the files without their suffixes.
    model : SavableModel or None
        The network; None for a model that is its arrays.
    kind : str
        Name of the model in the registry.
    settings : Settings
        Of that kind of model.
    inputs : InputShape
    versions : mapping of str to str
    history : History, optional
        Of its training; default: none is known.
    feature_names : tuple of str
    arrays : mapping of str to ndarray, optional
    details : mapping, optional
        Further facts, JSON-serialisable.

    Returns
    -------
    ModelArtefact

    Raises
    ------
    StorageError
        When the place is read-only or full.
    """
    stem = _stem(place)
    with storage_guard(stem):
        stem.parent.mkdir(parents=True, exist_ok=True)
    files: dict[str, ArtefactFile] = {}
    if model is not None:
        files[_NETWORK] = _saved_network(_with(stem, ".keras"), model)
    if arrays is not None:
        files[_ARRAYS] = _saved_arrays(_with(stem, ".npz"), arrays)
    manifest = ModelManifest(
        model=kind,
        settings=settings,
        inputs=inputs,
        feature_names=feature_names,
        versions=versions,
        history=history or History(),
        files=files,
        details=details or {},
    )
    write_json(_with(stem, ".json"), manifest.to_dict())
    return ModelArtefact(folder=stem.parent, manifest=manifest)


def extend_artefact(
    place: Path, role: str, arrays: Mapping[str, NDArray[Any]], details: Mapping[str, Any]
) -> ModelArtefact:
    """Add arrays and facts to a stored model; its manifest vouches for them too.

    Parameters
    ----------
    place : Path
        Of the model, as in `load_artefact`.
    role : str
        Lower-case letters; names the arrays.
    arrays : mapping of str to ndarray
    details : mapping
        Added to those of the model, JSON-serialisable.

    Returns
    -------
    ModelArtefact
        The model with both.

    Raises
    ------
    ModelError
        When the model is damaged.
    StorageError
        When the place is read-only or full.
    """
    found, stem = load_artefact(place).manifest, _stem(place)
    added = _saved_arrays(_with(stem, f".{role}.npz"), arrays)
    manifest = replace(found, files={**found.files, role: added}, details={**found.details, **details})
    write_json(_with(stem, ".json"), manifest.to_dict())
    return ModelArtefact(folder=stem.parent, manifest=manifest)


def load_artefact(place: Path) -> ModelArtefact:
    """Read the manifest of a stored model and compare its files with it.

    Parameters
    ----------
    place : Path
        Folder, path of the ``.keras`` file, or path of the files without their suffixes.

    Returns
    -------
    ModelArtefact

    Raises
    ------
    NotFoundError
        When there is no manifest.
    ModelError
        When the manifest has an unknown format, when a file is missing, or when it is not the one described.
    StorageError
        When the manifest is not JSON.
    """
    stem = _stem(place)
    path = _with(stem, ".json")
    if path.is_file():
        check_size(path, MANIFEST_BYTES)
    artefact = ModelArtefact(folder=stem.parent, manifest=ModelManifest.from_dict(read_json(path), stem.name))
    for file in artefact.manifest.files.values():
        check_file(stem.parent / file.name, file)
    return artefact


def _stem(place: Path) -> Path:
    if place.suffix == ".keras":
        return place.with_suffix("")
    return place / DEFAULT_STEM if place.is_dir() else place


def _with(stem: Path, suffix: str) -> Path:
    return stem.with_name(stem.name + suffix)


def _saved_network(path: Path, model: SavableModel) -> ArtefactFile:
    with storage_guard(path):
        unfinished = path.with_name(f".{path.name}.unfinished.keras")
        try:
            model.save(unfinished)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    return described(path)


def _saved_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> ArtefactFile:
    save_arrays(path, arrays)
    return described(path)
