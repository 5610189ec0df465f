"""MediaPipe's two pose models, run by OpenVINO: compiled once a process, shared by all videos.

The landmark model also draws a mask of the person. Where nobody asks for it that branch is left out, which saves a
third of the time; what is kept comes out bit-identical in f32.

In bf16 the last layer of the landmarks stays in f32: rounded, it puts the world landmarks 5 cm beside their place, and
in f32 3 mm. It takes a hundredth of the time.
"""

from __future__ import annotations

import tempfile
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import ModelError
from gait_core.pose.bundle import DETECTOR_MEMBER, LANDMARK_MEMBER
from gait_core.pose.openvino_library import load_openvino

__all__ = ["CROP_PX", "DETECTOR_PX", "LandmarkOutput", "Networks", "load_networks"]

CROP_PX: Final = 256
DETECTOR_PX: Final = 224
_HEAD: Final = ("Identity", "Identity_1", "Identity_4")
"""Landmarks, presence and world landmarks."""
_MASK, _HEAT_MAPS = "Identity_2", "Identity_3"


class LandmarkOutput(NamedTuple):
    """What the landmark model says of one crop; the arrays are overwritten by the next call.

    Attributes
    ----------
    landmarks : ndarray, shape (39, 5), float32
        x, y, z in pixels of the crop, visibility and presence as logits.
    presence : float
        Probability that somebody is in the crop.
    heat_maps : ndarray, shape (64, 64, 39), float32
        Logits.
    world : ndarray, shape (39, 3), float32
        m, along the axes of the crop.
    mask : ndarray, shape (256, 256), float32, or None
        Logits.
    """

    landmarks: NDArray[np.float32]
    presence: float
    heat_maps: NDArray[np.float32]
    world: NDArray[np.float32]
    mask: NDArray[np.float32] | None


class Models(NamedTuple):
    """Compiled models; without a head the body gives everything.

    Attributes
    ----------
    body, head, detector : openvino.CompiledModel
    """

    body: Any
    head: Any | None
    detector: Any


class Networks:
    """Both models, for one video and one thread; the compiled models behind them are shared.

    Parameters
    ----------
    models : Models
    """

    def __init__(self, models: Models) -> None:
        self._body = models.body.create_infer_request()
        self._head = models.head.create_infer_request() if models.head is not None else None
        self._models = models
        self._detector: Any = None

    def landmarks(self, crop: NDArray[np.uint8]) -> LandmarkOutput:
        """Run the landmark model on an RGB crop, shape (256, 256, 3), uint8."""
        self._body.infer({0: crop[None]}, share_inputs=True, share_outputs=True)
        if self._head is not None:
            self._head.infer({0: self._body.get_output_tensor(0)}, share_inputs=True, share_outputs=True)
        points, presence, world, heat_maps, *mask = self._outputs()
        return LandmarkOutput(
            landmarks=points.reshape(39, 5),
            presence=float(presence[0, 0]),
            heat_maps=heat_maps[0],
            world=world.reshape(39, 3),
            mask=mask[0][0, :, :, 0] if mask else None,
        )

    def _outputs(self) -> list[NDArray[np.float32]]:
        requests = [self._body] if self._head is None else [self._head, self._body]
        skipped = (0,) if self._head is None else (0, 1)  # the body's first output is the head's input
        return [
            request.get_output_tensor(number).data
            for request, first in zip(requests, skipped, strict=True)
            for number in range(first, len(request.model_outputs))
        ]

    def detect(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Run the person detector on a square RGB picture.

        Parameters
        ----------
        image : ndarray, shape (224, 224, 3), uint8

        Returns
        -------
        boxes : ndarray, shape (2254, 12), float32
            Relative to the anchors, px.
        scores : ndarray, shape (2254,), float32
            Logits.
        """
        if self._detector is None:
            self._detector = self._models.detector.create_infer_request()
        self._detector.infer({0: image[None]}, share_inputs=True, share_outputs=True)
        boxes, scores = (self._detector.get_output_tensor(number).data for number in range(2))
        return boxes[0], scores[0, :, 0]


@dataclass(frozen=True)
class _Key:
    bundle: str
    sha256: str
    precision: str
    masks: bool
    streams: int


class _Shared:
    """Compiled models of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.core: Any = None
        self.compiled: dict[_Key, Models] = {}


_shared: Final = _Shared()


def load_networks(bundle: Path, sha256: str, precision: str, *, masks: bool = False, streams: int = 1) -> Networks:
    """Return both models of a bundle, ready for one video.

    Parameters
    ----------
    bundle : Path
        ``.task`` file, checked already.
    sha256 : str
        Its digest.
    precision : {"f32", "bf16"}
        Arithmetic of both models.
    masks : bool
        Keep the mask of the landmark model.
    streams : int
        Videos at once: each has one thread of its own.

    Raises
    ------
    LibraryError
        When OpenVINO is missing.
    ModelError
        When it cannot read the models.
    """
    key = _Key(str(bundle), sha256, precision, masks, streams)
    with _shared.lock:
        if key not in _shared.compiled:
            openvino = load_openvino()
            _shared.core = _shared.core or openvino.Core()
            _shared.compiled[key] = _load(openvino, bundle, key)
        return Networks(_shared.compiled[key])


def _load(openvino: Any, bundle: Path, key: _Key) -> Models:
    member = LANDMARK_MEMBER
    try:
        body, head = _landmark_models(openvino, bundle, key)
        compiled = _compile(openvino, body, key, key.precision, (0.0, 1.0))
        compiled_head = _compile(openvino, head, key, "f32", None) if head is not None else None
        member = DETECTOR_MEMBER
        detector = _compile(openvino, _read(bundle, member), key, key.precision, (-1.0, 1.0))
        return Models(compiled, compiled_head, detector)
    except (RuntimeError, KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        reason = str(error).strip().splitlines()[-1]
        raise ModelError(
            f"Expected OpenVINO to load {member} of {bundle.name}, but it refused: {reason}",
            "Run: python -m gait_core models fetch, or choose --engine mediapipe.",
        ) from error


def _landmark_models(openvino: Any, bundle: Path, key: _Key) -> tuple[Any, Any | None]:
    """Return the landmark model without what nobody asked for, in bf16 cut before its last layer."""
    model = _read(bundle, LANDMARK_MEMBER)
    rest = [_HEAT_MAPS, *([_MASK] if key.masks else [])]
    if key.precision == "f32":
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


def _compile(openvino: Any, model: Any, key: _Key, precision: str, pixels: tuple[float, float] | None) -> Any:
    """Compile a model for the processor.

    Parameters
    ----------
    openvino : module
    model : openvino.Model
    key : _Key
    precision : {"f32", "bf16"}
    pixels : tuple of float, optional
        What bytes 0 and 255 mean to the model; None when its input is no picture.
    """
    if pixels is not None:
        low, high = pixels
        steps = openvino.preprocess.PrePostProcessor(model)
        # Pixels come as bytes and are scaled inside: a quarter of the traffic.
        steps.input().tensor().set_element_type(openvino.Type.u8)
        scaling = steps.input().preprocess().convert_element_type(openvino.Type.f32)
        scaling.mean(-low * 255.0 / (high - low)).scale(255.0 / (high - low))
        model = steps.build()
    options = {
        "INFERENCE_PRECISION_HINT": precision,
        "NUM_STREAMS": key.streams,
        "INFERENCE_NUM_THREADS": key.streams,
        "ENABLE_CPU_PINNING": False,
    }
    return _shared.core.compile_model(model, "CPU", options)


def _read(bundle: Path, member: str) -> Any:
    """Read a model; OpenVINO reads this format from a file of its own only."""
    with zipfile.ZipFile(bundle) as archive, tempfile.TemporaryDirectory(prefix="gait-pose-") as folder:
        path = Path(folder) / member
        path.write_bytes(archive.read(member))
        return _shared.core.read_model(str(path))
