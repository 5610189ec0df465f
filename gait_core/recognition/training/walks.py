"""Walks in memory for training: `TrainingWalks` keeps them small and gives the frames of a clip."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.recognition.inputs.checked import checked_sequence
from gait_core.recognition.inputs.sequence import GaitSequence
from gait_core.recognition.networks.settings import NetworkSettings

__all__ = ["TrainingWalks"]

_LABELS: frozenset[str] = frozenset({"parsing"})


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingWalks:
    """Walks of known people.

    Attributes
    ----------
    frames : tuple of ndarray, each of shape (frames, height, width, channels)
        Whole numbers in a byte each where nothing is lost by that, otherwise float32.
    labels : ndarray of int, shape (n,)
        Number of each walk's person.
    names : tuple of str
        Name of each person, by number.
    channels : tuple of str
    """

    frames: tuple[NDArray[Any], ...]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    channels: tuple[str, ...]

    @classmethod
    def of(cls, sequences: Sequence[Any], subjects: Sequence[Hashable], settings: NetworkSettings) -> Self:
        """Check walks and take them in.

        Parameters
        ----------
        sequences : sequence of GaitSequence or array_like
            An array as `gait_core.recognition.inputs.checked_sequence` takes it.
        subjects : sequence
            Person of each.
        settings : NetworkSettings
            Of the network that is to learn from them.

        Raises
        ------
        InputError
            When the numbers differ, there are fewer than two people, or a walk cannot be used; the message names it.
        """
        if len(sequences) != len(subjects):
            raise InputError(
                f"Expected a person for each of {len(sequences)} walks, but got {len(subjects)}.",
                "Give as many people as walks.",
            )
        names = tuple(dict.fromkeys(str(subject) for subject in subjects))
        if len(names) < 2:
            raise InputError(
                f"Expected walks of at least two people, but got {len(names)}.",
                "Add walks of others: a network learns to tell people apart.",
            )
        number = {name: place for place, name in enumerate(names)}
        frames = []
        for place, (sequence, subject) in enumerate(zip(sequences, subjects, strict=True)):
            checked = (
                sequence.for_network(settings)
                if isinstance(sequence, GaitSequence)
                else checked_sequence(sequence, settings, f"walk {place} (of {subject})")
            )
            frames.append(_small(checked, _scale(settings.channels)))
        labels = np.array([number[str(subject)] for subject in subjects], np.int64)
        return cls(frames=tuple(frames), labels=labels, names=names, channels=settings.channels)

    def __len__(self) -> int:
        return len(self.frames)

    def clip(self, walk: int, chosen: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return frames of a walk as a network takes them, shape (chosen, height, width, channels)."""
        stored = self.frames[walk][chosen]
        if stored.dtype != np.uint8:
            return np.asarray(stored, np.float32)
        return np.asarray(stored.astype(np.float32) / _scale(self.channels))

    def select(self, rows: NDArray[np.intp]) -> TrainingWalks:
        """Return some of the walks; people keep their numbers."""
        frames = tuple(self.frames[row] for row in rows.tolist())
        return TrainingWalks(frames=frames, labels=self.labels[rows], names=self.names, channels=self.channels)

    def renumbered(self, order: Sequence[int]) -> TrainingWalks:
        """Return the same walks with the people numbered in another order."""
        place = np.empty(len(order), np.int64)
        place[np.asarray(order)] = np.arange(len(order))
        names = tuple(self.names[number] for number in order)
        return TrainingWalks(frames=self.frames, labels=place[self.labels], names=names, channels=self.channels)

    def digest(self) -> str:
        """Return a digest of everything."""
        digest = hashlib.blake2b(repr((self.names, self.channels, self.labels.tolist())).encode(), digest_size=16)
        for frames in self.frames:
            digest.update(repr((frames.shape, frames.dtype.str)).encode())
            digest.update(np.ascontiguousarray(frames).data)
        return digest.hexdigest()


def _scale(channels: Sequence[str]) -> NDArray[np.float32]:
    return np.array([1.0 if name in _LABELS else 255.0 for name in channels], np.float32)


def _small(frames: NDArray[np.float32], scale: NDArray[np.float32]) -> NDArray[Any]:
    """Return the frames as bytes if they come back as they were."""
    small = np.rint(frames * scale).astype(np.uint8)
    return small if np.array_equal(small.astype(np.float32) / scale, frames) else frames
