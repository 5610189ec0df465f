"""What the benchmark of recognition measures, each in a process of its own: speed, and memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.bench.recognition_models import CLIP_FRAMES, MODELS, sequence
from gait_core.learn.backend import load_keras
from gait_core.recognition.batching import BatchSettings, Embedder
from gait_core.recognition.forward import CompiledForward
from gait_core.recognition.networks.model import build_network

__all__ = ["embed_many", "machine_peak", "measure_half", "measure_speed", "plain_batch"]

_HALF: Final = "mixed_bfloat16"
_REPEATS: Final = 5


class Clock:
    """Wall and CPU time since it was made; CPU time stays the same under other load."""

    def __init__(self) -> None:
        self._wall_s, self._cpu_s = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        """Return both, s."""
        return {"wall_s": time.perf_counter() - self._wall_s, "cpu_s": time.process_time() - self._cpu_s}


def measure_speed(model: str, warm_lengths: list[int], lengths: list[int], look_ahead: int) -> dict[str, Any]:
    """Embed the same sequences one by one and in batches, in float32, and time one sequence of 30 frames.

    Both ways first embed other sequences. What they compile after that counts: that is what a user waits for.

    Parameters
    ----------
    model : str
    warm_lengths, lengths : list of int
        Frames of the sequences.
    look_ahead : int
        See `BatchSettings`.

    Returns
    -------
    dict
        ``plain`` and ``batched``, each with ``wall_s``, ``cpu_s`` and ``traces`` (compilations, the first sequences
        included); ``max_difference`` between the two, as a share of the largest value; ``padded_share``, frames of
        padding per frame of a sequence; ``clip``, the shortest ``wall_s`` and ``cpu_s`` of the sequence of 30 frames.
    """
    settings = MODELS[model]
    network = build_network(settings, seed=1)
    warm = [sequence(settings, frames, 100 + number) for number, frames in enumerate(warm_lengths)]
    clips = [sequence(settings, frames, number) for number, frames in enumerate(lengths)]
    one_by_one = CompiledForward(network, ("parts", "vector"), retrace=True)
    for clip in warm:
        _alone(one_by_one, clip)
    clock = Clock()
    alone = [_alone(one_by_one, clip) for clip in clips]
    plain = clock.read() | {"traces": one_by_one.traces}
    embedder = Embedder(network, BatchSettings(look_ahead=look_ahead))
    list(embedder.embed(warm))
    clock = Clock()
    found = [one.parts for one in embedder.embed(clips)]
    batched = clock.read() | {"traces": embedder.traces}
    largest = max(float(np.abs(parts).max()) for parts in alone)
    worst = max(float(np.abs(one - other).max()) for one, other in zip(alone, found, strict=True))
    single = sequence(settings, CLIP_FRAMES, 0)
    return {
        "plain": plain,
        "batched": batched,
        "max_difference": worst / largest,
        "padded_share": embedder.statistics.padded_frames / max(1, embedder.statistics.frames),
        "clip": _best(lambda: _alone(one_by_one, single)),
    }


def measure_half(model: str) -> dict[str, Any]:
    """Time a sequence of 30 frames in float32 and in bfloat16, in turns, and compare the embeddings.

    Returns
    -------
    dict
        ``float32`` and ``bfloat16``, each with its shortest ``wall_s`` and ``cpu_s``; ``difference``, the largest
        between the embeddings, as a share of the largest value.
    """
    settings = MODELS[model]
    clip = sequence(settings, CLIP_FRAMES, 0)
    runs = {
        dtype: CompiledForward(build_network(settings, seed=1, dtype=dtype), ("parts", "vector"))
        for dtype in ("float32", _HALF)
    }
    single, half = (_alone(run, clip) for run in runs.values())
    times: dict[str, list[dict[str, float]]] = {dtype: [] for dtype in runs}
    for _ in range(_REPEATS):
        for dtype, run in runs.items():
            clock = Clock()
            _alone(run, clip)
            times[dtype].append(clock.read())
    best = {dtype: {name: min(one[name] for one in taken) for name in taken[0]} for dtype, taken in times.items()}
    return {
        "float32": best["float32"],
        "bfloat16": best[_HALF],
        "difference": float(np.abs(single - half).max() / np.abs(single).max()),
    }


def machine_peak(dtype: str) -> dict[str, float]:
    """Return the highest rate of products of a known size, the shapes of the networks among them.

    Returns
    -------
    dict
        ``gmac_per_cpu_s`` and ``gmac_per_s``, thousands of millions of multiply–accumulates.
    """
    keras = load_keras()
    ops = keras.ops
    found: list[dict[str, float]] = []

    def add(product: Callable[[Any, Any], Any], shapes: tuple[tuple[int, ...], tuple[int, ...]], macs: float) -> None:
        one, other = (ops.cast(keras.random.normal(shape, seed=1), dtype) for shape in shapes)
        # One number is read back: the whole result is computed, and little is copied.
        best = _best(lambda: ops.convert_to_numpy(ops.reshape(product(one, other), (-1,))[0]))
        found.append({"gmac_per_cpu_s": macs / best["cpu_s"] / 1e9, "gmac_per_s": macs / best["wall_s"] / 1e9})

    size = 2048
    add(ops.matmul, ((size, size), (size, size)), size**3)
    for height, width, channels in ((32, 22, 128), (16, 11, 256), (16, 11, 512)):
        shapes = (CLIP_FRAMES, height, width, channels), (3, 3, channels, channels)
        add(partial(ops.conv, padding="same"), shapes, CLIP_FRAMES * height * width * 9 * channels**2)
    return {name: max(one[name] for one in found) for name in found[0]}


def plain_batch(model: str, lengths: list[int]) -> dict[str, Any]:
    """Embed sequences in one call, layer by layer, padded to the longest: the usual way, for its memory.

    Returns
    -------
    dict
        ``sequences``, their number.
    """
    settings = MODELS[model]
    network = build_network(settings, seed=1)
    longest = max(lengths)
    frames = np.zeros((len(lengths), longest, *settings.frame_shape), np.float32)
    valid = np.zeros((len(lengths), longest), np.float32)
    for row, count in enumerate(lengths):
        frames[row, :count] = sequence(settings, count, row)
        valid[row, :count] = 1.0
    found = network({"frames": frames, "valid": valid}, training=False)
    return {"sequences": len(np.asarray(found["parts"]))}


def embed_many(model: str, lengths: list[int]) -> dict[str, Any]:
    """Embed the same sequences with an `Embedder`, made one by one and none kept, for its memory.

    Returns
    -------
    dict
        ``sequences``, their number, and ``traces``, how many times the network was compiled.
    """
    settings = MODELS[model]
    embedder = Embedder(build_network(settings, seed=1))
    clips = (sequence(settings, count, row) for row, count in enumerate(lengths))
    return {"sequences": sum(1 for _ in embedder.embed(clips)), "traces": embedder.traces}


def _alone(run: CompiledForward, clip: NDArray[np.float32]) -> NDArray[np.float32]:
    parts: NDArray[np.float32] = run(clip[None], np.ones((1, len(clip)), np.float32))["parts"][0]
    return parts


def _best(run: Callable[[], Any]) -> dict[str, float]:
    run()
    taken = []
    for _ in range(_REPEATS):
        clock = Clock()
        run()
        taken.append(clock.read())
    return {name: min(one[name] for one in taken) for name in taken[0]}
