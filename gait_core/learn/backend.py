"""The one place where Keras is loaded and its backend is set up.

Device, log level, thread counts and determinism are decided here and nowhere else. Whatever exists on
TensorFlow only belongs into this module.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, Final

from gait_core.errors import GaitError, LibraryError
from gait_core.runtime.devices import VARIABLE, Device, DeviceChoice, ExecutionPlan, choose_device, find_devices
from gait_core.runtime.native_stderr import quiet_native_stderr

__all__ = [
    "active_backend",
    "executing",
    "load_keras",
    "preload",
    "seed_everything",
    "training_device",
    "training_versions",
]

BACKENDS = ("tensorflow", "jax", "torch")
_TITLES: Final = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
_SETTLING: Final = threading.Lock()
_logger = logging.getLogger(__name__)


def load_keras(backend: str | None = None) -> Any:
    """Import Keras on a backend and return the module.

    Parameters
    ----------
    backend : {"tensorflow", "jax", "torch"}, optional
        Default: the environment's ``KERAS_BACKEND``, else TensorFlow. Once Keras is loaded its backend stays.

    Returns
    -------
    module
        ``keras``.

    Raises
    ------
    LibraryError
        When the backend is not installed, or when Keras runs already on another one.
    SettingsError
        When the preference for a device is neither a kind nor the name of one.
    """
    wanted = backend or os.environ.get("KERAS_BACKEND", "tensorflow")
    if wanted not in BACKENDS:
        raise LibraryError(
            f"Expected the Keras backend to be one of {', '.join(BACKENDS)}, but got {wanted!r}.", "Choose one."
        )
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = wanted
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
        os.environ.setdefault("JAX_PLATFORMS", "")
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        # The order of `nvidia-smi`, in which `runtime` counts the GPUs.
        os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
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
    with _SETTLING:
        _settled(str(keras.config.backend()))
    return keras


def training_device() -> DeviceChoice:
    """Return the device that networks run on in this process, chosen when Keras was loaded, and why.

    The variable `GAIT_DEVICE` of the environment holds a preference: the kind or the name of a device.

    Returns
    -------
    DeviceChoice

    Raises
    ------
    SettingsError
        When the preference is neither.
    """
    return _settled(active_backend())


@contextmanager
def executing(plan: ExecutionPlan) -> Iterator[ExecutionPlan]:
    """Build and run networks as a plan says, and put back afterwards what was set before.

    Parameters
    ----------
    plan : ExecutionPlan
        As `gait_core.runtime.devices.plan` makes it. Its ``compile`` is for whoever compiles the network.

    Yields
    ------
    ExecutionPlan
        The plan as applied: where the backend had started with other threads they stay, and a reason says so.
    """
    config, backend = load_keras().config, active_backend()
    policy, layout = config.dtype_policy(), config.image_data_format()
    if plan.threads and not _set_threads(backend, plan.threads):
        note = f"{_TITLES[backend]} keeps the number of threads that it started with."
        plan = replace(plan, threads=0, reasons=(*plan.reasons, note))
    with _on_device(plan), _products(backend, plan):
        config.set_dtype_policy(plan.policy)
        config.set_image_data_format(plan.layout)
        try:
            yield plan
        finally:
            config.set_dtype_policy(policy)
            config.set_image_data_format(layout)


def preload() -> threading.Thread:
    """Begin to load Keras beside other work, such as waiting for videos; `load_keras` then waits for what is left.

    What goes wrong is reported where Keras is needed, not here.

    Returns
    -------
    threading.Thread
        Ends when Keras is loaded; waiting for it is optional.
    """

    def load() -> None:
        try:
            load_keras()
        except GaitError as error:
            _logger.info("loading ahead failed: %s", error)

    thread = threading.Thread(target=load, name="keras", daemon=True)
    thread.start()
    return thread


def active_backend() -> str:
    """Return the name of the backend that Keras runs on.

    Returns
    -------
    str
        ``tensorflow`` or ``jax``.
    """
    return str(load_keras().config.backend())


def training_versions() -> dict[str, str]:
    """Return the versions of everything that decides the result of a training, with the backend and the device.

    Returns
    -------
    dict of str to str
        Name of a library, the backend or the device → its version or name.
    """
    import numpy as np

    from gait_core import __version__

    keras = load_keras()
    backend = str(keras.config.backend())
    return {
        "gait_studio": __version__,
        "keras": str(keras.__version__),
        "backend": backend,
        backend: str(sys.modules[backend].__version__),
        "device": training_device().device.kind,
        "numpy": np.__version__,
    }


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and the backend, and ask TensorFlow for deterministic kernels."""
    keras = load_keras()
    keras.utils.set_random_seed(seed)
    if keras.config.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()


@functools.cache
def _settled(backend: str) -> DeviceChoice:
    """Choose the device, show the backend no other kind, and let memory grow as it is needed."""
    with quiet_native_stderr():
        seen = _seen(backend)
    devices = [_as_seen(device, len(seen), _TITLES[backend]) for device in find_devices()]
    choice = choose_device("training", devices, preference=os.environ.get(VARIABLE))
    if seen and not _shown(backend, choice.device, seen):
        note = f"{_TITLES[backend]} had started before, so its devices stay as they are."
        choice = replace(choice, reason=f"{choice.reason} {note}")
    _logger.info("networks run on %s with %s. %s", choice.device.name, _TITLES[backend], choice.reason)
    return choice


def _seen(backend: str) -> Sequence[Any]:
    """Return the devices besides the CPU that the backend sees, in its order."""
    if backend == "tensorflow":
        import tensorflow

        return [one for one in tensorflow.config.list_physical_devices() if one.device_type != "CPU"]
    if backend == "jax":
        import jax

        return [one for one in jax.devices() if one.platform != "cpu"]
    return list(range(sys.modules["torch"].cuda.device_count()))


def _as_seen(device: Device, seen: int, backend: str) -> Device:
    """Return a device with what the backend itself says of it; packages installed in another way count too."""
    if device.keras_type == "CPU":
        return device
    if not device.keras_type or device.number >= seen:
        poses = tuple(use for use in device.usable_for if use == "pose")
        reason = f"{backend} does not see it." + ("" if device.usable_for else f" {device.reason}")
        return replace(device, usable_for=poses, reason=reason)
    if "training" in device.usable_for:
        return device
    return replace(device, usable_for=(*device.usable_for, "training"), reason=f"{backend} sees it.")


def _shown(backend: str, device: Device, seen: Sequence[Any]) -> bool:
    """Show the backend only the devices of the chosen kind, the chosen one first; False where it is too late."""
    on_cpu = device.keras_type == "CPU"
    chosen = [] if on_cpu else [seen[device.number], *(one for one in seen if one is not seen[device.number])]
    if backend == "tensorflow":
        import tensorflow

        try:
            tensorflow.config.set_visible_devices([*tensorflow.config.list_physical_devices("CPU"), *chosen])
            for one in chosen:
                tensorflow.config.experimental.set_memory_growth(one, True)
        except RuntimeError:
            return False
    elif backend == "jax":
        import jax

        jax.config.update("jax_default_device", chosen[0] if chosen else jax.devices("cpu")[0])
    else:
        return bool(chosen)
    return True


def _set_threads(backend: str, threads: int) -> bool:
    """Set how many CPU threads an operation takes; False where the backend cannot change it any more."""
    if backend == "torch":
        sys.modules["torch"].set_num_threads(threads)
        return True
    if backend != "tensorflow":
        return False
    import tensorflow

    try:
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    except RuntimeError:
        return False
    return True


def _on_device(plan: ExecutionPlan) -> AbstractContextManager[Any]:
    """Return a context on the CPU where a plan fell back to it; elsewhere the chosen device is the default."""
    if plan.device == "cpu" and training_device().device.kind != "cpu":
        found: AbstractContextManager[Any] = load_keras().device("cpu:0")
        return found
    return nullcontext()


@contextmanager
def _products(backend: str, plan: ExecutionPlan) -> Iterator[None]:
    """Allow or forbid TF32, and put back what was set before."""
    if backend == "tensorflow":
        from tensorflow.config import experimental

        before = experimental.tensor_float_32_execution_enabled()
        experimental.enable_tensor_float_32_execution(plan.tf32)
        try:
            yield
        finally:
            experimental.enable_tensor_float_32_execution(before)
    elif backend == "jax":
        import jax

        with nullcontext() if plan.tf32 or plan.device == "cpu" else jax.default_matmul_precision("highest"):
            yield
    else:
        yield
