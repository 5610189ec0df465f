"""Keeps the profiles that the user made: one file each, written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gait_core.config.profile_body import check_profile, profile_body
from gait_core.config.profile_json import parse_json, read_text
from gait_core.config.profile_keys import ProfileProblem
from gait_core.config.user_profiles import DOCUMENT_KEY, check_document, load_profiles, profile_files
from gait_core.errors import InputError, NotFoundError
from gait_core.pose.engines import engine_memory
from gait_core.workspace import Workspace, safe_name, storage_guard, write_json

__all__ = ["body_of", "delete_profile", "export_text", "import_profiles", "problems_of", "save_profile"]


def problems_of(workspace: Workspace, name: str, body: Any, *, instead_of: str = "") -> tuple[ProfileProblem, ...]:
    """Return everything that keeps a profile from being saved.

    Parameters
    ----------
    workspace : Workspace
    name : str
    body : object
        Its keys, as in a file.
    instead_of : str
        Profile that it replaces, which may have the same name.

    Returns
    -------
    tuple of ProfileProblem
        Empty when it can be saved. That the name is taken is looked for only where nothing else is wrong.
    """
    problems = check_profile(name, body, engine_memory()).problems
    others = {other.casefold() for other in load_profiles(workspace.profiles) if other != instead_of}
    if not problems and name.casefold() in others:
        return (
            ProfileProblem(
                where=name,
                key="",
                message=f"Expected a name of its own, but there is already a profile {name!r}.",
                remedy="Choose another name.",
            ),
        )
    return problems


def save_profile(workspace: Workspace, name: str, body: Mapping[str, Any], *, instead_of: str = "") -> Path:
    """Store a profile; one that it replaces goes once the new one is safe.

    Parameters
    ----------
    workspace : Workspace
    name : str
    body : mapping
        Its keys, as in a file.
    instead_of : str
        Profile that it replaces, which may have the same name; empty: none.

    Returns
    -------
    Path
        Its file.

    Raises
    ------
    InputError
        When something is wrong with it; the first problem is reported.
    StorageError
        When the workspace cannot be written.
    """
    problems = problems_of(workspace, name, body, instead_of=instead_of)
    if problems:
        raise InputError(problems[0].message, problems[0].remedy)
    place = _place_of(workspace, instead_of) if instead_of else None
    if place is not None and name == instead_of:
        path, document = place
        write_json(path, {DOCUMENT_KEY: {**document, name: dict(body)}})
        return path
    path = _free_path(workspace, name)
    write_json(path, {DOCUMENT_KEY: {name: dict(body)}})
    if place is not None:
        delete_profile(workspace, instead_of)
    return path


def delete_profile(workspace: Workspace, name: str) -> dict[str, Any]:
    """Delete a profile of the user.

    Returns
    -------
    dict
        Its keys as they were written, with which `save_profile` undoes it.

    Raises
    ------
    NotFoundError
        When there is none of that name.
    """
    place = _place_of(workspace, name)
    if place is None:
        raise NotFoundError(
            f"Expected {name!r} among your profiles, but there is none.",
            "It may have been deleted; list your profiles again.",
        )
    path, document = place
    body = document.pop(name)
    if document:
        write_json(path, {DOCUMENT_KEY: document})
    else:
        with storage_guard(path):
            path.unlink(missing_ok=True)
    return dict(body)


def body_of(workspace: Workspace, name: str) -> dict[str, Any]:
    """Return the keys of a profile, built-in ones included.

    Returns
    -------
    dict
        All keys, in the form of a file.

    Raises
    ------
    NotFoundError
        When there is none of that name.
    """
    found = load_profiles(workspace.profiles)
    if name not in found:
        raise NotFoundError(f"Expected a profile {name!r}, but there is none.", f"There are {', '.join(found)}.")
    return profile_body(found[name])


def export_text(workspace: Workspace, name: str) -> str:
    """Write a profile as the text of a file that `import_profiles` takes.

    Returns
    -------
    str
        JSON with a line feed at the end.

    Raises
    ------
    NotFoundError
        When there is none of that name.
    """
    return json.dumps({DOCUMENT_KEY: {name: body_of(workspace, name)}}, indent=2, ensure_ascii=False) + "\n"


def import_profiles(workspace: Workspace, text: str, source: str) -> tuple[list[str], list[ProfileProblem]]:
    """Store the profiles of a file, all of them or, when anything is wrong, none.

    Parameters
    ----------
    workspace : Workspace
    text : str
        Content.
    source : str
        Name of the file, for messages.

    Returns
    -------
    names : list of str
        What was stored.
    problems : list of ProfileProblem
        Why nothing was stored; empty when all went well.
    """
    try:
        document = parse_json(text, source)
    except InputError as error:
        return [], [ProfileProblem(where="", key="", message=error.message, remedy=error.remedy)]
    file = check_document(document, Path(source), engine_memory())
    problems = list(file.all_problems)
    bodies = document[DOCUMENT_KEY] if not problems else {}
    for name, body in bodies.items():
        problems += problems_of(workspace, name, body)
    if problems:
        return [], problems
    for name, body in bodies.items():
        save_profile(workspace, name, body)
    return list(bodies), []


def _place_of(workspace: Workspace, name: str) -> tuple[Path, dict[str, Any]] | None:
    """Return the file that holds a valid profile, and all profiles of that file as written."""
    for file in profile_files(workspace.profiles):
        if name in file.sound:
            return file.path, dict(parse_json(read_text(file.path), file.path.name)[DOCUMENT_KEY])
    return None


def _free_path(workspace: Workspace, name: str) -> Path:
    stem = safe_name(name, "profile")
    path, number = workspace.profiles / f"{stem}.json", 2
    while path.exists():
        path, number = workspace.profiles / f"{stem}-{number}.json", number + 1
    return path
