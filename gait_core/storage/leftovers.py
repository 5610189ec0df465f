"""What killed processes left behind: half-written files and folders, recognised by their names, and swept.

::

    .<name>.<mark>.tmp          a file or folder that was being filled
    .<name>.<mark>.tmp.old      the earlier version of a folder that was being replaced
    .<name>.deleted-<mark>      a folder that was being deleted
    .<name>.<mark>.part         a video that was being uploaded
    .write-test-<mark>          a trial whether a place can be written

The mark names the machine and the process that wrote it, so that what a dead process left goes at once, and what
another machine writes on a shared disk stays until it is a day old.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["LEFT_BEHIND_S", "find_leftovers", "is_leftover", "sweep_leftovers", "writer_mark"]

LEFT_BEHIND_S: Final = 24 * 3600.0
"""Age from which a file that a process on another machine was writing counts as left behind, s."""
_MARK: Final = r"(?:[0-9a-f]{4}-[0-9a-f]+-[0-9a-f]{8}|[0-9a-f]{4,12})"
"""What `writer_mark` gives; earlier versions had only the random part."""
_WRITER: Final = re.compile(r"([0-9a-f]{4})-([0-9a-f]+)-[0-9a-f]{8}")
_FILLED: Final = re.compile(rf"\.(?P<name>.+)\.{_MARK}\.tmp(?P<old>\.old)?(?:\.[a-z0-9]{{2,4}})?")
_OTHERS: Final = re.compile(rf"\..+\.deleted-{_MARK}|\..+\.{_MARK}\.part|\.write-test-{_MARK}")
_NOT_ENTERED: Final = ("arrays",)
"""Folders with many thousands of entries, which only a thorough sweep enters."""


def writer_mark() -> str:
    """Return what marks a temporary name.

    Returns
    -------
    str
        This machine, this process, and a random part.
    """
    return f"{_machine()}-{os.getpid():x}-{secrets.token_hex(4)}"


def is_leftover(path: Path, now_s: float | None = None) -> bool:
    """Return whether a file or folder was left behind by a process that will not come back to it.

    Parameters
    ----------
    path : Path
    now_s : float, optional
        Seconds since the Unix epoch; default: now.

    Returns
    -------
    bool
    """
    if not (_FILLED.fullmatch(path.name) or _OTHERS.fullmatch(path.name)):
        return False
    writer = _WRITER.search(path.name)
    if writer is not None and writer[1] == _machine() and not _lives(int(writer[2], 16)):
        return True
    try:
        return _changed_s(path) < (time.time() if now_s is None else now_s) - LEFT_BEHIND_S
    except OSError:
        return False  # gone meanwhile


def find_leftovers(root: Path, *, thorough: bool = False) -> Iterator[Path]:
    """Find what was left behind below a folder.

    Parameters
    ----------
    root : Path
        Of a workspace.
    thorough : bool
        Also look into the cached arrays, which are many.

    Yields
    ------
    Path
        A file or folder; what lies in such a folder is not listed by itself.
    """
    for folder, names, files in os.walk(root):
        place = Path(folder)
        left = {name for name in (*names, *files) if name.startswith(".") and is_leftover(place / name)}
        yield from (place / name for name in sorted(left))
        names[:] = [name for name in names if name not in left and (thorough or name not in _NOT_ENTERED)]


def sweep_leftovers(root: Path, *, thorough: bool = False) -> int:
    """Delete what was left behind below a folder; what cannot be deleted stays.

    A folder that was being replaced when its writer was killed gets its earlier version back.

    Parameters
    ----------
    root : Path
        Of a workspace.
    thorough : bool
        Also look into the cached arrays, which are many.

    Returns
    -------
    int
        Number of files and folders that are gone.
    """
    swept = 0
    for path in list(find_leftovers(root, thorough=thorough)):
        with contextlib.suppress(OSError):
            if not _restored(path):
                _remove(path)
            swept += 1
    return swept


def _restored(path: Path) -> bool:
    """Give an earlier version its name back where the new one never got it."""
    found = _FILLED.fullmatch(path.name)
    if found is None or not found["old"] or not path.is_dir():
        return False
    target = path.with_name(found["name"])
    if target.exists():
        return False
    path.rename(target)
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _changed_s(path: Path) -> float:
    """Return when anything in a file or folder last changed."""
    newest_s = path.lstat().st_mtime
    if path.is_dir() and not path.is_symlink():
        for folder, _, files in os.walk(path):
            newest_s = max([newest_s, *(Path(folder, name).lstat().st_mtime for name in ("", *files))])
    return newest_s


def _lives(process: int) -> bool:
    import psutil

    return bool(psutil.pid_exists(process))


@functools.cache
def _machine() -> str:
    """Return four digits that tell machines, their restarts and containers apart."""
    known = [platform.node()]
    with contextlib.suppress(OSError):
        known.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
        known.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.blake2b("\n".join(known).encode(), digest_size=2).hexdigest()
