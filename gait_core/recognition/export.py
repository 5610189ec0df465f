"""Writes a network for other runtimes: `export_network` makes a file for OpenVINO or ONNX and compares it with Keras.

The file takes what the network takes, ``frames`` and ``valid``, for any number of sequences of any length, and gives
its outputs under their names. It is read back, run by OpenVINO, and kept only where it agrees.
"""

from __future__ import annotations

import json
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.config import digest_of
from gait_core.errors import LibraryError, ModelError, SettingsError
from gait_core.learn.backend import active_backend
from gait_core.pose.openvino.library import load_openvino
from gait_core.recognition.networks.settings import NetworkSettings
from gait_core.runtime.native_stderr import quiet_native_stderr
from gait_core.workspace import storage_guard

__all__ = ["EXPORT_FORMATS", "ExportReport", "export_network", "output_names"]

_logger = logging.getLogger(__name__)
Arrays = Mapping[str, NDArray[np.float32]]

EXPORT_FORMATS: Final = {"openvino": ".xml", "onnx": ".onnx"}
"""The formats and how the names of their files end; OpenVINO keeps the weights beside it in a ``.bin`` file."""
_OPSET: Final = 17
_SEED: Final = 20_260
_BATCHES: Final = ((5, 9, 2), (1,), (16,))
"""Lengths of the sequences of each batch that is compared: unequal ones, a single frame, one without padding."""
_MOST_TOLERATED: Final = 1e-3


@dataclass(frozen=True, kw_only=True)
class ExportReport:
    """A network that was exported.

    Attributes
    ----------
    path : Path
    format : str
        Key of `EXPORT_FORMATS`.
    outputs : tuple of str
    difference : float
        Largest difference from Keras, relative to the largest value of the same output.
    tolerance : float
        What would have been accepted.
    bytes : int
        Size on disk, weights included.
    """

    path: Path
    format: str
    outputs: tuple[str, ...]
    difference: float
    tolerance: float
    bytes: int


def output_names(settings: NetworkSettings) -> tuple[str, ...]:
    """Return the names of a network's outputs, see `gait_core.recognition.networks.model`.

    Returns
    -------
    tuple of str
        ``"parts"`` and ``"vector"``, then ``"logits"`` where the network has a classifier.
    """
    return ("parts", "vector", "logits") if settings.classes else ("parts", "vector")


def export_network(
    network: Any,
    path: str | Path,
    *,
    format: str | None = None,  # noqa: A002
    tolerance: float = 2e-5,
) -> ExportReport:
    """Write a network as a file that runs without Keras, after comparing both on reference inputs.

    Parameters
    ----------
    network : keras.Model
        From `gait_core.recognition.networks.model.build_network`, in float32.
    path : str or Path
        Ends in ``.xml`` for OpenVINO, in ``.onnx`` for ONNX. An earlier file is replaced.
    format : {"openvino", "onnx"}, optional
        Default: as the name ends.
    tolerance : float
        Largest difference that is accepted, relative to the largest value of an output; from 0 to 0.001.

    Returns
    -------
    ExportReport

    Raises
    ------
    SettingsError
        When format, name or tolerance do not fit, or the network is not in float32.
    LibraryError
        When Keras runs on another backend than TensorFlow, or a package is missing.
    ModelError
        When the network cannot be converted, or the file gives other numbers; no file is left then.
    StorageError
        When the place is read-only or full.
    """
    path = Path(path)
    chosen = _checked(network, path, format, tolerance)
    outputs = output_names(network.settings)
    with storage_guard(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Beside the target, so that moving it there is a change of name.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            made = Path(folder) / path.name
            with _conversion(chosen):
                _WRITERS[chosen](_traced(network, outputs), network.settings, made)
            difference = _difference(network, made, outputs)
            if not difference <= tolerance:
                raise ModelError(
                    f"Expected {path.name} to agree with Keras within {tolerance:g} of the largest value, but the "
                    f"difference is {difference:.2g}.",
                    "No file was kept. Choose the other format; raise the tolerance only if that precision is enough.",
                )
            size = sum(file.stat().st_size for file in Path(folder).iterdir())
            # The weights first: whoever finds the description finds its weights.
            for file in sorted(Path(folder).iterdir(), key=lambda one: one.suffix == path.suffix):
                file.replace(path.parent / file.name)
    return ExportReport(
        path=path, format=chosen, outputs=outputs, difference=difference, tolerance=tolerance, bytes=size
    )


def _checked(network: Any, path: Path, wanted: str | None, tolerance: float) -> str:
    by_ending = {ending: name for name, ending in EXPORT_FORMATS.items()}
    chosen = wanted or by_ending.get(path.suffix, "")
    if EXPORT_FORMATS.get(chosen) != path.suffix:
        raise SettingsError(
            f"Expected a name ending in .xml for openvino or .onnx for onnx, but got {path.name}"
            + (f" for {wanted}." if wanted else "."),
            "Choose a name with the ending of the format.",
        )
    if not 0.0 < tolerance <= _MOST_TOLERATED:
        raise SettingsError(
            f"Expected a tolerance above 0 and up to {_MOST_TOLERATED:g}, but got {tolerance:g}.",
            "Choose one in this range; the default is 2e-5.",
        )
    if network.compute_dtype != "float32":
        raise SettingsError(
            f"Expected a network in float32, but it runs in {network.compute_dtype}.",
            "Load it with dtype='float32'; a runtime chooses its own precision.",
        )
    if active_backend() != "tensorflow":
        raise LibraryError(
            f"Expected Keras on TensorFlow for an export, but it runs on {active_backend()}.",
            "Set KERAS_BACKEND=tensorflow before starting.",
        )
    return chosen


def _traced(network: Any, outputs: tuple[str, ...]) -> Any:
    """Return the network as a function of TensorFlow with free axes for sequences and frames."""
    import tensorflow as tf

    frames = tf.TensorSpec((None, None, *network.settings.frame_shape), tf.float32, name="frames")
    valid = tf.TensorSpec((None, None), tf.float32, name="valid")

    def forward(frames: Any, valid: Any) -> dict[str, Any]:
        found = network({"frames": frames, "valid": valid}, training=False)
        return {name: found[name] for name in outputs}

    return tf.function(forward, input_signature=(frames, valid))


@contextmanager
def _conversion(chosen: str) -> Iterator[None]:
    """Keep the converters quiet, and turn what they raise into one error."""
    loggers = [logging.getLogger(name) for name in ("tf2onnx", "tensorflow")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), quiet_native_stderr():
            warnings.simplefilter("ignore")
            yield
    except (RuntimeError, ValueError, TypeError, AttributeError, KeyError) as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"Expected the network to be converted for {chosen}, but it failed: {reason}",
            "Choose the other format.",
        ) from error
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _write_openvino(function: Any, settings: NetworkSettings, path: Path) -> None:
    openvino = load_openvino()
    model = openvino.convert_model(function.get_concrete_function())
    for name, value in _properties(settings).items():
        model.set_rt_info(value, ["gait_studio", name])
    openvino.save_model(model, path, compress_to_fp16=False)


def _write_onnx(function: Any, settings: NetworkSettings, path: Path) -> None:
    try:
        import onnx
        import tf2onnx
        from keras.src.export.tf2onnx_lib import patch_tf2onnx
    except ImportError as error:
        raise LibraryError(
            f"Expected the packages tf2onnx and onnx for an export to ONNX, but {error.name} is not installed.",
            "Run: python -m pip install -r requirements-export.txt, or export to OpenVINO, which needs neither.",
        ) from None
    patch_tf2onnx()  # until it supports NumPy 2
    model, _ = tf2onnx.convert.from_function(function, function.input_signature, opset=_OPSET)
    onnx.helper.set_model_props(model, _properties(settings))
    onnx.save_model(model, path)


_WRITERS: Final[Mapping[str, Callable[[Any, NetworkSettings, Path], None]]] = {
    "openvino": _write_openvino,
    "onnx": _write_onnx,
}


def _properties(settings: NetworkSettings) -> dict[str, str]:
    """Return what a file says of itself."""
    content = settings.to_dict()
    return {
        "network": settings.network,
        "channels": ",".join(settings.channels),
        "settings": json.dumps(content),
        "settings_digest": digest_of(content),
    }


def _difference(network: Any, path: Path, outputs: tuple[str, ...]) -> float:
    """Return by how much a file differs from the network, relative to the largest value of each output."""
    run = _runner(path, outputs)
    worst = 0.0
    for number, lengths in enumerate(_BATCHES):
        inputs = _reference_inputs(network.settings, lengths, _SEED + number)
        expected = network(inputs, training=False)
        found = run(inputs)
        for name in outputs:
            truth = np.asarray(expected[name])
            if found[name].shape != truth.shape or not np.isfinite(found[name]).all():
                return float("inf")
            worst = max(worst, float(np.abs(found[name] - truth).max() / max(float(np.abs(truth).max()), 1e-12)))
    return worst


def _runner(path: Path, outputs: tuple[str, ...]) -> Callable[[Arrays], Arrays]:
    """Return a function that runs a file in OpenVINO, which reads both formats."""
    core = load_openvino().Core()
    try:
        compiled = core.compile_model(core.read_model(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise ModelError(
            f"Expected the exported {path.name} to be readable, but OpenVINO refused it: {reason}",
            "No file was kept. Choose the other format.",
        ) from error

    def run(inputs: Arrays) -> Arrays:
        found = compiled(dict(inputs))
        return {name: np.asarray(found[name]) for name in outputs}

    return run


def _reference_inputs(settings: NetworkSettings, lengths: tuple[int, ...], seed: int) -> dict[str, NDArray[np.float32]]:
    """Return noise that every channel accepts, as a padded batch."""
    rng = np.random.default_rng(seed)
    shape = (len(lengths), max(lengths))
    frames = rng.random((*shape, *settings.frame_shape), dtype=np.float32)
    for number, channel in enumerate(settings.channels):
        if channel == "parsing":
            frames[..., number] = np.floor(frames[..., number] * 12)
    valid = (np.arange(shape[1]) < np.array(lengths)[:, None]).astype(np.float32)
    return {"frames": frames * valid[..., None, None, None], "valid": valid}
