"""The autoencoder as one of the models that can be trained: how it is built, how large it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from gait_core.learn.autoencoder.settings import AutoencoderSettings
from gait_core.learn.keras_network import KerasNetwork
from gait_core.learn.registry import InputShape, ModelKind, register_model

if TYPE_CHECKING:
    from gait_core.learn.artefact import ModelArtefact

__all__ = ["AUTOENCODER", "AutoencoderKind"]


def _build(settings: AutoencoderSettings, shape: InputShape) -> Any:
    from gait_core.learn.autoencoder.networks import build_autoencoder

    frames, features = shape.axes
    return build_autoencoder(frames, features, settings)


def _layers(settings: AutoencoderSettings, shape: InputShape) -> list[tuple[int, int]]:
    """Return inputs and units of each recurrent layer."""
    _, features = shape.axes
    outer, inner = settings.units, settings.inner_units
    return [(features, outer), (outer, inner), (outer, inner), (inner, outer)]


def _parameters(settings: AutoencoderSettings, shape: InputShape) -> int:
    _, features = shape.axes
    outer, inner, latent = settings.units, settings.inner_units, settings.latent
    # Keras' GRU has a second bias, added after the recurrent product.
    gates, biases = {"gru": (3, 2), "lstm": (4, 1)}[settings.cell]
    recurrent = sum(gates * units * (inputs + units + biases) for inputs, units in _layers(settings, shape))
    dense = sum((inputs + 1) * units for inputs, units in ((inner, latent), (latent, outer), (outer, features)))
    return recurrent + dense


def _activations(settings: AutoencoderSettings, shape: InputShape) -> int:
    frames, features = shape.axes
    # Of every step: the gates of each unit, its state, and for an LSTM the cell beside it.
    kept = {"gru": 3 + 2, "lstm": 4 + 2}[settings.cell]
    by_frame = sum(inputs + kept * units for inputs, units in _layers(settings, shape)) + features
    return frames * by_frame + settings.latent + settings.units


@dataclass(frozen=True, kw_only=True)
class AutoencoderKind(ModelKind):
    """A model that gives its input again.

    Attributes
    ----------
    network : KerasNetwork
    """

    task: ClassVar[str] = "reconstruct"

    network: KerasNetwork

    def build(self, settings: Any, shape: InputShape) -> Any:
        """Return a keras.Model for samples of a shape; see `ModelKind.build`."""
        self.check(shape)
        return self.network.build(settings, shape)

    def parameter_count(self, settings: Any, shape: InputShape) -> int:
        """Return how many numbers are learned; see `ModelKind.parameter_count`."""
        return self.network.parameters(settings, shape)

    def memory_bytes(self, settings: Any, shape: InputShape, rows: int) -> int:
        """Estimate the memory of a training whose batches have so many rows; see `ModelKind.memory_bytes`."""
        return self.network.training_bytes(settings, shape, rows)

    def restore(self, artefact: ModelArtefact) -> Any:
        """Return the stored keras.Model; see `ModelKind.restore`."""
        return artefact.model()


AUTOENCODER = register_model(
    AutoencoderKind(
        name="autoencoder",
        title="Recurrent autoencoder of gait windows",
        describe="Learns how a person walks and shows where a later walk deviates; every baseline is built on it.",
        inputs=("windows",),
        axes=("frames", "features"),
        settings=AutoencoderSettings,
        network=KerasNetwork(build=_build, parameters=_parameters, activations=_activations),
    )
)
