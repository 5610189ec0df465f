"""Deletes everything that is stored of a person, and reports before and after what stays."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from gait_core.errors import InputError
from gait_core.recognition.gallery.gallery import remove_subject_from_all
from gait_core.storage.leftovers import sweep_leftovers, writer_mark
from gait_core.workflows.subject_items import SubjectItems, find_items
from gait_core.workflows.subject_marks import marks_of_deletion, strike_out, write_down
from gait_core.workflows.subject_staying import Staying
from gait_core.workspace import Workspace, name_id, storage_guard

__all__ = ["Staying", "SubjectItems", "delete_subject", "find_items"]


def delete_subject(workspace: Workspace, name: str) -> SubjectItems:
    """Delete a person: everything that `find_items` finds, and what is enrolled of them in galleries.

    A set of embeddings, a comparison or a job goes whole when one of its videos is known to be the person's. What was
    interrupted is completed by calling it again: what identifies the person is written down first and removed last.

    Parameters
    ----------
    workspace : Workspace
    name : str
        Pseudonym of the person.

    Returns
    -------
    SubjectItems
        What was deleted, and what stays: the user's own files, and what was learned from many people.

    Raises
    ------
    InputError
        When a job of the person is running; nothing is deleted then.
    StorageError
        When a gallery is damaged, so that it is unknown whether the person is in it: enrolled walks in other
        galleries are gone by then, nothing else was deleted. Or when the place is read-only, or the record of a
        deletion of the person that was interrupted is damaged.
    """
    marks_of_deletion(workspace, name)
    sweep_leftovers(workspace.root, thorough=True)
    found = find_items(workspace, name)
    with ExitStack() as held:
        for folder in found.paths:
            if folder.parent == workspace.jobs:
                held.enter_context(_not_running(folder))
        write_down(workspace, name, found.marks)
        listed = _kept_listed(workspace, name)
        remove_subject_from_all(workspace, name)
        for path in found.paths:
            if path not in listed:
                _erase(path)
        strike_out(workspace, name)
        for path in listed:
            _erase(path)
    return found


def _kept_listed(workspace: Workspace, name: str) -> list[Path]:
    """Return the records by which people see a person; one is made for who is only enrolled, to be deleted again."""
    ids = [str(record["id"]) for record in workspace.records("subjects") if record.get("name") == name]
    if not ids:
        ids = [name_id(name)]
        workspace.save_record("subjects", {"id": ids[0], "name": name, "created_s": time.time()})
    return [workspace.root / "subjects" / f"{one}.json" for one in ids]


@contextmanager
def _not_running(folder: Path) -> Iterator[None]:
    """Keep workers from starting a job, as `gait_core.jobs.turn` does."""
    lock = FileLock(folder / "lock")
    try:
        with storage_guard(folder):
            lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"Expected no running job of this person, but {folder.name} is running.",
            "Cancel it or wait for its end, then delete the subject again.",
        ) from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.release()


def _erase(path: Path) -> None:
    """Delete a file, or a folder by a name under which nothing lists it; already gone is success."""
    with storage_guard(path):
        if not path.is_dir() or path.is_symlink():
            path.unlink(missing_ok=True)
            return
        doomed = path.with_name(f".{path.name}.deleted-{writer_mark()}")
        path.rename(doomed)
        shutil.rmtree(doomed)
