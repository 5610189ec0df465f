"""What of a person a deletion leaves, with the reason: files of the user's own, what was learned, what is anyone's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from gait_core.errors import GaitError
from gait_core.storage.json_file import read_json
from gait_core.storage.report_seal import verify_report
from gait_core.storage.traces import Traces
from gait_core.workflows.subject_marks import Marks, unfinished
from gait_core.workspace import COLLECTIONS, Workspace

__all__ = ["DOCUMENTS", "Staying", "read_or_none", "what_stays"]

DOCUMENTS: Final = {"baselines": "manifest.json", "analyses": "analysis.json", "measurements": "facts.json"}
"""Collections of folders whose document names the subject."""
_LEARNED: Final = {"runs": "Training run", "models": "Model"}
_YOU_WROTE: Final = "You had it written there; delete it if it is to go as well."
_MOST_FILES: Final = 10_000
"""A workspace in a folder with everything else in it is not searched for ever."""


@dataclass(frozen=True, kw_only=True)
class Staying:
    """Something of a person that is not deleted.

    Attributes
    ----------
    what : str
        One readable line.
    path : str
        Where it lies.
    why : str
        One sentence.
    """

    what: str
    path: str
    why: str


def what_stays(
    workspace: Workspace, name: str, own: Marks, others: Marks, traces: Traces, unclear: set[Path]
) -> Iterator[Staying]:
    """Find what of a person is not deleted.

    Parameters
    ----------
    workspace : Workspace
    name : str
        Pseudonym.
    own, others : Marks
        What identifies the person, and everybody else.
    traces : Traces
        Of the person.
    unclear : set of Path
        Items that name no person and show none.

    Yields
    ------
    Staying
    """
    yield from _videos(workspace, own, others)
    yield from _learned(workspace, traces)
    yield from _written(workspace, traces)
    yield from _unclear(unclear)
    yield from _of_others(workspace, name)


def _videos(workspace: Workspace, own: Marks, others: Marks) -> Iterator[Staying]:
    for text in sorted(own.videos):
        with contextlib.suppress(OSError, ValueError):
            if not Path(text).exists():
                continue
            if not Path(text).is_relative_to(workspace.root):
                yield Staying(what="Your own video file", path=text, why="Gait Studio never deletes files of yours.")
            elif text in others.videos:
                yield Staying(what="Uploaded video", path=text, why="Another subject has a walk from the same file.")


def _learned(workspace: Workspace, traces: Traces) -> Iterator[Staying]:
    for collection, what in _LEARNED.items():
        for folder in workspace.entries(collection):
            if traces.in_folder(folder):
                why = (
                    "It learned from this person among others, and weights cannot forget; delete it where it is listed."
                )
                yield Staying(what=f"{what} {folder.name}", path=str(folder), why=why)


def _written(workspace: Workspace, traces: Traces) -> Iterator[Staying]:
    """Yield reports and exports that were written into the workspace, beside what Gait Studio keeps there itself."""
    foreign = (path for path in sorted(workspace.root.glob("[!.]*")) if path.name not in COLLECTIONS)
    files = (file for path in foreign for file in (sorted(path.rglob("*")) if path.is_dir() else [path]))
    for path in islice((file for file in files if file.is_file()), _MOST_FILES):
        if path.suffix.lower() == ".pdf":
            # What a PDF says is compressed; that it is a report of Gait Studio can be told.
            with contextlib.suppress(GaitError):
                if verify_report(path).state != "unsealed":
                    yield Staying(what="A report that may be theirs", path=str(path), why=_YOU_WROTE)
        elif traces.in_file(path):
            yield Staying(what="A report or export", path=str(path), why=_YOU_WROTE)


def _unclear(unclear: set[Path]) -> Iterator[Staying]:
    for path in sorted(unclear):
        if path.is_dir() or read_or_none(path) is None:
            why = "It is damaged or names no person, so it may be anyone's; delete it in the Library if it is theirs."
            if read_or_none(path / DOCUMENTS.get(path.parent.name, "")) is None:
                yield Staying(what=f"{path.parent.name}/{path.name}", path=str(path), why=why)


def _of_others(workspace: Workspace, name: str) -> Iterator[Staying]:
    for subject, path in unfinished(workspace):
        if subject != name:
            what = f"Unfinished deletion of {subject}"
            yield Staying(what=what, path=str(path), why=f"It was interrupted; delete {subject} again to finish it.")


def read_or_none(path: Path) -> Any:
    """Return the JSON in a file, or None where it cannot be read.

    Parameters
    ----------
    path : Path

    Returns
    -------
    JSON value or None
    """
    try:
        return read_json(path)
    except GaitError:
        return None
