"""What the commands share: paths from arguments, jobs run in this process, and the shape of an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from gait_core.cli.console import Console
from gait_core.errors import InputError, NotFoundError
from gait_core.workspace import Workspace

__all__ = ["Answer", "absolute", "present", "run_job", "videos_of", "walk_line", "walks_text"]

Answer: TypeAlias = tuple[Any, str]
"""JSON result, and readable text."""

_MARKS = {"normal": "● normal", "watch": "▲ watch", "alert": "■ alert"}


def absolute(paths: Sequence[str]) -> list[str]:
    """Return absolute paths; a job may run elsewhere.

    Returns
    -------
    list of str
        In the same order, ``~`` expanded; they need not exist.

    Raises
    ------
    InputError
        When a name is empty, which would be the current folder.
    """
    if not all(path.strip() for path in paths):
        raise InputError("Expected files, but one of the names is empty.", "Check the variable that it came from.")
    return [str(Path(path).expanduser().absolute()) for path in paths]


def walks_text(videos: Sequence[str]) -> str:
    """Return how many walks there are, in words.

    Returns
    -------
    str
        ``1 walk``, ``3 walks``.
    """
    return "1 walk" if len(videos) == 1 else f"{len(videos)} walks"


def videos_of(paths: Sequence[str], *, markers: bool = False) -> list[str]:
    """Return the videos named and those in the folders named; see `gait_core.workflows.extract.videos_of`.

    Returns
    -------
    list of str
        Absolute paths; those of a folder in the order of their names. A folder without videos stands for itself, and so
        does a file that is missing.

    Raises
    ------
    NotFoundError
        When none of them is there; see `present`.
    """
    from gait_core.workflows.extract import videos_of

    return videos_of(present(paths), markers=markers)


def present(paths: Sequence[str]) -> list[str]:
    """Make paths absolute, of which at least one has to exist: otherwise there is nothing to do.

    A file that is missing among others gets its message in the result, and the others continue.

    Returns
    -------
    list of str
        All of them, in the same order.

    Raises
    ------
    NotFoundError
        When none of them is there.
    """
    found = absolute(paths)
    if not any(Path(path).exists() for path in found):
        missing = found[0] if len(found) == 1 else f"any of {len(found)} files, the first of which is {found[0]}"
        raise NotFoundError(f"Expected to find {missing}, but there is no such file.", "Check the spelling.")
    return found


def run_job(
    workspace: Workspace,
    console: Console,
    kind: str,
    params: dict[str, Any],
    title: str,
    on_part: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Run a job in this process; the dashboard sees it like any other, unless it never started.

    See `gait_core.jobs.run.run_now` for what counts as started. What can be checked without any work, such as whether
    the files named are there, a command checks before it calls this.

    Parameters
    ----------
    workspace : Workspace
    console : Console
        Shows the events.
    kind : str
        A name of `gait_core.jobs.kinds.job_kinds`.
    params : dict
        What the task takes, as JSON can hold it.
    title : str
        One readable line.
    on_part : callable, optional
        Receives each part of the result as soon as it is known, where the kind has parts.

    Returns
    -------
    dict
        The result, as stored in ``result/result.json``.
    """
    from gait_core.jobs.run import run_now

    return run_now(workspace, kind, params, title, sink=console.sink, on_part=on_part)


def walk_line(walk: dict[str, Any]) -> str:
    """Return a compared walk as one readable line, its warnings below.

    Returns
    -------
    str
        Level, path, score and the two joints that deviate most; for a walk that failed, its error and the remedy.
    """
    if "error" in walk:
        return f"✗ {walk['path']}: {walk['error']['message']} {walk['error']['remedy']}"
    level = _MARKS.get(walk["level"], "○ withheld")
    score = f"score {walk['score']:.2f}" if walk["score"] is not None else "no score"
    most = sorted(walk["joints"].items(), key=lambda pair: -pair[1])[:2]
    where = ", ".join(f"{name} {value:.1f}" for name, value in most)
    warned = "".join(f"\n    ! {warning['message']}" for warning in walk["warnings"])
    return f"{level}  {walk['path']}: {score}; most: {where}{warned}"
