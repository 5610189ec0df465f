"""A small convolutional network for clips of any width and length: nothing is stretched to a common shape.

Each frame passes through three convolutions that halve it; what remains is pooled over its width, band by band of its
height, so that head, trunk and legs stay apart. Two convolutions over time follow, and a pool over the frames. What
was made up to fill a batch has no part in any of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from gait_core.learn.backend import load_keras
from gait_core.learn.classifiers.clip_network import ClipClassifierKind, ClipSettings
from gait_core.learn.classifiers.masked import class_probabilities, masked_mean, split_mask
from gait_core.learn.keras_network import KerasNetwork
from gait_core.learn.registry import InputShape, register_model

__all__ = ["VARIABLE_AR_CNN", "VariableArCnnSettings"]

_STAGES: Final = 3
_KERNEL: Final = 3
_TEMPORAL_KERNEL: Final = 5
_TEMPORAL: Final = 2


@dataclass(frozen=True, kw_only=True)
class VariableArCnnSettings(ClipSettings):
    """The network and how it is trained.

    Attributes
    ----------
    filters : int
        Of the first convolution; the second has twice, the third four times as many.
    units : int
        Numbers that describe a frame.
    dropout : float
        Share of values that are left out in a training step, before the classes.
    """

    filters: int = 8
    units: int = 64
    dropout: float = 0.2

    _ranges = {**ClipSettings._ranges, "filters": (1, 128), "units": (1, 1024), "dropout": (0.0, 0.95)}


def _build(settings: VariableArCnnSettings, shape: InputShape) -> Any:
    keras = load_keras()
    layers, ops = keras.layers, keras.ops
    _, height, _, channels = shape.axes
    clip = keras.Input((settings.frames, height, None, channels + 1), name="clip")
    image, mask = split_mask(clip)
    frame_mask = mask[:, :, 0, 0, :]
    for stage, filters in enumerate(_filters(settings), start=1):
        image, mask = _halved(image, mask, filters, f"stage_{stage}")
    valid = ops.maximum(ops.sum(mask, axis=3), 1.0)
    bands = ops.sum(image, axis=3) / valid + ops.max(image, axis=3)
    signal = layers.Reshape((settings.frames, -1), name="bands")(bands)
    signal = layers.Dense(settings.units, activation="relu", name="frame")(signal) * frame_mask
    for number in range(1, _TEMPORAL + 1):
        hidden = layers.Conv1D(settings.units, _TEMPORAL_KERNEL, padding="same", name=f"time_{number}")(signal)
        hidden = layers.LayerNormalization(name=f"time_{number}_norm")(hidden)
        signal = ops.relu(hidden) * frame_mask
    features = ops.concatenate([masked_mean(signal, frame_mask), ops.max(signal, axis=1)], axis=-1)
    features = layers.Dropout(settings.dropout, seed=settings.seed, name="drop")(features)
    return keras.Model(clip, class_probabilities(features, shape.classes), name="variable_ar_cnn")


def _halved(image: Any, mask: Any, filters: int, name: str) -> tuple[Any, Any]:
    """Return each frame at half its size, and the mask of it; every other pixel of the mask decides."""
    layers, ops = load_keras().layers, load_keras().ops
    # Each frame by itself: the kernel does not reach over time, nor does the normalisation over pixels.
    image = layers.Conv3D(filters, (1, _KERNEL, _KERNEL), strides=(1, 2, 2), padding="same", name=name)(image)
    image = layers.LayerNormalization(name=f"{name}_norm")(image)
    mask = mask[:, :, ::2, ::2, :]
    return ops.relu(image) * mask, mask


def _filters(settings: VariableArCnnSettings) -> tuple[int, ...]:
    return tuple(settings.filters * 2**stage for stage in range(_STAGES))


def _parameters(settings: VariableArCnnSettings, shape: InputShape) -> int:
    _, height, _, channels = shape.axes
    filters, units = _filters(settings), settings.units
    stages = sum(
        (_KERNEL**2 * before + 1) * after + 2 * after
        for before, after in zip((channels, *filters), filters, strict=False)
    )
    frame = (-(-height // 2**_STAGES) * filters[-1] + 1) * units
    times = _TEMPORAL * ((_TEMPORAL_KERNEL * units + 1) * units + 2 * units)
    return stages + frame + times + (2 * units + 1) * shape.classes


def _activations(settings: VariableArCnnSettings, shape: InputShape) -> int:
    _, height, width, channels = shape.axes
    pixels = height * width
    # Of each convolution: result, normalised, after the activation, masked.
    stages: int = sum(4 * filters * pixels // 4**stage for stage, filters in enumerate(_filters(settings), start=1))
    return settings.frames * (pixels * (channels + 1) * 2 + stages + settings.units * (2 + 4 * _TEMPORAL))


VARIABLE_AR_CNN = register_model(
    ClipClassifierKind(
        name="variable_ar_cnn",
        title="Convolutional network for clips of any shape",
        describe="Looks at the person's outline at its own proportions, frame by frame, then over time.",
        settings=VariableArCnnSettings,
        contents=("outline", "silhouette", "skeleton_maps"),
        width_multiple=2**_STAGES,
        network=KerasNetwork(build=_build, parameters=_parameters, activations=_activations),
    )
)
