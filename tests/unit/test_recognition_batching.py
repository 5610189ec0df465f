"""An embedding is the same alone and in any batch; shapes, memory and order are as promised."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from gait_core.bench.recognition_models import sequence
from gait_core.errors import InputError, MemoryLimitError
from gait_core.recognition.batching import BatchSettings, Embedder, padded_length
from gait_core.recognition.forward import CompiledForward, is_out_of_memory
from gait_core.recognition.networks.model import build_network
from gait_core.recognition.networks.settings import (
    DeepGaitV2Settings,
    GaitBaseSettings,
    SkeletonGaitPPSettings,
    SkeletonGaitSettings,
    XGaitSettings,
)

SMALL = 0.125
NETWORKS = {
    "gaitbase": GaitBaseSettings(width=SMALL, classes=3),
    "deepgaitv2_2d": DeepGaitV2Settings(width=SMALL, mode="2d"),
    "deepgaitv2_p3d": DeepGaitV2Settings(width=SMALL, mode="p3d", blocks=(1, 2, 2, 1)),
    "deepgaitv2_3d": DeepGaitV2Settings(width=SMALL, mode="3d"),
    "skeletongait": SkeletonGaitSettings(width=SMALL),
    "skeletongaitpp": SkeletonGaitPPSettings(width=SMALL),
    "xgait": XGaitSettings(width=SMALL),
}


class Stand:
    """Answers like a network whose embedding is the mean of the highest values; knows what it was given."""

    settings = GaitBaseSettings()

    def __init__(self, *, limit: int = 10**9, any_shape: bool = False) -> None:
        self.shapes: list[tuple[int, int]] = []
        self.limit, self.traces, self.any_shape = limit, 0, any_shape

    def __call__(self, frames, valid):
        batch, length = valid.shape
        if batch * length > self.limit:
            raise MemoryError
        self.shapes.append((batch, length))
        means = (frames.max(axis=(2, 3, 4)) * valid).sum(1) / valid.sum(1)
        return {"parts": np.tile(means[:, None, None], (1, 256, 16)), "vector": np.tile(means[:, None], (1, 4096))}


def level(frames: int, value: float) -> np.ndarray:
    """Return a grey bar; its value is the highest."""
    found = np.zeros((frames, 64, 44), np.float32)
    found[:, :, 10:34] = value
    return found


def stand_in(stand: Stand, **settings) -> Embedder:
    return Embedder(stand, BatchSettings(**settings), forward=stand)


@pytest.mark.parametrize("name", NETWORKS)
def test_an_embedding_is_the_same_alone_and_in_any_batch(name):
    settings = NETWORKS[name]
    network = build_network(settings, seed=1)
    rng = np.random.default_rng(0)
    for parameter in network.parameters.by_name.values():  # statistics that make padding visible
        if parameter.name.endswith((".running_mean", ".bias")):
            parameter.variable.assign(rng.normal(0.0, 0.3, parameter.source_shape))
    clips = [sequence(settings, frames, 0) for frames in (3, 16, 9, 1)]
    alone = [
        np.asarray(network({"frames": clip[None], "valid": np.ones((1, len(clip)), np.float32)})["parts"])[0]
        for clip in clips
    ]
    embedder = Embedder(network, BatchSettings(frame_multiple=16))
    together = list(embedder.embed(clips))
    turned = list(embedder.embed(clips[::-1]))[::-1]
    assert embedder.statistics.batches == 2
    largest = max(np.abs(parts).max() for parts in alone)
    for parts, first, second in zip(alone, together, turned, strict=True):
        assert np.abs(first.parts - parts).max() <= 1e-5 * largest
        assert np.abs(second.parts - parts).max() <= 1e-5 * largest
        assert np.linalg.norm(first.vector) == pytest.approx(1.0, abs=1e-6)
        assert (first.logits is None) == (settings.classes == 0)


def test_without_the_mask_the_same_network_would_be_wrong():
    """The test above can fail: padding that is not masked changes an embedding by percents."""
    settings = NETWORKS["deepgaitv2_p3d"]
    network = build_network(settings, seed=1)
    for parameter in network.parameters.by_name.values():
        if parameter.name.endswith(".bias"):
            parameter.variable.assign(np.full(parameter.source_shape, 0.3))
    clip = sequence(settings, 5, 0)
    padded = np.concatenate([clip, np.zeros_like(clip)])[None]
    masked, open_ = (
        np.asarray(network({"frames": padded, "valid": valid})["parts"])
        for valid in (np.array([[1.0] * 5 + [0.0] * 5], np.float32), np.ones((1, 10), np.float32))
    )
    assert np.abs(masked - open_).max() > 0.01 * np.abs(masked).max()


@pytest.mark.parametrize("name", ["gaitbase", "deepgaitv2_p3d", "skeletongaitpp", "xgait"])
def test_a_few_frames_at_a_time_give_the_same(name, monkeypatch):
    settings = NETWORKS[name]
    network = build_network(settings, seed=1)
    frames = np.stack([sequence(settings, 5, seed) for seed in (0, 1)])
    valid = np.ones((2, 5), np.float32)
    valid[1, 3:] = 0.0
    at_once = []
    in_chunks = CompiledForward._in_chunks

    def watched(self, layers, x):
        def seen(part):
            at_once.append(part.shape[0])
            return layers(part)

        return in_chunks(self, seen, x)

    monkeypatch.setattr(CompiledForward, "_in_chunks", watched)
    whole, parted, retraced = (
        CompiledForward(network, ("parts",), frames_at_once=count, retrace=retrace)
        for count, retrace in ((0, False), (4, False), (4, True))
    )
    expected, found, same = (run(frames, valid)["parts"] for run in (whole, parted, retraced))
    assert set(at_once) == {None, 4}  # any number; and ten frames in chunks of four, four and two with padding
    for one in (found, same):
        assert np.abs(one - expected).max() <= 1e-6 * np.abs(expected).max()
    one_frame = parted(frames[:1, :1], valid[:1, :1])["parts"]
    assert np.abs(one_frame - whole(frames[:1, :1], valid[:1, :1])["parts"]).max() <= 1e-6 * np.abs(expected).max()


@pytest.mark.parametrize("retrace", [False, True])
def test_only_few_shapes_are_compiled(retrace):
    network = build_network(NETWORKS["gaitbase"])
    forward = CompiledForward(network, ("parts", "vector"), retrace=retrace)
    settings = BatchSettings(frame_multiple=8, frames_per_batch=32, look_ahead=16)
    embedder = Embedder(network, settings, forward=forward)
    lengths = np.random.default_rng(3).integers(1, 25, 40)
    found = list(embedder.embed(sequence(network.settings, frames, 0) for frames in lengths))
    assert [one.n_frames for one in found] == list(lengths)
    # One for all; or up to 4, 2 and 1 sequences of 8, 16 and 24 frames.
    assert embedder.traces <= (3 + 2 + 1 if retrace else 1)
    before = embedder.traces
    list(embedder.embed(sequence(network.settings, frames, 0) for frames in lengths))
    assert embedder.traces == before


def test_where_a_shape_costs_nothing_batches_are_as_long_as_their_longest_sequence():
    stand = Stand(any_shape=True)
    embedder = stand_in(stand, frame_multiple=8, frames_per_batch=64, look_ahead=8)
    found = list(embedder.embed(level(frames, frames / 100) for frames in (3, 5, 30, 6, 27, 2)))
    assert [one.n_frames for one in found] == [3, 5, 30, 6, 27, 2]
    assert [round(100 * float(one.vector[0]), 3) for one in found] == [3, 5, 30, 6, 27, 2]
    assert stand.shapes == [(4, 6), (2, 30)]
    assert embedder.statistics.padded_frames == (3 + 1 + 4) + 3


def test_padding_and_number_of_lengths_are_bounded():
    settings = BatchSettings()
    lengths = [padded_length(frames, settings) for frames in range(1, 721)]
    for frames, padded in zip(range(1, 721), lengths, strict=True):
        assert 0 <= padded - frames < max(settings.frame_multiple, settings.max_padding * frames)
    assert len(set(lengths)) <= 40
    assert lengths == sorted(lengths)


def test_order_is_that_of_the_sequences():
    lengths = [5, 40, 7, 3, 40, 100, 8, 1, 39]
    stand = Stand()
    found = list(stand_in(stand, look_ahead=4).embed(level(n, (i + 1) / 10) for i, n in enumerate(lengths)))
    assert [one.index for one in found] == list(range(9))
    assert [one.n_frames for one in found] == lengths
    assert [one.vector[0] for one in found] == pytest.approx([(i + 1) / 10 for i in range(9)], rel=1e-5)
    assert max(batch for batch, _ in stand.shapes) > 1


def test_out_of_memory_halves_the_batches_and_goes_on(caplog):
    stand = Stand(limit=20)
    embedder = stand_in(stand, frame_multiple=8, frames_per_batch=64)
    found = list(embedder.embed(level(8, (i + 1) / 20) for i in range(16)))
    assert [one.vector[0] for one in found] == pytest.approx([(i + 1) / 20 for i in range(16)], rel=1e-5)
    assert embedder.statistics.halvings == 2
    assert set(stand.shapes) == {(2, 8)}
    assert "out of memory" in caplog.text


def test_one_sequence_that_does_not_fit_is_an_error():
    with pytest.raises(MemoryLimitError, match="30 frames"):
        list(stand_in(Stand(limit=20)).embed([level(30, 0.5)]))


def test_other_failures_are_not_taken_for_lack_of_memory():
    class Broken(Stand):
        def __call__(self, frames, valid):
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(stand_in(Broken()).embed([level(3, 0.5)]))
    assert is_out_of_memory(RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes"))
    assert is_out_of_memory(type("ResourceExhaustedError", (Exception,), {})())
    assert not is_out_of_memory(RuntimeError("INVALID_ARGUMENT"))


def test_no_more_sequences_are_held_than_looked_ahead():
    alive: list[weakref.ref[np.ndarray]] = []
    most = 0

    def frames() -> Iterator[np.ndarray]:
        nonlocal most
        for number in range(60):
            clip = level(5 + number % 20, 0.5)
            alive.append(weakref.ref(clip))
            most = max(most, sum(ref() is not None for ref in alive))
            yield clip

    consumed = sum(1 for _ in stand_in(Stand(), look_ahead=6).embed(frames()))
    assert consumed == 60
    assert most <= 6 + 2  # and the one being made, and the one being handed over


def test_results_come_before_the_source_ends():
    read = 0

    def frames() -> Iterator[np.ndarray]:
        nonlocal read
        while True:
            read += 1
            yield level(6, 0.5)

    results = stand_in(Stand(), look_ahead=8).embed(frames())
    assert [next(results).index for _ in range(20)] == list(range(20))
    assert read <= 20 + 8


def test_bad_sequences_are_named():
    with pytest.raises(InputError, match="sequence 1"):
        list(stand_in(Stand()).embed([level(4, 0.5), np.zeros((0, 64, 44))]))
    with pytest.raises(InputError, match="at most 10 frames in sequence 0"):
        stand_in(Stand(), max_frames=10).embed_one(level(11, 0.5))
    assert list(stand_in(Stand()).embed([])) == []


def test_batch_size_follows_the_memory():
    small, large = (BatchSettings.for_memory(size << 30, Stand()).frames_per_batch for size in (1, 8))
    assert 1 <= small < large
    assert BatchSettings.for_memory(1, Stand()).frames_per_batch == 1


@pytest.mark.parametrize(
    ("settings", "frames", "at_once", "peak_mib"),
    [
        (GaitBaseSettings(), 256, 32, 207),
        (GaitBaseSettings(), 1024, 32, 866),
        (GaitBaseSettings(), 256, 0, 676),
        (GaitBaseSettings(width=0.25), 256, 32, 78),
        (GaitBaseSettings(width=0.25), 2048, 32, 496),
        (GaitBaseSettings(width=0.25), 256, 0, 176),
        (DeepGaitV2Settings(width=0.5), 384, 32, 492),
        (DeepGaitV2Settings(width=0.5), 128, 0, 172),
        (SkeletonGaitPPSettings(width=0.5), 256, 32, 276),
        (SkeletonGaitPPSettings(width=0.5), 128, 0, 315),
        (XGaitSettings(width=0.5), 256, 32, 379),
        (XGaitSettings(width=0.5), 128, 0, 336),
    ],
)
def test_the_estimate_holds_what_was_measured_and_little_more(settings, frames, at_once, peak_mib):
    """Of half the free memory, a batch needs 45 to 100 %; peaks measured on a CPU, each in a process of its own."""
    network = SimpleNamespace(settings=settings)
    enough, plenty = (
        BatchSettings.for_memory(int(share * peak_mib * 2**20), network, frames_at_once=at_once).frames_per_batch
        for share in (2.0, 2.0 / 0.45)
    )
    assert enough <= frames <= plenty
