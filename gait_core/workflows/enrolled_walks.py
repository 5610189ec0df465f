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

__all__ = ["enrolled_contents", "sets_of_enrolled"]


def enrolled_contents(workspace: Workspace, subject: str) -> set[str]:
    """Return the digests of the videos that are enrolled as a person's.

    Parameters
    ----------
    workspace : Workspace
    subject : str
        Pseudonym; galleries that cannot be read are passed over.

    Returns
    -------
    set of str
        SHA-256; none of silhouettes, which have no video.
    """
    return {entry.record.content_sha256 for entry in _entries_of(workspace, subject)} - {""}


def sets_of_enrolled(workspace: Workspace, subject: str) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """Find the sets that hold an enrolled walk of a person, whoever they say it is.

    Parameters
    ----------
    workspace : Workspace
    subject : str
        Pseudonym; galleries and sets that cannot be read are passed over.

    Yields
    ------
    folder : Path
        Of the set.
    walks : list of dict
        What its manifest says of the walks that are the person's.
    """
    entries = _entries_of(workspace, subject)
    for one in list_embeddings(workspace) if entries else ():
        rows = _rows_of(one, entries)
        walks = [walk for walk in one.walks if walk.get("row") in rows]
        if walks:
            yield one.folder, walks


def _entries_of(workspace: Workspace, subject: str) -> list[GalleryEntry]:
    try:
        name = checked_subject(subject)
    except GaitError:
        return []  # no one of such a name can be enrolled
    return [entry for entry in _entries(workspace) if entry.record.subject == name]


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
