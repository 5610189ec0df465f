"""A recognition network as the training loop takes a model: one array in, one array out."""

from __future__ import annotations

from functools import cache
from typing import Any

from gait_core.learn.backend import load_keras

__all__ = ["clip_model"]


def clip_model(network: Any) -> Any:
    """Return a model that shares the weights of a network.

    Parameters
    ----------
    network : keras.Model
        From `gait_core.recognition.networks.model.build_network`, with a classifier.

    Returns
    -------
    keras.Model
        Takes frames, shape (batch, frames, height, width, channels); a frame without anything in it is padding. Gives
        embedding and likeness to each person behind each other, shape (batch, features + classes, parts), so that one
        loss sees both.
    """
    return _model_class()(network)


@cache
def _model_class() -> Any:
    keras = load_keras()

    class ClipModel(keras.Model):  # type: ignore[misc, name-defined]
        """See `clip_model`."""

        def __init__(self, network: Any) -> None:
            super().__init__(dtype=network.dtype_policy)
            self.network = network
            self.built = True

        def call(self, frames: Any, training: bool = False) -> Any:
            ops = keras.ops
            valid = ops.cast(ops.any(frames > 0, axis=(2, 3, 4)), "float32")
            found = self.network({"frames": frames, "valid": valid}, training=training)
            return ops.concatenate([found["parts"], found["logits"]], axis=1)

        def get_config(self) -> dict[str, Any]:
            return {"network": self.network.get_config()}

    return ClipModel
