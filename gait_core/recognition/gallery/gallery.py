"""Enrolled people in the workspace: `Gallery`, `list_galleries`, and `remove_subject_from_all`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gait_core.cache import waiting_lock
from gait_core.errors import InputError, NotFoundError, StorageError
from gait_core.progress import Reporter, silent
from gait_core.recognition.gallery.entries import Enrolment, EntryRecord, GalleryEntry, checked_subject
from gait_core.recognition.gallery.selection import check_new
from gait_core.recognition.gallery.storage import (
    MANIFEST,
    GalleryManifest,
    read_entries,
    read_manifest,
    sweep,
    write_entries,
)
from gait_core.workspace import Workspace, new_id, safe_name, whole_folder, write_json

__all__ = ["Gallery", "GallerySummary", "list_galleries", "remove_subject_from_all"]

_COLLECTION = "galleries"


@dataclass(frozen=True, kw_only=True)
class GallerySummary:
    """One gallery in a list.

    Attributes
    ----------
    id : str
    name : str
        The identifier where the gallery is damaged.
    subjects : tuple of str
        In alphabetical order.
    entries : int
    created_s : float
        Seconds since the Unix epoch; 0 where the gallery is damaged.
    damage : str
        What is wrong with it; empty where nothing was found. The embeddings are checked when they are used.
    """

    id: str
    name: str
    subjects: tuple[str, ...] = ()
    entries: int = 0
    created_s: float = 0.0
    damage: str = ""


class Gallery:
    """Enrolled walks in one folder of the workspace; every call reads the disk, so that processes can share it.

    Changes wait for each other by a lock. Reading needs none.

    Parameters
    ----------
    workspace : Workspace
    gallery_id : str
        Of an existing gallery; see `Gallery.create`.

    Raises
    ------
    InputError
        When the identifier could leave the folder.
    """

    def __init__(self, workspace: Workspace, gallery_id: str) -> None:
        self.id = gallery_id
        self.folder = workspace.entry(_COLLECTION, gallery_id)
        self._workspace = workspace

    @classmethod
    def create(cls, workspace: Workspace, name: str) -> Self:
        """Make an empty gallery.

        Parameters
        ----------
        workspace : Workspace
        name : str
            For people; need not be unique.

        Raises
        ------
        InputError
            When the name is empty, too long, or holds control characters.
        StorageError
            When the workspace is read-only or full.
        """
        cleaned = checked_subject(name)
        gallery = cls(workspace, new_id(safe_name(cleaned, "gallery")[:40]))
        with whole_folder(gallery.folder) as folder:
            manifest = GalleryManifest(id=gallery.id, name=cleaned, created_s=time.time())
            write_json(folder / MANIFEST, manifest.to_dict())
        return gallery

    def summary(self) -> GallerySummary:
        """Return name and size.

        Raises
        ------
        NotFoundError, StorageError
            When the gallery is missing or damaged.
        """
        manifest = read_manifest(self.folder)
        return GallerySummary(
            id=self.id,
            name=manifest.name,
            subjects=tuple(sorted({record.subject for record in manifest.records})),
            entries=len(manifest.records),
            created_s=manifest.created_s,
        )

    def list(self, subject: str | None = None) -> tuple[EntryRecord, ...]:
        """Return what is enrolled, without embeddings, in the order of enrolment; errors as of `summary`."""
        records = read_manifest(self.folder).records
        if subject is None:
            return records
        name = checked_subject(subject)
        return tuple(record for record in records if record.subject == name)

    def entries(self) -> tuple[GalleryEntry, ...]:
        """Return what is enrolled, with embeddings, once their digest is checked; errors as of `summary`."""
        return read_entries(self.folder)[1]

    def enrol(self, *enrolments: Enrolment, reporter: Reporter | None = None) -> tuple[EntryRecord, ...]:
        """Add walks; all of them or, when one is refused, none.

        Parameters
        ----------
        *enrolments : Enrolment
        reporter : Reporter, optional
            May cancel while another process changes the gallery.

        Returns
        -------
        tuple of EntryRecord

        Raises
        ------
        InputError
            When a recording is enrolled already, or its embedding has another shape than others of the same model.
        NotFoundError, StorageError
            When the gallery is missing or damaged, or the workspace is read-only or full.
        """
        added: list[GalleryEntry] = []

        def with_new(entries: tuple[GalleryEntry, ...]) -> Sequence[GalleryEntry]:
            taken, now = {entry.record.id for entry in entries}, time.time()
            added.extend(enrolment.entry(_free_id(taken), now) for enrolment in enrolments)
            check_new(added, entries)
            return (*entries, *added)

        self._change(with_new, reporter)
        return tuple(entry.record for entry in added)

    def remove_entry(self, entry_id: str, *, reporter: Reporter | None = None) -> None:
        """Delete one walk, its embedding included.

        Raises
        ------
        NotFoundError
            When there is no such entry or gallery.
        StorageError
            As of `enrol`.
        """

        def without(entries: tuple[GalleryEntry, ...]) -> Sequence[GalleryEntry]:
            kept = [entry for entry in entries if entry.record.id != entry_id]
            if len(kept) == len(entries):
                raise NotFoundError(
                    f"Expected an entry {entry_id!r} in the gallery {self.id}, but there is none.",
                    "It may have been deleted; look at the list again.",
                )
            return kept

        self._change(without, reporter)

    def remove_subject(self, subject: str, *, reporter: Reporter | None = None) -> int:
        """Delete everything about a person: the files are rewritten without them, the former ones are deleted.

        Parameters
        ----------
        subject : str
        reporter : Reporter, optional

        Returns
        -------
        int
            Number of entries that were deleted; 0 when the person was not enrolled.

        Raises
        ------
        NotFoundError, StorageError
            As of `enrol`.
        """
        name = checked_subject(subject)
        removed = 0

        def without(entries: tuple[GalleryEntry, ...]) -> Sequence[GalleryEntry]:
            nonlocal removed
            kept = [entry for entry in entries if entry.record.subject != name]
            removed = len(entries) - len(kept)
            return kept

        self._change(without, reporter)
        return removed

    def delete(self, *, reporter: Reporter | None = None) -> None:
        """Delete the gallery with everything in it, damaged or not.

        Raises
        ------
        NotFoundError
            When there is no such gallery.
        """
        with self._locked(reporter):
            self._workspace.delete_folder(_COLLECTION, self.id)

    def _change(
        self, change: Callable[[tuple[GalleryEntry, ...]], Sequence[GalleryEntry]], reporter: Reporter | None
    ) -> None:
        with self._locked(reporter):
            manifest, entries = read_entries(self.folder)
            sweep(self.folder, manifest)
            after = change(entries)
            if len(after) != len(entries):
                write_entries(self.folder, manifest, after)

    @contextmanager
    def _locked(self, reporter: Reporter | None) -> Iterator[None]:
        # One lock for all galleries, outside their folders: a deleted gallery leaves nothing behind.
        with waiting_lock(_lock_file(self.folder), reporter or silent()):
            yield


def list_galleries(workspace: Workspace) -> list[GallerySummary]:
    """Return all galleries of a workspace, damaged ones among them.

    Returns
    -------
    list of GallerySummary
        Oldest first. A damaged one has no known age and stands at the beginning; its `damage` states what is wrong.
    """
    found = []
    for folder in sorted(workspace.galleries.glob("[!.]*/")):
        try:
            found.append(Gallery(workspace, folder.name).summary())
        except InputError:  # deleted meanwhile, or a folder that is none of ours
            continue
        except StorageError as error:
            found.append(GallerySummary(id=folder.name, name=folder.name, damage=error.message))
    return sorted(found, key=lambda summary: (summary.created_s, summary.id))


def remove_subject_from_all(workspace: Workspace, subject: str, *, reporter: Reporter | None = None) -> int:
    """Delete a person from every gallery.

    Parameters
    ----------
    workspace : Workspace
    subject : str
    reporter : Reporter, optional

    Returns
    -------
    int
        Number of entries that were deleted.

    Raises
    ------
    StorageError
        When a gallery is damaged, so that it is unknown whether the person is in it. The others were dealt with.
    """
    removed, failed = 0, []
    for found in list_galleries(workspace):
        if not found.damage and checked_subject(subject) not in found.subjects:
            continue
        try:
            removed += Gallery(workspace, found.id).remove_subject(subject, reporter=reporter)
        except NotFoundError:  # deleted meanwhile
            continue
        except StorageError as error:
            failed.append((found.id, error))
    if failed:
        raise StorageError(
            f"Expected to delete {checked_subject(subject)} from every gallery, but {', '.join(i for i, _ in failed)} "
            f"could not be changed: {failed[0][1].message}",
            "Restore or delete that gallery, then delete the subject again.",
        ) from failed[0][1]
    return removed


def _lock_file(folder: Path) -> Path:
    return folder.with_name(".lock")


def _free_id(taken: set[str]) -> str:
    while (entry_id := new_id("walk")) in taken:
        continue
    taken.add(entry_id)
    return entry_id
