"""Trained classifiers that were promoted: each analysis of a walk also asks them, until they are withdrawn.

::

    models/<name>/
      promoted.json      display name, the run that it came from, and when it was promoted
      model.json, …      the model itself with its card, see `gait_core.learn.trained_model`
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gait_core.errors import GaitError, InputError, ModelError, NotFoundError, StorageError
from gait_core.learn.trained_model import TrainedModelFacts, find_model, load_model, stored_facts
from gait_core.workspace import Workspace, read_json, safe_name, whole_folder, write_json

__all__ = [
    "VIDEO_ROWS",
    "PromotedModel",
    "list_promoted",
    "promote_model",
    "promoted_model",
    "promoted_name",
    "withdraw_model",
]

VIDEO_ROWS: Final = ("windows", "curves", "clips")
"""Kinds of rows that an analysis makes of a walk; clips only where the outline of the person is in the cache."""

_RECORD: Final = "promoted.json"
_COLLECTION: Final = "models"
_FAR_FUTURE_S: Final = 1e11


@dataclass(frozen=True, kw_only=True, eq=False)
class PromotedModel:
    """A promoted model as it stands on disk.

    Attributes
    ----------
    name : str
        Of its folder; `evaluate` and `predict` take it.
    title : str
        The display name that it was given.
    run : str
        The training run that it came from.
    promoted_s : float
        s since 1970.
    folder : Path
    facts : TrainedModelFacts or None
        None when it is damaged.
    error : mapping or None
        Why it cannot be used: ``kind``, ``message`` and ``remedy``.
    """

    name: str
    title: str
    run: str
    promoted_s: float
    folder: Path
    facts: TrainedModelFacts | None = None
    error: Mapping[str, str] | None = None

    @property
    def classifies_walks(self) -> bool:
        """Whether an analysis applies it: it is intact and was trained on what a prepared walk gives."""
        return self.facts is not None and self.facts.kind in VIDEO_ROWS

    @property
    def card(self) -> str:
        """The model card in Markdown; empty where it cannot be read."""
        try:
            return (self.folder / "card.md").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""

    def withdraw(self) -> None:
        """Delete it; the run that it came from stays, and so does what it said of earlier walks.

        Raises
        ------
        NotFoundError
            When it is gone already.
        """
        Workspace(self.folder.parents[1]).delete_folder(_COLLECTION, self.name)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``models list --json`` prints of it."""
        facts = self.facts
        return {
            "name": self.name,
            "title": self.title,
            "run": self.run,
            "promoted_s": self.promoted_s,
            "folder": str(self.folder),
            "model": None if facts is None else facts.model,
            "classes": [] if facts is None else list(facts.classes),
            "inputs": None if facts is None else facts.kind,
            "classifies_walks": self.classifies_walks,
            "error": None if self.error is None else dict(self.error),
        }


def promoted_name(name: str) -> str:
    """Return the name of the folder for a name that a user typed.

    Returns
    -------
    str

    Raises
    ------
    InputError
        When nothing is left of it without special characters.
    """
    plain = safe_name(name, fallback="")
    if not plain:
        raise InputError(f"Expected a name with a letter or a digit, but got {name!r}.", "Give another name.")
    return plain


def promote_model(workspace: Workspace, named: str, name: str) -> PromotedModel:
    """Copy the model of a run, with its card, to the models that each analysis asks.

    Parameters
    ----------
    workspace : Workspace
    named : str
        See `gait_core.learn.trained_model.find_model`.
    name : str
        Name for it; replaces the promoted model of that name.

    Returns
    -------
    PromotedModel

    Raises
    ------
    InputError
        When the name is empty, or a model of another kind has it.
    NotFoundError, ModelError
        When there is no such model, or it is damaged.
    StorageError
        When the workspace is read-only or full.
    """
    plain = promoted_name(name)
    source = find_model(named, workspace)
    facts = load_model(source).facts
    target = workspace.entry(_COLLECTION, plain)
    if target.exists() and not (target / _RECORD).is_file():
        raise InputError(
            f"Expected a name that no other model has, but {plain!r} is a model that was not promoted from a run.",
            "Give another name.",
        )
    record = {"title": " ".join(name.split()), "run": facts.run, "promoted_s": time.time()}
    with whole_folder(target) as place:
        shutil.copytree(source, place, dirs_exist_ok=True)
        write_json(place / _RECORD, record)
    return promoted_model(workspace, plain)


def withdraw_model(workspace: Workspace, name: str) -> PromotedModel:
    """Delete a promoted model, see `PromotedModel.withdraw`.

    Returns
    -------
    PromotedModel
        As it was.

    Raises
    ------
    NotFoundError
        When no promoted model has that name.
    """
    found = promoted_model(workspace, name)
    found.withdraw()
    return found


def promoted_model(workspace: Workspace, name: str) -> PromotedModel:
    """Return a promoted model by its name.

    Returns
    -------
    PromotedModel

    Raises
    ------
    NotFoundError
        When there is none of that name.
    """
    folder = workspace.entry(_COLLECTION, promoted_name(name))
    if not (folder / _RECORD).is_file():
        known = ", ".join(one.name for one in list_promoted(workspace)) or "none"
        raise NotFoundError(
            f"Expected the promoted model to be one of {known}, but got {name!r}.",
            "`models list` shows those that there are.",
        )
    return _read(folder)


def list_promoted(workspace: Workspace) -> list[PromotedModel]:
    """Return all promoted models by name, damaged ones among them.

    Returns
    -------
    list of PromotedModel
    """
    return [_read(folder) for folder in workspace.folders(_COLLECTION, _RECORD)]


def _read(folder: Path) -> PromotedModel:
    try:
        record = read_json(folder / _RECORD)
        known: dict[str, Any] = {
            "title": str(record["title"]),
            "run": str(record["run"]),
            "promoted_s": float(record["promoted_s"]),
        }
        if not 0 <= known["promoted_s"] < _FAR_FUTURE_S:
            raise ValueError(f"promoted_s is {known['promoted_s']:g}, which is not a date")
    except (KeyError, TypeError, ValueError, StorageError, NotFoundError) as problem:
        damaged = ModelError(
            f"Expected the record of a promoted model in {folder}, but it is damaged ({problem}).",
            "Withdraw the model, and promote its run again.",
        )
        known = {"title": folder.name, "run": "", "promoted_s": 0.0, "error": damaged.to_dict()}
        return PromotedModel(name=folder.name, folder=folder, **known)
    try:
        return PromotedModel(name=folder.name, folder=folder, facts=stored_facts(folder), **known)
    except GaitError as error:
        return PromotedModel(name=folder.name, folder=folder, error=error.to_dict(), **known)
