"""Parts of the networks that look at frames with a transformer: patches, encoder blocks, and the size of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from gait_core.errors import SettingsError
from gait_core.learn.backend import load_keras
from gait_core.learn.classifiers.clip_network import ClipSettings
from gait_core.learn.registry import InputShape
from gait_core.walks.clips import CLIP_HEIGHT_PX, CLIP_WIDTH_PX

__all__ = [
    "FrameTransformerSettings",
    "block_activations",
    "block_parameters",
    "encoder_block",
    "frame_activations",
    "frame_parameters",
    "frame_vectors",
]

_PATCH: Final = (8, 11)
_ROWS: Final = CLIP_HEIGHT_PX // _PATCH[0]
_COLUMNS: Final = CLIP_WIDTH_PX // _PATCH[1]
_PATCHES: Final = _ROWS * _COLUMNS
_MLP: Final = 2


@dataclass(frozen=True, kw_only=True)
class FrameTransformerSettings(ClipSettings):
    """A transformer over the patches of a frame, and how the network around it is trained.

    Attributes
    ----------
    width : int
        Numbers that describe a patch, and in the end a frame; a multiple of `heads`.
    heads : int
        Of the attention.
    blocks : int
        Encoder blocks over the patches of a frame.
    dropout : float
        Share of values that are left out in a training step.
    """

    width: int = 48
    heads: int = 4
    blocks: int = 2
    dropout: float = 0.1

    _ranges = {
        **ClipSettings._ranges,
        "width": (2, 512),
        "heads": (1, 32),
        "blocks": (1, 12),
        "dropout": (0.0, 0.95),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width % self.heads:
            raise SettingsError(
                f"Expected width to be a multiple of heads ({self.heads}), but got {self.width}.",
                f"Choose {self.heads * max(1, self.width // self.heads)}.",
            )


def frame_vectors(image: Any, frame_mask: Any, settings: FrameTransformerSettings, channels: int) -> Any:
    """Return a vector for each frame, shape (…, frames, width); 0 for frames after the end.

    Parameters
    ----------
    image : tensor, shape (…, frames, 64, 44, channels)
    frame_mask : tensor, shape (…, frames, 1)
    settings : FrameTransformerSettings
    channels : int

    Returns
    -------
    tensor, shape (…, frames, width)
    """
    layers, ops = load_keras().layers, load_keras().ops
    patches = ops.reshape(image, (-1, _ROWS, _PATCH[0], _COLUMNS, _PATCH[1], channels))
    patches = ops.reshape(ops.transpose(patches, (0, 1, 3, 2, 4, 5)), (-1, _PATCHES, _pixels(channels)))
    # The bias of each patch by itself is what tells the network where the patch lies.
    signal = layers.EinsumDense("bpx,xd->bpd", output_shape=(_PATCHES, settings.width), bias_axes="pd", name="patches")(
        patches
    )
    for number in range(settings.blocks):
        signal = encoder_block(signal, settings, f"frame_block_{number + 1}", seed=settings.seed + 10 * number)
    signal = layers.LayerNormalization(name="frame_norm")(signal)
    vectors = ops.reshape(ops.mean(signal, axis=1), (-1, settings.frames, settings.width))
    return vectors * frame_mask


def encoder_block(signal: Any, settings: FrameTransformerSettings, name: str, *, seed: int, mask: Any = None) -> Any:
    """Return a signal after attention and two dense layers, each normalised before and added to what it was.

    Parameters
    ----------
    signal : tensor, shape (n, steps, width)
    settings : FrameTransformerSettings
    name : str
    seed : int
        Of the dropout.
    mask : tensor of bool, shape (n, 1, steps), optional
        Steps that may be looked at.

    Returns
    -------
    tensor
        Of the shape of `signal`.
    """
    layers = load_keras().layers
    width = settings.width
    normalised = layers.LayerNormalization(name=f"{name}_norm_1")(signal)
    attention = layers.MultiHeadAttention(settings.heads, width // settings.heads, name=f"{name}_attention")
    found = attention(normalised, normalised, attention_mask=mask)
    signal = signal + layers.Dropout(settings.dropout, seed=seed, name=f"{name}_drop_1")(found)
    normalised = layers.LayerNormalization(name=f"{name}_norm_2")(signal)
    hidden = layers.Dense(_MLP * width, activation="gelu", name=f"{name}_dense_1")(normalised)
    hidden = layers.Dense(width, name=f"{name}_dense_2")(hidden)
    return signal + layers.Dropout(settings.dropout, seed=seed + 1, name=f"{name}_drop_2")(hidden)


def block_parameters(width: int) -> int:
    """Return how many numbers an encoder block learns.

    Returns
    -------
    int
    """
    return 4 * width + 4 * (width + 1) * width + (width + 1) * _MLP * width + (_MLP * width + 1) * width


def block_activations(width: int, heads: int, steps: int) -> int:
    """Return how many numbers an encoder block keeps for the backward pass, of `steps` steps.

    Parameters
    ----------
    width : int
        Numbers in the vector of a step.
    heads : int
        Heads of the attention.
    steps : int
        Steps that attend to each other.

    Returns
    -------
    int
    """
    # Two normalised, query, key, value, mixed, two results, two dropped, two sums; the dense layer in between, twice.
    return steps * (12 + 2 * _MLP) * width + 2 * heads * steps**2


def frame_parameters(settings: FrameTransformerSettings, shape: InputShape) -> int:
    """Return how many numbers `frame_vectors` learns.

    Returns
    -------
    int
    """
    width = settings.width
    patches = (_pixels(shape.axes[-1]) + _PATCHES) * width
    return patches + settings.blocks * block_parameters(width) + 2 * width


def frame_activations(settings: FrameTransformerSettings, shape: InputShape) -> int:
    """Return how many numbers `frame_vectors` keeps for the backward pass, of all frames of a piece.

    Returns
    -------
    int
    """
    pixels = _PATCHES * _pixels(shape.axes[-1])
    blocks = settings.blocks * block_activations(settings.width, settings.heads, _PATCHES)
    return settings.frames * (5 * pixels + 2 * _PATCHES * settings.width + blocks + 2 * settings.width)


def _pixels(channels: int) -> int:
    return _PATCH[0] * _PATCH[1] * channels
