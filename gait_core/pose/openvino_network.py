"""MediaPipe's two pose models, run by OpenVINO: compiled once a process, shared by all videos.

The landmark model also draws a mask of the person. Where nobody asks for it that branch is left out, which saves a
third of the time; what is kept comes out bit-identical in f32.
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
_LANDMARKS, _PRESENCE, _MASK, _HEAT_MAPS, _WORLD = "Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4"


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


class Networks:
    """Both models, for one video and one thread; the compiled models behind them are shared.

    Parameters
    ----------
    landmarks, detector : openvino.CompiledModel
    masks : bool
        Whether the landmark model was compiled with its mask.
    """

    def __init__(self, landmarks: Any, detector: Any, masks: bool) -> None:
        self._landmarks = landmarks.create_infer_request()
        self._detector_model = detector
        self._detector: Any = None
        self._masks = masks

    def landmarks(self, crop: NDArray[np.uint8]) -> LandmarkOutput:
        """Run the landmark model on an RGB crop, shape (256, 256, 3), uint8."""
        self._landmarks.infer({0: crop[None]}, share_inputs=True, share_outputs=True)
        points, presence, heat_maps, world, *mask = (
            self._landmarks.get_output_tensor(number).data for number in range(5 if self._masks else 4)
        )
        return LandmarkOutput(
            landmarks=points.reshape(39, 5),
            presence=float(presence[0, 0]),
            heat_maps=heat_maps[0],
            world=world.reshape(39, 3),
            mask=mask[0][0, :, :, 0] if mask else None,
        )

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
            self._detector = self._detector_model.create_infer_request()
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
        self.compiled: dict[_Key, tuple[Any, Any]] = {}


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
            _shared.compiled[key] = (
                _compile(openvino, bundle, LANDMARK_MEMBER, key),
                _compile(openvino, bundle, DETECTOR_MEMBER, key),
            )
        return Networks(*_shared.compiled[key], masks=masks)


def _compile(openvino: Any, bundle: Path, member: str, key: _Key) -> Any:
    """Read one model of a bundle and compile it for the processor."""
    try:
        model = _read(bundle, member)
        if member == LANDMARK_MEMBER:
            names = [_LANDMARKS, _PRESENCE, _HEAT_MAPS, _WORLD, *([_MASK] if key.masks else [])]
            model = openvino.Model([model.output(name) for name in names], model.get_parameters(), "landmarks")
        low, high = (0.0, 1.0) if member == LANDMARK_MEMBER else (-1.0, 1.0)
        steps = openvino.preprocess.PrePostProcessor(model)
        # Pixels come as bytes and are scaled inside: a quarter of the traffic.
        steps.input().tensor().set_element_type(openvino.Type.u8)
        scaling = steps.input().preprocess().convert_element_type(openvino.Type.f32)
        scaling.mean(-low * 255.0 / (high - low)).scale(255.0 / (high - low))
        return _shared.core.compile_model(
            steps.build(),
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": key.precision,
                "NUM_STREAMS": key.streams,
                "INFERENCE_NUM_THREADS": key.streams,
                "ENABLE_CPU_PINNING": False,
            },
        )
    except (RuntimeError, KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        reason = str(error).strip().splitlines()[-1]
        raise ModelError(
            f"Expected OpenVINO to load {member} of {bundle.name}, but it refused: {reason}",
            "Run: python -m gait_core models fetch, or choose --engine mediapipe.",
        ) from error


def _read(bundle: Path, member: str) -> Any:
    """Read a model; OpenVINO reads this format from a file of its own only."""
    with zipfile.ZipFile(bundle) as archive, tempfile.TemporaryDirectory(prefix="gait-pose-") as folder:
        path = Path(folder) / member
        path.write_bytes(archive.read(member))
        return _shared.core.read_model(str(path))
