"""A small transformer over the patches of each frame, and another one over the frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gait_core.learn.backend import load_keras
from gait_core.learn.classifiers.clip_network import ClipClassifierKind
from gait_core.learn.classifiers.masked import class_probabilities, masked_mean, split_mask
from gait_core.learn.classifiers.transformer import (
    FrameTransformerSettings,
    block_activations,
    block_parameters,
    encoder_block,
    frame_activations,
    frame_parameters,
    frame_vectors,
)
from gait_core.learn.keras_network import KerasNetwork
from gait_core.learn.registry import InputShape, register_model

__all__ = ["VIT_TRANSFORMER", "VitTransformerSettings"]


@dataclass(frozen=True, kw_only=True)
class VitTransformerSettings(FrameTransformerSettings):
    """The network and how it is trained.

    Attributes
    ----------
    time_blocks : int
        Encoder blocks over the frames.
    """

    time_blocks: int = 2

    _ranges = {**FrameTransformerSettings._ranges, "time_blocks": (1, 12)}


def _build(settings: VitTransformerSettings, shape: InputShape) -> Any:
    keras = load_keras()
    layers, ops = keras.layers, keras.ops
    _, height, width, channels = shape.axes
    clip = keras.Input((settings.frames, height, width, channels + 1), name="clip")
    image, mask = split_mask(clip)
    frame_mask = mask[:, :, 0, 0, :]
    vectors = frame_vectors(image, frame_mask, settings, channels)
    # As with the patches, a bias for each frame tells the network when it was.
    signal = layers.EinsumDense(
        "btd,de->bte", output_shape=(settings.frames, settings.width), bias_axes="te", name="frames"
    )(vectors)
    looked_at = ops.transpose(frame_mask, (0, 2, 1)) > 0.5
    for number in range(settings.time_blocks):
        seed = settings.seed + 1000 + 10 * number
        signal = encoder_block(signal, settings, f"time_block_{number + 1}", seed=seed, mask=looked_at)
    signal = layers.LayerNormalization(name="time_norm")(signal) * frame_mask
    features = masked_mean(signal, frame_mask)
    return keras.Model(clip, class_probabilities(features, shape.classes), name="vit_transformer")


def _parameters(settings: VitTransformerSettings, shape: InputShape) -> int:
    width = settings.width
    frames = (width + settings.frames) * width
    time = settings.time_blocks * block_parameters(width) + 2 * width
    return frame_parameters(settings, shape) + frames + time + (width + 1) * shape.classes


def _activations(settings: VitTransformerSettings, shape: InputShape) -> int:
    blocks = settings.time_blocks * block_activations(settings.width, settings.heads, settings.frames)
    return frame_activations(settings, shape) + blocks + 3 * settings.frames * settings.width


VIT_TRANSFORMER = register_model(
    ClipClassifierKind(
        name="vit_transformer",
        title="Vision transformer over space and time",
        describe="Looks at silhouettes or skeleton maps patch by patch, then compares all frames of a stride.",
        settings=VitTransformerSettings,
        contents=("silhouette", "skeleton_maps"),
        network=KerasNetwork(build=_build, parameters=_parameters, activations=_activations),
    )
)
