"""Finds the baseline that a person means: by its identifier, or by the subject where that has only one."""

from __future__ import annotations

from gait_core.baseline.store import damaged_baselines, list_baselines
from gait_core.errors import InputError, NotFoundError, StorageError
from gait_core.phrases import one_spelling
from gait_core.workspace import Workspace, safe_name

__all__ = ["baseline_id_of"]


def baseline_id_of(workspace: Workspace, name: str) -> str:
    """Return the identifier of the baseline that is meant.

    Parameters
    ----------
    workspace : Workspace
    name : str
        Identifier of a baseline, or name of a subject.

    Returns
    -------
    str
        An identifier takes precedence over a subject of the same name.

    Raises
    ------
    NotFoundError
        When there is neither.
    StorageError
        When the only baseline of the subject is damaged.
    InputError
        When the subject has several baselines; the message lists their identifiers.
    """
    name = one_spelling(name)
    known = [folder.name for folder in workspace.folders("baselines", "manifest.json")]
    if name in known:
        return name
    found = [one.id for one in list_baselines(workspace) if one.subject == name]
    if not found:
        own = f"{safe_name(name, 'baseline')}-".lower()
        for damaged in damaged_baselines(workspace):
            if damaged.id.lower().startswith(own):
                raise StorageError(
                    f"Expected the baseline of {name!r}, but {damaged.id} is damaged: {damaged.message}", damaged.remedy
                )
        raise NotFoundError(
            f"Expected a baseline or a subject {name!r}, but there is neither; the latest baselines are: "
            f"{', '.join(known[-5:]) or 'none'}.",
            "Copy the name from `baseline list` or from the Library page.",
        )
    if len(found) > 1:
        raise InputError(
            f"Expected a subject with one baseline, but {name!r} has {len(found)}: {', '.join(found)}.",
            "Give the identifier of one of them.",
        )
    return found[0]
