"""The one reader of stored JSON: an ordinary file of bounded size and depth, with finite numbers only."""

from __future__ import annotations

import json
import math
import re
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, NoReturn

from gait_core.errors import NotFoundError, StorageError
from gait_core.storage.ordinary_file import ordinary_size

__all__ = ["DEEPEST", "MOST_JSON_BYTES", "parse_json", "read_content", "read_json"]

MOST_JSON_BYTES: Final = 32 * 1024**2
"""Largest JSON file that is read; the largest that is written has a few MiB."""
DEEPEST: Final = 64
"""Deepest nesting of lists and objects that is read; what is written has less than ten levels."""
_TEXTS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_OTHERS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEPS: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_PERHAPS_INFINITE: Final = re.compile(rb"[eE]\+?0*[1-9]\d\d|\d{300}")


def read_content(path: Path, most_bytes: int) -> bytes:
    """Return the content of an ordinary file.

    Parameters
    ----------
    path : Path
    most_bytes : int
        Largest file that is read.

    Returns
    -------
    bytes
        At most `most_bytes`.

    Raises
    ------
    OSError
        When there is none, or it cannot be read.
    ValueError
        When something else is in its place, or it is larger than allowed.
    """
    size = ordinary_size(path)
    if size > most_bytes:
        raise ValueError(f"it has {size} bytes, more than the {most_bytes} that are read")
    with path.open("rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ValueError(f"it has more than the {most_bytes} bytes that are read")
    return content


def parse_json(content: bytes) -> Any:
    """Read JSON from bytes.

    Returns
    -------
    object
        Lists, dicts with text keys, texts, finite numbers, booleans and None.

    Raises
    ------
    ValueError
        When it is not JSON in UTF-8, is nested deeper than `DEEPEST`, or holds NaN or an infinite number.
    """
    _check_depth(content)
    text = content.decode("utf-8")
    if _PERHAPS_INFINITE.search(content):
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_bounded)
    return json.loads(text, parse_constant=_refuse_constant)


def read_json(path: Path, *, most_bytes: int = MOST_JSON_BYTES) -> Any:
    """Read JSON.

    Parameters
    ----------
    path : Path
    most_bytes : int
        Largest file that is read.

    Returns
    -------
    object
        As of `parse_json`.

    Raises
    ------
    NotFoundError
        When the file is missing.
    StorageError
        When it cannot be read, is not JSON, too large, nested too deeply, or holds NaN or an infinite number.
    """
    try:
        return parse_json(read_content(path, most_bytes))
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(
            f"Expected {path.name} in {path.parent}, but it is missing.", "It may have been deleted."
        ) from None
    except OSError as error:
        raise StorageError(
            f"Expected to read {path}, but it cannot be read ({error.strerror or error}).",
            "Change the permission of the file, or delete it.",
        ) from error
    except ValueError as error:
        raise StorageError(
            f"Expected JSON in {path}, but it is damaged ({error}).", "Delete the file or restore it."
        ) from error


def _check_depth(content: bytes) -> None:
    if content.count(b"[") + content.count(b"{") <= DEEPEST:
        return
    brackets = _TEXTS.sub(b"", content).translate(None, _OTHERS)
    if any(depth > DEEPEST for depth in accumulate(map(_STEPS.__getitem__, brackets))):
        raise ValueError(f"nested deeper than {DEEPEST} levels")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is not a finite number")
    return value


def _bounded(text: str) -> int:
    value = int(text)
    if value.bit_length() > 1000:
        raise ValueError("a whole number of more than 300 digits")
    return value
