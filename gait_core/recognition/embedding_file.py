"""Embeds any number of sequences into one file, in memory that does not grow with them: `embed_to_file`.

The file is a plain ``.npz`` archive with one row per sequence:

``parts``
    Embeddings as published, shape (sequences, 256, parts).
``vector``
    The same at length 1, shape (sequences, 256 * parts).
``n_frames``
    Shape (sequences,).
``logits``
    Likeness to each known person, shape (sequences, classes, parts); only of a network with a classifier.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from gait_core.cache import Spool
from gait_core.errors import InputError
from gait_core.recognition.batching import Embedder, Embedding
from gait_core.workspace import atomic_file, storage_guard

__all__ = ["embed_to_file"]


def embed_to_file(sequences: Iterable[Any], embedder: Embedder, path: str | Path) -> int:
    """Write the embeddings of sequences, in their order; the file appears when all are done, or not at all.

    Each embedding goes to disk as it comes, and no more than `BatchSettings.look_ahead` sequences are held.

    Parameters
    ----------
    sequences : iterable of array_like, shape (frames, height, width, channels)
        A generator that loads them one by one keeps the memory small.
    embedder : Embedder
    path : str or Path
        Ends in ``.npz``; an earlier file is replaced.

    Returns
    -------
    int
        Number of sequences.

    Raises
    ------
    InputError
        When the name ends otherwise, there is no sequence, or one cannot be used.
    StorageError
        When the place is read-only or full.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise InputError(f"Expected a name ending in .npz, but got {path.name}.", "Choose such a name.")
    with ExitStack() as stack, storage_guard(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        spools: dict[str, Spool] = {}
        for embedding in embedder.embed(sequences):
            for name, row in _rows(embedding).items():
                if name not in spools:
                    spools[name] = stack.enter_context(Spool(row.dtype, row.shape, path.parent))
                spools[name].append(row[None])
        if not spools:
            raise InputError("Expected at least one sequence, but got none.", "Check what was selected.")
        with atomic_file(path) as file:
            np.savez(file, allow_pickle=False, **{name: spool.array() for name, spool in spools.items()})
        return len(spools["n_frames"])


def _rows(embedding: Embedding) -> dict[str, Any]:
    rows = {"parts": embedding.parts, "vector": embedding.vector, "n_frames": np.int64(embedding.n_frames)}
    return rows if embedding.logits is None else {**rows, "logits": embedding.logits}
