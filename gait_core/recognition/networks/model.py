"""Builds a recognition network: `build_network`, `settings_from_dict`; `NETWORKS` has one entry per network.

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
from typing import Any, Final

from gait_core.errors import SettingsError
from gait_core.learn.backend import load_keras
from gait_core.recognition.networks.deepgaitv2 import DeepGaitV2
from gait_core.recognition.networks.gaitbase import GaitBase
from gait_core.recognition.networks.layers import Clips, PartHead, unit_length
from gait_core.recognition.networks.parameters import Parameters
from gait_core.recognition.networks.settings import (
    PART_FEATURES,
    DeepGaitV2Settings,
    GaitBaseSettings,
    NetworkSettings,
    SkeletonGaitPPSettings,
    SkeletonGaitSettings,
    XGaitSettings,
)
from gait_core.recognition.networks.skeletongait_pp import SkeletonGaitPP
from gait_core.recognition.networks.xgait import XGait

__all__ = ["NETWORKS", "NetworkKind", "build_network", "register_network", "settings_from_dict"]


@dataclass(frozen=True, kw_only=True)
class NetworkKind:
    """A network that can be built.

    Attributes
    ----------
    settings : type of NetworkSettings
    body : callable
        Given `Parameters` and settings, returns a callable from frames and `Clips` to one feature map per head, with
        the attribute ``head_suffixes``.
    """

    settings: type[NetworkSettings]
    body: Callable[[Parameters, Any], Any]


NETWORKS: Final[dict[str, NetworkKind]] = {}


def register_network(settings: type[NetworkSettings], body: Callable[[Parameters, Any], Any]) -> None:
    """Make a network known under the name in its settings."""
    NETWORKS[settings.network] = NetworkKind(settings=settings, body=body)


register_network(GaitBaseSettings, GaitBase)
register_network(DeepGaitV2Settings, DeepGaitV2)
register_network(SkeletonGaitSettings, DeepGaitV2)
register_network(SkeletonGaitPPSettings, SkeletonGaitPP)
register_network(XGaitSettings, XGait)


def settings_from_dict(network: str, values: Mapping[str, Any]) -> NetworkSettings:
    """Return the settings of a network by its name.

    Raises
    ------
    SettingsError
        When there is no such network, or a value is unknown or out of range.
    """
    if network not in NETWORKS:
        raise SettingsError(
            f"Expected a network among {', '.join(sorted(NETWORKS))}, but got {network!r}.", "Choose one of these."
        )
    return NETWORKS[network].settings.from_dict(values)


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
            kind = NETWORKS[settings.network]
            book = Parameters(self, seed)
            self._body = kind.body(book, settings)
            self._heads = [
                PartHead(book, suffix, inputs=settings.widths[3], classes=settings.classes)
                for suffix in self._body.head_suffixes
            ]
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
