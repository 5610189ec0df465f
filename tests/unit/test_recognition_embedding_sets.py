"""Sets of embeddings: the file equals what comes out, nothing is held in memory, nothing half is left."""

from __future__ import annotations

import errno
import weakref
from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from gait_core.bench.recognition_models import sequence
from gait_core.cache.archive import load_arrays
from gait_core.errors import InputError, StorageError
from gait_core.recognition.batching import BatchSettings, Embedder, Embedding
from gait_core.recognition.embedding_sets import list_embeddings, load_embeddings, new_embeddings
from gait_core.recognition.networks.model import build_network
from gait_core.recognition.networks.settings import GaitBaseSettings
from gait_core.workspace import Workspace

SETTINGS = GaitBaseSettings(width=0.0625, classes=0)


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(build_network(SETTINGS, seed=1), BatchSettings(look_ahead=6, frames_per_batch=32))


def clips(count: int) -> Iterator[np.ndarray]:
    for number in range(count):
        yield sequence(SETTINGS, 1 + number % 9, number)


def stored(workspace: Workspace, embeddings: Iterable[Embedding]) -> str:
    with new_embeddings(workspace, SETTINGS.parts) as (set_id, writer):
        walks = [{"row": writer.add(embedding)} for embedding in embeddings]
        writer.finish({}, walks)
    return set_id


def test_the_file_holds_what_the_embedder_gives(embedder, workspace):
    found = load_embeddings(workspace, stored(workspace, embedder.embed(clips(9))))
    arrays = load_arrays(found.folder / "embeddings.npz")
    expected = list(embedder.embed(clips(9)))
    for name in ("parts", "vector", "n_frames"):
        np.testing.assert_array_equal(arrays[name], [getattr(one, name) for one in expected], strict=False)
    assert arrays["rows"].tolist() == list(range(9))


def test_nothing_is_held_however_many_sequences_there_are(embedder, workspace):
    alive: dict[str, list[weakref.ref]] = {"clip": [], "embedding": []}
    most = dict.fromkeys(alive, 0)

    def watched(kind, items):
        for item in items:
            alive[kind] = [ref for ref in alive[kind] if ref() is not None] + [weakref.ref(item)]
            most[kind] = max(most[kind], len(alive[kind]))
            yield item

    held = []
    for count in (20, 120):
        most.update(clip=0, embedding=0)
        stored(workspace, watched("embedding", embedder.embed(watched("clip", clips(count)))))
        held.append(dict(most))
    assert held[0] == held[1]
    assert held[1]["clip"] <= 6 + 2
    assert held[1]["embedding"] <= 6 + 1


def test_a_bad_sequence_leaves_no_set(embedder, workspace):
    def second_is_bad():
        yield next(clips(1))
        yield np.zeros((3, 64, 44, 1), np.float32)

    with pytest.raises(InputError, match="sequence 1"):
        stored(workspace, embedder.embed(second_is_bad()))
    assert list_embeddings(workspace) == []


def test_a_full_disk_is_said(embedder, workspace, monkeypatch):
    def full(self, rows):
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr("gait_core.cache.files.Spool.append", full)
    with pytest.raises(StorageError, match="disk is full"):
        stored(workspace, embedder.embed(clips(1)))
    assert list_embeddings(workspace) == []
