"""Temporal convolutional network: dilated convolutions in residual blocks.

References
----------
Bai, S., Kolter, J. Z., Koltun, V. (2018). An empirical evaluation of generic convolutional and recurrent networks for
sequence modeling. arXiv:1803.01271.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gait_core.learn.backend import load_keras
from gait_core.learn.classifiers.masked import class_probabilities, masked_mean, split_mask
from gait_core.learn.classifiers.network import NetworkClassifierKind
from gait_core.learn.classifiers.network_settings import NetworkSettings
from gait_core.learn.keras_network import KerasNetwork
from gait_core.learn.registry import InputShape, register_model

__all__ = ["TCN", "TcnSettings", "receptive_field"]


@dataclass(frozen=True, kw_only=True)
class TcnSettings(NetworkSettings):
    """The network and how it is trained.

    Attributes
    ----------
    filters : int
        Of every convolution.
    blocks : int
        Each has two convolutions; the dilation doubles from block to block.
    kernel : int
        Steps of a convolution.
    dropout : float
        Share of filters that are left out in a training step.
    causal : bool
        A step sees only earlier steps, as in a live measurement; otherwise both sides.
    """

    filters: int = 64
    blocks: int = 4
    kernel: int = 3
    dropout: float = 0.2
    causal: bool = False

    _ranges = {
        **NetworkSettings._ranges,
        "filters": (1, 1024),
        "blocks": (1, 12),
        "kernel": (2, 31),
        "dropout": (0.0, 0.95),
    }
    _choices = {**NetworkSettings._choices, "causal": (False, True)}


def receptive_field(settings: TcnSettings) -> int:
    """Return how many steps of the input decide one step of the last block.

    Returns
    -------
    int
        Length, steps.
    """
    dilations = sum(1 << number for number in range(settings.blocks))
    return 1 + 2 * (settings.kernel - 1) * dilations


def _build(settings: TcnSettings, shape: InputShape) -> Any:
    keras = load_keras()
    _, channels = shape.axes
    row = keras.Input((None, channels + 1), name="row")
    signal, mask = split_mask(row)
    for number in range(settings.blocks):
        signal = _block(signal, mask, settings, number)
    return keras.Model(row, class_probabilities(masked_mean(signal, mask), shape.classes), name="tcn")


def _block(signal: Any, mask: Any, settings: TcnSettings, number: int) -> Any:
    layers = load_keras().layers
    hidden = signal
    for part in ("first", "second"):
        hidden = layers.Conv1D(
            settings.filters,
            settings.kernel,
            padding="causal" if settings.causal else "same",
            dilation_rate=2**number,
            name=f"block_{number + 1}_{part}",
        )(hidden)
        # Normalised at each step by itself: no step learns of another, and padding has no part in it.
        hidden = layers.LayerNormalization(name=f"block_{number + 1}_{part}_norm")(hidden)
        hidden = layers.Activation("relu", name=f"block_{number + 1}_{part}_relu")(hidden)
        dropout = layers.SpatialDropout1D(
            settings.dropout,
            seed=settings.seed + 2 * number + (part == "second"),
            name=f"block_{number + 1}_{part}_drop",
        )
        hidden = dropout(hidden) * mask
    if number == 0:
        signal = layers.Conv1D(settings.filters, 1, name="widen")(signal)
    return layers.Activation("relu", name=f"block_{number + 1}")(signal + hidden) * mask


def _parameters(settings: TcnSettings, shape: InputShape) -> int:
    _, channels = shape.axes
    filters = settings.filters
    first = (settings.kernel * channels + 1) * filters
    others = (2 * settings.blocks - 1) * (settings.kernel * filters + 1) * filters
    norms = 2 * settings.blocks * 2 * filters
    return first + others + norms + (channels + 1) * filters + (filters + 1) * shape.classes


def _activations(settings: TcnSettings, shape: InputShape) -> int:
    steps, channels = shape.axes
    # Of each convolution: result, normalised, after the activation, after dropout; of each block the sum besides.
    return steps * (channels + settings.filters * settings.blocks * (2 * 4 + 2))


TCN = register_model(
    NetworkClassifierKind(
        name="tcn",
        title="Temporal convolutional network",
        describe="Dilated convolutions over time in residual blocks; sees patterns over a whole stride.",
        settings=TcnSettings,
        network=KerasNetwork(build=_build, parameters=_parameters, activations=_activations),
    )
)
