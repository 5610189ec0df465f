"""Batches of pieces of clips, read from the file of a dataset as they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.batches import Batch, shared_rows
from gait_core.learn.classifiers.sides import Sides
from gait_core.learn.datasets.clips import Clips

__all__ = ["ClipBatches", "clip_inputs", "evenly_spaced"]

_STREAM: Final = 31


def clip_inputs(
    clips: Clips, pieces: Sequence[tuple[int, int]], frames: int, width_multiple: int
) -> NDArray[np.float32]:
    """Return pieces of clips as the input of a network.

    Parameters
    ----------
    clips : Clips
    pieces : sequence of (clip, first frame)
    frames : int
        Frames of a piece; 0 follows where a clip ends before.
    width_multiple : int
        The width is that of the widest clip, made up to a multiple of this with 0 at the right.

    Returns
    -------
    ndarray, shape (n, frames, height, width, n_channels + 1)
        Pixels in [0, 1]; the last channel is 1 where a clip has a pixel, 0 where it was made up.
    """
    parts = [clips.piece(clip, first, frames) for clip, first in pieces]
    widest = max(part.shape[2] for part in parts)
    width = -(-widest // width_multiple) * width_multiple
    _, height, _, channels = parts[0].shape
    inputs = np.zeros((len(parts), frames, height, width, channels + 1), np.float32)
    for row, part in zip(inputs, parts, strict=True):
        inside = row[: len(part), :, : part.shape[2]]
        np.divide(part, 255, out=inside[..., :-1], casting="unsafe")
        inside[..., -1] = 1
    clips.release()
    return inputs


def evenly_spaced(clips: Clips, frames: int, most: int) -> list[tuple[int, int]]:
    """Return pieces that cover each clip evenly: as many as fit without overlap, at least one, at most `most`.

    Parameters
    ----------
    clips : Clips
        Clips of one or more walks.
    frames : int
        Length of a piece, frames.
    most : int
        Pieces per clip at most.

    Returns
    -------
    list of (int, int)
        Number of the clip and first frame of each piece.
    """
    found = []
    for clip, length in enumerate(clips.lengths.tolist()):
        count, last = min(most, max(1, length // frames)), max(0, length - frames)
        # A single piece lies in the middle; the first and the last of several, at the ends.
        found += [(clip, int(first)) for first in (np.linspace(0, last, count) if count > 1 else [last // 2])]
    return found


class ClipBatches:
    """One piece of each clip in every epoch, others in each.

    Order, first frames and exchange of sides depend only on the seed and the number of the epoch, so a training that
    was killed continues as if nothing had happened.

    Parameters
    ----------
    clips : Clips
    targets : ndarray, shape (n, n_classes)
    frames : int
        Frames of a piece.
    pieces : int
        Most pieces of a clip when a model is judged.
    batch_size : int
    width_multiple : int
        See `clip_inputs`.
    weights : ndarray, shape (n,), optional
        Weight of each clip in the loss.
    seed : int
    accumulate : int
        Steps whose gradients are averaged; an epoch has a whole number of such groups.
    devices : int
        Among which a batch is divided; its rows are rounded up to a multiple.
    sides : Sides, optional
        Exchange left and right of about half of the clips.
    """

    def __init__(
        self,
        clips: Clips,
        targets: NDArray[np.float32],
        *,
        frames: int,
        pieces: int,
        batch_size: int,
        width_multiple: int,
        weights: NDArray[np.float32] | None = None,
        seed: int = 0,
        accumulate: int = 1,
        devices: int = 1,
        sides: Sides | None = None,
    ) -> None:
        self._clips = clips
        self._targets, self._weights, self._sides = targets, weights, sides
        self._frames, self._pieces, self._width_multiple = frames, pieces, width_multiple
        self._batch_size, self._seed, self._accumulate, self._devices = batch_size, seed, accumulate, devices
        rows = min(batch_size, -(-len(clips) // accumulate))
        self._size = shared_rows(rows, devices)
        self._judged = shared_rows(batch_size, devices)

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch."""
        return -(-len(self._clips) // (self._size * self._accumulate)) * self._accumulate

    def exchanging(self, sides: Sides) -> Self:
        """Return the same batches with left and right of about half of the clips exchanged."""
        return type(self)(
            self._clips,
            self._targets,
            frames=self._frames,
            pieces=self._pieces,
            batch_size=self._batch_size,
            width_multiple=self._width_multiple,
            weights=self._weights,
            seed=self._seed,
            accumulate=self._accumulate,
            devices=self._devices,
            sides=sides,
        )

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, 1-based; the last is filled up from the beginning of the same order."""
        n = len(self._clips)
        draw = np.random.default_rng([_STREAM, self._seed, epoch])
        order = draw.permutation(n)
        firsts = draw.integers(0, np.maximum(1, self._clips.lengths - self._frames + 1))
        exchanged = draw.random(n) < 0.5 if self._sides is not None else np.zeros(n, np.bool_)
        clips = self._clips.mirror_where(exchanged)
        targets = self._targets
        if self._sides is not None:
            targets = np.where(exchanged[:, None], targets[:, self._sides.classes], targets)
        for start in range(0, self.steps_per_epoch * self._size, self._size):
            rows = order[np.arange(start, start + self._size) % n]
            pieces = [(row, int(firsts[row])) for row in rows.tolist()]
            yield Batch(
                inputs=clip_inputs(clips, pieces, self._frames, self._width_multiple),
                targets=targets[rows],
                weights=None if self._weights is None else self._weights[rows],
                real=len(rows),
            )

    def in_order(self) -> Iterator[Batch]:
        """Yield evenly spaced pieces of all clips, in batches of one size; the last is filled up from the beginning."""
        pieces = evenly_spaced(self._clips, self._frames, self._pieces)
        for start in range(0, len(pieces), self._judged):
            chosen = [pieces[place % len(pieces)] for place in range(start, start + self._judged)]
            rows = np.array([clip for clip, _ in chosen], np.intp)
            yield Batch(
                inputs=clip_inputs(self._clips, chosen, self._frames, self._width_multiple),
                targets=self._targets[rows],
                weights=None if self._weights is None else self._weights[rows],
                real=min(self._judged, len(pieces) - start),
            )

    def fingerprint(self) -> str:
        """Return a digest of everything that decides the batches."""
        own = (
            self._clips.digest(),
            (
                self._frames,
                self._pieces,
                self._batch_size,
                self._width_multiple,
                self._seed,
                self._accumulate,
                self._size,
            ),
            None if self._sides is None else self._sides.classes.tolist(),
        )
        digest = hashlib.blake2b(repr(own).encode(), digest_size=16)
        for array in (self._targets, self._weights):
            if array is not None:
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()
