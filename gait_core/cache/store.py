"""A content-addressed store of arrays, with a size limit, eviction and statistics.

An entry is a folder ``<kind>/<2 hex>/<key>/`` with one ``.npy`` per array and ``entry.json``
with checksums. It is filled under another name and renamed in one step, so a torn write
is never seen; an entry that fails its checksum is removed and counts as a miss. Large arrays are written in pieces
and come back as maps (see `gait_core.cache.files`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gait_core.cache.files import read_array, write_array
from gait_core.cache.locks import waiting_lock
from gait_core.errors import StorageError
from gait_core.progress import Reporter, silent
from gait_core.storage.json_file import MOST_JSON_BYTES, parse_json, read_content
from gait_core.storage.leftovers import LEFT_BEHIND_S, is_leftover, writer_mark
from gait_core.storage.seal import check_seal, sealed
from gait_core.workspace import Workspace, storage_guard, write_json

__all__ = ["ArrayCache", "CacheInfo", "Entry"]

DEFAULT_LIMIT_BYTES = 5 * 1024**3


@dataclass(frozen=True, kw_only=True, eq=False)
class Entry:
    """One cached result: named arrays and JSON-serialisable facts about them."""

    arrays: Mapping[str, np.ndarray]
    meta: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class CacheInfo:
    """What the cache holds and how well it served.

    Attributes
    ----------
    entries : int
    size_bytes, limit_bytes : int
    hits, misses, evictions : int
        Counted since the cache was last cleared.
    by_kind : mapping of str to int
        Bytes per kind of entry.
    """

    entries: int
    size_bytes: int
    limit_bytes: int
    hits: int
    misses: int
    evictions: int
    by_kind: Mapping[str, int]

    @property
    def hit_rate(self) -> float | None:
        """Hits as a share of all look-ups, or None before the first."""
        total = self.hits + self.misses
        return self.hits / total if total else None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields and the hit rate for JSON."""
        return dict(vars(self), by_kind=dict(self.by_kind), hit_rate=self.hit_rate)


class ArrayCache:
    """Content-addressed store of NumPy arrays, shared between processes.

    Parameters
    ----------
    root : Path
        Folder of the cache.
    limit_bytes : int, optional
        Size above which the least recently used entries go; default ``$GAIT_CACHE_LIMIT_BYTES`` or 5 GiB.
    """

    def __init__(self, root: Path, limit_bytes: int | None = None) -> None:
        self.root = root
        default = int(os.environ.get("GAIT_CACHE_LIMIT_BYTES", DEFAULT_LIMIT_BYTES))
        self.limit_bytes = limit_bytes if limit_bytes is not None else default
        self._unmeasured_bytes = self.limit_bytes
        self._measuring = threading.Lock()

    @classmethod
    def of(cls, workspace: Workspace) -> ArrayCache:
        """Return the cache of a workspace."""
        return cls(workspace.cache / "arrays")

    def get(self, kind: str, key: str) -> Entry | None:
        """Return an entry whose checksums hold, or None; counts a hit or a miss."""
        entry = self._read(kind, key)
        self._count("hits" if entry is not None else "misses")
        return entry

    def holds(self, kind: str, key: str) -> bool:
        """Return whether an entry is there, without reading or counting it."""
        return (self._folder(kind, key) / "entry.json").is_file()

    def put(self, kind: str, key: str, arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any] | None = None) -> None:
        """Store an entry; an existing entry with the same key is kept.

        Raises
        ------
        StorageError
            When the place is read-only or full; nothing half written stays behind.
        """
        folder = self._folder(kind, key)
        temporary = folder.with_name(f".{key}.{writer_mark()}.tmp")
        with storage_guard(folder):
            temporary.mkdir(parents=True)
            try:
                listing = {}
                for name, array in arrays.items():
                    path = temporary / f"{name}.npy"
                    with path.open("wb") as handle:
                        listing[name] = write_array(handle, array)
                        handle.flush()
                        os.fsync(handle.fileno())
                facts = {"kind": kind, "key": key, "arrays": listing, "meta": dict(meta or {})}
                write_json(temporary / "entry.json", sealed(facts, temporary))
                written = sum(path.stat().st_size for path in temporary.iterdir())
                try:
                    temporary.rename(folder)
                except OSError:
                    if self._read(kind, key) is None:
                        shutil.rmtree(folder, ignore_errors=True)
                        temporary.rename(folder)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
        self._make_room(written, keep=folder)

    def get_or_compute(
        self, kind: str, key: str, compute: Callable[[], Entry], reporter: Reporter | None = None
    ) -> tuple[Entry, bool]:
        """Return an entry and whether it came from the cache.

        Two processes that ask at once compute once: the second waits, and may be cancelled while it waits.
        """
        reporter = reporter or silent()
        entry = self.get(kind, key)
        if entry is not None:
            return entry, True
        with waiting_lock(self._folder(kind, key).with_suffix(".lock"), reporter):
            entry = self._read(kind, key)
            if entry is not None:
                return entry, True
            entry = compute()
            self.put(kind, key, entry.arrays, entry.meta)
            return entry, False

    def delete(self, kind: str, key: str) -> None:
        """Delete an entry; already gone is success."""
        shutil.rmtree(self._folder(kind, key), ignore_errors=True)

    def info(self) -> CacheInfo:
        """Measure the cache and read its counters."""
        by_kind: dict[str, int] = {}
        count = 0
        for folder, size, _ in self._entries():
            kind = folder.parent.parent.name
            by_kind[kind] = by_kind.get(kind, 0) + size
            count += 1
        counters = self._counters()
        return CacheInfo(
            entries=count,
            size_bytes=sum(by_kind.values()),
            limit_bytes=self.limit_bytes,
            hits=counters.get("hits", 0),
            misses=counters.get("misses", 0),
            evictions=counters.get("evictions", 0),
            by_kind=by_kind,
        )

    def counts(self) -> tuple[int, int]:
        """Return hits and misses since the cache was last cleared; unlike `info`, cheap."""
        counters = self._counters()
        return counters.get("hits", 0), counters.get("misses", 0)

    def clear(self) -> int:
        """Delete every entry and counter; return the bytes freed."""
        freed = sum(size for _, size, _ in self._entries())
        if self.root.exists():
            with storage_guard(self.root):
                doomed = self.root.with_name(f".{self.root.name}.deleted-{writer_mark()}")
                self.root.rename(doomed)
                shutil.rmtree(doomed)
        self._sweep()
        return freed

    def _folder(self, kind: str, key: str) -> Path:
        return self.root / kind / key[:2] / key

    def _read(self, kind: str, key: str) -> Entry | None:
        folder = self._folder(kind, key)
        try:
            listing = _listing(folder / "entry.json", kind, key)
            arrays = {
                name: read_array(folder / f"{name}.npy", expected, self.root.parent)
                for name, expected in listing["arrays"].items()
            }
            entry = Entry(arrays=arrays, meta=dict(listing["meta"]))
        except OSError:
            return None  # missing, or unreadable at the moment: no reason to delete it
        except (StorageError, ValueError, KeyError, TypeError, AttributeError):
            shutil.rmtree(folder, ignore_errors=True)
            return None
        with contextlib.suppress(OSError):  # a read-only cache works just as well
            os.utime(folder / "entry.json")
        return entry

    def _entries(self) -> list[tuple[Path, int, float]]:
        found = []
        for listing in self.root.glob("*/*/[!.]*/entry.json"):
            try:
                size = sum(path.stat().st_size for path in listing.parent.iterdir())
                found.append((listing.parent, size, listing.stat().st_mtime))
            except OSError:
                continue
        return found

    def _make_room(self, written: int, keep: Path) -> None:
        """Evict when the limit may be passed: to measure thousands of entries after each one would take longer."""
        with self._measuring:
            self._unmeasured_bytes += written
            if self._unmeasured_bytes < self.limit_bytes // 50:
                return
            self._unmeasured_bytes = 0
        self._evict(keep)

    def _evict(self, keep: Path) -> None:
        self._sweep()
        entries = self._entries()
        size = sum(entry_size for _, entry_size, _ in entries)
        for folder, entry_size, _ in sorted(entries, key=lambda entry: entry[2]):
            if size <= self.limit_bytes:
                break
            if folder == keep:
                continue
            shutil.rmtree(folder, ignore_errors=True)
            size -= entry_size
            self._count("evictions")

    def _sweep(self) -> None:
        """Delete what killed writers left behind: nothing else would."""
        oldest_s = time.time() - LEFT_BEHIND_S
        cleared = self.root.parent.glob(f".{self.root.name}.*")
        for folder in (*self.root.glob("*/*/.*.tmp"), *cleared):
            with contextlib.suppress(OSError):
                if folder.stat().st_mtime < oldest_s or is_leftover(folder):
                    shutil.rmtree(folder, ignore_errors=True)

    def _counters(self) -> dict[str, int]:
        totals: dict[str, int] = {}
        for path in self.root.glob("counters/*.count"):
            name = path.stem.split("-")[0]
            try:
                totals[name] = totals.get(name, 0) + path.stat().st_size
            except OSError:
                continue
        return totals

    def _count(self, name: str) -> None:
        # One byte appended per event: atomic between processes without a lock, and the size is the count.
        path = self.root / "counters" / f"{name}-{time.strftime('%Y%m')}.count"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as handle:
                handle.write(b".")
        except OSError:
            return  # statistics never stop work


def _listing(path: Path, kind: str, key: str) -> dict[str, Any]:
    """Return what an entry says of itself; one of an earlier version has no seal, but a checksum of every array.

    Raises
    ------
    OSError
        When it is not there, or cannot be read just now.
    ValueError, StorageError
        When it is damaged, or was stored for something else.
    """
    listing = parse_json(read_content(path, MOST_JSON_BYTES))
    if not isinstance(listing, dict) or (listing.get("kind", kind), listing.get("key", key)) != (kind, key):
        raise ValueError(f"Expected an entry for {kind} {key}, but got another.")
    check_seal(listing, path, what=f"the entry {key} of the cache", stored_s=None, remedy="Run again.")
    return listing
