"""Sets of embeddings that hold a walk which is enrolled as a person's: found by the embedding itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gait_core.errors import GaitError
from gait_core.recognition.embedding_sets import EmbeddingSet, list_embeddings
from gait_core.recognition.gallery.distances import same_recording
from gait_core.recognition.gallery.entries import GalleryEntry, checked_subject
from gait_core.recognition.gallery.gallery import Gallery, list_galleries
from gait_core.workspace import Workspace

__all__ = ["enrolled_entries", "sets_of_entries"]


def enrolled_entries(workspace: Workspace, subject: str) -> list[GalleryEntry]:
    """Return what is enrolled of a person, in all galleries.

    Parameters
    ----------
    workspace : Workspace
    subject : str
        Pseudonym; galleries that cannot be read are passed over.

    Returns
    -------
    list of GalleryEntry
    """
    try:
        name = checked_subject(subject)
    except GaitError:
        return []  # no one of such a name can be enrolled
    return [entry for entry in _entries(workspace) if entry.record.subject == name]


def sets_of_entries(workspace: Workspace, entries: list[GalleryEntry]) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """Find the sets that hold an enrolled walk, whoever they say it is.

    Parameters
    ----------
    workspace : Workspace
    entries : list of GalleryEntry
        Sets that cannot be read are passed over.

    Yields
    ------
    folder : Path
        Of the set.
    walks : list of dict
        What its manifest says of the walks that are enrolled.
    """
    for one in list_embeddings(workspace) if entries else ():
        rows = _rows_of(one, entries)
        walks = [walk for walk in one.walks if walk.get("row") in rows]
        if walks:
            yield one.folder, walks


def _entries(workspace: Workspace) -> Iterator[GalleryEntry]:
    for summary in list_galleries(workspace):
        try:
            yield from Gallery(workspace, summary.id).entries()
        except GaitError:
            continue


def _rows_of(one: EmbeddingSet, entries: list[GalleryEntry]) -> set[int]:
    """Return the rows of a set that are the same recording as an entry by the same network."""
    digest = str((one.manifest.get("model") or {}).get("digest"))
    try:
        parts = one.parts()
    except GaitError:
        return set()
    own = [e.parts for e in entries if e.record.model_digest == digest and e.parts.shape == parts.shape[1:]]
    if not own or not len(parts):
        return set()
    return {int(row) for row in np.flatnonzero(same_recording(parts, np.stack(own)).any(axis=1))}
