"""The settings of the autoencoder."""

from __future__ import annotations

from dataclasses import dataclass

from gait_core.config import Settings

__all__ = ["AutoencoderSettings"]


@dataclass(frozen=True, kw_only=True)
class AutoencoderSettings(Settings):
    """How the autoencoder is built and trained.

    Attributes
    ----------
    cell : {"gru", "lstm"}
        Recurrent cell.
    units, latent : int
        Width of the outer recurrent layers and of the code between them.
    fine_tune_epochs, fine_tune_patience : int
        Epochs and patience when a pre-trained model fits.
    fine_tune_rate : float
        Learning rate of the decoder during fine-tuning.
    scratch_epochs, scratch_patience : int
        Epochs and patience without a pre-trained model.
    scratch_rate : float
        Learning rate without a pre-trained model.
    batch_size : int
        Windows per gradient step.
    seed : int
        Seed of weights, shuffling and split.
    """

    cell: str = "gru"
    units: int = 64
    latent: int = 16
    fine_tune_epochs: int = 5
    fine_tune_patience: int = 3
    fine_tune_rate: float = 3e-4
    scratch_epochs: int = 50
    scratch_patience: int = 10
    scratch_rate: float = 2e-3
    batch_size: int = 64
    seed: int = 0

    _ranges = {
        "units": (4, 1024),
        "latent": (2, 512),
        "fine_tune_epochs": (1, 1000),
        "fine_tune_patience": (1, 1000),
        "fine_tune_rate": (1e-7, 1.0),
        "scratch_epochs": (1, 10000),
        "scratch_patience": (1, 1000),
        "scratch_rate": (1e-7, 1.0),
        "batch_size": (1, 65536),
        "seed": (0, 2**31 - 1),
    }
    _choices = {"cell": ("gru", "lstm")}

    @property
    def inner_units(self) -> int:
        """Width of the inner recurrent layers."""
        return max(2, self.units // 2)
