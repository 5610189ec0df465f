"""Finds what a stored file says of a person: whole texts in JSON, and texts in files of any other kind.

A name counts only as a whole word: ``"P14"`` is no trace of ``"P1"``. One that is an ordinary word, such as ``left``,
counts only where a subject is named. Paths and digests are long enough to be looked for anywhere.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from gait_core.errors import GaitError
from gait_core.storage.json_file import MOST_JSON_BYTES, parse_json, read_content
from gait_core.storage.zip_archive import ArchiveLimits, checked_members

__all__ = ["Traces", "content_of", "texts_of"]

_LONG: Final = 12
"""Fewest characters of a text that is searched for inside others."""
_ARCHIVES: Final = (".npz", ".zip", ".keras")
_WITHOUT_TEXT: Final = (".npy", ".mp4", ".mov", ".mkv", ".avi", ".webm", ".png", ".jpg", ".onnx", ".h5")
_LIMITS: Final = ArchiveLimits(unpacked_bytes=256 * 1024**2)
_NAMING: Final = ("subject", "subjects", "name", "person")
"""Keys under which a subject is named."""


@dataclass(frozen=True, kw_only=True)
class Traces:
    """What identifies a person.

    Attributes
    ----------
    names : frozenset of str
        Pseudonyms, and paths that are too short to be looked for inside other texts.
    marks : frozenset of str
        Paths, digests and identifiers.
    """

    names: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()

    def with_marks(self, marks: Iterable[str]) -> Traces:
        """Return these and more; a short one counts only as a whole text."""
        given = {mark for mark in marks if mark}
        long = {mark for mark in given if len(mark) >= _LONG}
        return Traces(names=self.names | (given - long), marks=self.marks | long)

    def in_value(self, value: Any) -> bool:
        """Return whether a value from JSON holds one of them."""
        telling = {name for name in self.names if _is_telling(name)}
        return any(
            text in telling or (key in _NAMING and text in self.names) or any(mark in text for mark in self.marks)
            for key, text in _keyed_texts(value)
        )

    def in_file(self, path: Path) -> bool:
        """Return whether a file holds one of them; archives are looked into, videos and numbers are not.

        Parameters
        ----------
        path : Path

        Returns
        -------
        bool
            False for what cannot be read.
        """
        if any(mark in path.name for mark in self.marks):
            return True
        content = content_of(path)
        if content is None:
            return False
        if path.suffix == ".json":
            with contextlib.suppress(ValueError):
                return self.in_value(parse_json(content))
        return self._pattern.search(content) is not None

    def in_folder(self, folder: Path) -> bool:
        """Return whether a file, or any file of a folder, holds one of them."""
        if not folder.is_dir() or folder.is_symlink():
            return self.in_file(folder)
        return any(self.in_file(path) for path in sorted(folder.rglob("*")) if path.is_file())

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        """Finds any of them in bytes."""
        return re.compile(b"|".join(self._patterns()) or rb"(?!)")

    def _patterns(self) -> Iterator[bytes]:
        """Yield patterns: a name as a whole word or where a subject is named, a mark anywhere."""
        for name in self.names:
            quoted = {json.dumps(name, ensure_ascii=ascii_only) for ascii_only in (True, False)}
            either = b"|".join(re.escape(text.encode("utf-8", "surrogatepass")) for text in sorted(quoted))
            yield rb'"(?:%s)"\s*:\s*(?:%s)' % ("|".join(_NAMING).encode(), either)
            if _is_telling(name):
                yield either
                yield rb"(?<![\w-])" + re.escape(name.encode("utf-8", "surrogatepass")) + rb"(?![\w-])"
                wide = re.escape(name.encode("utf-32-le", "surrogatepass"))
                yield rb"(?<![\w-]\0\0\0)" + wide + rb"(?![\w-]\0\0\0)"
        for mark in self.marks:
            escaped = {json.dumps(mark, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
            for text in sorted({mark, *escaped}):
                yield re.escape(text.encode("utf-8", "surrogatepass"))
            yield re.escape(mark.encode("utf-32-le", "surrogatepass"))


def _is_telling(name: str) -> bool:
    """Return whether a name is more than an ordinary word in lower case, which occurs in every log."""
    return len(name) > 1 and not (name.isascii() and name.isalpha() and name.islower())


def _keyed_texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text in a value from JSON with the key that it stands under; keys count as texts too."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield key, name
            yield from _keyed_texts(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from _keyed_texts(one, key)


def texts_of(value: Any) -> Iterator[str]:
    """Yield every text in a value from JSON, the keys of objects among them.

    Yields
    ------
    str
    """
    yield from (text for _, text in _keyed_texts(value))


def content_of(path: Path) -> bytes | None:
    """Return the bytes of a file in which texts can be looked for, archives unpacked; None where there are none.

    Parameters
    ----------
    path : Path

    Returns
    -------
    bytes or None
    """
    if path.suffix.lower() in _WITHOUT_TEXT:
        return None
    try:
        content = read_content(path, _LIMITS.unpacked_bytes if path.suffix in _ARCHIVES else 4 * MOST_JSON_BYTES)
        return _unpacked(content) if path.suffix in _ARCHIVES else content
    except (OSError, ValueError, GaitError):
        return None


def _unpacked(content: bytes) -> bytes:
    """Return an archive with what it holds; one that is damaged is looked at as it is."""
    try:
        members = checked_members(io.BytesIO(content), _LIMITS)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return content + b"".join(archive.read(member) for member in members)
    except (ValueError, OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):
        return content
