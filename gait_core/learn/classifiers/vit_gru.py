"""A small transformer over the patches of each frame, and a recurrent layer over the frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gait_core.learn.backend import load_keras
from gait_core.learn.classifiers.clip_network import ClipClassifierKind
from gait_core.learn.classifiers.masked import class_probabilities, split_mask
from gait_core.learn.classifiers.transformer import (
    FrameTransformerSettings,
    frame_activations,
    frame_parameters,
    frame_vectors,
)
from gait_core.learn.keras_network import KerasNetwork
from gait_core.learn.registry import InputShape, register_model

__all__ = ["VIT_GRU", "VitGruSettings"]


@dataclass(frozen=True, kw_only=True)
class VitGruSettings(FrameTransformerSettings):
    """The network and how it is trained.

    Attributes
    ----------
    units : int
        Of the recurrent layer.
    """

    units: int = 64

    _ranges = {**FrameTransformerSettings._ranges, "units": (1, 1024)}


def _build(settings: VitGruSettings, shape: InputShape) -> Any:
    keras = load_keras()
    layers = keras.layers
    _, height, width, channels = shape.axes
    clip = keras.Input((settings.frames, height, width, channels + 1), name="clip")
    image, mask = split_mask(clip)
    frame_mask = mask[:, :, 0, 0, :]
    vectors = frame_vectors(image, frame_mask, settings, channels)
    valid = keras.ops.squeeze(frame_mask, -1) > 0.5
    last = layers.GRU(settings.units, name="gru")(vectors, mask=valid)
    features = layers.Dropout(settings.dropout, seed=settings.seed + 101, name="drop")(last)
    return keras.Model(clip, class_probabilities(features, shape.classes), name="vit_gru")


def _parameters(settings: VitGruSettings, shape: InputShape) -> int:
    units = settings.units
    gru = 3 * units * (settings.width + units + 2)
    return frame_parameters(settings, shape) + gru + (units + 1) * shape.classes


def _activations(settings: VitGruSettings, shape: InputShape) -> int:
    return frame_activations(settings, shape) + settings.frames * 7 * settings.units


VIT_GRU = register_model(
    ClipClassifierKind(
        name="vit_gru",
        title="Vision transformer and GRU",
        describe="Looks at silhouettes or skeleton maps patch by patch, and remembers from frame to frame.",
        settings=VitGruSettings,
        contents=("silhouette", "skeleton_maps"),
        network=KerasNetwork(build=_build, parameters=_parameters, activations=_activations),
    )
)
