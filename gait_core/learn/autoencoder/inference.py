"""Runs the autoencoder with NumPy alone.

Scoring a walk is a few dozen windows: importing a training library for it would take longer than
everything else together. The results equal Keras' within rounding (a test compares them).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.autoencoder.cells import Array, LayerWeights, cell_of
from gait_core.learn.autoencoder.decoder import Decoder, DecoderLayout

__all__ = ["Weights", "decode", "encode"]

Weights: TypeAlias = dict[str, NDArray[np.float32]]
"""``<layer>/<number>`` → array, as `gait_core.learn.autoencoder.networks.weights_of` gives them."""
_AT_ONCE: Final = 256


def encode(weights: Mapping[str, Array], windows: Array) -> Array:
    """Return the codes of windows.

    Parameters
    ----------
    weights : mapping
        Weights of the autoencoder.
    windows : ndarray, shape (n, window_frames, n_features)
        Standardised windows.

    Returns
    -------
    ndarray, shape (n, latent)
    """
    frames = windows.shape[1]
    layers = []
    for name in ("encoder_outer", "encoder_inner"):
        kernel, recurrent, bias = (weights[f"{name}/{number}"] for number in range(3))
        cell = cell_of(bias)
        packed = LayerWeights(*(value[None] for value in cell.pack(kernel, recurrent, bias)))
        layers.append((cell(keep=False), packed))
    codes = np.empty((len(windows), weights["code/1"].shape[0]), dtype=np.float32)
    for begin in range(0, len(windows), _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        hidden = np.ascontiguousarray(windows[part].swapaxes(0, 1), dtype=np.float32)[None]
        for layer, packed in layers:
            hidden = layer.forward(packed, hidden, frames)
        codes[part] = hidden[0, -1] @ weights["code/0"] + weights["code/1"]
    return codes


def decode(weights: Mapping[str, Array], codes: Array, window_frames: int) -> Array:
    """Return the windows that codes stand for, shape (n, window_frames, n_features).

    Parameters
    ----------
    weights : mapping of str to ndarray
        As `weights_of` gives them.
    codes : ndarray, shape (n, n_codes)
        What the encoder made of the windows.
    window_frames : int
        Length of a window, samples.

    Returns
    -------
    ndarray, shape (n, window_frames, n_features)
    """
    layout = DecoderLayout.of(weights)
    views = layout.views(layout.row(weights)[None])
    decoder = Decoder(layout, window_frames, keep=False)
    windows = np.empty((len(codes), window_frames, weights["output/1"].shape[0]), dtype=np.float32)
    for begin in range(0, len(codes), _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        windows[part] = decoder.forward(views, codes[None, part])[0].swapaxes(0, 1)
    return windows
