"""Adam for several networks that learn side by side."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.autoencoder.cells import Array

__all__ = ["Adam"]

_CLIP_NORM: Final = 1.0


class Adam:
    """Adam with each variable's gradient clipped to a norm, as Keras does it, for a stack of models.

    Parameters
    ----------
    rate : float
    starts : ndarray of int, shape (n_variables,)
        Where each variable begins in a row of weights.
    shape : tuple of int
        (models, n_weights)
    """

    _FIRST: Final = 0.9
    _SECOND: Final = 0.999
    _EPSILON: Final = 1e-7

    def __init__(self, rate: float, starts: NDArray[np.intp], shape: tuple[int, ...]) -> None:
        self._rate = rate
        self._starts = starts
        self._sizes = np.diff([*starts, shape[1]])
        self._steps = np.zeros(shape[0])
        self._moments = np.zeros(shape, dtype=np.float32)
        self._squares = np.zeros(shape, dtype=np.float32)
        self._spare = np.empty(shape, dtype=np.float32)

    def step(self, live: NDArray[np.bool_], weights: Array, gradient: Array) -> None:
        """Change the weights of the live models in place; their gradient is used up.

        Parameters
        ----------
        live : ndarray of bool, shape (models,)
        weights, gradient : ndarray, shape (number of live models, n_weights)
        """
        everyone = bool(live.all())
        spare = self._spare[: len(weights)]
        moments, squares = (self._moments, self._squares) if everyone else (self._moments[live], self._squares[live])
        self._steps[live] += 1
        np.multiply(gradient, gradient, out=spare)
        norms = np.sqrt(np.add.reduceat(spare, self._starts, axis=1))
        if (norms > _CLIP_NORM).any():
            gradient *= np.repeat(_CLIP_NORM / np.maximum(norms, _CLIP_NORM), self._sizes, axis=1)
            np.multiply(gradient, gradient, out=spare)
        spare -= squares
        spare *= 1 - self._SECOND
        squares += spare
        gradient -= moments
        gradient *= 1 - self._FIRST
        moments += gradient
        np.sqrt(squares, out=spare)
        spare += self._EPSILON
        np.divide(moments, spare, out=spare)
        # In single precision, as Keras has it: the first steps depend on that in the fifth digit.
        steps = self._steps[live].astype(np.float32)[:, None]
        one = np.float32(1.0)
        spare *= (
            np.float32(self._rate)
            * np.sqrt(one - np.float32(self._SECOND) ** steps)
            / (one - np.float32(self._FIRST) ** steps)
        )
        weights -= spare
        if not everyone:
            self._moments[live], self._squares[live] = moments, squares
