"""How a model is trained, whichever model it is."""

from __future__ import annotations

from dataclasses import dataclass

from gait_core.config import Settings

__all__ = ["TrainSettings"]


@dataclass(frozen=True, kw_only=True)
class TrainSettings(Settings):
    """How a model is trained.

    Attributes
    ----------
    epochs : int
        Upper limit.
    patience : int
        Epochs without gain before stopping.
    batch_size : int
        Rows per step.
    learning_rate : float
        Of Adam.
    decay_steps : int or None
        Steps over which a cosine lets the rate fall to a hundredth; None keeps it constant.
    clipnorm : float or None
        Norm to which the gradient of each variable is clipped; None leaves it.
    seed : int
        Another seed gives another order of the rows.
    """

    epochs: int
    patience: int
    batch_size: int
    learning_rate: float
    decay_steps: int | None = None
    clipnorm: float | None = 1.0
    seed: int = 0

    _ranges = {
        "epochs": (1, 100_000),
        "patience": (1, 100_000),
        "batch_size": (1, 65_536),
        "learning_rate": (1e-12, 100.0),
        "decay_steps": (1, 10**9),
        "clipnorm": (1e-6, 1e6),
        "seed": (0, 2**31 - 1),
    }
