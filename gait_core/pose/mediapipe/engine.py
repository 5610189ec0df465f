"""MediaPipe Tasks as the pose engine."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.config import PoseSettings
from gait_core.errors import LibraryError, ModelError
from gait_core.pose.counting import (
    CLOSE_CONFIDENCE,
    COUNTING_CONFIDENCE,
    COUNTING_SIDE_PX,
    HIP_TO_END,
    beside_legs,
    covered,
    is_beside_legs,
    is_somebody_else,
)
from gait_core.pose.engine import CPU, PersonMask, PoseResult
from gait_core.pose.landmarks import INDEX
from gait_core.pose.mediapipe.library import load_mediapipe
from gait_core.pose.models.assets import bundle_path, smallest_ready
from gait_core.runtime.native_memory import release_native_memory
from gait_core.runtime.native_stderr import quiet_native_stderr
from gait_core.video.pixels import Pixels

__all__ = ["GPU", "MediaPipeEngine", "mediapipe_version"]

GPU: Final = "GPU"
"""The GPU; MediaPipe uses the first that it finds."""

_REVISION = "2"
"""Raised whenever this module or the decoder changes the landmarks of an unchanged MediaPipe."""


def mediapipe_version() -> str:
    """Return the version of MediaPipe and of this module, without importing MediaPipe.

    Returns
    -------
    str
        For example ``1.2.2+2``.

    Raises
    ------
    LibraryError
        When MediaPipe is not installed.
    """
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
    masks : bool
        Also give the mask of the person.
    device : {"CPU", "GPU"}
        Where the person is followed; people are counted on the CPU.
    """

    name = "mediapipe"

    def __init__(self, settings: PoseSettings, *, masks: bool = False, device: str = CPU) -> None:
        self._settings = settings
        self._masks = masks
        self._device = device
        self._tracker: Any = None
        self._counter: Any = None
        self._finder: Any = None
        self._close_finder: Any = None
        self._mediapipe: Any = None
        self._bundle = Path()
        self._first_s: float | None = None
        self._last_ms = -1

    @property
    def version(self) -> str:
        """Version of MediaPipe and of this module."""
        return mediapipe_version()

    def __enter__(self) -> Self:
        self._mediapipe = load_mediapipe()
        self._bundle = bundle_path(self._settings.variant)  # a damaged model is reported before anything is decoded
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # An object that is left open prints an exception when Python ends.
        for landmarker in (self._tracker, self._counter, self._finder, self._close_finder):
            if landmarker is not None:
                landmarker.close()
        self._tracker = self._counter = self._finder = self._close_finder = None
        release_native_memory()

    def detect(self, pixels: Pixels, time_s: float) -> PoseResult | None:
        """Return the pose in a frame, or None."""
        if self._first_s is None:
            self._first_s = time_s
        # MediaPipe takes whole milliseconds that rise: faster or repeated stamps are moved on by one.
        stamp_ms = max(self._last_ms + 1, round((time_s - self._first_s) * 1000))
        self._last_ms = stamp_ms
        image = self._image(self._rgb(pixels), self._device)
        if self._tracker is None:
            # The native side chatters until its first result is out.
            with quiet_native_stderr():
                self._tracker = self._open_tracker()
                result = self._tracker.detect_for_video(image, stamp_ms)
        else:
            result = self._tracker.detect_for_video(image, stamp_ms)
        return _pose_of(result, pixels)

    def find(self, pixels: Pixels) -> PoseResult | None:
        """Return the most conspicuous person in a frame by itself, whatever came before."""
        image = self._image(self._rgb(pixels), self._device)
        if self._finder is None:
            with quiet_native_stderr():
                self._finder = self._open(
                    self._bundle,
                    self._mediapipe.tasks.vision.RunningMode.IMAGE,
                    self._device,
                    min_pose_detection_confidence=self._settings.detection_confidence,
                    min_pose_presence_confidence=self._settings.presence_confidence,
                )
                return _pose_of(self._finder.detect(image), pixels)
        return _pose_of(self._finder.detect(image), pixels)

    def restart(self) -> None:
        """Forget whom the engine follows: the next frame is searched afresh."""
        if self._tracker is not None:
            self._tracker.close()
            self._tracker = None

    def count_people(self, pixels: Pixels, known: PoseResult) -> int:
        """Return 2 when another person is in the frame beside the person already found, and 1 otherwise.

        MediaPipe's own count of several poses misses most second persons. So the known person is
        covered and the smallest model is asked whether it still sees a person.
        """
        image = self._image(covered(pixels.rgb(COUNTING_SIDE_PX), known))
        if self._counter is None:
            with quiet_native_stderr():
                self._counter = self._open_counter()
                result = self._counter.detect(image)
        else:
            result = self._counter.detect(image)
        return 2 if is_somebody_else(_pose_of(result, pixels), known, pixels) else 1

    def sees_beside_legs(self, pixels: Pixels, known: PoseResult) -> bool:
        """Return whether there seems to be a smaller person in front of the legs of the one found."""
        image = self._image(beside_legs(pixels, known, COUNTING_SIDE_PX))
        if self._close_finder is None:
            with quiet_native_stderr():
                self._close_finder = self._open_counter(CLOSE_CONFIDENCE)
                result = self._close_finder.detect(image)
        else:
            result = self._close_finder.detect(image)
        found = _pose_of(result, pixels)
        if found is None:
            return False
        hip = found.position[[INDEX["left_hip"], INDEX["right_hip"]]].mean(axis=0)
        end = np.array([hip[0], hip[1] + HIP_TO_END * float(np.ptp(found.position[:, 1]))])
        return is_beside_legs(hip, end)

    def _rgb(self, pixels: Pixels) -> NDArray[np.uint8]:
        return pixels.rgb(self._settings.max_side_px)

    def _image(self, image_rgb: NDArray[np.uint8], device: str = CPU) -> Any:
        known = self._mediapipe.ImageFormat
        if device == CPU:
            return self._mediapipe.Image(image_format=known.SRGB, data=np.ascontiguousarray(image_rgb))
        import cv2

        # GPUs know no pixels of three bytes: on some of them MediaPipe ends the whole process.
        return self._mediapipe.Image(image_format=known.SRGBA, data=cv2.cvtColor(image_rgb, cv2.COLOR_RGB2RGBA))

    def _open_tracker(self) -> Any:
        return self._open(
            self._bundle,
            self._mediapipe.tasks.vision.RunningMode.VIDEO,
            self._device,
            min_pose_detection_confidence=self._settings.detection_confidence,
            min_pose_presence_confidence=self._settings.presence_confidence,
            min_tracking_confidence=self._settings.tracking_confidence,
        )

    def _open_counter(self, confidence: float = COUNTING_CONFIDENCE) -> Any:
        return self._open(
            bundle_path(smallest_ready() or self._settings.variant),
            self._mediapipe.tasks.vision.RunningMode.IMAGE,
            CPU,
            min_pose_detection_confidence=confidence,
        )

    def _open(self, path: Path, mode: Any, device: str, **confidences: float) -> Any:
        from mediapipe.tasks.python import BaseOptions, vision

        delegate = BaseOptions.Delegate.CPU if device == CPU else BaseOptions.Delegate.GPU
        options = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(path), delegate=delegate),
            running_mode=mode,
            num_poses=1,
            output_segmentation_masks=self._masks,
            **confidences,
        )
        try:
            return vision.PoseLandmarker.create_from_options(options)
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"Expected MediaPipe to load {path.name}, but it refused: {str(error).splitlines()[0]}",
                "Run: python -m gait_core models fetch",
            ) from error


def _mask_of(result: Any, pixels: Pixels) -> PersonMask | None:
    if not result.segmentation_masks:
        return None
    values = np.array(result.segmentation_masks[0].numpy_view(), np.float32).squeeze()
    scale = pixels.width_px / values.shape[1]
    return PersonMask(values=values, matrix=np.array([[scale, 0.0, 0.0], [0.0, scale, 0.0]]))


def _pose_of(result: Any, pixels: Pixels) -> PoseResult | None:
    """Return the first pose of a result of MediaPipe, or None."""
    if not result.pose_landmarks:
        return None
    landmarks, world = result.pose_landmarks[0], result.pose_world_landmarks[0]
    return PoseResult(
        position=np.array([(point.x, point.y) for point in landmarks], np.float32),
        world=np.array([(point.x, point.y, point.z) for point in world], np.float32),
        confidence=np.clip(np.array([point.visibility for point in landmarks], np.float32), 0, 1),
        mask=_mask_of(result, pixels),
    )
