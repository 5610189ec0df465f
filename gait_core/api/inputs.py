"""Converts what callers may pass (paths, folders, objects, nothing) into what the workflows expect."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from numbers import Real
from pathlib import Path
from typing import Any, TypeAlias

from gait_core.config import MeasureSettings, Profile, load_profiles
from gait_core.config.profile_body import profile_body
from gait_core.errors import Cancelled, InputError
from gait_core.gait.events.edits import Edit, edits_from_json
from gait_core.progress import Reporter, silent
from gait_core.storage.json_file import MOST_JSON_BYTES, read_content
from gait_core.workspace import Workspace

__all__ = [
    "PathLike",
    "Videos",
    "edits_of",
    "one_video",
    "profile_name",
    "reporter_for",
    "scale_of",
    "settings_of",
    "text_of",
    "videos_of",
    "with_exit_code",
    "workspace_of",
]

PathLike: TypeAlias = str | os.PathLike[str]
Videos: TypeAlias = PathLike | Iterable[PathLike]
"""A video, a folder of videos, or several of both."""


def videos_of(given: Videos, *, deep: bool = False, markers: bool = False) -> list[str]:
    """Return the absolute paths of the videos that were named; those of a folder in the order of their names.

    A folder without videos is kept as it is, so that it gets its own message and the other videos continue. Hidden
    files are left out.

    Parameters
    ----------
    given : path-like, or iterable of path-like
        Videos and folders.
    deep : bool
        Also look into the folders of a folder.
    markers : bool
        Count the ``.c3d`` files of a folder as well.

    Returns
    -------
    list of str
        At least one.

    Raises
    ------
    InputError
        When there is none, or something is not a path.
    """
    from gait_core.workflows.extract import videos_of as videos_in

    found = videos_in([os.fspath(path) for path in _paths(given)], deep=deep, markers=markers)
    if not found:
        raise InputError("Expected at least one video, but got none.", "Name a video, or a folder of videos.")
    return found


def _paths(given: Videos) -> Iterator[Path]:
    several = [given] if isinstance(given, str | os.PathLike) or not isinstance(given, Iterable) else given
    for path in several:
        if not isinstance(path, str | os.PathLike):
            raise InputError(
                f"Expected the path of a video, but got {path!r} ({type(path).__name__}).",
                "Pass a str, a Path or a list of them.",
            )
        if not os.fspath(path):
            raise InputError(
                "Expected the path of a video, but got an empty name.", "Name a video, or a folder of them."
            )
        yield Path(path).expanduser().absolute()


def workspace_of(given: Workspace | PathLike | None) -> Workspace:
    """Return the workspace that was given, that of a folder, or the default one; refuse anything else.

    Returns
    -------
    Workspace
    """
    if given is not None and not isinstance(given, Workspace | str | os.PathLike):
        raise _wrong("workspace", "a Workspace or a folder", given)
    return given if isinstance(given, Workspace) else Workspace(None if given is None else Path(given))


def reporter_for(given: Reporter | None) -> Reporter:
    """Return a reporter for one call, with a clock of its own that reports to the one given; refuse anything else.

    Returns
    -------
    Reporter
        It passes every event on to `given`, or to no one when `given` is None.
    """
    if given is None:
        return silent()
    if not isinstance(given, Reporter):
        raise _wrong("reporter", "a Reporter", given)

    def cancelled() -> bool:
        try:
            given.check()
        except Cancelled:
            return True
        return False

    return Reporter(sink=given.emit, cancelled=cancelled, stop_early=given.wants_early_stop)


def text_of(name: str, given: object) -> str:
    """Return a text that was given under a name; refuse anything else.

    Returns
    -------
    str
        `given`, unchanged.
    """
    if not isinstance(given, str):
        raise _wrong(name, "a text", given)
    return given


def _wrong(name: str, expected: str, got: object) -> InputError:
    return InputError(f"Expected {name} to be {expected}, but got {got!r} ({type(got).__name__}).", f"Change {name}.")


def profile_name(profile: str | Profile, workspace: Workspace) -> str:
    """Return the name of a profile; one that the workspace does not know yet is stored there.

    Returns
    -------
    str
        Name under which the workspace knows the profile.

    Raises
    ------
    InputError
        When another profile has that name, or the profile cannot be stored.
    """
    if not isinstance(profile, Profile):
        return profile
    known = load_profiles(workspace.profiles).get(profile.name)
    if known is None:
        from gait_core.compare.profile_store import save_profile

        save_profile(workspace, profile.name, profile_body(profile))
        known = load_profiles(workspace.profiles).get(profile.name)
    if known is None or known.with_(description=profile.description) != profile:
        raise InputError(
            f"Expected the profile {profile.name!r} as stored in the workspace, but got one with other settings.",
            "Give your profile a name of its own: profile.with_(name='my profile').",
        )
    return profile.name


def scale_of(
    *,
    height_m: float | None = None,
    distance_m: float | None = None,
    distance_px: float | None = None,
    speed_mps: float | None = None,
) -> dict[str, Any]:
    """Return the fields of a `ScaleInput`.

    Parameters
    ----------
    height_m : float, optional
        Body height without shoes, m.
    distance_m, distance_px : float, optional
        A known distance on the floor, m, and its length in the image, px.
    speed_mps : float, optional
        Walking speed, m/s.

    Returns
    -------
    dict of str to object
        Keys ``kind``, ``value`` and ``pixels``.

    Raises
    ------
    InputError
        When more than one source of scale is given, or something that is not a number.
    """
    given = {"height": height_m, "distance": distance_m, "speed": speed_mps}
    chosen = {kind: value for kind, value in given.items() if value is not None}
    if len(chosen) > 1:
        raise InputError(
            f"Expected one source of scale, but got {', '.join(chosen)}.",
            "Give only one of height_m, distance_m and speed_mps.",
        )
    if not chosen:
        return {}
    ((kind, value),) = chosen.items()
    unit = "mps" if kind == "speed" else "m"
    named: dict[str, object] = {f"{kind}_{unit}": value, "distance_px": distance_px}
    for name, number in named.items():
        if number is not None and (isinstance(number, bool) or not isinstance(number, Real)):
            raise _wrong(name, "a number", number)
    pixels = float(distance_px) if kind == "distance" and distance_px is not None else None
    return {"kind": kind, "value": float(value), "pixels": pixels}


def settings_of(method: str, settings: MeasureSettings | Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the fields of `MeasureSettings`; a method among the settings overrides the other one.

    Returns
    -------
    dict of str to object
        ``event_method`` and every field given in `settings`.
    """
    if settings is not None and not isinstance(settings, MeasureSettings | Mapping):
        raise _wrong("settings", "MeasureSettings or a mapping of its fields", settings)
    further = settings.to_dict() if isinstance(settings, MeasureSettings) else dict(settings or {})
    return {"event_method": method, **further}


def edits_of(events: PathLike | Sequence[Edit | Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """Return changed events as a request takes them, from a file or from objects.

    Returns
    -------
    list of dict
        Fields of each `Edit`; empty when `events` is None.

    Raises
    ------
    InputError
        When the file cannot be read or an entry is not a change of an event.
    """
    if events is None:
        return []
    if isinstance(events, str | os.PathLike):
        path = Path(events).expanduser()
        try:
            text = read_content(path, MOST_JSON_BYTES).decode("utf-8")
        except (OSError, ValueError) as error:
            raise InputError(
                f"Expected a file of changed events at {path}, but it cannot be read ({error}).",
                "Give the edits.json that lies beside a measurement.",
            ) from error
        return [asdict(edit) for edit in edits_from_json(text)]
    try:
        return [asdict(edit if isinstance(edit, Edit) else Edit(**edit)) for edit in events]
    except TypeError as error:
        raise InputError(
            f"Expected changes of events with action, side, kind and time_s, but got something else ({error}).",
            "Give objects of gait_core.gait.events.edits.Edit, or mappings with its fields.",
        ) from error


def one_video(video: PathLike) -> str:
    """Return the absolute path of a single video.

    Returns
    -------
    str
        Absolute path.

    Raises
    ------
    InputError
        When a folder holds none or several.
    """
    found = videos_of(video)
    if len(found) != 1:
        raise InputError(f"Expected one video, but got {len(found)} in {video}.", "Name one of them.")
    return found[0]


def with_exit_code(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result with the exit code that its command adds when every video failed.

    Returns
    -------
    dict of str to object
        `result` itself where a video succeeded, else a copy with ``exit_code`` 1.
    """
    return {**result, "exit_code": 1} if all("error" in walk for walk in result["walks"]) else result
