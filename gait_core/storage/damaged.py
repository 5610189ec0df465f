"""Stored items that cannot be read: shown as damaged, with what can be done, while everything else works."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from gait_core.errors import GaitError, NotFoundError

__all__ = ["DamagedItem", "read_each"]

Item = TypeVar("Item")


@dataclass(frozen=True, kw_only=True)
class DamagedItem:
    """One stored item that cannot be read.

    Attributes
    ----------
    collection : str
        Folder of the workspace: ``"baselines"``.
    id : str
        Name of the item in it.
    message, remedy : str
        What is wrong, and what can be done.
    """

    collection: str
    id: str
    message: str
    remedy: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return dict(vars(self))


def read_each(folders: Iterable[Path], read: Callable[[Path], Item]) -> tuple[list[Item], list[DamagedItem]]:
    """Read every item of a collection; what is damaged keeps none of the others from being read.

    Parameters
    ----------
    folders : iterable of Path
        One per item, in a folder that names the collection.
    read : callable
        Raises a `GaitError` for what is damaged, a `NotFoundError` for what was deleted meanwhile.

    Returns
    -------
    found : list
    damaged : list of DamagedItem
        Both in the order of the folders.
    """
    found: list[Item] = []
    damaged: list[DamagedItem] = []
    for folder in folders:
        try:
            found.append(read(folder))
        except NotFoundError as error:
            if folder.exists():
                damaged.append(_item(folder, error))
        except GaitError as error:
            damaged.append(_item(folder, error))
    return found, damaged


def _item(folder: Path, error: GaitError) -> DamagedItem:
    return DamagedItem(
        collection=folder.parent.name, id=folder.name.removesuffix(".json"), message=error.message, remedy=error.remedy
    )
