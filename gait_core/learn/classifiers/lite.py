"""LITE: a small inception-style network that lays fixed filters for rise, fall and peak beside learned ones.

References
----------
Ismail-Fawaz, A., Devanne, M., Berretti, S., Weber, J., Forestier, G. (2023). LITE: light inception with boosting
techniques for time series classification. DSAA.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.backend import load_keras
from gait_core.learn.classifiers.masked import class_probabilities, masked_mean, normalised, split_mask
from gait_core.learn.classifiers.network import NetworkClassifierKind
from gait_core.learn.classifiers.network_settings import NetworkSettings
from gait_core.learn.keras_network import KerasNetwork
from gait_core.learn.registry import InputShape, register_model

__all__ = ["LITE", "LiteSettings", "fixed_filters"]

_TREND_LENGTHS: Final = (2, 4, 8, 16, 32)
_PEAK_LENGTHS: Final = (4, 8, 16)
_BRANCHES: Final = 3


@dataclass(frozen=True, kw_only=True)
class LiteSettings(NetworkSettings):
    """The network and how it is trained.

    Attributes
    ----------
    filters : int
        Of each of three branches, and of each later convolution.
    kernel : int
        Steps of the longest learned filter; the other branches have a half and a quarter of it.
    dropout : float
        Share of values that are left out in a training step, before the classes.
    """

    filters: int = 32
    kernel: int = 40
    dropout: float = 0.2

    _ranges = {**NetworkSettings._ranges, "filters": (1, 512), "kernel": (8, 128), "dropout": (0.0, 0.95)}


def fixed_filters() -> dict[str, NDArray[np.float32]]:
    """Return the filters that are not learned, by name: each has mean 0 and absolute sum 1.

    A rise is a step from -1 to 1, a fall its opposite, a peak a parabola above its surroundings.

    Returns
    -------
    dict of str to ndarray, float32
    """
    filters: dict[str, NDArray[np.float64]] = {}
    for length in _TREND_LENGTHS:
        step = np.repeat([-1.0, 1.0], length // 2)
        filters[f"rise_{length}"], filters[f"fall_{length}"] = step, -step
    for length in _PEAK_LENGTHS:
        place = np.linspace(-1.0, 1.0, 3 * length)
        peak = np.maximum(0.0, 1.0 - (2.0 * place) ** 2)
        filters[f"peak_{length}"] = peak - peak.mean()
    return {name: (values / np.abs(values).sum()).astype(np.float32) for name, values in filters.items()}


def _build(settings: LiteSettings, shape: InputShape) -> Any:
    keras = load_keras()
    layers, ops = keras.layers, keras.ops
    _, channels = shape.axes
    row = keras.Input((None, channels + 1), name="row")
    signal, mask = split_mask(row)
    parts = [
        layers.Conv1D(settings.filters, length, padding="same", use_bias=False, name=f"learned_{number}")(signal)
        for number, length in enumerate(_lengths(settings), start=1)
    ]
    fixed = fixed_filters()
    for name, values in fixed.items():
        layer = layers.DepthwiseConv1D(len(values), padding="same", use_bias=False, trainable=False, name=name)
        parts.append(layer(signal))
        layer.set_weights([np.repeat(values[:, None, None], channels, axis=1)])
    hidden = ops.relu(normalised(ops.concatenate(parts, axis=-1) * mask, mask, "first_norm"))
    for number, dilation in enumerate((2, 4), start=1):
        convolution = layers.SeparableConv1D(
            settings.filters,
            settings.kernel // 2,
            padding="same",
            dilation_rate=dilation,
            use_bias=False,
            name=f"separable_{number}",
        )
        hidden = ops.relu(normalised(convolution(hidden) * mask, mask, f"separable_{number}_norm"))
    features = layers.Dropout(settings.dropout, seed=settings.seed, name="drop")(masked_mean(hidden, mask))
    return keras.Model(row, class_probabilities(features, shape.classes), name="lite")


def _lengths(settings: LiteSettings) -> tuple[int, ...]:
    return tuple(settings.kernel // 2**number for number in range(_BRANCHES))


def _width(channels: int, settings: LiteSettings) -> int:
    """Return how many channels learned and fixed filters give together."""
    return _BRANCHES * settings.filters + (2 * len(_TREND_LENGTHS) + len(_PEAK_LENGTHS)) * channels


def _parameters(settings: LiteSettings, shape: InputShape) -> int:
    _, channels = shape.axes
    filters, width, kernel = settings.filters, _width(channels, settings), settings.kernel // 2
    first = sum(_lengths(settings)) * channels * filters + 2 * width
    separable = sum(kernel * inputs + inputs * filters + 2 * filters for inputs in (width, filters))
    return first + separable + (filters + 1) * shape.classes


def _activations(settings: LiteSettings, shape: InputShape) -> int:
    steps, channels = shape.axes
    width, filters = _width(channels, settings), settings.filters
    # First layer: result, masked, normalised, masked, activated; separable layers: within, and the same five.
    return steps * (channels + 5 * width + width + 5 * filters + filters + 5 * filters)


LITE = register_model(
    NetworkClassifierKind(
        name="lite",
        title="LITE",
        describe="Small inception-style network with fixed filters for rise, fall and peak beside learned ones.",
        settings=LiteSettings,
        network=KerasNetwork(build=_build, parameters=_parameters, activations=_activations),
    )
)
