"""Embeddings go to disk one by one: the file equals what comes out, nothing is held, nothing half is left."""

from __future__ import annotations

import errno
import weakref
from collections.abc import Iterator

import numpy as np
import pytest

from gait_core.cache.archive import load_arrays
from gait_core.errors import InputError, StorageError
from gait_core.recognition.batching import BatchSettings, Embedder, Embedding
from gait_core.recognition.embedding_file import embed_to_file
from gait_core.recognition.networks.model import build_network
from gait_core.recognition.networks.settings import GaitBaseSettings

SETTINGS = GaitBaseSettings(width=0.0625, classes=2)


@pytest.fixture(scope="module")
def embedder():
    return Embedder(build_network(SETTINGS, seed=1), BatchSettings(look_ahead=6, frames_per_batch=32))


def clips(count: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(4)
    for number in range(count):
        yield rng.random((1 + number % 9, *SETTINGS.frame_shape), dtype=np.float32)


def test_the_file_holds_what_the_embedder_gives(embedder, tmp_path):
    path = tmp_path / "new" / "walks.npz"
    assert embed_to_file(clips(9), embedder, path) == 9
    arrays = load_arrays(path)
    expected = list(embedder.embed(clips(9)))
    for name in ("parts", "vector", "logits", "n_frames"):
        np.testing.assert_array_equal(arrays.pop(name), [getattr(one, name) for one in expected], strict=False)
    assert not arrays
    assert [file.name for file in path.parent.iterdir()] == ["walks.npz"]


def test_nothing_is_held_however_many_sequences_there_are(embedder, tmp_path):
    alive: dict[str, list[weakref.ref]] = {"clip": [], "embedding": []}
    most = dict.fromkeys(alive, 0)

    def watch(kind, made):
        alive[kind] = [ref for ref in alive[kind] if ref() is not None] + [weakref.ref(made)]
        most[kind] = max(most[kind], len(alive[kind]))

    def watched_clips(count):
        for clip in clips(count):
            watch("clip", clip)
            yield clip

    class Watched(Embedder):
        def __init__(self):
            self._inner = embedder

        def embed(self, sequences) -> Iterator[Embedding]:
            for embedding in self._inner.embed(sequences):
                watch("embedding", embedding)
                yield embedding

    held = []
    for count in (20, 120):
        most.update(clip=0, embedding=0)
        assert embed_to_file(watched_clips(count), Watched(), tmp_path / "walks.npz") == count
        held.append(dict(most))
    assert held[0] == held[1]
    assert held[1]["clip"] <= 6 + 2
    assert held[1]["embedding"] <= 6 + 1


def test_a_bad_sequence_leaves_the_earlier_file(embedder, tmp_path):
    path = tmp_path / "walks.npz"
    embed_to_file(clips(1), embedder, path)
    before = path.read_bytes()

    def second_is_bad():
        yield next(clips(1))
        yield np.zeros((3, 64, 44, 1), np.float32)

    with pytest.raises(InputError, match="sequence 1"):
        embed_to_file(second_is_bad(), embedder, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["walks.npz"]


def test_no_sequence_and_a_wrong_name_are_refused(embedder, tmp_path):
    with pytest.raises(InputError, match="at least one sequence"):
        embed_to_file([], embedder, tmp_path / "walks.npz")
    with pytest.raises(InputError, match=r"ending in \.npz"):
        embed_to_file(clips(1), embedder, tmp_path / "walks.csv")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_said(embedder, tmp_path, monkeypatch):
    def full(self, rows):
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr("gait_core.cache.files.Spool.append", full)
    with pytest.raises(StorageError, match="disk is full"):
        embed_to_file(clips(1), embedder, tmp_path / "walks.npz")
    assert not list(tmp_path.iterdir())
