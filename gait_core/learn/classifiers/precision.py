"""Half precision where the device is made for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from gait_core.learn.backend import load_keras, training_device

__all__ = ["chosen_precision", "precision"]

_SINGLE: Final = "float32"


def chosen_precision(mixed: bool) -> tuple[str, str]:
    """Return what a network runs in, by the name of Keras' policy, and a note where the wish cannot be met.

    Parameters
    ----------
    mixed : bool
        Whether half precision is wanted. Weights and results stay in single precision all the same.

    Returns
    -------
    policy, note : str
        The note is empty when the wish is met.
    """
    if not mixed:
        return _SINGLE, ""
    device = training_device().device
    if device.half_precision:
        return f"mixed_{device.half_precision}", ""
    return _SINGLE, f"Mixed precision was not used: {device.name} has no units for it, so it would be slower."


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Build layers under a policy of Keras, and put back the one before.

    Yields
    ------
    None
    """
    config = load_keras().config
    before = config.dtype_policy()
    config.set_dtype_policy(policy)
    try:
        yield
    finally:
        config.set_dtype_policy(before)
