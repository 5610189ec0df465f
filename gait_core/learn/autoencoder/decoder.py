"""The decoder in NumPy: its weights as one row of numbers, its output, and the gradient of the error.

One row per model lets the optimiser, the best weights so far and a restart treat all weights at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.autoencoder.cells import Array, Cell, LayerWeights, cell_of

__all__ = ["Decoder", "DecoderLayout", "DecoderWeights"]

_LAYERS: Final = ("decoder_start", "decoder_inner", "decoder_outer", "output")


@dataclass(frozen=True, kw_only=True, eq=False)
class DecoderWeights:
    """Weights of a stack of decoders, or their gradients: views into rows, see `DecoderLayout`.

    Attributes
    ----------
    start, start_bias : ndarray, shapes (models, latent, units) and (models, 1, units)
        From the code to what is repeated over time.
    inner, outer : LayerWeights
        The recurrent layers.
    output, output_bias : ndarray, shapes (models, units, n_features) and (models, 1, n_features)
    """

    start: Array
    start_bias: Array
    inner: LayerWeights
    outer: LayerWeights
    output: Array
    output_bias: Array


@dataclass(frozen=True, kw_only=True)
class DecoderLayout:
    """How the weights of a decoder lie in a row.

    Attributes
    ----------
    cell : type of Cell
    shapes : tuple of tuple of int
        Of each variable, in our order of gates, in the order of Keras' variables.
    bias_shapes : tuple of tuple of int
        Those of the two recurrent layers' biases in Keras.
    """

    cell: type[Cell]
    shapes: tuple[tuple[int, ...], ...]
    bias_shapes: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, weights: Mapping[str, Array]) -> Self:
        """Return the layout of named weights, as `gait_core.learn.autoencoder.networks.weights_of` gives them."""
        biases = [weights[f"{layer}/2"] for layer in _LAYERS[1:3]]
        cell = cell_of(biases[0])
        return cls(
            cell=cell,
            shapes=tuple(variable.shape for variable in _variables(cell, weights)),
            bias_shapes=tuple(bias.shape for bias in biases),
        )

    @property
    def starts(self) -> NDArray[np.intp]:
        """Where each variable begins in a row."""
        return np.cumsum([0, *(prod(shape) for shape in self.shapes[:-1])])

    def row(self, weights: Mapping[str, Array]) -> Array:
        """Return named weights as one row."""
        return np.concatenate([variable.ravel() for variable in _variables(self.cell, weights)])

    def named(self, row: Array) -> dict[str, Array]:
        """Return a row under the names and in the shapes of Keras."""
        start, start_bias, *recurrent, output, output_bias = self._split(row[None])
        named = {"decoder_start/0": start[0], "decoder_start/1": start_bias[0]}
        for number, layer in enumerate(_LAYERS[1:3]):
            kernel, inward, bias = (value[0] for value in recurrent[3 * number : 3 * number + 3])
            unpacked = self.cell.unpack(LayerWeights(kernel, inward, bias), self.bias_shapes[number])
            named |= {f"{layer}/{i}": value for i, value in enumerate(unpacked)}
        named |= {"output/0": output[0], "output/1": output_bias[0]}
        return {name: value.copy() for name, value in named.items()}

    def views(self, rows: Array) -> DecoderWeights:
        """Return rows, shape (models, n_weights), as the layers see them, without a copy."""
        start, start_bias, *recurrent, output, output_bias = self._split(rows)
        return DecoderWeights(
            start=start,
            start_bias=start_bias[:, None],
            inner=LayerWeights(*recurrent[:3]),
            outer=LayerWeights(*recurrent[3:]),
            output=output,
            output_bias=output_bias[:, None],
        )

    def _split(self, rows: Array) -> list[Array]:
        return [
            rows[:, begin : begin + prod(shape)].reshape(len(rows), *shape)
            for begin, shape in zip(self.starts, self.shapes, strict=True)
        ]


class Decoder:
    """A stack of decoders; see `Cell` for what happens to its working memory.

    Parameters
    ----------
    layout : DecoderLayout
    frames : int
        Time steps of a window.
    keep : bool
        Keep what `backward` needs.
    """

    def __init__(self, layout: DecoderLayout, frames: int, *, keep: bool) -> None:
        self._frames = frames
        self._inner, self._outer = layout.cell(keep=keep), layout.cell(keep=keep)

    def forward(self, weights: DecoderWeights, codes: Array) -> Array:
        """Return the windows that codes stand for.

        Parameters
        ----------
        weights : DecoderWeights
        codes : ndarray, shape (models, windows, latent)

        Returns
        -------
        ndarray, shape (models, frames, windows, n_features)
        """
        self._weights, self._codes = weights, codes
        self._start = np.tanh(codes @ weights.start + weights.start_bias)
        hidden = self._inner.forward(weights.inner, self._start, self._frames)
        hidden = self._outer.forward(weights.outer, hidden, self._frames)
        models, frames, windows, units = hidden.shape
        self._hidden = hidden.reshape(models, frames * windows, units)
        found: Array = np.matmul(self._hidden, weights.output)
        found += weights.output_bias
        return found.reshape(models, frames, windows, -1)

    def backward(self, gradient: Array, into: DecoderWeights) -> None:
        """Fill in the gradient with respect to the weights.

        Parameters
        ----------
        gradient : ndarray, shape (models, frames, windows, n_features)
            Gradient of the loss with respect to the output of the last `forward`.
        into : DecoderWeights
        """
        weights = self._weights
        models, frames, windows, _ = gradient.shape
        long = gradient.reshape(models, frames * windows, -1)
        np.matmul(self._hidden.swapaxes(1, 2), long, out=into.output)
        into.output_bias[...] = long.sum(axis=1, keepdims=True)
        hidden = np.matmul(long, weights.output.swapaxes(1, 2)).reshape(models, frames, windows, -1)
        hidden = self._outer.backward(hidden, into.outer)
        start = self._inner.backward(hidden, into.inner)
        start = start * (1.0 - self._start**2)
        np.matmul(self._codes.swapaxes(1, 2), start, out=into.start)
        into.start_bias[...] = start.sum(axis=1, keepdims=True)


def _variables(cell: type[Cell], weights: Mapping[str, Array]) -> list[Array]:
    """Return the variables in Keras' order, gates in ours."""
    start, inner, outer, output = (
        [weights[f"{layer}/{number}"] for number in range(count)]
        for layer, count in zip(_LAYERS, (2, 3, 3, 2), strict=True)
    )
    return [*start, *cell.pack(*inner), *cell.pack(*outer), *output]
