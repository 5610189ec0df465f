"""What the networks are made of: `Clips`, `BatchNorm`, `ConvNorm`, `TemporalConvNorm`, `VolumeConvNorm`, `PartHead`.

Frame by frame, features have the shape (batch * frames, height, width, channels). Outside training a convolution and
the batch normalisation behind it run as one convolution with scaled weights, which saves two passes over its output.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from gait_core.learn.backend import load_keras
from gait_core.recognition.networks.parameters import Parameters
from gait_core.recognition.networks.settings import PART_FEATURES, PARTS

__all__ = [
    "BatchNorm",
    "Clips",
    "ConvNorm",
    "FrameRunner",
    "Norm",
    "PartHead",
    "TemporalConvNorm",
    "VolumeConvNorm",
    "frames_run_by",
    "unit_length",
]

_EPSILON: Final = 1e-5
_MOMENTUM: Final = 0.9
FrameRunner: TypeAlias = Callable[[Callable[[Any], Any], Any], Any]
"""Given layers that look at each frame by itself, and frames, returns what the layers make of them."""
_frame_runner: Final[ContextVar[FrameRunner | None]] = ContextVar("frame_runner", default=None)


@contextmanager
def frames_run_by(runner: FrameRunner | None) -> Iterator[None]:
    """Let networks that run outside training give their layers of single frames to a runner; None undoes it.

    Yields
    ------
    None
        The previous runner is back after the block.
    """
    token = _frame_runner.set(runner)
    try:
        yield
    finally:
        _frame_runner.reset(token)


@dataclass(frozen=True, kw_only=True, eq=False)
class Clips:
    """What a batch of sequences of unequal length looks like.

    Attributes
    ----------
    valid : tensor, shape (batch, frames)
        1 for a frame of the sequence, 0 for padding behind it.
    batch, frames : int or scalar tensor
    training : bool
        Normalise by the batch instead of by the stored statistics.
    """

    valid: Any
    batch: Any
    frames: Any
    training: bool

    def along_time(self, x: Any) -> Any:
        """Return frame-by-frame features as (batch, frames, height, width, channels)."""
        return load_keras().ops.reshape(x, (self.batch, self.frames, *x.shape[1:]))

    def frame_by_frame(self, x: Any) -> Any:
        """Undo `along_time`."""
        return load_keras().ops.reshape(x, (self.batch * self.frames, *x.shape[2:]))

    def without_padding(self, x: Any) -> Any:
        """Return features, shape (batch, frames, …), with zeros where there is no frame.

        A convolution along time then sees behind the last frame what it sees there without padding.
        """
        ops = load_keras().ops
        mask = ops.reshape(self.valid, (self.batch, self.frames, *(1 for _ in x.shape[2:])))
        return x * ops.cast(mask, x.dtype)

    def each_frame(self, layers: Callable[[Any], Any], x: Any) -> Any:
        """Return what layers make of frames, where none of the layers looks at more than one frame."""
        runner = _frame_runner.get()
        return layers(x) if runner is None or self.training else runner(layers, x)

    def maximum(self, x: Any) -> Any:
        """Return the maximum of frame-by-frame features, none below 0, over the frames of each sequence."""
        return load_keras().ops.max(self.without_padding(self.along_time(x)), axis=1)


class BatchNorm:
    """Statistics and scale of a batch normalisation over the last axis.

    Parameters
    ----------
    parameters : Parameters
    name : str
        Of the layer in the source.
    features : int
    """

    def __init__(self, parameters: Parameters, name: str, features: int) -> None:
        self.scale = parameters.vector(f"{name}.weight", features, 1.0, spread=0.02)
        self.offset = parameters.vector(f"{name}.bias", features, 0.0)
        self.mean = parameters.vector(f"{name}.running_mean", features, 0.0, trainable=False)
        self.variance = parameters.vector(f"{name}.running_var", features, 1.0, trainable=False)

    def folded(self) -> tuple[Any, Any]:
        """Return by what to multiply and what to add, from the stored statistics."""
        ops = load_keras().ops
        factor = self.scale * ops.rsqrt(self.variance + _EPSILON)
        return factor, self.offset - self.mean * factor

    def by_batch(self, x: Any, weight: Any = None) -> Any:
        """Normalise by the statistics of the batch and add them to the stored ones.

        Parameters
        ----------
        x : tensor, shape (n, …, features)
        weight : tensor, shape (n,), optional
            0 for the rows of `x` that do not count.
        """
        ops = load_keras().ops
        values = ops.cast(x, "float32")
        axes = tuple(range(len(x.shape) - 1))
        shape = ops.shape(values)
        weight = ops.ones((shape[0],)) if weight is None else ops.cast(weight, "float32")
        weight = ops.reshape(weight, (-1, *(1 for _ in x.shape[1:])))
        per_row = 1
        for size in shape[1:-1]:
            per_row *= size
        count = ops.sum(weight) * ops.cast(per_row, "float32")
        mean = ops.sum(values * weight, axis=axes) / count
        variance = ops.sum(ops.square(values - mean) * weight, axis=axes) / count
        unbiased = variance * count / ops.maximum(count - 1.0, 1.0)
        self.mean.assign(_MOMENTUM * self.mean + (1.0 - _MOMENTUM) * mean)
        self.variance.assign(_MOMENTUM * self.variance + (1.0 - _MOMENTUM) * unbiased)
        normalised = (values - mean) * ops.rsqrt(variance + _EPSILON)
        return ops.cast(normalised * self.scale + self.offset, x.dtype)


class Norm(ABC):
    """A convolution without bias, and batch normalisation.

    Parameters
    ----------
    kernel : keras.Variable
    norm : BatchNorm
    """

    def __init__(self, kernel: Any, norm: BatchNorm) -> None:
        self._kernel, self._norm = kernel, norm

    def __call__(self, x: Any, clips: Clips, *, relu: bool = True) -> Any:
        """Return the normalised convolution of frame-by-frame features."""
        ops = load_keras().ops
        if clips.training:
            y = self._convolve(x, ops.cast(self._kernel, x.dtype), clips)
            y = self._norm.by_batch(y, ops.reshape(clips.valid, (-1,)))
        else:
            factor, offset = self._norm.folded()
            y = self._convolve(x, ops.cast(self._kernel * factor, x.dtype), clips) + ops.cast(offset, x.dtype)
        return ops.relu(y) if relu else y

    @abstractmethod
    def _convolve(self, x: Any, kernel: Any, clips: Clips) -> Any:
        """Return the convolution without normalisation."""


class ConvNorm(Norm):
    """A convolution of each frame with a square kernel, padded by half its size on every side.

    Parameters
    ----------
    parameters : Parameters
    conv, norm : str
        Names in the source.
    inputs, outputs : int
        Channels.
    size : {1, 3}
    stride : int
    volume : bool
        The source holds a kernel of size 1 as a volume of one point.
    """

    def __init__(
        self,
        parameters: Parameters,
        conv: str,
        norm: str,
        *,
        inputs: int,
        outputs: int,
        size: int = 3,
        stride: int = 1,
        volume: bool = False,
    ) -> None:
        name = f"{conv}.weight"
        kernel = (
            parameters.pointwise(name, inputs, outputs) if volume else parameters.conv2d(name, inputs, outputs, size)
        )
        super().__init__(kernel, BatchNorm(parameters, norm, outputs))
        self._size, self._stride = size, stride

    def _convolve(self, x: Any, kernel: Any, clips: Clips) -> Any:  # noqa: ARG002
        ops = load_keras().ops
        if self._stride == 1:
            return ops.conv(x, kernel, padding="same")
        if self._size == 1:
            return ops.conv(x[:, :: self._stride, :: self._stride], kernel, padding="valid")
        # "same" would pad an even size on one side only.
        padded = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        return ops.conv(padded, kernel, strides=self._stride, padding="valid")


class TemporalConvNorm(Norm):
    """A convolution over three neighbouring frames, pixel by pixel."""

    def __init__(self, parameters: Parameters, conv: str, norm: str, *, channels: int) -> None:
        super().__init__(parameters.temporal(f"{conv}.weight", channels), BatchNorm(parameters, norm, channels))

    def _convolve(self, x: Any, kernel: Any, clips: Clips) -> Any:
        ops = load_keras().ops
        height, width, channels = x.shape[1:]
        # Time and pixels as the two axes of an image: faster on CPUs than a 3-D convolution.
        sequence = ops.reshape(x, (clips.batch, clips.frames, height * width, channels))
        y = ops.conv(clips.without_padding(sequence), kernel, padding="same")
        return ops.reshape(y, (clips.batch * clips.frames, height, width, channels))


class VolumeConvNorm(Norm):
    """A convolution over 3 × 3 pixels of three neighbouring frames."""

    def __init__(
        self, parameters: Parameters, conv: str, norm: str, *, inputs: int, outputs: int, stride: int = 1
    ) -> None:
        super().__init__(parameters.conv3d(f"{conv}.weight", inputs, outputs), BatchNorm(parameters, norm, outputs))
        self._stride = stride

    def _convolve(self, x: Any, kernel: Any, clips: Clips) -> Any:
        ops = load_keras().ops
        sequence = clips.without_padding(clips.along_time(x))
        if self._stride == 1:
            y = ops.conv(sequence, kernel, padding="same")
        else:
            padded = ops.pad(sequence, ((0, 0), (1, 1), (1, 1), (1, 1), (0, 0)))
            y = ops.conv(padded, kernel, strides=(1, self._stride, self._stride), padding="valid")
        return clips.frame_by_frame(y)


class PartHead:
    """From a feature map per sequence to an embedding per part, and to the similarity to each known person.

    Parameters
    ----------
    parameters : Parameters
    suffix : str
        Ends the names of the layers in the source.
    inputs : int
        Channels of the feature map.
    classes : int
        Known people; 0 leaves out the classifier.
    """

    def __init__(self, parameters: Parameters, suffix: str, *, inputs: int, classes: int) -> None:
        self._embed = parameters.per_part(f"FCs{suffix}.fc_bin", PARTS, inputs, PART_FEATURES)
        neck = f"BNNecks{suffix}"
        self._classify = parameters.per_part(f"{neck}.fc_bin", PARTS, PART_FEATURES, classes) if classes else None
        self._norm = BatchNorm(parameters, f"{neck}.bn1d", PARTS * PART_FEATURES)

    def embed(self, x: Any) -> Any:
        """Return the embedding, shape (batch, features, parts), of a map of shape (batch, height, width, channels).

        The height is divided into strips; of each the mean and the maximum are added. From here on everything is
        float32.
        """
        ops = load_keras().ops
        height, width, channels = x.shape[1:]
        strips = ops.reshape(ops.cast(x, "float32"), (-1, PARTS, height // PARTS * width, channels))
        pooled = ops.mean(strips, axis=2) + ops.max(strips, axis=2)
        return ops.transpose(ops.einsum("bpi,pio->bpo", pooled, self._embed), (0, 2, 1))

    def normalise(self, parts: Any, clips: Clips) -> Any:
        """Return the features in front of the classifier, of length 1 per part, shape (batch, features, parts)."""
        ops = load_keras().ops
        flat = ops.reshape(parts, (-1, PART_FEATURES * PARTS))
        if clips.training:
            flat = self._norm.by_batch(flat)
        else:
            factor, offset = self._norm.folded()
            flat = flat * factor + offset
        return unit_length(ops.reshape(flat, (-1, PART_FEATURES, PARTS)), axis=1)

    def classify(self, normalised: Any) -> Any:
        """Return the likeness to each known person, from -1 to 1, shape (batch, classes, parts).

        Without a classifier return None.
        """
        if self._classify is None:
            return None
        ops = load_keras().ops
        return ops.einsum("bip,pin->bnp", normalised, unit_length(self._classify, axis=1))


def unit_length(x: Any, axis: int) -> Any:
    """Return `x` divided by its Euclidean norm along an axis; zeros stay zeros.

    Returns
    -------
    tensor
        Of the shape and type of `x`, computed in float32. Below a norm of 1e-12 the length stays under 1.
    """
    ops = load_keras().ops
    values = ops.cast(x, "float32")
    squares = ops.sum(ops.square(values), axis=axis, keepdims=True)
    # The limit lies under the root: the gradient of a root has none at zero.
    return ops.cast(values * ops.rsqrt(ops.maximum(squares, 1e-24)), x.dtype)
