"""Everything in a workspace that is damaged, whatever it belongs to; jobs and training runs tell it in their lists."""

from __future__ import annotations

from gait_core.baseline.analyses import damaged_analyses
from gait_core.baseline.store import damaged_baselines
from gait_core.compare.profile_comparison import damaged_comparisons
from gait_core.errors import NotFoundError
from gait_core.recognition.embedding_sets import damaged_embeddings
from gait_core.recognition.gallery.gallery import list_galleries
from gait_core.recognition.model_store import damaged_models
from gait_core.storage.damaged import DamagedItem
from gait_core.walks.measurements import damaged_measurements
from gait_core.workspace import Workspace

__all__ = ["damaged_items", "delete_damaged"]


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
    ]


def delete_damaged(workspace: Workspace, collection: str, item_id: str) -> None:
    """Delete an item that is damaged; one that is whole has its own way to go.

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
    workspace.delete_folder(collection, item_id)
