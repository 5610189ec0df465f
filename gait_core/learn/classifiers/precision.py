"""Half precision where the device is made for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from gait_core.learn.backend import active_backend, load_keras
from gait_core.runtime.processor import has_fast_bf16

__all__ = ["chosen_precision", "precision"]

_SINGLE: Final = "float32"


def chosen_precision(mixed: bool) -> tuple[str, str]:
    """Return what a network runs in, by the name of Keras' policy, and a note where the wish cannot be met.

    Parameters
    ----------
    mixed : bool
        Whether half precision is wanted. Weights and results stay in single precision all the same.
    """
    if not mixed:
        return _SINGLE, ""
    if _has_gpu():
        return "mixed_float16", ""
    if has_fast_bf16():
        return "mixed_bfloat16", ""
    return _SINGLE, "Mixed precision was not used: this CPU has no unit for bfloat16, so it would be slower."


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Build layers under a policy of Keras, and put back the one before."""
    config = load_keras().config
    before = config.dtype_policy()
    config.set_dtype_policy(policy)
    try:
        yield
    finally:
        config.set_dtype_policy(before)


def _has_gpu() -> bool:
    if active_backend() == "jax":
        import jax

        return bool(jax.default_backend() == "gpu")
    if active_backend() == "tensorflow":
        import tensorflow

        return bool(tensorflow.config.list_physical_devices("GPU"))
    return False
