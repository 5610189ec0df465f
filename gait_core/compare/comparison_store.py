"""Comparisons of profiles on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypedDict

from gait_core.cache.archive import load_arrays, save_arrays
from gait_core.compare.profile_comparison import ProfileComparison
from gait_core.errors import NotFoundError, StorageError
from gait_core.storage.damaged import DamagedItem, read_each
from gait_core.storage.records import read_record
from gait_core.storage.seal import sealed
from gait_core.workspace import Workspace, write_json

__all__ = [
    "COLLECTION",
    "damaged_comparisons",
    "delete_comparison",
    "list_comparisons",
    "load_comparison",
    "overlay_path",
    "store_comparison",
]

COLLECTION: Final = "comparisons"
_CURVES: Final = "curves.npz"
_DOCUMENT: Final = "comparison.json"
_REMEDY: Final = "Delete the comparison and compare the profiles again."


class _StoredRun(TypedDict):
    name: str


class _Stored(TypedDict):
    id: str
    name: str
    created_s: float
    reference: str
    content_sha256: str
    runs: list[_StoredRun]


def overlay_path(workspace: Workspace, comparison_id: str, number: int) -> Path:
    """Return where the overlay video of a run lies.

    Parameters
    ----------
    workspace : Workspace
    comparison_id : str
    number : int
        Place of the run in the comparison, from 0.

    Returns
    -------
    Path
        Need not exist.
    """
    return workspace.entry(COLLECTION, comparison_id) / f"overlay_{int(number)}.mp4"


def load_comparison(workspace: Workspace, comparison_id: str) -> ProfileComparison:
    """Return a stored comparison.

    Returns
    -------
    ProfileComparison
        With its curves.

    Raises
    ------
    NotFoundError, StorageError
        When there is none of that name, or it is damaged or of another version.
    """
    folder = workspace.entry(COLLECTION, comparison_id)
    if not folder.is_dir():
        raise NotFoundError(
            f"Expected a comparison {comparison_id!r}, but there is none.", "Look at the list of comparisons."
        )
    values = _read(folder)
    try:
        return ProfileComparison.from_dict(values, load_arrays(folder / _CURVES))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StorageError(
            f"Expected a comparison in {folder}, but it is damaged or of another version ({error}).", _REMEDY
        ) from error


def store_comparison(folder: Path, comparison: ProfileComparison) -> None:
    """Write a comparison and its curves, sealed, into a folder that is being filled.

    Raises
    ------
    StorageError
        When the place is read-only or full.
    """
    save_arrays(folder / _CURVES, comparison.curves)
    write_json(folder / _DOCUMENT, sealed(comparison.to_dict(), folder, [_CURVES]))


def list_comparisons(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the comparisons that can be read; see `damaged_comparisons` for the others.

    Returns
    -------
    list of dict
        ``id``, ``name`` of the video, ``created_s`` (seconds since the Unix epoch), ``reference``, ``content_sha256``
        and ``profiles``, the names of all that were run; newest first.
    """
    found, _ = read_each(workspace.entries(COLLECTION), _headline)
    return sorted(found, key=lambda facts: float(facts["created_s"]), reverse=True)


def damaged_comparisons(workspace: Workspace) -> list[DamagedItem]:
    """Return the comparisons that cannot be read.

    Returns
    -------
    list of DamagedItem
        What is wrong with each and what can be done; oldest identifier first.
    """
    return read_each(workspace.entries(COLLECTION), _headline)[1]


def _headline(folder: Path) -> dict[str, Any]:
    stored = _read(folder)
    facts = {key: stored[key] for key in ("id", "name", "created_s", "reference", "content_sha256")}
    return {**facts, "profiles": [run["name"] for run in stored["runs"]]}


def _read(folder: Path) -> dict[str, Any]:
    return read_record(folder / _DOCUMENT, _Stored, what=f"the comparison {folder.name}", remedy=_REMEDY)


def delete_comparison(workspace: Workspace, comparison_id: str) -> None:
    """Delete a comparison with its videos.

    Raises
    ------
    NotFoundError
        When there is none of that name.
    """
    workspace.delete_folder(COLLECTION, comparison_id)
