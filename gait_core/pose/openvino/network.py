"""MediaPipe's two pose models for one video: a crop in, landmarks and heat maps out."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.openvino.compile import Models

__all__ = ["CROP_PX", "DETECTOR_PX", "LandmarkOutput", "Networks"]

CROP_PX: Final = 256
DETECTOR_PX: Final = 224


class LandmarkOutput(NamedTuple):
    """What the landmark model says of one crop; the arrays are overwritten by the next call.

    Attributes
    ----------
    landmarks : ndarray, shape (39, 5), float32
        x, y, z in pixels of the crop, visibility and presence as logits.
    presence : float
        Probability that the crop shows a person.
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
    models : Models
    """

    def __init__(self, models: Models) -> None:
        self._body = models.body.create_infer_request()
        self._head = models.head.create_infer_request() if models.head is not None else None
        self._models = models
        self._detector: Any = None
        # Scaled here a frame costs a tenth of what the models would take for it.
        self._pixels = np.empty((1, CROP_PX, CROP_PX, 3), np.float32)

    def landmarks(self, crop: NDArray[np.uint8]) -> LandmarkOutput:
        """Run the landmark model on an RGB crop, shape (256, 256, 3), uint8."""
        np.multiply(crop, np.float32(1 / 255), out=self._pixels[0])
        self._body.infer({0: self._pixels}, share_inputs=True, share_outputs=True)
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
        """Run the person detector on a square RGB image.

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
        pixels = np.multiply(image, np.float32(2 / 255)) - np.float32(1.0)
        self._detector.infer({0: pixels[None]}, share_inputs=True, share_outputs=True)
        boxes, scores = (self._detector.get_output_tensor(number).data for number in range(2))
        return boxes[0], scores[0, :, 0]
