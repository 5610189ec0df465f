"""Exchange of left and right: a gait and its mirror image belong to the same class, or to its counterpart."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.batches import Batch, BatchSource
from gait_core.learn.datasets.samples import Samples

__all__ = ["ExchangingBatches", "Sides", "both_sides", "sides_of"]

_SIDE: Final = re.compile(r"(?<![a-z])(left|right)(?![a-z])", re.IGNORECASE)
_OTHER: Final = {"left": "right", "right": "left", "Left": "Right", "Right": "Left"}
_STREAM: Final = 11


@dataclass(frozen=True, kw_only=True, eq=False)
class Sides:
    """How a row is exchanged for its mirror image.

    Attributes
    ----------
    channels : ndarray of int, shape (n_channels,)
        Order of the channels in the mirror image; of clips as it is, for their columns are exchanged.
    classes : ndarray of int, shape (n_classes,)
        Class of the mirror image by the class of the row; another one only where a class names a side.
    """

    channels: NDArray[np.intp]
    classes: NDArray[np.intp]


def sides_of(samples: Samples) -> tuple[Sides | None, str]:
    """Return how the sides of samples are exchanged.

    Returns
    -------
    Sides or None
        None where it cannot be done.
    str
        Why a user who asked for it does not get it; empty where there are no sides.
    """
    swap = samples.swap
    if swap is None:
        return None, ""
    mirrored = [_SIDE.sub(lambda found: _OTHER.get(found[0], found[0]), name) for name in samples.classes]
    alone = [name for name, other in zip(samples.classes, mirrored, strict=True) if other not in samples.classes]
    if alone:
        return None, f"Left and right are not exchanged: the class {alone[0]} names a side and has no counterpart."
    order = np.array([samples.classes.index(name) for name in mirrored], dtype=np.intp)
    return Sides(channels=swap, classes=order), ""


def both_sides(samples: Samples, sides: Sides | None) -> Samples:
    """Return the rows followed by their mirror images, or just the rows where sides cannot be exchanged.

    Returns
    -------
    Samples
        Twice as many rows, or `samples` itself.
    """
    if sides is None:
        return samples
    mirrored = samples.mirrored()
    return replace(
        samples,
        values=np.concatenate([samples.values, mirrored.values]),
        clips=None if samples.clips is None or mirrored.clips is None else samples.clips.followed_by(mirrored.clips),
        labels=np.concatenate([samples.labels, sides.classes[samples.labels]]),
        lengths=np.concatenate([samples.lengths] * 2),
        subjects=np.concatenate([samples.subjects] * 2),
        walks=np.concatenate([samples.walks] * 2),
    )


class ExchangingBatches:
    """Exchanges the sides of about half of the rows, others in every epoch.

    Which rows are exchanged depends only on the seed and the number of the epoch, so a training that was killed
    continues as if nothing had happened.

    Parameters
    ----------
    source : BatchSource
        Inputs of shape (rows, steps, channels, and possibly further columns that stay in their place).
    sides : Sides
    seed : int
    """

    def __init__(self, source: BatchSource, sides: Sides, seed: int) -> None:
        self._source, self._sides, self._seed = source, sides, seed

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, 1-based."""
        draw = np.random.default_rng([_STREAM, self._seed, epoch])
        for batch in self._source.batches(epoch):
            chosen = draw.random(len(batch.inputs)) < 0.5
            yield replace(
                batch,
                inputs=np.where(chosen[:, None, None], self._inputs(batch.inputs), batch.inputs),
                targets=np.where(chosen[:, None], self._targets(batch.targets), batch.targets),
            )

    def in_order(self) -> Iterator[Batch]:
        """Yield every row once, as it is."""
        return self._source.in_order()

    def fingerprint(self) -> str:
        """Return a digest of everything that decides the batches."""
        own = (self._source.fingerprint(), self._sides.channels.tolist(), self._sides.classes.tolist(), self._seed)
        return hashlib.sha256(repr(own).encode()).hexdigest()

    def _inputs(self, inputs: NDArray[Any]) -> NDArray[Any]:
        order = np.arange(inputs.shape[-1])
        order[: len(self._sides.channels)] = self._sides.channels
        return inputs[:, :, order]

    def _targets(self, targets: NDArray[Any]) -> NDArray[Any]:
        # An exchange is its own inverse, so the order of the columns is the same in both directions.
        return targets[:, self._sides.classes]
