"""Embeddings on disk, written one by one: `EmbeddingWriter`, `load_embeddings`, `list_embeddings`.

::

    embeddings/<id>/
      embeddings.npz     one row per walk that could be embedded: parts (256, parts) as the network gives them, vector
                         (256 * parts,) of length 1, n_frames, and rows: its place among the walks
      manifest.json      model, settings, and for each walk its source, frames, quality and place on the map
      previews/<n>.png   frames of walk n that were kept and dropped, from 0; <n>-inputs.png its skeleton maps or parts

An embedding identifies who walks: deleting a person deletes every set that holds a walk of theirs.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from gait_core.cache import Spool
from gait_core.cache.archive import json_ready, load_arrays
from gait_core.errors import NotFoundError, StorageError
from gait_core.recognition.batching import Embedding
from gait_core.recognition.inputs.preview import input_preview, preview
from gait_core.recognition.inputs.rated import RatedFrames
from gait_core.recognition.networks.settings import PART_FEATURES
from gait_core.storage.damaged import DamagedItem, read_each
from gait_core.storage.records import read_record
from gait_core.storage.seal import sealed
from gait_core.workspace import Workspace, atomic_file, new_id, storage_guard, whole_folder, write_json

__all__ = [
    "EmbeddingSet",
    "EmbeddingWriter",
    "copy_embeddings",
    "damaged_embeddings",
    "delete_embeddings",
    "embeddings_map",
    "list_embeddings",
    "load_embeddings",
    "new_embeddings",
]

_COLLECTION: Final = "embeddings"
_MANIFEST: Final = "manifest.json"
_ARRAYS: Final = "embeddings.npz"
_PREVIEWS: Final = "previews"
_INPUTS: Final = "-inputs"
_MOST_PREVIEWS: Final = 200
_FORMAT: Final = 1


class _StoredWalk(TypedDict):
    name: NotRequired[str]
    row: NotRequired[int | None]
    content_sha256: NotRequired[str | None]


class _Stored(TypedDict):
    format: int
    created_s: NotRequired[float]
    walks: list[_StoredWalk]


@dataclass(frozen=True, kw_only=True, eq=False)
class EmbeddingSet:
    """The embeddings of several walks, as stored.

    Attributes
    ----------
    id : str
    folder : Path
    manifest : mapping
        ``model``, ``settings``, ``device``, ``walks``, ``request`` (of the job that gives the same set again; empty for
        arrays in memory) …; see `gait_core.workflows.recognise.embed`.
    """

    id: str
    folder: Path
    manifest: Mapping[str, Any]

    @property
    def walks(self) -> list[dict[str, Any]]:
        """One entry per walk, those that failed among them; ``row`` is its place in `parts`."""
        return list(self.manifest["walks"])

    def parts(self) -> NDArray[np.float32]:
        """Return the raw embeddings, shape (n, 256, parts).

        Raises
        ------
        NotFoundError, StorageError
            When the file is missing or damaged.
        """
        return np.asarray(load_arrays(self.folder / _ARRAYS)["parts"], np.float32)

    def vectors(self) -> NDArray[np.float32]:
        """Return the embeddings at length 1, shape (n, 256 * parts); errors as of `parts`."""
        return np.asarray(load_arrays(self.folder / _ARRAYS)["vector"], np.float32)

    def preview(self, number: int) -> Path | None:
        """Return the image of the frames of a walk, where one was made."""
        return self._image(str(number))

    def input_preview(self, number: int) -> Path | None:
        """Return the image of the skeleton maps or body parts of a walk, where the network takes them."""
        return self._image(f"{number}{_INPUTS}")

    def _image(self, name: str) -> Path | None:
        path = self.folder / _PREVIEWS / f"{name}.png"
        return path if path.is_file() else None


class EmbeddingWriter:
    """Takes embeddings and previews as they come; memory does not grow with their number.

    Made by `new_embeddings`.
    """

    def __init__(self, folder: Path, parts: int, scratch: Path) -> None:
        self._folder = folder
        self._frames: list[int] = []
        with storage_guard(folder):
            self._parts = Spool(np.float32, (PART_FEATURES, parts), scratch)
            self._vectors = Spool(np.float32, (PART_FEATURES * parts,), scratch)

    def add(self, embedding: Embedding) -> int:
        """Take an embedding and return its row.

        Raises
        ------
        StorageError
            When the disk is full.
        """
        with storage_guard(self._folder):
            self._parts.append(embedding.parts[None])
            self._vectors.append(embedding.vector[None])
        self._frames.append(embedding.n_frames)
        return len(self._frames) - 1

    def preview(self, number: int, rated: RatedFrames) -> None:
        """Draw the frames of a walk; of a large set only the first walks are drawn."""
        if number >= _MOST_PREVIEWS or not len(rated):
            return
        self._write_image(str(number), preview(rated).image)
        inputs = input_preview(rated)
        if inputs is not None:
            self._write_image(f"{number}{_INPUTS}", inputs)

    def _write_image(self, name: str, rgb: NDArray[np.uint8]) -> None:
        import cv2

        _, png = cv2.imencode(".png", np.ascontiguousarray(rgb[..., ::-1]))
        with atomic_file(self._folder / _PREVIEWS / f"{name}.png", durable=False) as file:
            file.write(png.tobytes())

    def finish(self, manifest: Mapping[str, Any], walks: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Write the arrays and the manifest; give each walk that has a row its place on the map.

        Returns
        -------
        dict
            The manifest.
        """
        vectors = self._vectors.array()
        places, explained = embeddings_map(vectors)
        for walk in walks:
            if walk.get("row") is not None:
                walk["map"] = [float(value) for value in places[walk["row"]]]
        rows = np.array([number for number, walk in enumerate(walks) if walk.get("row") is not None], np.int64)
        with atomic_file(self._folder / _ARRAYS) as file:
            np.savez(
                file, parts=self._parts.array(), vector=vectors, n_frames=np.array(self._frames, np.int64), rows=rows
            )
        found: dict[str, Any] = json_ready(
            {"format": _FORMAT, **manifest, "map_explained": explained, "walks": list(walks)}
        )
        write_json(self._folder / _MANIFEST, sealed(found, self._folder, [_ARRAYS]))
        return found

    def close(self) -> None:
        """Give up the scratch files."""
        self._parts.close()
        self._vectors.close()


@contextmanager
def new_embeddings(workspace: Workspace, parts: int) -> Iterator[tuple[str, EmbeddingWriter]]:
    """Fill a new set of embeddings; it appears whole, or not at all.

    Parameters
    ----------
    workspace : Workspace
    parts : int
        Parts of an embedding, see `NetworkSettings.parts`.

    Yields
    ------
    (str, EmbeddingWriter)
        The identifier of the set.

    Raises
    ------
    StorageError
        When the workspace is read-only or full.
    """
    set_id = new_id("walks")
    with whole_folder(workspace.entry(_COLLECTION, set_id)) as folder:
        writer = EmbeddingWriter(folder, parts, workspace.cache)
        try:
            yield set_id, writer
        finally:
            writer.close()


def load_embeddings(workspace: Workspace, set_id: str) -> EmbeddingSet:
    """Return a stored set of embeddings.

    Returns
    -------
    EmbeddingSet
        With its manifest; `EmbeddingSet.parts` and `EmbeddingSet.vectors` read the arrays when they are called.

    Raises
    ------
    NotFoundError
        When there is none of that name.
    StorageError
        When its manifest is damaged, or its arrays are missing or have changed.
    """
    folder = workspace.entry(_COLLECTION, set_id)
    if not folder.is_dir():
        raise NotFoundError(f"Expected embeddings {set_id!r}, but there are none.", "Look at the list of embeddings.")
    return _read(folder)


def list_embeddings(workspace: Workspace) -> list[EmbeddingSet]:
    """Return the stored sets of embeddings that can be read; see `damaged_embeddings` for the others.

    Returns
    -------
    list of EmbeddingSet
        Newest first.
    """
    found, _ = read_each(workspace.entries(_COLLECTION), _read)
    return sorted(found, key=lambda one: float(one.manifest.get("created_s", 0.0)), reverse=True)


def damaged_embeddings(workspace: Workspace) -> list[DamagedItem]:
    """Return the sets of embeddings that cannot be read.

    Returns
    -------
    list of DamagedItem
        What is wrong with each and what can be done; oldest identifier first.
    """
    return read_each(workspace.entries(_COLLECTION), _read)[1]


def _read(folder: Path) -> EmbeddingSet:
    what, remedy = f"the embeddings {folder.name}", "Delete the set and embed the walks again."
    manifest = read_record(folder / _MANIFEST, _Stored, what=what, remedy=remedy)
    if manifest["format"] != _FORMAT:
        raise StorageError(f"Expected {what} in format {_FORMAT}, but got {manifest['format']}.", remedy)
    return EmbeddingSet(id=folder.name, folder=folder, manifest=manifest)


def delete_embeddings(workspace: Workspace, set_id: str) -> None:
    """Delete a set of embeddings with its previews.

    Raises
    ------
    NotFoundError
        When there is none of that name.
    """
    workspace.delete_folder(_COLLECTION, set_id)


def copy_embeddings(one: EmbeddingSet, target: Path) -> None:
    """Write the arrays of a set as ``.npz`` and its manifest beside it.

    Raises
    ------
    StorageError
        When the place is read-only or full.
    """
    with storage_guard(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(one.folder / _ARRAYS, target)
    write_json(target.with_suffix(".json"), dict(one.manifest))


def embeddings_map(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float64], float | None]:
    """Place embeddings in a plane by principal components.

    Parameters
    ----------
    vectors : ndarray, shape (n, features)

    Returns
    -------
    places : ndarray, shape (n, 2)
        Each axis points to where the entry of the largest size is positive, so that a map is drawn the same way twice.
    explained : float or None
        Share of the variance that the plane shows; None where all embeddings are equal.
    """
    count = len(vectors)
    if count < 2:
        return np.zeros((count, 2)), None
    centred = vectors - vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    # Of few long vectors, the small matrix of their products has the same components.
    values, axes = np.linalg.eigh((centred @ centred.T).astype(np.float64))
    values = np.maximum(values, 0.0)
    total = float(values.sum())
    places = np.zeros((count, 2))
    for column, place in enumerate(range(count - 1, max(count - 3, -1), -1)):
        axis = axes[:, place]
        places[:, column] = axis * np.sign(axis[np.argmax(np.abs(axis))]) * np.sqrt(values[place])
    return places, float(values[-2:].sum() / total) if total > 0 else None
