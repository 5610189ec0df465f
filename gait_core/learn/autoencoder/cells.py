"""Recurrent layers in NumPy: forward, and back-propagation through time, for a stack of models at once.

Every array has a leading axis of models: the folds of a fine-tuning have the same shapes and differ in weights and
data, so each of the few NumPy calls of a time step serves all of them. Gates have an axis of their own, in front of
the windows, which keeps every gate contiguous: that halves the time of all that is not a matrix product.

`Gru` is Cho's unit in Keras' ``reset_after`` form, `Lstm` that of Hochreiter and Schmidhuber. The order of their gates
differs from Keras' so that gates treated alike lie side by side; `pack` and `unpack` translate.

References
----------
Cho et al. 2014, arXiv:1406.1078; Hochreiter & Schmidhuber 1997, Neural Comput 9:1735; Werbos 1990, Proc IEEE 78:1550
(back-propagation through time).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Cell", "Gru", "LayerWeights", "Lstm", "cell_of"]

Array: TypeAlias = NDArray[np.float32]


class LayerWeights(NamedTuple):
    """Weights of a recurrent layer, or their gradient, gates in the order of the `Cell`.

    Attributes
    ----------
    kernel : ndarray, shape (models, gates, inputs, units)
    recurrent : ndarray, shape (models, gates, units, units)
    bias : ndarray, shape (models, n_biases, gates, units)
    """

    kernel: Array
    recurrent: Array
    bias: Array


class Cell(ABC):
    """One recurrent layer, run over batches of windows.

    Its working memory is kept from call to call, and what one call returns is overwritten by the next.

    Parameters
    ----------
    keep : bool
        Keep of every time step what `backward` needs.
    """

    input_gates: ClassVar[Sequence[int]]
    """Keras' number of each gate, in our order, as the kernel has them."""
    state_gates: ClassVar[Sequence[int]]
    """The same for the recurrent kernel."""

    def __init__(self, *, keep: bool) -> None:
        self._keep = keep
        self._rooms: dict[str, Array] = {}
        self._models = self._frames = self._windows = self._units = 0

    @classmethod
    def pack(cls, kernel: Array, recurrent: Array, bias: Array) -> LayerWeights:
        """Return Keras' weights of one model in our order, without the axis of models."""
        gates = len(cls.input_gates)

        def split(matrix: Array, order: Sequence[int]) -> Array:
            return matrix.reshape(len(matrix), gates, -1).transpose(1, 0, 2)[list(order)]

        biases = bias.reshape(-1, gates, recurrent.shape[0])
        orders = (cls.input_gates, cls.state_gates)
        ordered = np.stack([row[list(order)] for row, order in zip(biases, orders, strict=False)])
        return LayerWeights(split(kernel, cls.input_gates), split(recurrent, cls.state_gates), ordered)

    @classmethod
    def unpack(cls, weights: LayerWeights, bias_shape: Sequence[int]) -> tuple[Array, Array, Array]:
        """Undo `pack`."""

        def join(matrix: Array, order: Sequence[int]) -> Array:
            return matrix[np.argsort(order)].transpose(1, 0, 2).reshape(matrix.shape[1], -1)

        orders = (cls.input_gates, cls.state_gates)
        bias = np.stack([row[np.argsort(order)] for row, order in zip(weights.bias, orders, strict=False)])
        kernel, recurrent = join(weights.kernel, cls.input_gates), join(weights.recurrent, cls.state_gates)
        return kernel, recurrent, bias.reshape(tuple(bias_shape))

    def forward(self, weights: LayerWeights, inputs: Array, frames: int) -> Array:
        """Run over time.

        Parameters
        ----------
        weights : LayerWeights
        inputs : ndarray, shape (models, frames, windows, inputs), or (models, windows, inputs): the same at every step
        frames : int
            Time steps.

        Returns
        -------
        ndarray, shape (models, frames, windows, units)
        """
        self._weights, self._inputs = weights, inputs
        self._models, self._frames, self._windows = len(inputs), frames, inputs.shape[-2]
        self._units = weights.recurrent.shape[-1]
        # One extra step in front: the state before the first.
        self._states = self._room("states", frames + 1, self._windows, self._units)
        self._states[:, 0] = 0.0
        self._run()
        return self._states[:, 1:]

    def backward(self, gradient: Array, into: LayerWeights) -> Array:
        """Go back in time through the last `forward`.

        Parameters
        ----------
        gradient : ndarray, shape (models, frames, windows, units)
            Gradient of the loss with respect to the outputs.
        into : LayerWeights
            Filled with the gradient with respect to the weights.

        Returns
        -------
        ndarray, shape of the inputs
            Gradient with respect to the inputs.
        """
        by_input, by_state = self._go_back(gradient, into.bias)
        # All steps of all windows in one long product each.
        steps = self._frames * self._windows
        long = (self._models, -1, steps, self._units)
        states = self._states[:, :-1].reshape(long)
        np.matmul(states.swapaxes(2, 3), by_state.reshape(long), out=into.recurrent)
        if self._inputs.ndim == 3:
            once = by_input.sum(axis=2)
            np.matmul(self._inputs[:, None].swapaxes(2, 3), once, out=into.kernel)
            return np.asarray(np.matmul(once, self._weights.kernel.swapaxes(2, 3)).sum(axis=1))
        before = self._inputs.reshape(self._models, 1, steps, -1)
        np.matmul(before.swapaxes(2, 3), by_input.reshape(long), out=into.kernel)
        return self._d_inputs

    @abstractmethod
    def _run(self) -> None:
        """Fill the states, and keep what `_go_back` needs."""

    @abstractmethod
    def _go_back(self, gradient: Array, bias: Array) -> tuple[Array, Array]:
        """Return the gradients with respect to what the kernel and what the recurrent kernel gave.

        Both have the shape (models, gates, frames, windows, units). The gradient of the biases is filled in.
        """

    def _room(self, name: str, *shape: int) -> Array:
        """Return working memory of a shape, the same as last time; fewer models use the front of it."""
        room = self._rooms.get(name)
        if room is None or room.shape[1:] != shape or len(room) < self._models:
            room = self._rooms[name] = np.empty((self._models, *shape), dtype=np.float32)
        return room[: self._models]

    def _gate_room(self, name: str, gates: int, frames: int | None = None) -> Array:
        frames = (self._frames if self._keep else 1) if frames is None else frames
        return self._room(name, gates, frames, self._windows, self._units)

    def _feed(self, t: int, kernel: Array, bias: Array, into: Array) -> None:
        """Fill in what the inputs of a step give; inputs that stay the same are multiplied once."""
        if self._inputs.ndim == 4:
            np.matmul(self._inputs[:, t, None], kernel, out=into)
        elif t == 0:
            np.matmul(self._inputs[:, None], kernel, out=into)
        else:
            return
        into += bias

    def _hand_back(self, t: int, by_input: Array) -> None:
        """Fill in the gradient with respect to the inputs of a step, where they differ from step to step."""
        if self._inputs.ndim == 4:
            width = self._inputs.shape[-1]
            self._d_inputs = self._room("d_inputs", self._frames, self._windows, width)
            parts = self._room("d_inputs_by_gate", len(self.input_gates), self._windows, width)
            np.matmul(by_input, self._weights.kernel.swapaxes(2, 3), out=parts)
            np.add.reduce(parts, axis=1, out=self._d_inputs[:, t])


class Gru(Cell):
    """Gated recurrent unit whose reset gate is applied after the recurrent product."""

    # Keras: update, reset, candidate. The two orders share three places of four in `_go_back`.
    input_gates = (2, 0, 1)
    state_gates = (0, 1, 2)

    def _run(self) -> None:
        kernel, recurrent, bias = self._weights
        # The logistic function is a tanh of half the argument; halving the weights of its gates saves a pass.
        half = np.array([0.5, 0.5, 1.0], dtype=np.float32)[:, None, None]
        kernel, recurrent = kernel * half[::-1], recurrent * half
        by_input = bias[:, 0].copy()
        by_input[:, 1:] = 0.5 * (by_input[:, 1:] + bias[:, 1, :2])
        by_input, by_state = by_input[:, :, None], bias[:, 1, 2, None]
        gates, inner = self._gate_room("gates", 3), self._gate_room("inner", 1)[:, 0]
        fed, recalled = self._gate_room("fed", 3, 1)[:, :, 0], self._gate_room("recalled", 3, 1)[:, :, 0]
        for t in range(self._frames):
            slot = t if self._keep else 0
            before, after = self._states[:, t], self._states[:, t + 1]
            self._feed(t, kernel, by_input, fed)
            np.matmul(before[:, None], recurrent, out=recalled)
            switches, candidate = gates[:, :2, slot], gates[:, 2, slot]
            np.add(fed[:, 1:], recalled[:, :2], out=switches)
            np.tanh(switches, out=switches)
            switches *= 0.5
            switches += 0.5
            np.add(recalled[:, 2], by_state, out=inner[:, slot])
            np.multiply(switches[:, 1], inner[:, slot], out=candidate)
            candidate += fed[:, 0]
            np.tanh(candidate, out=candidate)
            np.subtract(before, candidate, out=after)
            after *= switches[:, 0]
            after += candidate

    def _go_back(self, gradient: Array, bias: Array) -> tuple[Array, Array]:
        gates, inner = self._gate_room("gates", 3), self._gate_room("inner", 1)[:, 0]
        # Candidate as the kernel sees it, update, reset, candidate as the recurrent kernel sees it.
        found = self._gate_room("found", 4)
        flow, free, spare = (self._room(name, self._windows, self._units) for name in ("flow", "free", "spare"))
        parts = self._gate_room("d_states_by_gate", 3, 1)[:, :, 0]
        recurrent = self._weights.recurrent.swapaxes(2, 3)
        for t in reversed(range(self._frames)):
            update, reset, candidate = gates[:, 0, t], gates[:, 1, t], gates[:, 2, t]
            by_candidate, by_update, by_reset, by_inner = (found[:, gate, t] for gate in range(4))
            if t == self._frames - 1:
                flow[...] = gradient[:, t]
            else:
                flow += gradient[:, t]
            np.subtract(1.0, update, out=free)
            free *= flow
            np.subtract(self._states[:, t], candidate, out=by_update)
            by_update *= update
            by_update *= free
            np.multiply(candidate, candidate, out=spare)
            np.subtract(1.0, spare, out=spare)
            np.multiply(free, spare, out=by_candidate)
            np.multiply(by_candidate, reset, out=by_inner)
            np.subtract(1.0, reset, out=spare)
            spare *= inner[:, t]
            np.multiply(by_inner, spare, out=by_reset)
            self._hand_back(t, found[:, :3, t])
            flow *= update
            np.matmul(found[:, 1:, t], recurrent, out=parts)
            for gate in range(3):
                flow += parts[:, gate]
        sums = found.sum(axis=(2, 3))
        bias[:, 0], bias[:, 1] = sums[:, :3], sums[:, 1:]
        return found[:, :3], found[:, 1:]


class Lstm(Cell):
    """Long short-term memory."""

    # Keras: input, forget, candidate, output.
    input_gates = (0, 1, 3, 2)
    state_gates = (0, 1, 3, 2)

    def _run(self) -> None:
        kernel, recurrent, bias = self._weights
        half = np.array([0.5, 0.5, 0.5, 1.0], dtype=np.float32)[:, None, None]
        kernel, recurrent, bias = kernel * half, recurrent * half, bias[:, 0, :, None] * half
        gates, shown = self._gate_room("gates", 4), self._gate_room("shown", 1)[:, 0]
        fed, spare = self._gate_room("fed", 4, 1)[:, :, 0], self._room("spare", self._windows, self._units)
        cells = self._room("cells", self._frames + 1, self._windows, self._units)
        cells[:, 0] = 0.0
        for t in range(self._frames):
            slot = t if self._keep else 0
            self._feed(t, kernel, bias, fed)
            now = gates[:, :, slot]
            np.matmul(self._states[:, t, None], recurrent, out=now)
            now += fed
            np.tanh(now, out=now)
            switches = now[:, :3]
            switches *= 0.5
            switches += 0.5
            np.multiply(now[:, 0], now[:, 3], out=spare)
            np.multiply(now[:, 1], cells[:, t], out=cells[:, t + 1])
            cells[:, t + 1] += spare
            np.tanh(cells[:, t + 1], out=shown[:, slot])
            np.multiply(now[:, 2], shown[:, slot], out=self._states[:, t + 1])

    def _go_back(self, gradient: Array, bias: Array) -> tuple[Array, Array]:
        gates, shown = self._gate_room("gates", 4), self._gate_room("shown", 1)[:, 0]
        cells = self._room("cells", self._frames + 1, self._windows, self._units)
        found = self._gate_room("found", 4)
        flow, held, spare = (self._room(name, self._windows, self._units) for name in ("flow", "held", "spare"))
        parts = self._gate_room("d_states_by_gate", 4, 1)[:, :, 0]
        recurrent = self._weights.recurrent.swapaxes(2, 3)
        held[...] = 0.0
        for t in reversed(range(self._frames)):
            let_in, forget, let_out, candidate = (gates[:, gate, t] for gate in range(4))
            by_in, by_forget, by_out, by_candidate = (found[:, gate, t] for gate in range(4))
            if t == self._frames - 1:
                flow[...] = gradient[:, t]
            else:
                np.add.reduce(parts, axis=1, out=flow)
                flow += gradient[:, t]
            np.multiply(flow, let_out, out=by_out)
            np.multiply(shown[:, t], shown[:, t], out=spare)
            np.subtract(1.0, spare, out=spare)
            spare *= by_out
            held += spare
            by_out *= shown[:, t]
            np.subtract(1.0, let_out, out=spare)
            by_out *= spare
            np.multiply(held, let_in, out=by_candidate)
            np.subtract(1.0, let_in, out=by_in)
            by_in *= by_candidate
            by_in *= candidate
            np.multiply(candidate, candidate, out=spare)
            np.subtract(1.0, spare, out=spare)
            by_candidate *= spare
            held *= forget
            np.subtract(1.0, forget, out=by_forget)
            by_forget *= held
            by_forget *= cells[:, t]
            self._hand_back(t, found[:, :, t])
            np.matmul(found[:, :, t], recurrent, out=parts)
        bias[:, 0] = found.sum(axis=(2, 3))
        return found, found


def cell_of(bias: Array) -> type[Cell]:
    """Return which cell a layer of Keras has, by the shape of its bias.

    Returns
    -------
    type of Cell
    """
    return Gru if bias.ndim == 2 else Lstm
