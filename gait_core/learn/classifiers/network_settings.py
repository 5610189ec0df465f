"""How a network is trained, whichever network it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gait_core.config import Settings
from gait_core.errors import SettingsError

__all__ = ["LOSSES", "SCHEDULES", "NetworkSettings"]

LOSSES: Final = ("cross_entropy", "focal")
SCHEDULES: Final = ("constant", "warmup_cosine", "plateau")


@dataclass(frozen=True, kw_only=True)
class NetworkSettings(Settings):
    """How a network is trained.

    Attributes
    ----------
    epochs : int
        Upper limit.
    patience : int
        Epochs without gain on the validation rows before stopping.
    batch_size : int or None
        Rows per step; None derives it from the memory that is free, the model and the number of rows.
    learning_rate : float
        Of Adam; the highest one of a schedule.
    weight_decay : float
        Share of each weight, times the rate, that every step takes away; 0 for plain Adam.
    loss : {"cross_entropy", "focal"}
        ``focal`` gives rows that are already right less weight.
    focal_gamma : float
        How much less; 0 is cross-entropy.
    label_smoothing : float
        Share of each label that is spread over all classes, in [0, 1).
    class_weights : bool
        Count all classes alike, however many rows each has: by weights of the rows with cross-entropy, by alpha with
        the focal loss; never by both.
    schedule : {"constant", "warmup_cosine", "plateau"}
        ``warmup_cosine`` lets the rate rise over `warmup_share` of the steps and fall along a cosine until the last;
        ``plateau`` multiplies it by `plateau_factor` after `plateau_patience` epochs without gain.
    warmup_share : float
        Share of the steps over which the rate rises, with ``warmup_cosine``.
    plateau_factor : float
        By how much the rate is multiplied, with ``plateau``.
    plateau_patience : int
        Epochs without gain before that; fewer than `patience`.
    clipnorm : float or None
        Norm to which the gradient of each variable is clipped; None leaves it.
    accumulate : int
        Steps whose gradients are averaged before the weights change; the effective batch is that many times larger.
    ema : float or None
        Momentum of a running mean of the weights, which is what is judged and kept; None keeps the weights themselves.
    mixed_precision : bool
        Run in half precision where the device is made for it: bfloat16 on such a CPU, float16 with a scaled loss on a
        GPU. Elsewhere single precision is used, with a note.
    exchange_sides : bool
        Exchange left and right of about half of the rows, others in every epoch, and average the probabilities of both.
    devices : int
        Devices of the kind that training runs on, each of which takes an equal part of every batch. Where there are
        fewer, those are used, with a note.
    checkpoint_every : int
        Epochs from one checkpoint to the next; a training that was killed goes on after the last one.
    tensorboard : bool
        Write losses, histograms of the weights and a profile for TensorBoard beside the checkpoint.
    seed : int
        Decides first weights, dropout, order of the rows and exchange of sides.
    """

    epochs: int = 100
    patience: int = 20
    batch_size: int | None = None
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    loss: str = "cross_entropy"
    focal_gamma: float = 2.0
    label_smoothing: float = 0.0
    class_weights: bool = True
    schedule: str = "warmup_cosine"
    warmup_share: float = 0.1
    plateau_factor: float = 0.5
    plateau_patience: int = 8
    clipnorm: float | None = 1.0
    accumulate: int = 1
    ema: float | None = None
    mixed_precision: bool = False
    exchange_sides: bool = True
    devices: int = 1
    checkpoint_every: int = 1
    tensorboard: bool = False
    seed: int = 0

    _ranges = {
        "epochs": (1, 100_000),
        "patience": (1, 100_000),
        "batch_size": (1, 65_536),
        "learning_rate": (1e-12, 100.0),
        "weight_decay": (0.0, 1.0),
        "focal_gamma": (0.0, 10.0),
        "label_smoothing": (0.0, 0.99),
        "warmup_share": (0.0, 1.0),
        "plateau_factor": (0.01, 0.99),
        "plateau_patience": (1, 100_000),
        "clipnorm": (1e-6, 1e6),
        "accumulate": (1, 1024),
        "ema": (0.5, 0.99999),
        "devices": (1, 64),
        "checkpoint_every": (1, 100_000),
        "seed": (0, 2**31 - 1),
    }
    _choices = {
        "loss": LOSSES,
        "schedule": SCHEDULES,
        "class_weights": (False, True),
        "mixed_precision": (False, True),
        "exchange_sides": (False, True),
        "tensorboard": (False, True),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.schedule == "plateau" and self.plateau_patience >= self.patience:
            raise SettingsError(
                f"Expected plateau_patience below patience ({self.patience}), but got {self.plateau_patience}.",
                "The rate has to fall before the training stops.",
            )
