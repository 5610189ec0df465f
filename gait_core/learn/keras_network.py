"""A network of Keras before it is built: how to build it, and how large it will be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gait_core.config import Settings
from gait_core.learn.registry import InputShape

__all__ = ["KerasNetwork"]


@dataclass(frozen=True, kw_only=True)
class KerasNetwork:
    """How a network is built, and how large it will be.

    Attributes
    ----------
    build : callable
        (settings, shape) → keras.Model.
    parameters : callable
        (settings, shape) → number of trainable parameters.
    activations : callable
        (settings, shape) → numbers that a training keeps per sample for the backward pass.
    """

    build: Callable[[Any, InputShape], Any]
    parameters: Callable[[Any, InputShape], int]
    activations: Callable[[Any, InputShape], int]

    def training_bytes(self, settings: Settings, shape: InputShape, batch_size: int) -> int:
        """Estimate the memory that a training takes for the network itself, without the library and the data.

        Parameters
        ----------
        settings : Settings
        shape : InputShape
        batch_size : int
            Samples per step.

        Returns
        -------
        int
            Bytes in single precision: weights, best weights, gradient, the two moments of Adam, and of every sample of
            a batch what the backward pass needs, with its gradient.
        """
        numbers = 5 * self.parameters(settings, shape) + 2 * batch_size * self.activations(settings, shape)
        return 4 * numbers
