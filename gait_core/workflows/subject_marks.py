"""What identifies a person in a workspace, and its record: written before anything of theirs is deleted, removed last.

A deletion takes away what links its items to each other, such as the enrolled walk that says whose a set of embeddings
is. When it is killed, the record still knows, and deleting the person again finds the rest.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gait_core.errors import GaitError, NotFoundError, StorageError
from gait_core.storage.json_file import read_json
from gait_core.storage.seal import check_seal, sealed
from gait_core.storage.traces import texts_of
from gait_core.workspace import Workspace, name_id, storage_guard, write_json

__all__ = ["Marks", "marks_of_deletion", "strike_out", "texts_under", "unfinished", "write_down"]

_FOLDER: Final = "deletions"
_KEYS: Final = ("videos", "digests", "ids", "sets")


@dataclass(kw_only=True)
class Marks:
    """What identifies one person.

    Attributes
    ----------
    videos : set of str
        Paths.
    digests : set of str
        Of the content of videos, and addresses of their landmarks.
    ids : set of str
        Identifiers of what names the person.
    sets : set of str
        Identifiers of sets of embeddings that hold a walk which was enrolled as theirs.
    """

    videos: set[str] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    sets: set[str] = field(default_factory=set)

    def take(self, values: Any) -> None:
        """Take what a stored document says of its walks."""
        for text in texts_under(values, ("path", "videos", "video", "sources")):
            if os.sep in text or "/" in text:
                self.videos.add(text)
        self.digests |= {text for text in texts_under(values, ("content_sha256", "track_address")) if len(text) == 64}

    def without(self, other: Marks) -> set[str]:
        """Return the marks that are not another person's as well."""
        return (self.videos - other.videos) | (self.digests - other.digests) | self.ids


def texts_under(values: Any, keys: tuple[str, ...]) -> Iterator[str]:
    """Find the texts under one of some keys, however deep, but not those of a model: it is no person's.

    Parameters
    ----------
    values : JSON value
    keys : tuple of str

    Yields
    ------
    str
    """
    if isinstance(values, dict):
        for key, value in values.items():
            if key != "model":
                yield from texts_of(value) if key in keys else texts_under(value, keys)
    elif isinstance(values, list):
        for value in values:
            yield from texts_under(value, keys)


def write_down(workspace: Workspace, subject: str, marks: Marks) -> None:
    """Keep what identifies a person until their deletion is complete.

    Parameters
    ----------
    workspace : Workspace
    subject : str
        Pseudonym.
    marks : Marks

    Raises
    ------
    StorageError
        When the place is read-only or full.
    """
    path = _record(workspace, subject)
    values = {"subject": subject, **{key: sorted(getattr(marks, key)) for key in _KEYS}}
    write_json(path, sealed(values, path.parent))


def marks_of_deletion(workspace: Workspace, subject: str) -> Marks:
    """Return what an unfinished deletion of a person knew of them.

    Parameters
    ----------
    workspace : Workspace
    subject : str
        Pseudonym.

    Returns
    -------
    Marks
        Empty when none was begun.

    Raises
    ------
    StorageError
        When its record is damaged or was changed.
    """
    path = _record(workspace, subject)
    try:
        values = read_json(path)
    except NotFoundError:
        return Marks()
    remedy = f"Delete {path}, then the subject again; what only this record linked to them may stay."
    known = isinstance(values, dict) and values.get("subject") == subject
    if not known or not check_seal(values, path, what="the record of a deletion", stored_s=None, remedy=remedy):
        raise StorageError(f"Expected the sealed record of a deletion in {path}, but it is something else.", remedy)
    return Marks(**{key: set(values[key]) for key in _KEYS})


def strike_out(workspace: Workspace, subject: str) -> None:
    """Remove the record of a deletion that is complete.

    Parameters
    ----------
    workspace : Workspace
    subject : str
        Pseudonym.
    """
    path = _record(workspace, subject)
    with storage_guard(path):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # those of other people are in it
        path.parent.rmdir()


def unfinished(workspace: Workspace) -> Iterator[tuple[str, Path]]:
    """Find the deletions that were begun and not completed.

    Parameters
    ----------
    workspace : Workspace

    Yields
    ------
    subject : str
        Pseudonym; that of a file which cannot be read is its name.
    path : Path
        The record.
    """
    for path in sorted((workspace.root / _FOLDER).glob("[!.]*.json")):
        try:
            yield str(read_json(path)["subject"]), path
        except (GaitError, LookupError, TypeError):
            yield path.stem, path


def _record(workspace: Workspace, subject: str) -> Path:
    return workspace.root / _FOLDER / f"{name_id(subject)}.json"
