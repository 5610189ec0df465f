"""The autoencoder as one of the models that can be trained: how it is built, how large it is."""

from __future__ import annotations

from typing import Any

from gait_core.learn.autoencoder.settings import AutoencoderSettings
from gait_core.learn.registry import InputShape, ModelKind, register_model

__all__ = ["AUTOENCODER"]


def _build(shape: InputShape, settings: AutoencoderSettings) -> Any:
    from gait_core.learn.autoencoder.networks import build_autoencoder

    frames, features = shape.axes
    return build_autoencoder(frames, features, settings)


def _layers(shape: InputShape, settings: AutoencoderSettings) -> list[tuple[int, int]]:
    """Return inputs and units of each recurrent layer."""
    _, features = shape.axes
    outer, inner = settings.units, settings.inner_units
    return [(features, outer), (outer, inner), (outer, inner), (inner, outer)]


def _parameters(shape: InputShape, settings: AutoencoderSettings) -> int:
    _, features = shape.axes
    outer, inner, latent = settings.units, settings.inner_units, settings.latent
    # Keras' GRU has a second bias, added after the recurrent product.
    gates, biases = {"gru": (3, 2), "lstm": (4, 1)}[settings.cell]
    recurrent = sum(gates * units * (inputs + units + biases) for inputs, units in _layers(shape, settings))
    dense = sum((inputs + 1) * units for inputs, units in ((inner, latent), (latent, outer), (outer, features)))
    return recurrent + dense


def _activations(shape: InputShape, settings: AutoencoderSettings) -> int:
    frames, features = shape.axes
    # Of every step: the gates of each unit, its state, and for an LSTM the cell beside it.
    kept = {"gru": 3 + 2, "lstm": 4 + 2}[settings.cell]
    by_frame = sum(inputs + kept * units for inputs, units in _layers(shape, settings)) + features
    return frames * by_frame + settings.latent + settings.units


AUTOENCODER = register_model(
    ModelKind(
        name="autoencoder",
        title="Recurrent autoencoder of gait windows",
        task="reconstruct",
        settings=AutoencoderSettings,
        axes=("frames", "features"),
        build=_build,
        parameters=_parameters,
        activations=_activations,
    )
)
