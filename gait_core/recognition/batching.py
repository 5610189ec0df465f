"""Embeds sequences of unequal length in batches, each exactly as if it were alone: `Embedder`, `BatchSettings`.

Sequences of similar length are padded at their end: to the longest of their batch where a new shape costs nothing,
else to one of a few lengths. Padded frames are masked inside the network wherever frames see each other, so an
embedding does not depend on the batch (see `gait_core.recognition.networks.layers.Clips`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.config import Settings
from gait_core.errors import InputError, MemoryLimitError
from gait_core.learn.backend import training_device
from gait_core.recognition.forward import FRAMES_AT_ONCE, CompiledForward, is_out_of_memory
from gait_core.recognition.inputs.checked import checked_sequence

__all__ = ["BatchSettings", "BatchStatistics", "Embedder", "Embedding", "frames_at_once", "padded_length"]

_logger = logging.getLogger(__name__)
_LIVE_MAPS: Final[Mapping[str, tuple[float, float]]] = {
    "gaitbase": (4.5, 1.5),
    "deepgaitv2": (4.5, 4.5),
    "skeletongait": (4.5, 4.5),
    "skeletongaitpp": (8.5, 4.5),
    "xgait": (8.5, 5.0),
}
"""Memory of a frame in feature maps of the first stage: with all frames at once, and with a few at a time in the layers
that look at single frames. Measured peaks of float32 on a CPU, for 30 to 2,048 frames, rounded up: 3.8 and 1.2 for
GaitBase, 3.9 and 3.7 for DeepGaitV2, 7.2 and 3.2 for SkeletonGait++, 7.7 and 4.3 for XGait."""
_UNKNOWN_MAPS: Final = (8.5, 8.5)
_MOST_FRAMES: Final = 2048


@dataclass(frozen=True, kw_only=True)
class BatchSettings(Settings):
    """How sequences are put together.

    Attributes
    ----------
    frames_per_batch : int
        Frames of a batch, padding included; a longer sequence is a batch of its own.
    frame_multiple : int
        Short sequences are padded to a multiple of this.
    max_padding : float
        Largest share by which a longer sequence may be padded, above one `frame_multiple`.
    look_ahead : int
        Sequences that are read before the first of them is handed out, so that similar lengths meet.
    max_frames : int
        Longest sequence that is accepted.
    """

    frames_per_batch: int = 256
    frame_multiple: int = 8
    max_padding: float = 0.125
    look_ahead: int = 64
    max_frames: int = 2000

    _ranges = {
        "frames_per_batch": (1, 1_000_000),
        "frame_multiple": (1, 1000),
        "max_padding": (0.01, 1.0),
        "look_ahead": (1, 100_000),
        "max_frames": (1, 1_000_000),
    }

    @classmethod
    def for_memory(
        cls, available_bytes: int, network: Any, *, frames_at_once: int = 0, **changes: Any
    ) -> BatchSettings:
        """Return settings whose batches need at most half of the memory that is free, by measured peaks.

        Parameters
        ----------
        available_bytes : int
        network : keras.Model
        frames_at_once : int
            See `gait_core.recognition.forward.CompiledForward`.
        **changes
            Other fields.
        """
        height, width, _ = network.settings.frame_shape
        map_bytes = height * width * network.settings.widths[0] * 4
        whole, chunked = _LIVE_MAPS.get(network.settings.network, _UNKNOWN_MAPS)
        free = available_bytes / 2 / map_bytes
        frames = (free - whole * frames_at_once) / chunked if frames_at_once else free / whole
        return cls(frames_per_batch=min(max(int(frames), 1), _MOST_FRAMES), **changes)


@dataclass(frozen=True, kw_only=True, eq=False)
class Embedding:
    """What a network says about one sequence.

    Attributes
    ----------
    index : int
        Place of the sequence among those given, from 0.
    n_frames : int
    parts : ndarray, shape (256, parts)
        Embedding as published, not normalised.
    vector : ndarray, shape (256 * parts,)
        Each part of the same length and the whole of length 1.
    logits : ndarray, shape (classes, parts), or None
        Likeness to each known person, where the network has a classifier.
    """

    index: int
    n_frames: int
    parts: NDArray[np.float32]
    vector: NDArray[np.float32]
    logits: NDArray[np.float32] | None


@dataclass(kw_only=True)
class BatchStatistics:
    """What an embedder has done so far.

    Attributes
    ----------
    sequences, frames, padded_frames, batches : int
        `padded_frames` were computed in vain.
    halvings : int
        How often the batches were halved because memory ran out.
    """

    sequences: int = 0
    frames: int = 0
    padded_frames: int = 0
    batches: int = 0
    halvings: int = 0


@dataclass(frozen=True, eq=False)
class _Waiting:
    index: int
    frames: NDArray[np.float32]
    padded: int


class Embedder:
    """Embeds any number of sequences with one network.

    Parameters
    ----------
    network : keras.Model
        From `gait_core.recognition.networks.model.build_network`.
    settings : BatchSettings
    forward : CompiledForward, optional
        What runs a batch; default: the network, compiled.
    """

    def __init__(
        self, network: Any, settings: BatchSettings | None = None, *, forward: CompiledForward | None = None
    ) -> None:
        self.settings = settings or BatchSettings()
        self.statistics = BatchStatistics()
        self._network = network.settings
        outputs = ("parts", "vector", "logits") if self._network.classes else ("parts", "vector")
        self._forward = forward or CompiledForward(network, outputs, frames_at_once=frames_at_once())
        self._frames_per_batch = self.settings.frames_per_batch

    @property
    def traces(self) -> int:
        """How many times the network was compiled."""
        return self._forward.traces

    def embed(self, sequences: Iterable[Any]) -> Iterator[Embedding]:
        """Yield the embeddings of sequences in their order.

        No more than `BatchSettings.look_ahead` sequences are held at a time: a generator that loads them one by one
        makes the memory independent of their number.

        Parameters
        ----------
        sequences : iterable of array_like, shape (frames, height, width, channels)
            See `gait_core.recognition.inputs.checked.checked_sequence`.

        Yields
        ------
        Embedding

        Raises
        ------
        InputError
            When a sequence cannot be used; the message has its number.
        MemoryLimitError
            When a single sequence does not fit into the memory.
        """
        source = enumerate(sequences)
        waiting: dict[int, _Waiting] = {}
        found: dict[int, Embedding] = {}
        next_out = 0
        while True:
            buffer = self.settings.look_ahead - len(waiting)
            for _, (index, sequence) in zip(range(buffer), source, strict=False):
                waiting[index] = self._accepted(index, sequence)
                del sequence
            if not waiting:
                return
            for embedding in self._run(self._next_batch(waiting)):
                found[embedding.index] = embedding
                del waiting[embedding.index]
            while next_out in found:
                yield found.pop(next_out)
                next_out += 1

    def embed_one(self, sequence: Any) -> Embedding:
        """Return the embedding of one sequence."""
        return next(self.embed([sequence]))

    def _accepted(self, index: int, sequence: Any) -> _Waiting:
        frames = checked_sequence(sequence, self._network, f"sequence {index}")
        if len(frames) > self.settings.max_frames:
            raise InputError(
                f"Expected at most {self.settings.max_frames} frames in sequence {index}, but got {len(frames)}.",
                "Split it, or raise max_frames.",
            )
        return _Waiting(index, frames, padded_length(len(frames), self.settings))

    def _next_batch(self, waiting: dict[int, _Waiting]) -> list[_Waiting]:
        """Return the sequence that waits longest, with others of the same padded length.

        Where each shape is compiled, their number is a power of two, which keeps the shapes few without empty rows.
        """
        oldest = next(iter(waiting.values()))
        alike = [member for member in waiting.values() if member.padded == oldest.padded]
        limit = max(1, min(len(alike), self._frames_per_batch // oldest.padded))
        return alike[: limit if self._forward.any_shape else 1 << (limit.bit_length() - 1)]

    def _length(self, batch: list[_Waiting]) -> int:
        """Return to how many frames the sequences of a batch are padded."""
        return max(len(member.frames) for member in batch) if self._forward.any_shape else batch[0].padded

    def _run(self, batch: list[_Waiting]) -> list[Embedding]:
        """Return the embeddings of a batch; none where memory ran out, and the next batch will be half as large."""
        try:
            outputs = self._forward(*_stacked(batch, self._length(batch)))
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            if len(batch) == 1:
                raise MemoryLimitError(
                    f"Expected memory for a sequence of {len(batch[0].frames)} frames, but it ran out.",
                    "Split the sequence, close other programs, or choose a smaller network.",
                ) from error
            self._frames_per_batch = len(batch) * batch[0].padded // 2
            self.statistics.halvings += 1
            _logger.warning("out of memory: batches of %d frames from here on", self._frames_per_batch)
            return []
        return self._embeddings(batch, outputs)

    def _embeddings(self, batch: list[_Waiting], outputs: dict[str, NDArray[np.float32]]) -> list[Embedding]:
        frames = sum(len(member.frames) for member in batch)
        self.statistics.batches += 1
        self.statistics.sequences += len(batch)
        self.statistics.frames += frames
        self.statistics.padded_frames += len(batch) * self._length(batch) - frames
        logits = outputs.get("logits")
        # Copies: a view would keep the whole batch in memory.
        return [
            Embedding(
                index=member.index,
                n_frames=len(member.frames),
                parts=outputs["parts"][row].copy(),
                vector=outputs["vector"][row].copy(),
                logits=None if logits is None else logits[row].copy(),
            )
            for row, member in enumerate(batch)
        ]


def frames_at_once() -> int:
    """Return how many frames layers of single frames take at a time on the device of this process; 0 for all.

    Returns
    -------
    int
    """
    # A GPU is not filled by a few frames.
    return FRAMES_AT_ONCE if training_device().device.kind == "cpu" else 0


def padded_length(frames: int, settings: BatchSettings) -> int:
    """Return to how many frames a sequence is padded.

    The lengths are multiples of a step that doubles as soon as the padding stays within `BatchSettings.max_padding`:
    by default 8, 16, … 128, then up to 256 in steps of 16, and so on. Their number grows with the logarithm of the
    longest sequence.

    Returns
    -------
    int
        At least `frames`; a multiple of `BatchSettings.frame_multiple`.
    """
    step = settings.frame_multiple
    while 2 * step <= settings.max_padding * frames:
        step *= 2
    return -(-frames // step) * step


def _stacked(batch: list[_Waiting], length: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return frames and which of them are valid, for members padded to a length."""
    frames = np.zeros((len(batch), length, *batch[0].frames.shape[1:]), dtype=np.float32)
    valid = np.zeros((len(batch), length), dtype=np.float32)
    for row, member in enumerate(batch):
        frames[row, : len(member.frames)] = member.frames
        valid[row, : len(member.frames)] = 1.0
    return frames, valid
