"""Builds a recognition network: `build_network`, `settings_from_dict`; `NetworkKind` is what each module registers.

A network is a Keras model. It takes ``frames``, shape (batch, frames, height, width, channels), and ``valid``, shape
(batch, frames), 1 for a frame and 0 for padding behind the last one. It returns

``parts``
    Embedding as published, shape (batch, 256, parts), not normalised.
``vector``
    The same with each part brought to length 1 and the whole to length 1, shape (batch, 256 * parts): the product of
    two is the mean cosine over the parts.
``logits``
    Likeness to each known person, shape (batch, classes, parts); only with a classifier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from math import sqrt
from typing import Any, ClassVar

from gait_core.errors import InputError, ModelError, SettingsError
from gait_core.learn.artefact import ModelArtefact
from gait_core.learn.backend import load_keras
from gait_core.learn.registry import InputShape, ModelKind, model_kinds
from gait_core.recognition.networks.counting import NetworkSize
from gait_core.recognition.networks.layers import Clips, PartHead, unit_length
from gait_core.recognition.networks.parameters import Parameters
from gait_core.recognition.networks.settings import PART_FEATURES, NetworkSettings

__all__ = ["NetworkKind", "build_network", "network_kind", "network_kinds", "restored_network", "settings_from_dict"]


@dataclass(frozen=True, kw_only=True)
class NetworkKind(ModelKind):
    """A kind of recognition network.

    `inputs` names the kind of sequence that it takes, and the axes of a sample are those of one frame: a sequence has
    any length.

    Attributes
    ----------
    settings : type of NetworkSettings
    body : callable
        Given `Parameters` and settings, returns a callable from frames and `Clips` to one feature map per head, with
        the attribute ``head_suffixes``.
    """

    task: ClassVar[str] = "embed"

    axes: tuple[str, ...] = ("height", "width", "channels")
    settings: type[NetworkSettings]
    body: Callable[[Parameters, Any], Any]

    def build(self, settings: Any, shape: InputShape) -> Any:
        """Return a network with random weights and as many classes as the shape has; see `build_network`.

        Raises
        ------
        InputError
            When the frames have another size or other channels than the settings say.
        """
        if shape.axes != settings.frame_shape:
            raise InputError(
                f"Expected frames of shape {settings.frame_shape} for {self.name}, but got {shape.axes}.",
                "Make the frames with the height and the channels of these settings.",
            )
        return build_network(settings.with_(classes=shape.classes))

    def parameter_count(self, settings: Any, shape: InputShape) -> int:
        """Return the number of learned parameters; see `ModelKind.parameter_count`."""
        return self._size(settings, shape).parameters

    def memory_bytes(self, settings: Any, shape: InputShape, rows: int) -> int:
        """Estimate the memory of a training whose batches have so many frames; see `ModelKind.memory_bytes`."""
        size = self._size(settings, shape)
        # Weights, best weights, gradient and the two moments of Adam; activations and their gradient.
        # On a CPU TensorFlow took 60 % of that, because it frees what it no longer needs on the way.
        return 4 * (5 * size.parameters + 2 * rows * size.activations)

    def restore(self, artefact: ModelArtefact) -> Any:
        """Return the stored network in single precision; see `ModelKind.restore`."""
        return restored_network(artefact)

    def parts(self, parameters: Parameters, settings: NetworkSettings) -> tuple[Any, list[PartHead]]:
        """Return the body and the heads of a network, which request their weights."""
        body = self.body(parameters, settings)
        heads = [
            PartHead(parameters, suffix, inputs=settings.widths[3], classes=settings.classes)
            for suffix in body.head_suffixes
        ]
        return body, heads

    def _size(self, settings: NetworkSettings, shape: InputShape) -> NetworkSize:
        chosen = settings.with_(classes=shape.classes)
        return NetworkSize.of(chosen, lambda parameters: self.parts(parameters, chosen))


def network_kinds() -> tuple[NetworkKind, ...]:
    """Return all recognition networks, sorted by name.

    Returns
    -------
    tuple of NetworkKind
    """
    return tuple(kind for kind in model_kinds() if isinstance(kind, NetworkKind))


def network_kind(name: str) -> NetworkKind:
    """Return a recognition network by its name.

    Returns
    -------
    NetworkKind

    Raises
    ------
    SettingsError
        When there is none of that name.
    """
    known = {kind.name: kind for kind in network_kinds()}
    if name not in known:
        raise SettingsError(
            f"Expected the network to be one of {', '.join(known)}, but got {name!r}.", "Choose one of these."
        )
    return known[name]


def settings_from_dict(network: str, values: Mapping[str, Any]) -> NetworkSettings:
    """Return the settings of a network by its name.

    Returns
    -------
    NetworkSettings
        Of the class that belongs to the network; a field that is missing in `values` keeps its default.

    Raises
    ------
    SettingsError
        When there is no such network, or a value is unknown or out of range.
    """
    return network_kind(network).settings.from_dict(values)


def restored_network(artefact: ModelArtefact, *, dtype: str = "float32") -> Any:
    """Return a network with the weights of a stored one; nothing else of its file is used.

    Parameters
    ----------
    artefact : ModelArtefact
        Of a recognition network.
    dtype : str
        See `build_network`.

    Returns
    -------
    keras.Model
        As of `build_network`, with the settings of the artefact.

    Raises
    ------
    ModelError
        When it is not a recognition network, or its file is not an archive of bounded size or holds other weights.
    """
    path, settings = artefact.archive("model"), artefact.manifest.settings
    if not isinstance(settings, NetworkSettings):
        raise ModelError(
            f"Expected a recognition network in {artefact.folder}, but it holds the model {artefact.manifest.model}.",
            "Choose the file of a recognition network.",
        )
    network = build_network(settings, dtype=dtype)
    try:
        network.load_weights(path)
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise ModelError(
            f"Expected the weights of {artefact.manifest.model} in {path}, but it holds others: {error}",
            "Convert the checkpoint again, or restore the file.",
        ) from error
    return network


def build_network(settings: NetworkSettings, *, seed: int = 0, dtype: str = "float32") -> Any:
    """Build a network with random weights.

    Parameters
    ----------
    settings : NetworkSettings
    seed : int
        Of the weights.
    dtype : str
        Of the computation, or a Keras policy such as ``"mixed_bfloat16"``; the output is always float32.

    Returns
    -------
    keras.Model
        With the attributes ``settings`` and ``parameters``, see `gait_core.recognition.networks.parameters`.
    """
    return _model_class()(settings, seed=seed, dtype=dtype)


@cache
def _model_class() -> Any:
    keras = load_keras()

    class GaitNetwork(keras.Model):  # type: ignore[misc, name-defined]
        """See `build_network`."""

        def __init__(self, settings: NetworkSettings, *, seed: int, dtype: str) -> None:
            super().__init__(name=settings.network, dtype=dtype)
            self.settings = settings
            self.seed = seed
            book = Parameters(self, seed)
            self._body, self._heads = network_kind(settings.network).parts(book, settings)
            self._parameters = book
            self.built = True

        @property
        def parameters(self) -> Parameters:
            return self._parameters

        def call(self, inputs: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
            ops = keras.ops
            frames, valid = inputs["frames"], inputs["valid"]
            batch, length = ops.shape(frames)[:2]
            clips = Clips(valid=valid, batch=batch, frames=length, training=bool(training))
            maps = self._body(clips.frame_by_frame(frames), clips)
            return _outputs(self.settings, self._heads, maps, clips)

        def get_config(self) -> dict[str, Any]:
            return {"network": self.settings.network, "settings": self.settings.to_dict(), "seed": self.seed}

    return GaitNetwork


def _outputs(settings: NetworkSettings, heads: list[PartHead], maps: list[Any], clips: Clips) -> dict[str, Any]:
    """Return the outputs by name, the parts of all heads behind each other."""
    ops = load_keras().ops
    embedded = [head.embed(features) for head, features in zip(heads, maps, strict=True)]
    normalised = [head.normalise(parts, clips) for head, parts in zip(heads, embedded, strict=True)]
    parts = ops.concatenate(normalised if settings.normalised_embedding else embedded, axis=-1)
    vector = ops.reshape(unit_length(parts, axis=1), (-1, PART_FEATURES * settings.parts)) / sqrt(settings.parts)
    outputs = {"parts": parts, "vector": vector}
    logits = [head.classify(features) for head, features in zip(heads, normalised, strict=True)]
    if settings.classes:
        outputs["logits"] = ops.concatenate(logits, axis=-1)
    return outputs
