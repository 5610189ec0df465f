"""MediaPipe Tasks as the pose engine."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.config import PoseSettings
from gait_core.errors import LibraryError, ModelError
from gait_core.pose.assets import bundle_path, list_models
from gait_core.pose.engine import PoseResult
from gait_core.pose.mediapipe_library import load_mediapipe

__all__ = ["MediaPipeEngine", "distinct_people", "mediapipe_version"]

_REVISION = "1"
"""Raised whenever this module changes the landmarks of an unchanged MediaPipe."""

_COUNTED_PEOPLE = 3
_COUNTING_SIDE_PX = 512


def mediapipe_version() -> str:
    """Return the version of MediaPipe and of this module, without importing MediaPipe."""
    try:
        return f"{importlib.metadata.version('mediapipe')}+{_REVISION}"
    except importlib.metadata.PackageNotFoundError:
        raise LibraryError(
            "Expected the Python package mediapipe, but it is not installed.",
            "Run: python -m pip install -r requirements.txt",
        ) from None


class MediaPipeEngine:
    """MediaPipe's pose landmarker, following one person through one video.

    Parameters
    ----------
    settings : PoseSettings
        Model variant and thresholds.
    """

    name = "mediapipe"

    def __init__(self, settings: PoseSettings) -> None:
        self._settings = settings
        self._tracker: Any = None
        self._counter: Any = None
        self._mediapipe: Any = None
        self._first_s: float | None = None
        self._last_ms = -1

    @property
    def version(self) -> str:
        """Version of MediaPipe and of this module."""
        return mediapipe_version()

    def __enter__(self) -> Self:
        self._mediapipe = load_mediapipe()
        mode = self._mediapipe.tasks.vision.RunningMode
        self._tracker = self._open(self._settings.variant, mode.VIDEO, people=1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # An object that is left open prints an exception when Python ends.
        for landmarker in (self._tracker, self._counter):
            if landmarker is not None:
                landmarker.close()
        self._tracker = self._counter = None

    def detect(self, image_rgb: NDArray[np.uint8], time_s: float) -> PoseResult | None:
        """Return the pose in an RGB image of shape (h, w, 3), or None."""
        if self._first_s is None:
            self._first_s = time_s
        # MediaPipe takes whole milliseconds that rise: faster or repeated stamps are moved on by one.
        stamp_ms = max(self._last_ms + 1, round((time_s - self._first_s) * 1000))
        self._last_ms = stamp_ms
        result = self._tracker.detect_for_video(self._image(image_rgb), stamp_ms)
        if not result.pose_landmarks:
            return None
        landmarks, world = result.pose_landmarks[0], result.pose_world_landmarks[0]
        return PoseResult(
            position=np.array([(point.x, point.y) for point in landmarks], np.float32),
            world=np.array([(point.x, point.y, point.z) for point in world], np.float32),
            confidence=np.clip(np.array([point.visibility for point in landmarks], np.float32), 0, 1),
        )

    def count_people(self, image_rgb: NDArray[np.uint8]) -> int:
        """Return how many distinct persons are in the image, at most three.

        The smallest model that is installed does this: presence is asked, not precise joints.
        """
        if self._counter is None:
            ready = {status.variant for status in list_models() if status.ready}
            variant = "lite" if "lite" in ready else self._settings.variant
            mode = self._mediapipe.tasks.vision.RunningMode
            self._counter = self._open(variant, mode.IMAGE, people=_COUNTED_PEOPLE)
        height, width = image_rgb.shape[:2]
        factor = _COUNTING_SIDE_PX / max(height, width)
        if factor < 1:
            import cv2

            size = (max(1, round(width * factor)), max(1, round(height * factor)))
            image_rgb = np.asarray(cv2.resize(image_rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
        result = self._counter.detect(self._image(image_rgb))
        aspect = np.array([width / height, 1.0], np.float32)
        poses = [
            np.array([(point.x, point.y) for point in landmarks], np.float32) * aspect
            for landmarks in result.pose_landmarks
        ]
        return distinct_people(poses)

    def _image(self, image_rgb: NDArray[np.uint8]) -> Any:
        return self._mediapipe.Image(
            image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(image_rgb)
        )

    def _open(self, variant: str, mode: Any, *, people: int) -> Any:
        from mediapipe.tasks.python import BaseOptions, vision

        path = bundle_path(variant)
        options = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(path)),
            running_mode=mode,
            num_poses=people,
            min_pose_detection_confidence=self._settings.detection_confidence,
            min_pose_presence_confidence=self._settings.presence_confidence,
            min_tracking_confidence=self._settings.tracking_confidence,
        )
        try:
            return vision.PoseLandmarker.create_from_options(options)
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"Expected MediaPipe to load {path.name}, but it refused: {str(error).splitlines()[0]}",
                "Run: python -m gait_core models fetch",
            ) from error


def distinct_people(poses: Sequence[NDArray[np.float32]]) -> int:
    """Count poses that belong to different persons.

    The detector at times reports one person twice: poses whose boxes overlap by more than half, or
    whose hips are closer than a quarter of the body, count once.

    Parameters
    ----------
    poses : sequence of ndarray, shape (33, 2)
        In units in which both axes have the same length.
    """
    kept: list[NDArray[np.float32]] = []
    for pose in poses:
        if not any(_same_person(pose, other) for other in kept):
            kept.append(pose)
    return len(kept)


def _same_person(first: NDArray[np.float32], second: NDArray[np.float32]) -> bool:
    low = np.maximum(first.min(axis=0), second.min(axis=0))
    high = np.minimum(first.max(axis=0), second.max(axis=0))
    common = float(np.prod(np.maximum(high - low, 0)))
    areas = [float(np.prod(np.ptp(pose, axis=0))) for pose in (first, second)]
    overlap = common / max(sum(areas) - common, 1e-9)
    body = max(float(np.ptp(first[:, 1])), float(np.ptp(second[:, 1])), 1e-9)
    distance = float(np.linalg.norm(first[23:25].mean(axis=0) - second[23:25].mean(axis=0)))
    return overlap > 0.5 or distance < 0.25 * body
