"""Large arrays: gathered, stored, mapped; memory stays flat and nothing is left behind."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import resource
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gait_core.cache import ArrayCache, Spool, release_pages
from gait_core.cache.files import MAP_FROM_BYTES, read_array, write_array

ROWS = MAP_FROM_BYTES // (33 * 2 * 4) + 1000
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def large(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((ROWS, 33, 2), np.float32)


def is_mapped(array: np.ndarray) -> bool:
    owner = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    return isinstance(owner, mmap.mmap)


def test_a_large_array_comes_back_mapped_and_cannot_be_changed(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path / "c")
    cache.put("track", "abc", {"large": large(), "small": np.arange(5)})
    entry = cache.get("track", "abc")
    assert entry is not None
    found = entry.arrays["large"]
    assert type(found) is np.ndarray
    assert is_mapped(found)
    assert not is_mapped(entry.arrays["small"])
    np.testing.assert_array_equal(found, large())
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 0


@pytest.mark.parametrize(
    "array",
    [
        np.float64(3.5),
        np.zeros((0, 33, 2), np.float32),
        np.arange(12).reshape(3, 4).T,
        np.array(["links", "rechts"]),
        np.array([True, False]),
        np.random.default_rng(0).random((1500, 33, 2))[:, ::-1],
    ],
    ids=["number", "empty", "transposed", "text", "flags", "reversed"],
)
def test_what_is_written_is_what_numpy_would_write(tmp_path: Path, array: np.ndarray) -> None:
    array = np.asarray(array)
    with (tmp_path / "ours.npy").open("wb") as handle:
        checksum = write_array(handle, array)
    np.save(tmp_path / "theirs.npy", np.array(array, order="C"), allow_pickle=False)
    assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "theirs.npy").read_bytes()
    found = read_array(tmp_path / "ours.npy", checksum)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def test_objects_are_refused(tmp_path: Path) -> None:
    with (tmp_path / "x.npy").open("wb") as handle, pytest.raises(ValueError, match="numbers or text"):
        write_array(handle, np.array([{}], dtype=object))


def test_entries_of_earlier_versions_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "c" / "track" / "ab" / "abc"
    folder.mkdir(parents=True)
    listing = {}
    for name, array in {"large": large(), "small": np.arange(3.0)}.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
        listing[name] = hashlib.blake2b((folder / f"{name}.npy").read_bytes(), digest_size=16).hexdigest()
    (folder / "entry.json").write_text(json.dumps({"arrays": listing, "meta": {"unit": "px"}}))
    entry = ArrayCache(tmp_path / "c").get("track", "abc")
    assert entry is not None
    assert entry.meta == {"unit": "px"}
    np.testing.assert_array_equal(entry.arrays["large"], large())
    np.testing.assert_array_equal(entry.arrays["small"], np.arange(3.0))


@pytest.mark.parametrize("where", [0, 100, -1], ids=["magic", "head or first number", "last number"])
def test_damage_to_a_large_array_is_a_miss(tmp_path: Path, where: int) -> None:
    cache = ArrayCache(tmp_path / "c")
    cache.put("track", "abc", {"large": large()})
    (path,) = (tmp_path / "c").rglob("large.npy")
    content = bytearray(path.read_bytes())
    content[where] ^= 1
    path.write_bytes(bytes(content))
    assert cache.get("track", "abc") is None
    assert not path.exists()


@pytest.mark.parametrize("change", ["clear", "overwrite", "cut"])
def test_an_array_outlives_its_entry(tmp_path: Path, change: str) -> None:
    cache = ArrayCache(tmp_path / "c")
    cache.put("track", "abc", {"large": large()})
    entry = cache.get("track", "abc")
    assert entry is not None
    release_pages(entry.arrays["large"])
    (path,) = (tmp_path / "c").rglob("large.npy")
    if change == "clear":
        cache.clear()
    else:
        # A map of the entry's own file would show the new content, or end the process.
        path.write_bytes(b"\0" * (MAP_FROM_BYTES * 2 if change == "overwrite" else 1))
    np.testing.assert_array_equal(entry.arrays["large"], large())


def test_without_room_for_a_copy_the_array_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ArrayCache(tmp_path / "c")
    cache.put("track", "abc", {"large": large()})

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gait_core.cache.files.tempfile.TemporaryFile", full)
    entry = cache.get("track", "abc")
    assert entry is not None
    assert not is_mapped(entry.arrays["large"])
    np.testing.assert_array_equal(entry.arrays["large"], large())


def test_maps_leave_half_of_the_open_files_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ArrayCache(tmp_path / "c")
    cache.put("track", "abc", {"large": large()})
    monkeypatch.setattr(resource, "getrlimit", lambda _: (6, 6))
    entry = cache.get("track", "abc")
    assert entry is not None
    assert not is_mapped(entry.arrays["large"])
    np.testing.assert_array_equal(entry.arrays["large"], large())
    entry.arrays["large"][0] = 0  # the reader's own


@on_linux
def test_pages_are_let_go_and_come_back(tmp_path: Path) -> None:
    with Spool(np.float32, (33, 2), tmp_path) as spool:
        spool.append(np.concatenate([large()] * 8))
        array = spool.array()
    begin = resident_bytes()
    total = float(array.sum())
    filled = resident_bytes() - begin
    release_pages(array)
    kept = resident_bytes() - begin
    assert filled > 0.8 * array.nbytes
    assert kept < 0.1 * array.nbytes
    assert float(array.sum()) == total


def test_a_spool_gathers_overwrites_and_leaves_no_file(tmp_path: Path) -> None:
    with Spool(np.float32, (2,), tmp_path) as spool:
        spool.append(np.ones((5, 2)))
        spool.fill(1, 3, np.nan)
        spool.append(np.full((2, 2), 2.0))
        assert len(spool) == 7
        found = spool.array()
        with pytest.raises(ValueError, match="rows of shape"):
            spool.append(np.ones((5, 3)))
        assert not list(tmp_path.iterdir())
    expected = np.array([1, np.nan, np.nan, 1, 1, 2, 2], np.float32)
    np.testing.assert_array_equal(found, np.stack([expected, expected], axis=1))


def test_what_killed_writers_left_behind_is_removed_a_day_later(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path / "c")
    old = [tmp_path / "c" / "track" / "ab" / ".abc.1234.tmp", tmp_path / ".c.123456"]
    new = tmp_path / "c" / "track" / "ab" / ".abd.1234.tmp"
    for folder in (*old, new):
        folder.mkdir(parents=True)
        (folder / "entry.json").write_text("{}")
    day_ago_s = time.time() - 25 * 3600
    for folder in old:
        os.utime(folder, (day_ago_s, day_ago_s))
    cache.put("track", "aa", {"a": np.zeros(3)})
    assert not any(folder.exists() for folder in old)
    assert new.exists(), "another process may be writing it just now"
    assert cache.info().entries == 1


def test_a_read_only_cache_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ArrayCache(tmp_path / "c")
    cache.put("track", "abc", {"a": np.ones(3)})

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("gait_core.cache.store.os.utime", refuse)
    assert cache.get("track", "abc") is not None


def test_an_entry_that_cannot_be_read_just_now_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ArrayCache(tmp_path / "c")
    cache.put("track", "abc", {"a": np.ones(3)})

    def refuse(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr("gait_core.cache.store.read_array", refuse)
        assert cache.get("track", "abc") is None
    assert cache.get("track", "abc") is not None


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def test_the_limit_holds_although_it_is_not_measured_after_every_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ArrayCache(tmp_path / "c", limit_bytes=200_000)
    measured = []
    entries = cache._entries
    monkeypatch.setattr(cache, "_entries", lambda: measured.append(1) or entries())
    for number in range(100):
        cache.put("k", f"{number:02}", {"a": np.zeros(50, np.float64)})
    assert len(measured) < 40
    for number in range(100):
        cache.put("l", f"{number:02}", {"a": np.zeros(2000, np.float64)})
    assert cache.info().size_bytes <= 220_000
    shutil.rmtree(tmp_path / "c")
