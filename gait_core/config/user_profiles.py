"""Profiles that the user made: JSON files in a folder, beside the built-in ones.

::

    {"performance_profiles": {"custom_fast": {"performance_mode": "fast", "max_memory_mb": 1536,
                                              "mediapipe": {"min_detection_confidence": 0.4}}}}

A file holds one profile or more; `profile_keys` has the keys. What is wrong with a file or with one of its profiles
never stops the program: it is left out and reported. Where ``engines`` is given, as
`gait_core.pose.engines.engine_memory` returns it, the engine of a profile has to be among them; otherwise whoever opens
the engine checks its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from gait_core.config.profile_body import CheckedProfile, check_profile
from gait_core.config.profile_json import parse_json, read_text
from gait_core.config.profile_keys import ProfileProblem
from gait_core.config.profiles import PROFILES, EngineMemory, Profile
from gait_core.errors import InputError, SettingsError

__all__ = [
    "DOCUMENT_KEY",
    "ProfileFile",
    "check_document",
    "load_profiles",
    "profile_files",
    "profile_named",
    "read_profile_file",
]

DOCUMENT_KEY: Final = "performance_profiles"
_MOST_PROFILES: Final = 50
_MOST_FILES: Final = 200


@dataclass(frozen=True, kw_only=True)
class ProfileFile:
    """What a file of profiles holds.

    Attributes
    ----------
    path : Path
    profiles : tuple of CheckedProfile
        Sound and broken ones, in the order of the file.
    problems : tuple of ProfileProblem
        Those of the file as a whole.
    """

    path: Path
    profiles: tuple[CheckedProfile, ...] = ()
    problems: tuple[ProfileProblem, ...] = ()

    @property
    def all_problems(self) -> tuple[ProfileProblem, ...]:
        """Problems of the file and of each profile in it."""
        return (*self.problems, *(problem for entry in self.profiles for problem in entry.problems))

    @property
    def sound(self) -> dict[str, Profile]:
        """Profiles without a problem, by name."""
        return {entry.name: entry.profile for entry in self.profiles if entry.profile is not None}


def check_document(document: Any, path: Path, engines: EngineMemory | None = None) -> ProfileFile:
    """Check the content of a file.

    Parameters
    ----------
    document : object
        Parsed JSON.
    path : Path
        Where it came from, for messages.
    engines : mapping, optional
        See `gait_core.config.profile_body.check_profile`.

    Returns
    -------
    ProfileFile
    """

    def file_problem(message: str, remedy: str, key: str = "") -> ProfileProblem:
        return ProfileProblem(where="", key=key, message=message, remedy=remedy)

    example = f'Begin with {{"{DOCUMENT_KEY}": {{"my profile": {{"performance_mode": "fast"}}}}}}.'
    if not isinstance(document, Mapping) or DOCUMENT_KEY not in document:
        got = f"keys {', '.join(map(str, list(document)[:5]))}"[:120] if isinstance(document, Mapping) else "none"
        message = f"Expected an object with {DOCUMENT_KEY!r} in {path.name}, but got {got}."
        return ProfileFile(path=path, problems=(file_problem(message, example),))
    problems = [
        file_problem(
            f"Expected only {DOCUMENT_KEY!r} at the top of {path.name}, but got {str(key)[:60]!r} as well.",
            f"Did you mean {DOCUMENT_KEY!r}? Put everything else into a profile.",
            str(key)[:60],
        )
        for key in list(document)[:5]
        if key != DOCUMENT_KEY
    ]
    entries = document[DOCUMENT_KEY]
    if not isinstance(entries, Mapping) or not entries:
        message = f"Expected at least one profile by its name in {path.name}, but got none."
        return ProfileFile(path=path, problems=(*problems, file_problem(message, example)))
    if len(entries) > _MOST_PROFILES:
        message = f"Expected at most {_MOST_PROFILES} profiles in {path.name}, but got {len(entries)}."
        return ProfileFile(path=path, problems=(*problems, file_problem(message, "Spread them over several files.")))
    checked = tuple(check_profile(str(name), body, engines) for name, body in entries.items())
    return ProfileFile(path=path, profiles=_each_once(checked, {}), problems=tuple(problems))


def read_profile_file(path: Path, engines: EngineMemory | None = None) -> ProfileFile:
    """Read and check a file; whatever is wrong is in `problems`, nothing is raised.

    Returns
    -------
    ProfileFile
    """
    try:
        return check_document(parse_json(read_text(path), path.name), path, engines)
    except InputError as error:
        problem = ProfileProblem(where="", key="", message=error.message, remedy=error.remedy)
        return ProfileFile(path=path, problems=(problem,))


def profile_files(folder: Path | None, engines: EngineMemory | None = None) -> list[ProfileFile]:
    """Return the files of a folder, in the order of their names; a name used by an earlier file is a problem.

    Returns
    -------
    list of ProfileFile
    """
    if folder is None or not folder.is_dir():
        return []
    seen: dict[str, str] = {}
    found = []
    for path in sorted(path for path in folder.glob("*.json") if not path.name.startswith("."))[:_MOST_FILES]:
        file = read_profile_file(path, engines)
        found.append(replace(file, profiles=_each_once(file.profiles, seen, path.name)))
    return found


def load_profiles(folder: Path | None = None, engines: EngineMemory | None = None) -> dict[str, Profile]:
    """Return the built-in profiles and the sound ones of a folder, by name.

    Returns
    -------
    dict of str to Profile
    """
    found = dict(PROFILES)
    for file in profile_files(folder, engines):
        found |= file.sound
    return found


def profile_named(name: str, folder: Path | None = None, engines: EngineMemory | None = None) -> Profile:
    """Return a profile by its name.

    Parameters
    ----------
    name : str
    folder : Path, optional
        Where the user's profiles are; without it there are only the built-in ones.
    engines : mapping, optional
        See `gait_core.config.profile_body.check_profile`.

    Returns
    -------
    Profile

    Raises
    ------
    SettingsError
        When there is no such profile, or when its file is broken.
    """
    if name in PROFILES:
        return PROFILES[name]
    files = profile_files(folder, engines)
    found = dict(PROFILES)
    for file in files:
        found |= file.sound
    if name in found:
        return found[name]
    for file in files:
        for entry in file.profiles:
            if entry.name == name:
                raise SettingsError(
                    f"Expected a valid profile {name!r} in {file.path.name}, but: {entry.problems[0].message}",
                    entry.problems[0].remedy,
                )
    near = get_close_matches(str(name)[:60].lower(), {key.lower(): key for key in found}, n=1, cutoff=0.5)
    meant = next((key for key in found if near and key.lower() == near[0]), None)
    raise SettingsError(
        f"Expected the profile to be one of {', '.join(found)}, but got {str(name)[:80]!r}.",
        f"Did you mean {meant!r}?" if meant else "Choose one of these.",
    )


def _each_once(
    entries: tuple[CheckedProfile, ...], seen: dict[str, str], file_name: str = "this file"
) -> tuple[CheckedProfile, ...]:
    """Turn a name that was used before into a problem; upper and lower case do not tell names apart."""
    found: list[CheckedProfile] = []
    for entry in entries:
        key = entry.name.casefold()
        earlier = seen.setdefault(key, file_name) if entry.profile is not None else file_name
        taken = entry.profile is not None and (earlier != file_name or any(e.name.casefold() == key for e in found))
        if taken:
            problem = ProfileProblem(
                where=entry.name,
                key="",
                message=f"Expected a name of its own, but {entry.name!r} is also in {earlier}.",
                remedy="Rename one of them.",
            )
            entry = replace(entry, profile=None, problems=(problem,))
        found.append(entry)
    return tuple(found)
