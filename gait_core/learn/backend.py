"""The one place where Keras is loaded and its backend is set up.

Log level, thread counts and determinism are decided here and nowhere else. Whatever exists on
TensorFlow only belongs into this module.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from typing import Any

from gait_core.errors import LibraryError
from gait_core.runtime.native_stderr import quiet_native_stderr

__all__ = ["active_backend", "load_keras", "preload", "seed_everything", "training_versions"]

BACKENDS = ("tensorflow", "jax", "torch")
_logger = logging.getLogger(__name__)


def load_keras(backend: str | None = None) -> Any:
    """Import Keras on a backend and return the module.

    Parameters
    ----------
    backend : {"tensorflow", "jax", "torch"}, optional
        Default: the environment's ``KERAS_BACKEND``, else TensorFlow. Once Keras is loaded its backend stays.

    Raises
    ------
    LibraryError
        When the backend is not installed, or when Keras runs already on another one.
    """
    wanted = backend or os.environ.get("KERAS_BACKEND", "tensorflow")
    if wanted not in BACKENDS:
        raise LibraryError(f"Expected a Keras backend among {', '.join(BACKENDS)}, but got {wanted!r}.", "Choose one.")
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = wanted
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
        os.environ.setdefault("JAX_PLATFORMS", "")
    try:
        with warnings.catch_warnings(), quiet_native_stderr():
            # Deprecations inside the libraries are theirs to mend; ours still count.
            warnings.simplefilter("ignore")
            import keras
    except ImportError as error:
        raise LibraryError(
            f"Expected Keras on {wanted} to load, but it failed: {error}.",
            "Run `make` again to install what is missing.",
        ) from error
    if keras.config.backend() != wanted and backend is not None:
        raise LibraryError(
            f"Expected Keras on {wanted}, but it already runs on {keras.config.backend()}.",
            "Set KERAS_BACKEND before starting.",
        )
    for name in ("tensorflow", "jax", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return keras


def preload() -> threading.Thread:
    """Begin to load Keras beside other work, such as waiting for videos; `load_keras` then waits for what is left.

    What goes wrong is told where Keras is needed, not here.

    Returns
    -------
    threading.Thread
        Ends when Keras is loaded; nobody has to wait for it.
    """

    def load() -> None:
        try:
            load_keras()
        except LibraryError as error:
            _logger.info("loading ahead failed: %s", error)

    thread = threading.Thread(target=load, name="keras", daemon=True)
    thread.start()
    return thread


def active_backend() -> str:
    """Return the name of the backend that Keras runs on."""
    return str(load_keras().config.backend())


def training_versions() -> dict[str, str]:
    """Return the versions of everything that decides the result of a training, and the name of the backend."""
    import numpy as np

    from gait_core import __version__

    keras = load_keras()
    backend = str(keras.config.backend())
    return {
        "gait_studio": __version__,
        "keras": str(keras.__version__),
        "backend": backend,
        backend: str(sys.modules[backend].__version__),
        "numpy": np.__version__,
    }


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and the backend, and ask TensorFlow for deterministic kernels."""
    keras = load_keras()
    keras.utils.set_random_seed(seed)
    if keras.config.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()
