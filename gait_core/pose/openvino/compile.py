"""MediaPipe's two pose models compiled by OpenVINO: unneeded branches are cut off, and the result is kept on disk.

The landmark model also draws a mask of the person. Where the mask is not needed, that branch is omitted, which saves a
third of the time; what is kept comes out bit-identical in f32.

In bf16 the last layer of the landmarks stays in f32: rounded, it puts the world landmarks 5 cm beside their place, and
in f32 3 mm. It takes a hundredth of the time.

Compiling takes a second of the CPU in every process, reading what was compiled before a tenth of that. On
other devices OpenVINO keeps what it compiled by itself, for it knows their drivers.
"""

from __future__ import annotations

import hashlib
import io
import logging
import tempfile
import threading
import zipfile
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from gait_core.errors import ModelError, StorageError
from gait_core.pose.engine import CPU
from gait_core.pose.models.bundle import DETECTOR_MEMBER, LANDMARK_MEMBER
from gait_core.pose.openvino.library import load_openvino, openvino_release
from gait_core.runtime.cpu import cpu_name
from gait_core.workspace import write_atomic

__all__ = ["Models", "Recipe", "load_models"]

_logger = logging.getLogger(__name__)
_HEAD: Final = ("Identity", "Identity_1", "Identity_4")
"""Landmarks, presence and world landmarks."""
_MASK, _HEAT_MAPS = "Identity_2", "Identity_3"
_REVISION: Final = 2
_MOST_KEPT: Final = 24
_DIGEST_BYTES: Final = 32


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is compiled, and how.

    Attributes
    ----------
    sha256 : str
        Digest of the bundle.
    precision : {"f32", "bf16"}
        Arithmetic of both models; a device other than the CPU takes f16 for bf16.
    masks : bool
        Keep the mask of the landmark model.
    threads : int
        CPUs to use.
    streams : int
        Frames at once, which share the threads.
    device : str
        As OpenVINO calls it: ``CPU``, ``GPU.0``, ``NPU``.
    """

    sha256: str
    precision: str
    masks: bool = False
    threads: int = 1
    streams: int = 1
    device: str = CPU


class Models(NamedTuple):
    """Compiled models; without a head the body gives everything.

    Attributes
    ----------
    body, head, detector : openvino.CompiledModel
    """

    body: Any
    head: Any | None
    detector: Any


class _Shared:
    """Compiled models of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.core: Any = None
        self.models: dict[Recipe, Models] = {}


_shared: Final = _Shared()


def load_models(bundle: Path, recipe: Recipe) -> Models:
    """Return the compiled models of a bundle.

    Parameters
    ----------
    bundle : Path
        ``.task`` file, checked already; what was compiled is kept in a folder beside it.
    recipe : Recipe

    Returns
    -------
    Models
        The same for every caller in this process that gives the same recipe.

    Raises
    ------
    LibraryError
        When OpenVINO is missing.
    ModelError
        When it cannot read the models.
    """
    with _shared.lock:
        if recipe not in _shared.models:
            openvino = load_openvino()
            _shared.core = _shared.core or openvino.Core()
            _shared.models[recipe] = _load(openvino, bundle, recipe)
        return _shared.models[recipe]


def _load(openvino: Any, bundle: Path, recipe: Recipe) -> Models:
    # The parts of the landmark model come from one reading of it, and of neither when both were kept.
    parts: list[tuple[Any, Any]] = []

    def landmarks(which: int) -> Any:
        if not parts:
            parts.append(_landmark_models(openvino, bundle, recipe))
        return parts[0][which]

    member = LANDMARK_MEMBER
    try:
        body = _kept(bundle, "body", recipe, recipe.precision, lambda: landmarks(0))
        head = None
        if recipe.precision != "f32":
            head = _kept(bundle, "head", recipe, "f32", lambda: landmarks(1))
        member = DETECTOR_MEMBER
        detector = _kept(bundle, "detector", recipe, recipe.precision, lambda: _read(bundle, DETECTOR_MEMBER))
        return Models(body, head, detector)
    except (RuntimeError, KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        reason = str(error).strip().splitlines()[-1]
        raise ModelError(
            f"Expected OpenVINO to load {member} of {bundle.name}, but it refused: {reason}",
            "Run: python -m gait_core models fetch, or choose --engine mediapipe.",
        ) from error


def _kept(bundle: Path, part: str, recipe: Recipe, precision: str, build: Callable[[], Any]) -> Any:
    """Return a part compiled before, or compile it and keep it."""
    folder = bundle.parent / "compiled"
    # The last layer stays on the CPU: it is small, and some devices have no f32 at all.
    if recipe.device != CPU and part != "head":
        return _on_device(build(), folder / "devices", recipe, precision)
    options = {
        "INFERENCE_PRECISION_HINT": precision,
        "NUM_STREAMS": recipe.streams,
        "INFERENCE_NUM_THREADS": recipe.threads,
        "ENABLE_CPU_PINNING": False,
    }
    made_of = (_REVISION, part, *astuple(recipe), openvino_release(), cpu_name())
    path = folder / f"{hashlib.sha256(repr(made_of).encode()).hexdigest()[:32]}.blob"
    if (content := _content(path)) is not None:
        try:
            return _shared.core.import_model(io.BytesIO(content), CPU, options)
        except RuntimeError as error:
            _logger.warning("compiled again: %s", error)
    compiled = _shared.core.compile_model(build(), CPU, options)
    try:
        content = bytes(compiled.export_model().getvalue())
        write_atomic(path, hashlib.sha256(content).digest() + content, durable=False)
        _forget_oldest(folder)
    except (StorageError, OSError, RuntimeError) as error:
        _logger.warning("not kept: %s", error)  # a folder that cannot be written costs time and nothing else
    return compiled


def _on_device(model: Any, folder: Path, recipe: Recipe, precision: str) -> Any:
    options: dict[str, Any] = {"CACHE_DIR": str(folder)}
    if recipe.device != "NPU":  # which has one precision and rejects the option
        options["INFERENCE_PRECISION_HINT"] = "f32" if precision == "f32" else "f16"
    if recipe.device.startswith("GPU"):
        options["NUM_STREAMS"] = recipe.streams
    compiled = _shared.core.compile_model(model, recipe.device, options)
    try:
        _forget_oldest(folder)
    except OSError as error:
        _logger.warning("not tidied: %s", error)
    return compiled


def _forget_oldest(folder: Path) -> None:
    for old in sorted(folder.glob("*.blob"), key=lambda one: one.stat().st_mtime)[:-_MOST_KEPT]:
        old.unlink(missing_ok=True)


def _content(path: Path) -> bytes | None:
    """Return what was kept, or None when it is missing or damaged."""
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    content = stored[_DIGEST_BYTES:]
    return content if hashlib.sha256(content).digest() == stored[:_DIGEST_BYTES] else None


def _landmark_models(openvino: Any, bundle: Path, recipe: Recipe) -> tuple[Any, Any | None]:
    """Return the landmark model without unneeded outputs, in bf16 cut before its last layer."""
    model = _read(bundle, LANDMARK_MEMBER)
    rest = [_HEAT_MAPS, *([_MASK] if recipe.masks else [])]
    if recipe.precision == "f32":
        return _part(openvino, model, [*_HEAD, *rest]), None
    shared = _last_layers(model)[0].input_value(0)
    body = openvino.Model([shared, *(model.output(name) for name in rest)], model.get_parameters(), "body")
    model = _read(bundle, LANDMARK_MEMBER)
    layers = _last_layers(model)
    entry = openvino.opset13.parameter(layers[0].input_value(0).get_partial_shape(), np.float32)
    for layer in layers:
        layer.input(0).replace_source_output(entry.output(0))
    return body, openvino.Model([model.output(name) for name in _HEAD], [entry], "head")


def _part(openvino: Any, model: Any, names: list[str]) -> Any:
    return openvino.Model([model.output(name) for name in names], model.get_parameters(), "landmarks")


def _last_layers(model: Any) -> list[Any]:
    """Return the last convolution before each output of the head; all read the same features."""
    found = []
    for name in _HEAD:
        node = model.output(name).get_node()
        while node.get_type_name() != "Convolution":
            node = node.input_value(0).get_node()
        found.append(node)
    return found


def _read(bundle: Path, member: str) -> Any:
    """Read a model; OpenVINO reads this format from a file of its own only."""
    with zipfile.ZipFile(bundle) as archive, tempfile.TemporaryDirectory(prefix="gait-pose-") as folder:
        path = Path(folder) / member
        path.write_bytes(archive.read(member))
        return _shared.core.read_model(str(path))
