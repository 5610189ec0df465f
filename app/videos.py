"""Quick looks at files that the user names: there, a video that opens, how large, given twice. No frame is analysed."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self

from app import words
from gait_core.errors import InputError, VideoError
from gait_core.markers.endings import is_marker_file
from gait_core.storage.leftovers import writer_mark
from gait_core.video.container import open_video
from gait_core.workspace import Workspace, safe_name, storage_guard

__all__ = ["ENDINGS", "PathCheck", "UploadWriter", "check_paths", "count_message", "keep_upload", "scan", "usable"]

ENDINGS: Final = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mts", ".mpg", ".mpeg", ".wmv")
LEAST_WALKS: Final = 3
BEST_WALKS: Final = 5
_PIECE: Final = 1 << 20


@dataclass(frozen=True, kw_only=True)
class PathCheck:
    """What a quick look at one row found; `kind` is ``good``, ``warn``, ``bad`` or ``none``."""

    kind: str
    text: str


def check_paths(paths: Sequence[str], *, markers: bool = False) -> list[PathCheck]:
    """Look at each path; a file given twice, or a copy of it, is flagged at its second place.

    Parameters
    ----------
    paths : sequence of str
        As they were typed.
    markers : bool
        Whether walks with markers will do as well as videos.

    Returns
    -------
    list of PathCheck
        In the same order.
    """
    seen: dict[object, int] = {}
    return [_check(text.strip(), number, seen, markers) for number, text in enumerate(paths, start=1)]


def usable(paths: Sequence[str], *, markers: bool = False) -> list[str]:
    """Return the absolute paths that may be used, in the order given, each content once; see `check_paths`."""
    checks = check_paths(paths, markers=markers)
    return [str(_clean(path)) for path, check in zip(paths, checks, strict=True) if check.kind in ("good", "warn")]


def count_message(count: int) -> PathCheck:
    """Say whether so many walks are enough, and what fewer cost."""
    if count >= BEST_WALKS:
        return PathCheck(kind="good", text=f"{words.plural(count, 'walk')} ready.")
    if count >= LEAST_WALKS:
        return PathCheck(
            kind="warn",
            text=f"{words.plural(count, 'walk')} ready. It works with {count}, but five are recommended: the limits "
            f"are then tested on {count} held-out walks only, so they are coarser and false alarms more likely.",
        )
    missing = LEAST_WALKS - count
    have = f"{words.plural(count, 'walk')} so far. " if count else ""
    return PathCheck(
        kind="none",
        text=f"{have}Five are recommended; at least {LEAST_WALKS} are needed ({missing} more), because the limits are "
        "tested on walks that were held out.",
    )


def scan(folder: str, limit: int = 200) -> list[Path]:
    """List the videos of a folder by name.

    Raises
    ------
    InputError
        When it is not a folder or cannot be read.
    """
    place = _clean(folder)
    if not place.is_dir():
        raise InputError(f"Expected a folder, but {place} is none.", "Check the spelling, or paste the full path.")
    try:
        files = [path for path in place.iterdir() if path.suffix.lower() in ENDINGS and path.is_file()]
    except OSError as error:
        raise InputError(
            f"Expected to read the folder {place}, but it failed ({error.strerror}).", "Check its permissions."
        ) from error
    return sorted(files, key=lambda path: path.name.lower())[:limit]


class UploadWriter:
    """Writes an upload to the workspace piece by piece; equal content is kept once.

    Use as a context manager; without `finish`, nothing stays behind.

    Parameters
    ----------
    workspace : Workspace
    name : str
        Name that the browser gave; only letters and digits of it are used.
    """

    def __init__(self, workspace: Workspace, name: str) -> None:
        suffix = Path(name).suffix.lower()
        self._ending = suffix if suffix in ENDINGS else ".mp4"
        self._stem = safe_name(Path(name).stem, "walk")
        self._folder = workspace.uploads
        self._part = self._folder / f".{self._stem}.{writer_mark()}.part"
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def __enter__(self) -> Self:
        with storage_guard(self._part):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._handle = self._part.open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.close()
        self._part.unlink(missing_ok=True)

    def write(self, piece: bytes) -> None:
        """Write the next piece.

        Raises
        ------
        StorageError
            When the disk is full or read-only.
        """
        with storage_guard(self._part):
            self._handle.write(piece)
        self._digest.update(piece)
        self.size_bytes += len(piece)

    def finish(self) -> Path:
        """Give the file its name and return its path."""
        target = self._folder / f"{self._stem}-{self._digest.hexdigest()[:8]}{self._ending}"
        with storage_guard(target):
            self._handle.close()
            self._part.replace(target)
        return target


def keep_upload(workspace: Workspace, name: str, content: IO[bytes]) -> Path:
    """Write an open file to the workspace and return its path.

    Raises
    ------
    StorageError
        When the workspace cannot be written.
    """
    with UploadWriter(workspace, name) as writer:
        while piece := content.read(_PIECE):
            writer.write(piece)
        return writer.finish()


def _clean(text: str) -> Path:
    """Return the path behind what people paste: quotes, ``file://`` and ``~`` included."""
    plain = text.strip().strip("\"'").removeprefix("file://")
    return Path(plain).expanduser().absolute()


def _check(text: str, number: int, seen: dict[object, int], markers: bool) -> PathCheck:
    if not text:
        return PathCheck(kind="none", text="")
    path = _clean(text)
    recorded = markers and is_marker_file(path)
    try:
        if path.is_dir():
            return PathCheck(kind="bad", text="This is a folder. Use “Pick from a folder”.")
        if not path.is_file():
            return PathCheck(kind="bad", text="No file here. Check the spelling.")
        count = path.stat().st_size
        if count == 0:
            return PathCheck(kind="bad", text="The file is empty.")
        fingerprint = _fingerprint(path, count)
        problem = "" if recorded else _problem(path, count, path.stat().st_mtime_ns)
    except (OSError, ValueError) as error:
        return PathCheck(kind="bad", text=f"Cannot be read ({getattr(error, 'strerror', None) or error}).")
    if fingerprint in seen:
        return PathCheck(kind="bad", text=f"Same video as walk {seen[fingerprint]}. Each walk counts once.")
    if problem:
        return PathCheck(kind="bad", text=problem)
    seen[fingerprint] = number
    if path.suffix.lower() not in ENDINGS and not recorded:
        return PathCheck(kind="warn", text=f"{words.size(count)}. The extension is unusual for a video.")
    return PathCheck(kind="good", text=f"Found, {words.size(count)}")


@functools.lru_cache(maxsize=512)
def _problem(path: Path, *_: int) -> str:
    """Return why a file cannot be used, where opening it shows this; a file that has not changed is opened once."""
    try:
        with open_video(path):
            return ""
    except VideoError as error:
        return error.message


def _fingerprint(path: Path, count: int) -> str:
    """Return a digest of the size and both ends: enough to see the same video given twice, and fast."""
    digest = hashlib.blake2b(str(count).encode(), digest_size=16)
    with path.open("rb") as handle:
        digest.update(handle.read(1 << 18))
        handle.seek(max(0, count - (1 << 18)))
        digest.update(handle.read())
    return digest.hexdigest()
