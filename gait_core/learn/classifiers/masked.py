"""Parts of networks for rows of different lengths: what lies after the length of a row never has a part in a result.

The last channel of an input is 1 at valid steps and 0 after them. Everything here is built from layers and operations
of Keras, so that a stored network loads in safe mode.
"""

from __future__ import annotations

from typing import Any

from gait_core.learn.backend import load_keras

__all__ = ["class_probabilities", "masked_mean", "normalised", "split_mask"]


def split_mask(row: Any) -> tuple[Any, Any]:
    """Return the channels of an input, 0 after the length, and its mask, shape (…, n_steps, 1).

    Returns
    -------
    channels, mask : tensor
    """
    mask = row[..., -1:]
    return row[..., :-1] * mask, mask


def masked_mean(signal: Any, mask: Any) -> Any:
    """Return the mean over the valid steps, shape (…, n_channels).

    Parameters
    ----------
    signal : tensor, shape (…, n_steps, n_channels)
        0 after the length.
    mask : tensor, shape (…, n_steps, 1)

    Returns
    -------
    tensor, shape (…, n_channels)
    """
    ops = load_keras().ops
    return ops.sum(signal, axis=1) / ops.maximum(ops.sum(mask, axis=1), 1.0)


def normalised(signal: Any, mask: Any, name: str) -> Any:
    """Return a signal after batch normalisation over the valid steps alone, 0 after the length.

    Parameters
    ----------
    signal : tensor, shape (…, n_steps, n_channels)
        Values of each step.
    mask : tensor, shape (…, n_steps, 1)
        1 for valid steps, 0 after the length.
    name : str
        Name of the layer.

    Returns
    -------
    tensor
        Of the shape of `signal`.
    """
    keras = load_keras()
    valid = keras.ops.squeeze(mask, -1) > 0.5
    return keras.layers.BatchNormalization(momentum=0.9, name=name)(signal, mask=valid) * mask


def class_probabilities(features: Any, classes: int) -> Any:
    """Return the probability of each class, in single precision whatever the network runs in.

    Returns
    -------
    tensor, shape (n, classes), float32
    """
    return load_keras().layers.Dense(classes, activation="softmax", dtype="float32", name="classes")(features)
