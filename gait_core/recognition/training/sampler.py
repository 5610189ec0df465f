"""Batches for recognition: `ClipBatches` draws clips of several walks of several people, `WholeWalks` judges by all.

Each batch is drawn from the seed, the number of its epoch and its place in it, and from nothing else. A training that
continues from a checkpoint therefore sees what an unbroken one would have seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.config import digest_of
from gait_core.learn.batches import Batch
from gait_core.recognition.training.augment import Augmentation, augment
from gait_core.recognition.training.walks import TrainingWalks

__all__ = ["ClipBatches", "WholeWalks", "clip_frames"]

_STREAM: Final = 6607
_LENGTH_STEP: Final = 8


class ClipBatches:
    """Clips of `walks_per_person` walks of each of `people` people, without end.

    Parameters
    ----------
    walks : TrainingWalks
    people, walks_per_person : int
        A person is drawn once per batch. So is a walk, except for a person with too few of them.
    frames : int
        Of a clip.
    skip : int
        A clip is taken from a window of so many frames more, in order, with gaps.
    steps : int
        Batches of an epoch.
    augmentation : Augmentation
    seed : int
    """

    def __init__(
        self,
        walks: TrainingWalks,
        *,
        people: int,
        walks_per_person: int,
        frames: int,
        skip: int,
        steps: int,
        augmentation: Augmentation,
        seed: int,
    ) -> None:
        self._walks, self._steps, self._seed = walks, steps, seed
        self._numbers = np.unique(walks.labels)
        self._people = min(people, len(self._numbers))
        self._walks_per_person = walks_per_person
        self._frames, self._skip, self._augmentation = frames, skip, augmentation

    @property
    def people(self) -> int:
        """People in a batch: no more than there are."""
        return self._people

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, 1-based."""
        for step in range(self._steps):
            generator = np.random.default_rng([_STREAM, self._seed, epoch, step])
            rows = self._drawn(generator)
            yield self._batch(rows, [self._clip(row, generator) for row in rows], len(rows))

    def in_order(self) -> Iterator[Batch]:
        """Yield each walk once, unchanged: its first frames, in batches of one size."""
        size = self._people * self._walks_per_person
        for start in range(0, len(self._walks), size):
            rows = [row % len(self._walks) for row in range(start, start + size)]
            clips = [self._walks.clip(row, _tiled(len(self._walks.frames[row]), self._frames)) for row in rows]
            yield self._batch(rows, clips, min(size, len(self._walks) - start))

    def fingerprint(self) -> str:
        """Return a digest of the walks and of everything that is drawn from."""
        settings = [
            self._people,
            self._walks_per_person,
            self._frames,
            self._skip,
            self._steps,
            self._seed,
            self._augmentation.to_dict(),
        ]
        return digest_of([self._walks.digest(), settings])

    def _drawn(self, generator: np.random.Generator) -> list[int]:
        """Return the walks of a batch, those of one person behind each other."""
        rows: list[int] = []
        for person in generator.choice(self._numbers, self._people, replace=False):
            own = np.flatnonzero(self._walks.labels == person)
            too_few = len(own) < self._walks_per_person
            rows += generator.choice(own, self._walks_per_person, replace=too_few).tolist()
        return rows

    def _clip(self, row: int, generator: np.random.Generator) -> NDArray[np.float32]:
        chosen = clip_frames(len(self._walks.frames[row]), self._frames, self._skip, generator)
        return augment(self._walks.clip(row, chosen), self._walks.channels, self._augmentation, generator)

    def _batch(self, rows: list[int], clips: list[NDArray[np.float32]], real: int) -> Batch:
        return Batch(inputs=np.stack(clips), targets=self._walks.labels[rows].astype(np.int32), real=real)


class WholeWalks:
    """Walks as they are, padded with empty frames to one length, to evaluate a network.

    Parameters
    ----------
    walks : TrainingWalks
    batch_size : int
    most_frames : int
        Longer walks are cut to their first frames.
    """

    def __init__(self, walks: TrainingWalks, *, batch_size: int, most_frames: int) -> None:
        self._walks, self._batch_size = walks, batch_size
        longest = min(most_frames, max(len(frames) for frames in walks.frames))
        self._length = -(-longest // _LENGTH_STEP) * _LENGTH_STEP
        self._most_frames = most_frames

    def batches(self, epoch: int) -> Iterator[Batch]:  # noqa: ARG002 - the same in every epoch
        """Yield the same as `in_order`."""
        yield from self.in_order()

    def in_order(self) -> Iterator[Batch]:
        """Yield each walk once, in batches of one size; the last is filled up from the beginning."""
        total = len(self._walks)
        for start in range(0, total, self._batch_size):
            rows = np.arange(start, start + self._batch_size) % total
            frames = np.zeros((len(rows), self._length, *self._walks.frames[0].shape[1:]), np.float32)
            for place, row in enumerate(rows.tolist()):
                count = min(len(self._walks.frames[row]), self._most_frames)
                frames[place, :count] = self._walks.clip(row, np.arange(count))
            targets = self._walks.labels[rows].astype(np.int32)
            yield Batch(inputs=frames, targets=targets, real=min(self._batch_size, total - start))

    def fingerprint(self) -> str:
        """Return a digest of the walks and how they are cut."""
        return digest_of([self._walks.digest(), self._batch_size, self._most_frames])


def clip_frames(available: int, frames: int, skip: int, generator: np.random.Generator) -> NDArray[np.intp]:
    """Draw the frames of a clip, in order, out of a window at a random place.

    Parameters
    ----------
    available : int
        Frames of the walk; one with fewer than a clip needs is repeated from its beginning.
    frames : int
        Frames of a clip.
    skip : int
        By how many frames the window is longer, where the walk has them.
    generator : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (frames,)
        Rising, except where the walk is repeated.
    """
    if available < frames:
        return _tiled(available, frames)
    window = min(available, frames + skip)
    start = int(generator.integers(available - window + 1))
    chosen: NDArray[np.intp] = start + np.sort(generator.choice(window, frames, replace=False))
    return chosen


def _tiled(available: int, frames: int) -> NDArray[np.intp]:
    """Return the first frames of a walk, repeated from its beginning where there are too few."""
    return np.arange(frames) % available
