"""Everything in a workspace that is damaged, whatever it belongs to; jobs and training runs show it in their lists."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

from gait_core.baseline.analyses import damaged_analyses
from gait_core.baseline.store import damaged_baselines
from gait_core.compare.comparison_store import damaged_comparisons
from gait_core.errors import NotFoundError, StorageError
from gait_core.recognition.embedding_sets import damaged_embeddings
from gait_core.recognition.gallery.gallery import list_galleries
from gait_core.recognition.model_store import damaged_models
from gait_core.storage.damaged import DamagedItem, read_each
from gait_core.storage.records import read_record
from gait_core.walks.measurements import damaged_measurements
from gait_core.workspace import Workspace, storage_guard

__all__ = ["damaged_items", "delete_damaged"]

_RECORDS: Final = {
    "walks": ("walk", "Delete it; the walk is listed again once it is measured or analysed."),
    "subjects": ("person", "Delete it; the person is listed again with the next baseline."),
    "validations": ("validation", "Delete it and validate again."),
}
"""Catalogues of one file for each record: what a record is, and what can be done when it is damaged."""


def damaged_items(workspace: Workspace) -> list[DamagedItem]:
    """Return what cannot be read, collection by collection.

    Parameters
    ----------
    workspace : Workspace

    Returns
    -------
    list of DamagedItem
    """
    galleries = [
        DamagedItem(
            collection="galleries",
            id=one.id,
            message=one.damage,
            remedy="Restore its folder from a backup, or delete the gallery and enrol again.",
        )
        for one in list_galleries(workspace)
        if one.damage
    ]
    return [
        *damaged_baselines(workspace),
        *damaged_analyses(workspace),
        *damaged_measurements(workspace),
        *damaged_comparisons(workspace),
        *damaged_embeddings(workspace),
        *damaged_models(workspace),
        *galleries,
        *(item for collection in _RECORDS for item in _damaged_records(workspace, collection)),
    ]


def _damaged_records(workspace: Workspace, collection: str) -> list[DamagedItem]:
    name, remedy = _RECORDS[collection]

    def read(path: Path) -> dict[str, Any]:
        what = f"the record of the {name} {path.stem}"
        record = read_record(path, dict[str, Any], what=what, remedy=remedy)
        if record.get("id") != path.stem:
            raise StorageError(f"Expected {what}, but {path.name} holds that of {record.get('id')!r}.", remedy)
        return record

    return read_each(sorted((workspace.root / collection).glob("[!.]*.json")), read)[1]


def delete_damaged(workspace: Workspace, collection: str, item_id: str) -> None:
    """Delete an item that is damaged; one that is whole has its own way to go.

    Parameters
    ----------
    workspace : Workspace
    collection, item_id : str
        As `DamagedItem` has them.

    Raises
    ------
    NotFoundError
        When there is no such item, or it is whole.
    StorageError
        When the place is read-only.
    """
    if not any((one.collection, one.id) == (collection, item_id) for one in damaged_items(workspace)):
        raise NotFoundError(
            f"Expected a damaged item {item_id!r} among the {collection}, but there is none.",
            "Look at the list again.",
        )
    if collection not in _RECORDS:
        workspace.delete_folder(collection, item_id)
        return
    path = workspace.root / collection / f"{item_id}.json"
    with storage_guard(path):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
