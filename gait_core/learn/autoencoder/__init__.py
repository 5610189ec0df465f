"""The recurrent autoencoder: its network, its NumPy twin for fine-tuning and scoring, its stored form."""

from gait_core.learn.autoencoder.kind import AUTOENCODER
from gait_core.learn.autoencoder.settings import AutoencoderSettings

__all__ = ["AUTOENCODER", "AutoencoderSettings"]
