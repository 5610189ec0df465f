"""Reads JSON from any source: every oddity becomes one plain sentence, and none of them stops the program."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any, Final

from gait_core.errors import InputError

__all__ = ["LARGEST_BYTES", "parse_json", "read_text"]

LARGEST_BYTES: Final = 256 * 1024
_DEEPEST: Final = 8


class _Odd(ValueError):
    """What the JSON module lets pass, but we do not."""


def read_text(path: Path) -> str:
    """Return the text of a small file.

    Returns
    -------
    str

    Raises
    ------
    InputError
        When it is missing, no ordinary file, too large, not UTF-8, or cannot be read.
    """
    try:
        # Without O_NONBLOCK a named pipe in the folder would hold the program up for ever.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError(f"Expected a file at {path}, but something else is there.", "Name a JSON file.")
            content = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"Expected a file at {path}, but there is none.", "Check the spelling.") from None
    except OSError as error:
        raise InputError(
            f"Expected to read {path}, but it failed ({error.strerror}).", "Check its permissions."
        ) from error
    if len(content) > LARGEST_BYTES:
        raise InputError(
            f"Expected at most {LARGEST_BYTES // 1024} kB of profiles, but {path.name} is larger.",
            "Keep only the profiles in it, or spread them over several files.",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"Expected text in UTF-8, but {path.name} has another encoding (byte {error.start}).",
            "Save it as UTF-8.",
        ) from error


def parse_json(text: str, source: str) -> Any:
    """Return the content of a JSON text.

    Parameters
    ----------
    text : str
    source : str
        Name of the file, for messages.

    Returns
    -------
    object

    Raises
    ------
    InputError
        When it is not JSON, names a key twice, holds NaN or an infinite number, or is nested too deep.
    """
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
        _check_depth(value)
    except json.JSONDecodeError as error:
        raise InputError(
            f"Expected JSON, but {source} breaks off at line {error.lineno}, column {error.colno}: {error.msg}.",
            "Look for a missing comma, quote or bracket there.",
        ) from error
    except RecursionError:
        raise InputError(
            f"Expected at most {_DEEPEST} levels, but {source} is nested deeper.", "A profile needs only three."
        ) from None
    except _Odd as error:
        raise InputError(f"Expected plain JSON, but {source} {error}.", "Correct the file.") from None
    except ValueError as error:
        raise InputError(f"Expected plain JSON, but {source} cannot be read: {error}.", "Correct the file.") from error
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Odd(f"names {key[:60]!r} twice")
        found[key] = value
    return found


def _refuse_constant(name: str) -> Any:
    raise _Odd(f"holds {name}, which is not a number")


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(_DEEPEST):
        inside: list[Any] = []
        for entry in level:
            inside += entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ()
        level = inside
    if level:
        raise _Odd(f"is nested deeper than {_DEEPEST} levels")
