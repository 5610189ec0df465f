"""The weights of a network under the names and shapes of published checkpoints: `Layout`, `Parameter`, `Parameters`.

A network asks `Parameters` for each weight by the name that a PyTorch state dict gives it. So what a checkpoint has to
hold is written down once, where the weight is used, and the converter needs no second table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.learn.backend import load_keras

__all__ = ["Layout", "Parameter", "Parameters"]


class Layout(Enum):
    """How the axes of a weight in PyTorch become those of ours; ``None`` drops an axis of length 1."""

    SAME = None
    LINEAR = (1, 0)
    CONV2D = (2, 3, 1, 0)
    CONV3D = (2, 3, 4, 1, 0)


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One weight.

    Attributes
    ----------
    name : str
        In a PyTorch state dict, for example ``"layer2.0.sbn.weight"``.
    source_shape : tuple of int
        Shape there.
    layout : Layout
        How its axes are ordered here.
    squeezed : tuple of int
        Axes of length 1 in the source that are dropped here, after the order was changed.
    variable : keras.Variable
    """

    name: str
    source_shape: tuple[int, ...]
    layout: Layout
    squeezed: tuple[int, ...]
    variable: Any

    def from_source(self, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return an array of PyTorch's layout in ours."""
        order = self.layout.value
        moved = array if order is None else array.transpose(order)
        return np.ascontiguousarray(moved.squeeze(self.squeezed))

    def to_source(self, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """Undo `from_source`."""
        moved = np.expand_dims(array, self.squeezed)
        order = self.layout.value
        return np.ascontiguousarray(moved if order is None else moved.transpose(np.argsort(order)))


class Parameters:
    """Makes the variables of one network and knows them by name.

    Parameters
    ----------
    owner : keras.Layer
        What the variables belong to.
    seed : int
        Of the initial values.
    """

    def __init__(self, owner: Any, seed: int = 0) -> None:
        self._owner, self._seed = owner, seed
        self._initializers = load_keras().initializers
        self.by_name: dict[str, Parameter] = {}

    def conv2d(self, name: str, inputs: int, outputs: int, size: int) -> Any:
        """Return a kernel of shape (size, size, inputs, outputs)."""
        return self._add(name, (outputs, inputs, size, size), Layout.CONV2D, self._xavier())

    def conv3d(self, name: str, inputs: int, outputs: int) -> Any:
        """Return a kernel of shape (3, 3, 3, inputs, outputs)."""
        return self._add(name, (outputs, inputs, 3, 3, 3), Layout.CONV3D, self._xavier())

    def temporal(self, name: str, channels: int) -> Any:
        """Return a kernel over three frames, of shape (3, 1, channels, channels); one axis of the image is dropped."""
        return self._add(name, (channels, channels, 3, 1, 1), Layout.CONV3D, self._xavier(), squeezed=(2,))

    def pointwise(self, name: str, inputs: int, outputs: int) -> Any:
        """Return a kernel of shape (1, 1, inputs, outputs) which the source holds as a volume of one point."""
        return self._add(name, (outputs, inputs, 1, 1, 1), Layout.CONV3D, self._xavier(), squeezed=(0,))

    def linear(self, name: str, inputs: int, outputs: int) -> Any:
        """Return a matrix of shape (inputs, outputs)."""
        return self._add(name, (outputs, inputs), Layout.LINEAR, self._xavier())

    def per_part(self, name: str, parts: int, inputs: int, outputs: int) -> Any:
        """Return one matrix per part, shape (parts, inputs, outputs)."""
        limit = sqrt(6.0 / (inputs + outputs))
        drawn = self._initializers.RandomUniform(-limit, limit, seed=self._next_seed())
        return self._add(name, (parts, inputs, outputs), Layout.SAME, drawn)

    def vector(self, name: str, length: int, value: float, *, spread: float = 0.0, trainable: bool = True) -> Any:
        """Return a vector that begins with one value, or with values normally distributed around it."""
        initial = self._initializers.Constant(value)
        if spread:
            initial = self._initializers.RandomNormal(value, spread, seed=self._next_seed())
        return self._add(name, (length,), Layout.SAME, initial, trainable=trainable)

    def copy_initial(self, source: str, target: str) -> None:
        """Let the weights whose names begin with `target` start with the values of those that begin with `source`."""
        for name, parameter in self.by_name.items():
            if name.startswith(target):
                parameter.variable.assign(self.by_name[source + name.removeprefix(target)].variable)

    def _xavier(self) -> Any:
        return self._initializers.GlorotUniform(seed=self._next_seed())

    def _next_seed(self) -> int:
        # One seed per weight: the values of one do not depend on which others there are.
        return self._seed * 100_003 + len(self.by_name)

    def _add(
        self,
        name: str,
        source_shape: tuple[int, ...],
        layout: Layout,
        initializer: Any,
        *,
        squeezed: tuple[int, ...] = (),
        trainable: bool = True,
    ) -> Any:
        order = layout.value or range(len(source_shape))
        ordered = [source_shape[axis] for axis in order]
        shape = tuple(size for axis, size in enumerate(ordered) if axis not in squeezed)
        # Never cast by Keras: scales are folded into kernels in full precision, whatever the network runs in.
        variable = self._owner.add_weight(
            shape=shape, initializer=initializer, trainable=trainable, autocast=False, name=name
        )
        self.by_name[name] = Parameter(
            name=name, source_shape=source_shape, layout=layout, squeezed=squeezed, variable=variable
        )
        return variable
