"""Stored models: a ``.keras`` file, arrays beside it, and a manifest that vouches for both.

::

    <stem>.keras   the model
    <stem>.npz     what is needed beside it as arrays, without pickle; not every model has it
    <stem>.json    manifest, see `gait_core.learn.manifest`; written last

A file is read only after its size and digest agree with the manifest. That shows damage and mix-ups; whoever can write
the manifest can also write the rest, so what is read is limited all the same: plain file names, bounded sizes, no
pickle, no code from the model file.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final, Protocol

from numpy.typing import NDArray

from gait_core.cache.archive import load_arrays, save_arrays
from gait_core.config import Settings
from gait_core.errors import ModelError
from gait_core.learn.backend import load_keras
from gait_core.learn.history import History
from gait_core.learn.manifest import ArtefactFile, ModelManifest
from gait_core.learn.registry import InputShape
from gait_core.workspace import read_json, storage_guard, write_json

__all__ = ["ModelArtefact", "SavableModel", "load_artefact", "save_artefact"]

_DEFAULT_STEM: Final = "model"
_MANIFEST_BYTES: Final = 64 * 1024**2
_FILE_BYTES: Final = 4 * 1024**3
_UNPACKED_BYTES: Final = 8 * 1024**3
_MEMBERS: Final = 10_000
_RESTORE: Final = "Restore the files, or make the model again."
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

    def path(self, role: str) -> Path:
        """Return where a file lies: ``model`` or ``arrays``.

        Raises
        ------
        ModelError
            When the artefact has no such file.
        """
        if role not in self.manifest.files:
            raise ModelError(f"Expected a file of {role} in {self.folder}, but the manifest lists none.", _RESTORE)
        return self.folder / self.manifest.files[role].name

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays that are stored beside the model.

        Raises
        ------
        ModelError, StorageError
            When there are none, or when they are damaged or absurdly large.
        """
        path = self.path("arrays")
        _check_archive(path)
        return load_arrays(path)

    def model(self) -> Any:
        """Load the model with Keras, in safe mode: no code from the file is run.

        Returns
        -------
        keras.Model
            Not compiled.

        Raises
        ------
        ModelError
            When the file is no ``.keras`` archive, is absurdly large, or holds something that safe mode refuses.
        """
        path = self.path("model")
        _check_archive(path)
        keras = load_keras()
        try:
            return keras.models.load_model(path, compile=False, safe_mode=True)
        except _NOT_LOADED as error:
            raise ModelError(
                f"Expected a model that Keras loads in safe mode in {path}, but it does not: {error}", _RESTORE
            ) from error


def save_artefact(
    place: Path,
    model: SavableModel,
    *,
    kind: str,
    settings: Settings,
    inputs: InputShape,
    versions: Mapping[str, str],
    history: History,
    feature_names: tuple[str, ...] = (),
    arrays: Mapping[str, NDArray[Any]] | None = None,
    details: Mapping[str, Any] | None = None,
) -> ModelArtefact:
    """Write a model, its arrays and its manifest.

    Parameters
    ----------
    place : Path
        Existing folder, or path of the files without their suffixes.
    model : SavableModel
    kind : str
        Name of the model in the registry.
    settings : Settings
        Of that kind of model.
    inputs : InputShape
    versions : mapping of str to str
    history : History
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
    path = _with(stem, ".keras")
    with storage_guard(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.unfinished.keras")
        try:
            model.save(unfinished)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    files = {"model": _described(path)}
    if arrays is not None:
        save_arrays(_with(stem, ".npz"), arrays)
        files["arrays"] = _described(_with(stem, ".npz"))
    manifest = ModelManifest(
        model=kind,
        settings=settings,
        inputs=inputs,
        feature_names=feature_names,
        versions=versions,
        history=history,
        files=files,
        details=details or {},
    )
    write_json(_with(stem, ".json"), manifest.to_dict())
    return ModelArtefact(folder=path.parent, manifest=manifest)


def load_artefact(place: Path) -> ModelArtefact:
    """Read the manifest of a stored model and compare its files with it.

    Parameters
    ----------
    place : Path
        Folder, or path of the files without their suffixes.

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
        _check_size(path, _MANIFEST_BYTES)
    artefact = ModelArtefact(folder=stem.parent, manifest=ModelManifest.from_dict(read_json(path), stem.name))
    for file in artefact.manifest.files.values():
        _check_file(stem.parent / file.name, file)
    return artefact


def _stem(place: Path) -> Path:
    return place / _DEFAULT_STEM if place.is_dir() else place


def _with(stem: Path, suffix: str) -> Path:
    return stem.with_name(stem.name + suffix)


def _described(path: Path) -> ArtefactFile:
    return ArtefactFile(name=path.name, sha256=_sha256(path), size_bytes=path.stat().st_size)


def _check_file(path: Path, expected: ArtefactFile) -> None:
    if not path.is_file():
        raise ModelError(f"Expected {path.name} in {path.parent}, but it is not there.", _RESTORE)
    size = _check_size(path, _FILE_BYTES)
    if expected.size_bytes not in (None, size) or _sha256(path) != expected.sha256:
        raise ModelError(
            f"Expected {path.name} as its manifest describes it, but the file has changed.",
            _RESTORE,
        )


def _check_size(path: Path, most: int) -> int:
    size = path.stat().st_size
    if size > most:
        raise ModelError(f"Expected {path} of at most {most} bytes, but it has {size}.", _RESTORE)
    return size


def _check_archive(path: Path) -> None:
    """Refuse what is no zip archive, or would be absurdly large or leave its place when it is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise ModelError(f"Expected {path} to be an archive, but it is not ({error}).", _RESTORE) from error
    unpacked = sum(member.file_size for member in members)
    if unpacked > _UNPACKED_BYTES or len(members) > _MEMBERS:
        raise ModelError(
            f"Expected at most {_UNPACKED_BYTES} bytes in {_MEMBERS} parts in {path}, "
            f"but it unpacks to {unpacked} bytes in {len(members)} parts.",
            _RESTORE,
        )
    for member in members:
        if any(pure.is_absolute() or pure.drive or ".." in pure.parts for pure in _pure_paths(member.filename)):
            raise ModelError(
                f"Expected only parts inside the archive {path}, but one is named {member.filename!r}.", _RESTORE
            )


def _pure_paths(name: str) -> tuple[PurePosixPath, PureWindowsPath]:
    return PurePosixPath(name), PureWindowsPath(name)


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
