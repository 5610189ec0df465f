"""What the commands share: paths from arguments, jobs run in this process, and the shape of an answer."""

from __future__ import annotations

from collections.abc import Sequence
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


def videos_of(paths: Sequence[str]) -> list[str]:
    """Return the videos named, those of a folder in the order of their names.

    A folder without videos stands for itself, so that it gets its message and the other videos go on.
    """
    found: list[str] = []
    for path in map(Path, absolute(paths)):
        if not path.is_dir():
            found.append(str(path))
            continue
        inside = sorted(file for file in path.iterdir() if file.suffix.lower() in _VIDEO_ENDINGS)
        found += map(str, inside or [path])
    return found


def run_job(workspace: Workspace, console: Console, kind: str, params: dict[str, Any], title: str) -> dict[str, Any]:
    """Run a job in this process; the dashboard sees it like any other."""
    from gait_core.jobs.run import run_now

    return run_now(workspace, kind, params, title, sink=console.sink)
