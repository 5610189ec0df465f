"""Seals: one digest over a stored document and the files that belong to it, written into the document.

::

    "sealed": true, "seal": {"format": 1, "files": {"scorer.npz": {"sha256": …, "size_bytes": …}, …}, "sha256": …}

``sealed`` stands apart, so that a document which has lost its seal is not taken for one of an earlier version. The
digest covers what the document says, whatever its layout, and the digests of the files in the order of their names.
It shows damage, mix-ups and edits by hand; whoever can write the folder can also seal it again.
"""

from __future__ import annotations

import functools
import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from gait_core.errors import StorageError

__all__ = ["SEAL", "check_seal", "file_sha256", "sealed", "unsealed"]

SEAL: Final = "seal"
"""Key of the seal in a document."""
_MARK: Final = "sealed"
_FORMAT: Final = 1


def sealed(values: Mapping[str, Any], folder: Path, files: Iterable[str] = ()) -> dict[str, Any]:
    """Return a document with its seal.

    Parameters
    ----------
    values : mapping
        JSON-serialisable; an earlier seal is replaced.
    folder : Path
        Where the files lie.
    files : iterable of str
        Names of the files that belong to it.

    Returns
    -------
    dict
        A copy with the keys ``sealed`` and ``seal``; all values as JSON gives them back: tuples are lists.
    """
    body: dict[str, Any] = json.loads(json.dumps(unsealed(values), allow_nan=False))
    listing = {
        name: {"sha256": file_sha256(folder / name), "size_bytes": (folder / name).stat().st_size}
        for name in sorted(files)
    }
    return {**body, _MARK: True, SEAL: {"format": _FORMAT, "files": listing, "sha256": _digest(body, listing)}}


def unsealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document without its seal.

    Returns
    -------
    dict
        A copy without the keys ``sealed`` and ``seal``.
    """
    return {name: value for name, value in values.items() if name not in (SEAL, _MARK)}


def check_seal(values: Mapping[str, Any], document: Path, *, what: str, stored_s: float | None, remedy: str) -> bool:
    """Compare a document and its files with the seal.

    Parameters
    ----------
    values : mapping
        Contents of the document.
    document : Path
        Where it lies; its files lie beside it.
    what : str
        What is stored there, for messages: ``"the baseline p-017"``.
    stored_s : float or None
        When it was stored, s since 1970, for messages.
    remedy : str

    Returns
    -------
    bool
        False when it has no seal: an earlier version stored it.

    Raises
    ------
    StorageError
        When the document or a file was changed, a file is missing, or the seal was taken away; the message says which.
    """
    if SEAL not in values:
        if _MARK in values:
            raise StorageError(f"Expected {what} with its seal, but {document.name} has lost it.", remedy)
        return False
    listing, digest = _parts(values[SEAL])
    changed = [] if digest == _digest(unsealed(values), listing) else [f"{document.name} was changed"]
    for name, facts in listing.items():
        path = document.parent / name
        if not path.is_file():
            changed.append(f"{name} is missing")
        elif path.stat().st_size != facts.get("size_bytes") or file_sha256(path) != facts.get("sha256"):
            changed.append(f"{name} was changed{_on(path.stat().st_mtime)}")
    if changed:
        raise StorageError(f"Expected {what} as it was stored{_on(stored_s)}, but {', '.join(changed)}.", remedy)
    return True


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file; one that has not changed since is not read again in the same process.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    StorageError
        When it cannot be read.
    """
    try:
        found = path.stat()
        return _sha256(str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
    except OSError as error:
        raise StorageError(
            f"Expected to read {path}, but it cannot be read ({error.strerror or error}).",
            "Change the permission of the file, or restore it.",
        ) from error


@functools.lru_cache(maxsize=4096)
def _sha256(path: str, *_: int) -> str:
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _parts(seal: Any) -> tuple[Mapping[str, Mapping[str, Any]], str]:
    """Return what a seal lists and its digest; nothing, and no digest, where it is no seal."""
    listing = seal.get("files") if isinstance(seal, Mapping) and seal.get("format") == _FORMAT else None
    plain = isinstance(listing, Mapping) and all(
        isinstance(facts, Mapping) and Path(name).name == name for name, facts in listing.items()
    )
    return (listing, str(seal.get("sha256"))) if isinstance(listing, Mapping) and plain else ({}, "")


def _digest(body: Mapping[str, Any], listing: Mapping[str, Any]) -> str:
    text = json.dumps([body, listing], sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _on(stored_s: float | None) -> str:
    try:
        return "" if stored_s is None else time.strftime(" on %Y-%m-%d at %H:%M", time.localtime(stored_s))
    except (OverflowError, ValueError, OSError):
        return ""  # not a valid time of the calendar
