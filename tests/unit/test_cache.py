"""The cache: hits, torn writes, eviction, two askers at once."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from gait_core.cache import ArrayCache, Entry
from gait_core.errors import Cancelled, StorageError
from gait_core.progress import Reporter


def entry(value: float = 1.0, n: int = 10) -> Entry:
    return Entry(arrays={"a": np.full(n, value)}, meta={"value": value})


def test_a_stored_entry_comes_back_and_counts(tmp_path):
    cache = ArrayCache(tmp_path / "c")
    assert cache.get("track", "abc") is None
    cache.put("track", "abc", entry().arrays, {"unit": "px"})
    found = cache.get("track", "abc")
    assert found is not None
    assert found.meta == {"unit": "px"}
    np.testing.assert_array_equal(found.arrays["a"], np.ones(10))
    info = cache.info()
    assert (info.entries, info.hits, info.misses) == (1, 1, 1)
    assert info.hit_rate == 0.5


def test_a_damaged_entry_is_a_miss_and_is_removed(tmp_path):
    cache = ArrayCache(tmp_path / "c")
    cache.put("track", "abc", entry().arrays)
    path = next((tmp_path / "c").rglob("a.npy"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    assert cache.get("track", "abc") is None
    assert not path.exists()


def test_a_torn_write_never_becomes_a_hit(tmp_path, monkeypatch):
    cache = ArrayCache(tmp_path / "c")
    monkeypatch.setattr("gait_core.cache.store.write_json", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(StorageError, match="disk is full"):
        cache.put("track", "abc", entry().arrays)
    assert cache.get("track", "abc") is None
    assert not list((tmp_path / "c").rglob("*.npy"))


def test_the_least_recently_used_entry_goes_first(tmp_path):
    cache = ArrayCache(tmp_path / "c", limit_bytes=25_000)
    for key in ("aa", "bb"):
        cache.put("k", key, entry(n=1000).arrays)
        time.sleep(0.02)
    assert cache.get("k", "aa") is not None  # now the younger use
    time.sleep(0.02)
    cache.put("k", "cc", entry(n=1000).arrays)
    cache.put("k", "dd", entry(n=1000).arrays)
    assert cache.get("k", "bb") is None
    assert cache.get("k", "dd") is not None
    assert cache.info().evictions >= 1
    assert cache.info().size_bytes <= 25_000


def test_two_askers_compute_once(tmp_path):
    calls = []

    def compute() -> Entry:
        calls.append(1)
        time.sleep(0.3)
        return entry(7.0)

    results = []

    def ask() -> None:
        results.append(ArrayCache(tmp_path / "c").get_or_compute("k", "aa", compute))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert sorted(cached for _, cached in results) == [False, True]


def test_waiting_for_another_asker_can_be_cancelled(tmp_path):
    cache = ArrayCache(tmp_path / "c")
    started, release = threading.Event(), threading.Event()

    def slow() -> Entry:
        started.set()
        release.wait(10)
        return entry()

    thread = threading.Thread(target=lambda: cache.get_or_compute("k", "aa", slow))
    thread.start()
    started.wait(5)
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        cache.get_or_compute("k", "aa", entry, Reporter(cancelled=lambda: time.monotonic() - begun > 0.2))
    assert time.monotonic() - begun < 1.0
    release.set()
    thread.join()


def test_clear_frees_everything(tmp_path):
    cache = ArrayCache(tmp_path / "c")
    cache.put("k", "aa", entry().arrays)
    assert cache.clear() > 0
    assert cache.info().entries == 0
    assert cache.clear() == 0
