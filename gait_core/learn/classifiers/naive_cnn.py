"""A plain convolutional network of two layers: what a first attempt would look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gait_core.learn.backend import load_keras
from gait_core.learn.classifiers.masked import class_probabilities, masked_mean, split_mask
from gait_core.learn.classifiers.network import NetworkClassifierKind
from gait_core.learn.classifiers.network_settings import NetworkSettings
from gait_core.learn.keras_network import KerasNetwork
from gait_core.learn.registry import InputShape, register_model

__all__ = ["NAIVE_CNN", "NaiveCnnSettings"]


@dataclass(frozen=True, kw_only=True)
class NaiveCnnSettings(NetworkSettings):
    """The network and how it is trained.

    Attributes
    ----------
    filters : int
        Of the first convolution; the second has twice as many.
    kernel : int
        Steps of a convolution.
    dropout : float
        Share of values that are left out in a training step, before the classes.
    """

    filters: int = 32
    kernel: int = 5
    dropout: float = 0.3

    _ranges = {**NetworkSettings._ranges, "filters": (1, 1024), "kernel": (1, 63), "dropout": (0.0, 0.95)}


def _build(settings: NaiveCnnSettings, shape: InputShape) -> Any:
    keras = load_keras()
    layers = keras.layers
    _, channels = shape.axes
    row = keras.Input((None, channels + 1), name="row")
    signal, mask = split_mask(row)
    for number, filters in enumerate((settings.filters, 2 * settings.filters), start=1):
        convolution = layers.Conv1D(
            filters, settings.kernel, padding="same", activation="relu", name=f"convolution_{number}"
        )
        signal = convolution(signal) * mask
    features = layers.Dropout(settings.dropout, seed=settings.seed, name="drop")(masked_mean(signal, mask))
    return keras.Model(row, class_probabilities(features, shape.classes), name="naive_cnn")


def _parameters(settings: NaiveCnnSettings, shape: InputShape) -> int:
    _, channels = shape.axes
    filters, kernel = settings.filters, settings.kernel
    first, second = (kernel * channels + 1) * filters, (kernel * filters + 1) * 2 * filters
    return first + second + (2 * filters + 1) * shape.classes


def _activations(settings: NaiveCnnSettings, shape: InputShape) -> int:
    steps, channels = shape.axes
    return steps * (channels + 2 * (settings.filters + 2 * settings.filters))


NAIVE_CNN = register_model(
    NetworkClassifierKind(
        name="naive_cnn",
        title="Plain convolutional network",
        describe="Two convolutions and a mean over time; small, and a fair comparison for the other networks.",
        settings=NaiveCnnSettings,
        network=KerasNetwork(build=_build, parameters=_parameters, activations=_activations),
    )
)
