"""Runs the autoencoder with NumPy alone.

Scoring a walk is a few dozen windows: importing a training library for it would take longer than
everything else together. The results equal Keras' within rounding (a test compares them).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Weights", "decode", "encode"]

Array: TypeAlias = NDArray[np.float32]
Weights: TypeAlias = dict[str, NDArray[np.float32]]
"""``<layer>/<number>`` → array, as `gait_core.learn.networks.weights_of` gives them."""


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
    hidden = _recurrent(weights, "encoder_outer", windows)
    hidden = _recurrent(weights, "encoder_inner", hidden)[:, -1]
    return hidden @ weights["code/0"] + weights["code/1"]


def decode(weights: Mapping[str, Array], codes: Array, window_frames: int) -> Array:
    """Return the windows that codes stand for, shape (n, window_frames, n_features)."""
    start = np.tanh(codes @ weights["decoder_start/0"] + weights["decoder_start/1"])
    repeated = np.repeat(start[:, None, :], window_frames, axis=1)
    hidden = _recurrent(weights, "decoder_inner", repeated)
    hidden = _recurrent(weights, "decoder_outer", hidden)
    return hidden @ weights["output/0"] + weights["output/1"]


def _sigmoid(x: Array) -> Array:
    return np.asarray(0.5 * (np.tanh(0.5 * x) + 1.0), dtype=np.float32)


def _recurrent(weights: Mapping[str, Array], name: str, sequence: Array) -> Array:
    """Run a GRU (Cho 2014, Keras' ``reset_after`` form) or an LSTM over time; the bias shape tells which."""
    kernel, recurrent, bias = (weights[f"{name}/{i}"] for i in range(3))
    return (_gru if bias.ndim == 2 else _lstm)(kernel, recurrent, bias, sequence)


def _gru(kernel: Array, recurrent: Array, bias: Array, sequence: Array) -> Array:
    n, frames, _ = sequence.shape
    units = recurrent.shape[0]
    inputs = sequence @ kernel + bias[0]
    state = np.zeros((n, units), dtype=np.float32)
    output = np.empty((n, frames, units), dtype=np.float32)
    for t in range(frames):
        inner = state @ recurrent + bias[1]
        update = _sigmoid(inputs[:, t, :units] + inner[:, :units])
        reset = _sigmoid(inputs[:, t, units : 2 * units] + inner[:, units : 2 * units])
        candidate = np.tanh(inputs[:, t, 2 * units :] + reset * inner[:, 2 * units :])
        state = update * state + (1.0 - update) * candidate
        output[:, t] = state
    return output


def _lstm(kernel: Array, recurrent: Array, bias: Array, sequence: Array) -> Array:
    n, frames, _ = sequence.shape
    units = recurrent.shape[0]
    inputs = sequence @ kernel + bias
    state = np.zeros((n, units), dtype=np.float32)
    cell = np.zeros((n, units), dtype=np.float32)
    output = np.empty((n, frames, units), dtype=np.float32)
    for t in range(frames):
        gates = inputs[:, t] + state @ recurrent
        let_in, forget, candidate, let_out = np.split(gates, 4, axis=1)
        cell = _sigmoid(forget) * cell + _sigmoid(let_in) * np.tanh(candidate)
        state = _sigmoid(let_out) * np.tanh(cell)
        output[:, t] = state
    return output
