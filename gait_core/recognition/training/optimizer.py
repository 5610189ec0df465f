"""Stochastic gradient descent as the published networks were trained: `gradient_descent`.

Keras' own differs twice: it takes the weight decay off the weights instead of adding it to the gradient, and its
velocity contains the learning rate, so that a lower rate takes effect with a delay.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from gait_core.learn.backend import load_keras

__all__ = ["gradient_descent", "step_schedule"]


def gradient_descent(rate: Any, *, momentum: float, weight_decay: float) -> Any:
    """Return an optimizer with ``v = momentum · v + g + weight_decay · w`` and ``w = w - rate · v``.

    Parameters
    ----------
    rate : float or keras.optimizers.schedules.LearningRateSchedule
    momentum : float
    weight_decay : float
        Of every weight, scales and offsets of the normalisation included.

    Returns
    -------
    keras.Optimizer
    """
    return _optimizer_class()(rate, momentum=momentum, decay=weight_decay)


def step_schedule(rate: float, milestones: Sequence[int], factor: float = 0.1) -> Any:
    """Return a learning rate that is multiplied by `factor` at each milestone.

    Parameters
    ----------
    rate : float
    milestones : sequence of int
        Rising numbers of steps; the step with that number, counted from 0, is the first with the lower rate.
    factor : float

    Returns
    -------
    float or keras.optimizers.schedules.LearningRateSchedule
    """
    if not milestones:
        return rate
    # Keras lowers the rate behind a boundary, not at it.
    boundaries = [int(step) - 1 for step in milestones]
    values = [rate * factor**number for number in range(len(milestones) + 1)]
    return load_keras().optimizers.schedules.PiecewiseConstantDecay(boundaries, values)


@cache
def _optimizer_class() -> Any:
    keras = load_keras()

    class GradientDescent(keras.optimizers.Optimizer):  # type: ignore[misc, name-defined]
        """See `gradient_descent`."""

        def __init__(self, rate: Any, *, momentum: float, decay: float, name: str = "gradient_descent") -> None:
            super().__init__(learning_rate=rate, name=name)
            self._momentum, self._decay = momentum, decay
            self._velocities: list[Any] = []

        def build(self, variables: Sequence[Any]) -> None:
            if not self.built:
                super().build(variables)
                self._velocities = self.add_optimizer_variables(variables, "velocity")

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            ops = keras.ops
            velocity = self._velocities[self._get_variable_index(variable)]
            decayed = ops.cast(gradient, variable.dtype) + self._decay * variable
            self.assign(velocity, self._momentum * velocity + decayed)
            self.assign_sub(variable, ops.cast(learning_rate, variable.dtype) * velocity)

        def get_config(self) -> dict[str, Any]:
            own = {"momentum": self._momentum, "decay": self._decay}
            return {**super().get_config(), **own}

    return GradientDescent
