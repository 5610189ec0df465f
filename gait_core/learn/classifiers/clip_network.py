"""A classifier around a network of Keras that looks at clips of the walker, piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.learn.artefact import ModelArtefact
from gait_core.learn.backend import load_keras
from gait_core.learn.batches import BatchSource
from gait_core.learn.classifiers.clip_batches import ClipBatches, clip_inputs, evenly_spaced
from gait_core.learn.classifiers.features import Scaling
from gait_core.learn.classifiers.kind import CLIP_AXES
from gait_core.learn.classifiers.network import NetworkClassifier, NetworkClassifierKind, one_hot, row_weights
from gait_core.learn.classifiers.network_settings import NetworkSettings
from gait_core.learn.classifiers.protocol import SampleShape
from gait_core.learn.classifiers.sides import Sides
from gait_core.learn.datasets.clips import Clips
from gait_core.learn.datasets.samples import Samples
from gait_core.walks.clips import CLIP_CHANNELS, SUMMARY_SHAPE

__all__ = ["ClipClassifier", "ClipClassifierKind", "ClipSettings"]

_JUDGED_AT_ONCE: Final = 16


@dataclass(frozen=True, kw_only=True)
class ClipSettings(NetworkSettings):
    """How a network for clips is trained.

    Attributes
    ----------
    frames : int
        Frames of a piece that the network sees at once, at 25 a second; each epoch takes another piece of every walk.
    pieces : int
        Most pieces of a walk whose probabilities are averaged when it is judged.
    exchange_sides : bool
        Exchange left and right of every frame for about half of the clips, others in every epoch, and average the
        probabilities of both.
    """

    epochs: int = 80
    patience: int = 15
    frames: int = 30
    pieces: int = 4

    _ranges = {**NetworkSettings._ranges, "frames": (4, 250), "pieces": (1, 100)}


class ClipClassifier(NetworkClassifier):
    """Trains a network on pieces of clips; the probabilities of a walk are the mean over its pieces."""

    _kind: ClipClassifierKind

    def _learned_scaling(self, training: Samples) -> Scaling:
        del training  # grey values have the same meaning in every clip
        channels = len(self.shape.channels)
        return Scaling(mean=np.zeros(channels), deviation=np.full(channels, 255.0))

    def _exchanging(self, rows: ClipBatches, sides: Sides) -> BatchSource:
        return rows.exchanging(sides)

    def _training_batches(self, training: Samples, batch_size: int) -> ClipBatches:
        settings: ClipSettings = self.settings
        by_row = settings.class_weights and settings.loss == "cross_entropy"
        return self._batches(training, batch_size, row_weights(training) if by_row else None)

    def _validation_batches(self, validation: Samples) -> BatchSource:
        weights = row_weights(validation) if self.settings.class_weights else None
        return self._batches(validation, _JUDGED_AT_ONCE, weights)

    def _batches(self, samples: Samples, batch_size: int, weights: NDArray[np.float32] | None) -> ClipBatches:
        settings: ClipSettings = self.settings
        return ClipBatches(
            _clips(samples),
            one_hot(samples),
            frames=settings.frames,
            pieces=settings.pieces,
            batch_size=batch_size,
            width_multiple=self._kind.width_multiple,
            weights=weights,
            seed=settings.seed,
            accumulate=settings.accumulate,
            devices=self._n_devices,
        )

    def _probabilities(self, samples: Samples) -> NDArray[np.float64]:
        settings: ClipSettings = self.settings
        clips, (model, _) = _clips(samples), self._trained()
        pieces = evenly_spaced(clips, settings.frames, settings.pieces)
        to_numpy = load_keras().ops.convert_to_numpy
        total = np.zeros((len(samples), len(self.shape.classes)))
        for start in range(0, len(pieces), _JUDGED_AT_ONCE):
            part = pieces[start : start + _JUDGED_AT_ONCE]
            inputs = clip_inputs(clips, part, settings.frames, self._kind.width_multiple)
            found = np.asarray(to_numpy(model.predict_on_batch(inputs)), np.float64)
            np.add.at(total, [clip for clip, _ in part], found)
        shares: NDArray[np.float64] = total / total.sum(axis=1, keepdims=True)
        return shares


def _clips(samples: Samples) -> Clips:
    if samples.clips is None:
        raise InputError(f"Expected clips, but got {samples.kind}.", "Read the dataset with rows=clips.")
    return samples.clips


@dataclass(frozen=True, kw_only=True)
class ClipClassifierKind(NetworkClassifierKind):
    """A kind of classifier around a network that looks at clips.

    Attributes
    ----------
    contents : tuple of str
        What the clips may show, see `DatasetSettings.channels`; the first where the user says nothing.
    width_multiple : int
        Clips of different widths are made up to a multiple of it; 1 for a network that takes one width only.
    """

    inputs: tuple[str, ...] = ("clips",)
    axes: tuple[str, ...] = CLIP_AXES
    contents: tuple[str, ...]
    width_multiple: int = 1
    data: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", {"rows": "clips", "channels": self.contents[0]})

    def build(self, settings: Any, shape: SampleShape) -> ClipClassifier:
        """Return a classifier that is not trained yet; see `ModelKind.build`.

        Raises
        ------
        InputError
            When the clips show something that the network does not take.
        """
        if shape.kind == "clips" and shape.channels not in [CLIP_CHANNELS[name] for name in self.contents]:
            raise InputError(
                f"Expected clips that show {' or '.join(self.contents)} for {self.name}, but got "
                f"{', '.join(shape.channels)}.",
                f"Read the dataset with channels={self.contents[0]}.",
            )
        return ClipClassifier(self, settings, shape)

    def memory_bytes(self, settings: Any, shape: SampleShape, rows: int) -> int:
        """Estimate the memory that a training takes, in bytes; see `ModelKind.memory_bytes`.

        The clips stay in their file: of them, only a batch and what describes each row lie in memory.
        """
        batch = min(rows, settings.batch_size or _JUDGED_AT_ONCE)
        height, width = shape.frame_px
        piece: int = settings.frames * height * (width + self.width_multiple - 1) * (len(shape.channels) + 1)
        row = len(shape.channels) * prod(SUMMARY_SHAPE) + 16
        return self.network.training_bytes(settings, shape.size, batch) + 4 * (2 * batch * piece + rows * row)

    def restore(self, artefact: ModelArtefact) -> ClipClassifier:
        """Return the trained classifier from its stored form; see `ModelKind.restore`."""
        return ClipClassifier.restored(self, artefact)
