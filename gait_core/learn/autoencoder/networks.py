"""The recurrent autoencoder, in Keras 3 and backend-neutral."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.autoencoder.inference import Weights
from gait_core.learn.autoencoder.settings import AutoencoderSettings
from gait_core.learn.backend import load_keras

__all__ = ["build_autoencoder", "parts_of", "weights_of"]


def build_autoencoder(window_frames: int, n_features: int, settings: AutoencoderSettings) -> Any:
    """Build the encoder–decoder; its parts are the layers ``encoder`` and ``decoder``.

    A window goes through two recurrent layers into a code of `settings.latent` values; the code,
    repeated over time, goes through two recurrent layers back to a window.

    Parameters
    ----------
    window_frames, n_features : int
        Shape of a window.
    settings : AutoencoderSettings
        Cell, widths.

    Returns
    -------
    keras.Model
        (batch, window_frames, n_features) → the same shape.
    """
    keras = load_keras()
    layers = keras.layers
    cell = {"gru": layers.GRU, "lstm": layers.LSTM}[settings.cell]
    inner = settings.inner_units

    window = keras.Input((window_frames, n_features), name="window")
    hidden = cell(settings.units, return_sequences=True, name="encoder_outer")(window)
    hidden = cell(inner, name="encoder_inner")(hidden)
    code = layers.Dense(settings.latent, name="code")(hidden)
    encoder = keras.Model(window, code, name="encoder")

    start = keras.Input((settings.latent,), name="code_in")
    hidden = layers.Dense(settings.units, activation="tanh", name="decoder_start")(start)
    hidden = layers.RepeatVector(window_frames, name="repeat")(hidden)
    hidden = cell(inner, return_sequences=True, name="decoder_inner")(hidden)
    hidden = cell(settings.units, return_sequences=True, name="decoder_outer")(hidden)
    output = layers.Dense(n_features, name="output")(hidden)
    decoder = keras.Model(start, output, name="decoder")

    return keras.Model(window, decoder(encoder(window)), name="gait_autoencoder")


def parts_of(model: Any) -> tuple[Any, Any]:
    """Return the encoder and the decoder of an autoencoder.

    Returns
    -------
    encoder, decoder : keras.Model
    """
    return model.get_layer("encoder"), model.get_layer("decoder")


def weights_of(model: Any) -> Weights:
    """Return the weights under stable names ``<layer>/<number>``, for `gait_core.learn.autoencoder.inference`.

    Returns
    -------
    dict of str to ndarray
    """
    named: dict[str, NDArray[np.float32]] = {}
    for part in parts_of(model):
        for layer in part.layers:
            for number, value in enumerate(layer.get_weights()):
                named[f"{layer.name}/{number}"] = np.asarray(value, dtype=np.float32)
    return named
