"""Residual blocks: `FrameBlock`, `SeparatedBlock`, `VolumeBlock`; and `stage`, a row of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol

from gait_core.learn.backend import load_keras
from gait_core.recognition.networks.layers import Clips, ConvNorm, Norm, TemporalConvNorm, VolumeConvNorm
from gait_core.recognition.networks.parameters import Parameters

__all__ = ["Block", "FrameBlock", "SeparatedBlock", "VolumeBlock", "run", "stage"]


class Block(Protocol):
    """From frame-by-frame features to the next, shape (batch * frames, height, width, channels)."""

    def __call__(self, x: Any, clips: Clips) -> Any:
        """Return the features of the next layer."""


class _Residual(ABC):
    """What a block learns is added to what it was given; a convolution adapts that where the shape changes."""

    def __init__(
        self, parameters: Parameters, name: str, inputs: int, outputs: int, stride: int, *, volume: bool
    ) -> None:
        self._skip: Norm | None = None
        if stride > 1 or inputs != outputs:
            names = f"{name}.downsample.0", f"{name}.downsample.1"
            self._skip = ConvNorm(
                parameters, *names, inputs=inputs, outputs=outputs, size=1, stride=stride, volume=volume
            )

    def __call__(self, x: Any, clips: Clips) -> Any:
        skip = x if self._skip is None else self._skip(x, clips, relu=False)
        return load_keras().ops.relu(self._learned(x, clips) + skip)

    @abstractmethod
    def _learned(self, x: Any, clips: Clips) -> Any:
        """Return what is added."""


class FrameBlock(_Residual):
    """Two convolutions of each frame."""

    def __init__(self, parameters: Parameters, name: str, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(parameters, name, inputs, outputs, stride, volume=False)
        self._first = ConvNorm(
            parameters, f"{name}.conv1", f"{name}.bn1", inputs=inputs, outputs=outputs, stride=stride
        )
        self._second = ConvNorm(parameters, f"{name}.conv2", f"{name}.bn2", inputs=outputs, outputs=outputs)

    def _learned(self, x: Any, clips: Clips) -> Any:
        return self._second(self._first(x, clips), clips, relu=False)


class SeparatedBlock(_Residual):
    """As `FrameBlock`, with a convolution along time, added to its input, between the two."""

    def __init__(self, parameters: Parameters, name: str, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(parameters, name, inputs, outputs, stride, volume=True)
        first, second = f"{name}.conv1.forward_block", f"{name}.conv2.forward_block"
        self._first = ConvNorm(parameters, f"{first}.0", f"{first}.1", inputs=inputs, outputs=outputs, stride=stride)
        self._along_time = TemporalConvNorm(parameters, f"{name}.shortcut3d", f"{name}.sbn", channels=outputs)
        self._second = ConvNorm(parameters, f"{second}.0", f"{second}.1", inputs=outputs, outputs=outputs)

    def _learned(self, x: Any, clips: Clips) -> Any:
        hidden = self._first(x, clips)
        hidden = load_keras().ops.relu(hidden + self._along_time(hidden, clips, relu=False))
        return self._second(hidden, clips, relu=False)


class VolumeBlock(_Residual):
    """Two convolutions of volumes."""

    def __init__(self, parameters: Parameters, name: str, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(parameters, name, inputs, outputs, stride, volume=True)
        self._first = VolumeConvNorm(
            parameters, f"{name}.conv1", f"{name}.bn1", inputs=inputs, outputs=outputs, stride=stride
        )
        self._second = VolumeConvNorm(parameters, f"{name}.conv2", f"{name}.bn2", inputs=outputs, outputs=outputs)

    def _learned(self, x: Any, clips: Clips) -> Any:
        return self._second(self._first(x, clips), clips, relu=False)


def stage(
    parameters: Parameters,
    name: str,
    kind: type[FrameBlock] | type[SeparatedBlock] | type[VolumeBlock],
    *,
    inputs: int,
    outputs: int,
    stride: int,
    blocks: int,
) -> list[Block]:
    """Return a row of blocks, the first of which changes the shape.

    Parameters
    ----------
    parameters : Parameters
    name : str
        In the source, up to the number of the block.
    kind : type
    inputs, outputs : int
        Channels.
    stride : int
    blocks : int

    Returns
    -------
    list of Block
        In the order in which `run` applies them.
    """
    first: list[Block] = [kind(parameters, f"{name}.0", inputs, outputs, stride)]
    return first + [kind(parameters, f"{name}.{number}", outputs, outputs) for number in range(1, blocks)]


def run(blocks: Sequence[Block], x: Any, clips: Clips) -> Any:
    """Apply blocks one after another.

    Parameters
    ----------
    blocks : sequence of Block
        As `stage` makes them.
    x : tensor, shape (batch * frames, height, width, channels)
    clips : Clips
        The sequences to which the frames belong.

    Returns
    -------
    tensor, shape (batch * frames, new_height, new_width, new_channels)
        Height and width are divided by the strides of the blocks; the channels are those of the last block.
    """
    for block in blocks:
        x = block(x, clips)
    return x
