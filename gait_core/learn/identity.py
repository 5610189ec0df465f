"""What a training is, as JSON: a checkpoint is compared with it before a training continues."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from gait_core.config import digest_of
from gait_core.learn.backend import load_keras

__all__ = ["architecture", "loss_name", "optimizer_settings", "signature"]

_COUNTER: Final = re.compile(r"_\d+(?=$|/)")
_CHANGING: Final = ("shared_object_id", "compile_config")


def architecture(model: Any) -> str:
    """Return a digest of how a model is built, its dropout rates and activations included.

    The numbers that Keras adds to names, which depend on what was built before in the same process, do not count.
    A model that cannot describe itself gives an empty string; its variables are compared all the same.

    Returns
    -------
    str
    """
    try:
        config = model.get_config()
    except NotImplementedError:
        return ""
    return digest_of(_plain(load_keras().saving.serialize_keras_object(config)))


def signature(variable: Any) -> list[Any]:
    """Return name, shape and type of a variable, the name without the numbers that Keras adds.

    Returns
    -------
    list
        Name, shape and type.
    """
    return [_COUNTER.sub("", variable.path), list(variable.shape), str(variable.dtype)]


def optimizer_settings(optimizer: Any) -> Any:
    """Return an optimizer as JSON, as it is before the first step.

    Returns
    -------
    object
        JSON-ready.
    """
    return _plain(load_keras().optimizers.serialize(optimizer))


def loss_name(loss: Any) -> Any:
    """Return a loss as JSON: its name, its configuration, or where its function is defined.

    Returns
    -------
    object
        JSON-ready.
    """
    keras = load_keras()
    if isinstance(loss, str):
        return loss
    if isinstance(loss, keras.losses.Loss):
        return _plain(keras.losses.serialize(loss))
    return f"{getattr(loss, '__module__', '')}.{getattr(loss, '__qualname__', type(loss).__qualname__)}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items() if name not in _CHANGING}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return _COUNTER.sub("", value)
    return value if value is None or isinstance(value, bool | int | float) else str(value)
