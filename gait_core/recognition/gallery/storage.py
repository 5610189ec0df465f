"""A gallery on disk.

::

    galleries/<id>/
      manifest.json               format, name, revision, the records of all entries, digests
      embeddings-<revision>.npz   one array per entry

The manifest is replaced last and names the file of embeddings, so a reader sees one state or the next, never half of
each. What the manifest does not name is deleted before a change returns: nothing of a removed person stays behind.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from gait_core.cache.archive import load_arrays, save_arrays
from gait_core.config import digest_of
from gait_core.errors import GaitError, NotFoundError, StorageError
from gait_core.recognition.gallery.entries import EntryRecord, GalleryEntry
from gait_core.workspace import read_json, storage_guard, write_json

__all__ = [
    "GALLERY_FORMAT",
    "MANIFEST",
    "GalleryManifest",
    "damaged",
    "read_entries",
    "read_manifest",
    "sweep",
    "write_entries",
]

GALLERY_FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
_EMBEDDINGS: Final = re.compile(r"embeddings-[0-9]{1,12}\.npz")
_UNFINISHED: Final = re.compile(r"\..+\.tmp")
_ATTEMPTS: Final = 20


@dataclass(frozen=True, kw_only=True)
class GalleryManifest:
    """What stands in the manifest.

    Attributes
    ----------
    id, name : str
    created_s : float
        Seconds since the Unix epoch.
    revision : int
        Rises with every change.
    embeddings_file : str
        Plain name; empty without entries.
    embeddings_sha256 : str
    records : tuple of EntryRecord
    """

    id: str
    name: str
    created_s: float
    revision: int = 0
    embeddings_file: str = ""
    embeddings_sha256: str = ""
    records: tuple[EntryRecord, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.embeddings_file) != bool(self.records):
            raise ValueError("a file of embeddings belongs to entries, and entries to a file")
        if self.embeddings_file and not _EMBEDDINGS.fullmatch(self.embeddings_file):
            raise ValueError(f"{self.embeddings_file!r} is not the name of a file of embeddings")
        if len({record.id for record in self.records}) != len(self.records):
            raise ValueError("two entries have the same identifier")

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON, with a digest of it."""
        content = {
            "format": GALLERY_FORMAT,
            "id": self.id,
            "name": self.name,
            "created_s": self.created_s,
            "revision": self.revision,
            "embeddings_file": self.embeddings_file,
            "embeddings_sha256": self.embeddings_sha256,
            "entries": [record.to_dict() for record in self.records],
        }
        return content | {"digest": digest_of(content)}

    @classmethod
    def from_dict(cls, values: Any, gallery_id: str) -> Self:
        """Build from JSON.

        Raises
        ------
        StorageError
            When it is damaged, belongs to another gallery, or a later version wrote it.
        """
        if not isinstance(values, Mapping):
            raise damaged(gallery_id, f"its manifest is {type(values).__name__}, not an object")
        found = values.get("format")
        if isinstance(found, int) and found > GALLERY_FORMAT:
            raise StorageError(
                f"Expected the gallery {gallery_id} in format {GALLERY_FORMAT}, but got {found}: a later version wrote "
                "it.",
                "Install that version of Gait Studio.",
            )
        content = {key: value for key, value in values.items() if key != "digest"}
        try:
            if found != GALLERY_FORMAT or digest_of(content) != values["digest"] or values["id"] != gallery_id:
                raise ValueError("its manifest is not as it was written")
            return cls(
                id=gallery_id,
                name=str(values["name"]),
                created_s=float(values["created_s"]),
                revision=int(values["revision"]),
                embeddings_file=str(values["embeddings_file"]),
                embeddings_sha256=str(values["embeddings_sha256"]),
                records=tuple(EntryRecord.from_dict(record) for record in values["entries"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, GaitError) as error:
            raise damaged(gallery_id, str(error)) from error


def damaged(gallery_id: str, why: str) -> StorageError:
    """Return the error for a gallery that cannot be trusted.

    Parameters
    ----------
    gallery_id : str
    why : str
        Completes "it is damaged: …", without the full stop.

    Returns
    -------
    StorageError
        For the caller to raise; its remedy is a backup or a new enrolment.
    """
    return StorageError(
        f"Expected the gallery {gallery_id} as Gait Studio wrote it, but it is damaged: {why}.",
        "Restore its folder from a backup, or delete the gallery and enrol again. Everything else in the workspace "
        "still works.",
    )


def read_manifest(folder: Path) -> GalleryManifest:
    """Read the manifest of a gallery.

    Returns
    -------
    GalleryManifest
        Checked by its digest; the embeddings are not read.

    Raises
    ------
    NotFoundError
        When there is no such gallery.
    StorageError
        When the manifest is missing or damaged, belongs to another gallery, or a later version wrote it.
    """
    if not folder.is_dir():
        raise NotFoundError(
            f"Expected a gallery {folder.name!r}, but there is none.", "Look at the list of galleries, or make it."
        )
    try:
        values = read_json(folder / MANIFEST)
    except (StorageError, NotFoundError) as error:
        raise damaged(folder.name, error.message.rstrip(".")) from error
    return GalleryManifest.from_dict(values, folder.name)


def read_entries(folder: Path) -> tuple[GalleryManifest, tuple[GalleryEntry, ...]]:
    """Read a gallery whole and check it.

    Returns
    -------
    manifest : GalleryManifest
    entries : tuple of GalleryEntry
        Of the same revision, in the order of `manifest.records`.

    Raises
    ------
    NotFoundError
        When there is no such gallery.
    StorageError
        When the manifest or the embeddings are missing or damaged, a later version wrote them, or other processes keep
        changing the gallery.
    """
    manifest = read_manifest(folder)
    for _ in range(_ATTEMPTS):
        try:
            return manifest, _load(folder, manifest)
        except NotFoundError as error:
            # Another process may have changed the gallery between the two reads.
            newer = read_manifest(folder)
            if newer.revision == manifest.revision:
                raise damaged(folder.name, f"{manifest.embeddings_file} is missing") from error
            manifest = newer
    raise StorageError(
        f"Expected the gallery {folder.name} to hold still for a moment, but others keep changing it.", "Try again."
    )


def write_entries(folder: Path, before: GalleryManifest, entries: Sequence[GalleryEntry]) -> GalleryManifest:
    """Store a new state of a gallery and delete the former one; the caller holds the lock.

    Parameters
    ----------
    folder : Path
        Of the gallery.
    before : GalleryManifest
        Of the former state; identifier, name and time of creation are kept.
    entries : sequence of GalleryEntry
        All that the gallery is to hold; without any, no file of embeddings is written.

    Returns
    -------
    GalleryManifest
        As stored, one revision above `before`.

    Raises
    ------
    StorageError
        When the place is read-only or full; the former state then stays. Also when a former file cannot be deleted;
        the new state is then stored all the same.
    """
    revision = before.revision + 1
    name = f"embeddings-{revision}.npz" if entries else ""
    sha256 = ""
    if entries:
        save_arrays(folder / name, {entry.record.id: entry.parts for entry in entries})
        sha256 = _sha256(folder / name)
    manifest = replace(
        before,
        revision=revision,
        embeddings_file=name,
        embeddings_sha256=sha256,
        records=tuple(entry.record for entry in entries),
    )
    try:
        write_json(folder / MANIFEST, manifest.to_dict())
    except StorageError:
        if name:
            (folder / name).unlink(missing_ok=True)
        raise
    sweep(folder, manifest)
    return manifest


def sweep(folder: Path, manifest: GalleryManifest) -> None:
    """Delete former embeddings and what an interrupted change left behind; the caller holds the lock."""
    with storage_guard(folder / MANIFEST):
        for path in folder.iterdir():
            ours = _EMBEDDINGS.fullmatch(path.name) or _UNFINISHED.fullmatch(path.name)
            if ours and path.name != manifest.embeddings_file:
                path.unlink(missing_ok=True)


def _load(folder: Path, manifest: GalleryManifest) -> tuple[GalleryEntry, ...]:
    if not manifest.records:
        return ()
    path = folder / manifest.embeddings_file
    try:
        if _sha256(path) != manifest.embeddings_sha256:
            raise damaged(folder.name, f"{path.name} is not as it was written")
        arrays = load_arrays(path)
        if set(arrays) != {record.id for record in manifest.records}:
            raise damaged(folder.name, f"{path.name} holds other entries than the manifest")
        return tuple(_entry(record, arrays[record.id], folder.name) for record in manifest.records)
    except FileNotFoundError as error:
        raise NotFoundError(f"Expected {path.name}, but it is missing.", "Try again.") from error
    except OSError as error:
        raise damaged(folder.name, f"{path.name} cannot be read ({error})") from error


def _entry(record: EntryRecord, parts: Any, gallery_id: str) -> GalleryEntry:
    if parts.dtype.name != "float32" or parts.ndim != 2 or not parts.size:
        raise damaged(gallery_id, f"the embedding of {record.id} is {parts.dtype} of shape {parts.shape}")
    return GalleryEntry(record=record, parts=parts)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
