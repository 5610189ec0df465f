"""What the commands share: paths from arguments, jobs run in this process, and the shape of an answer."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from gait_core.cli.console import Console
from gait_core.workspace import Workspace

__all__ = ["Answer", "absolute", "run_job", "videos_of"]

Answer: TypeAlias = tuple[Any, str]
"""JSON result, and text for people."""

_VIDEO_ENDINGS: Final = frozenset({".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".3gp", ".mts"})


def absolute(paths: Sequence[str]) -> list[str]:
    """Return absolute paths; a job may run elsewhere."""
    return [str(Path(path).expanduser().absolute()) for path in paths]


def videos_of(paths: Sequence[str], *, deep: bool = False) -> list[str]:
    """Return the videos named, those of a folder in the order of their names; hidden ones are left out.

    A folder without videos stands for itself, so that it gets its message and the other videos go on.

    Parameters
    ----------
    paths : sequence of str
        Videos and folders.
    deep : bool
        Also look into the folders of a folder; each is entered once, however it is linked.
    """
    found: list[str] = []
    for path in map(Path, absolute(paths)):
        if not path.is_dir():
            found.append(str(path))
            continue
        inside = sorted(_inside(path, deep=deep))
        found += map(str, inside or [path])
    return found


def _inside(folder: Path, *, deep: bool) -> Iterator[Path]:
    entered: set[tuple[int, int]] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        status = Path(place).stat()
        here = (status.st_dev, status.st_ino)
        if here in entered:
            folders.clear()  # a link that leads back
            continue
        entered.add(here)
        # Sorted, so that of two ways into one folder always the same is taken.
        folders[:] = sorted(name for name in folders if deep and not name.startswith("."))
        for name in files:
            if not name.startswith(".") and Path(name).suffix.lower() in _VIDEO_ENDINGS:
                yield Path(place, name)


def run_job(workspace: Workspace, console: Console, kind: str, params: dict[str, Any], title: str) -> dict[str, Any]:
    """Run a job in this process; the dashboard sees it like any other."""
    from gait_core.jobs.run import run_now

    return run_now(workspace, kind, params, title, sink=console.sink)
