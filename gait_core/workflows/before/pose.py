"""The plain way to landmarks: OpenCV reads a frame, MediaPipe looks at it, and so on to the end of the video.

This is what most programs do, and what ours is measured against: full frames, one video after another, nothing
kept. It is written as well as a plain loop can be; nothing in it is slow on purpose.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.config import PoseSettings
from gait_core.errors import VideoError
from gait_core.pose.landmarks import LANDMARKS
from gait_core.pose.mediapipe.engine import mediapipe_version
from gait_core.pose.mediapipe.library import load_mediapipe
from gait_core.pose.models.assets import bundle_path, model_sha256
from gait_core.pose.track import Track
from gait_core.runtime.native_stderr import quiet_native_stderr
from gait_core.video.decode import Thinner
from gait_core.video.info import VideoInfo
from gait_core.video.probe import time_stamps

__all__ = ["plain_track"]


def plain_track(info: VideoInfo, settings: PoseSettings, on_frame: Callable[[int], None]) -> Track:
    """Return the landmarks of a video by a sequential loop over its full frames.

    Parameters
    ----------
    info : VideoInfo
    settings : PoseSettings
        The variant of the model, its thresholds and the highest frame rate are used; frames are not made smaller.
    on_frame : callable
        Called with the number of frames done before each frame; may raise `Cancelled`.

    Returns
    -------
    Track
        Frames are missing at the end where OpenCV stops reading.

    Raises
    ------
    VideoError
        When OpenCV cannot open the file.
    ModelError, LibraryError
        When the machine lacks something.
    """
    import cv2

    begun_s = time.perf_counter()
    mediapipe = load_mediapipe()
    capture = cv2.VideoCapture(info.path)
    if not capture.isOpened():
        raise VideoError(
            f"Expected OpenCV to open {Path(info.path).name}, but it cannot.",
            "Run it with optimisations, which read more kinds of video, or convert it to H.264.",
        )
    thinner = Thinner(settings.target_fps, info.frame_rate_hz)
    clock = _Clock(info)
    rows = _Rows()
    read = 0
    try:
        with quiet_native_stderr():
            landmarker = _open(mediapipe, settings)
        try:
            while True:
                found, frame = capture.read()
                if not found:
                    break
                read += 1
                time_s = clock.read(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
                if not thinner.keeps(time_s):
                    continue
                on_frame(len(rows.time_s))
                image = mediapipe.Image(
                    image_format=mediapipe.ImageFormat.SRGB, data=cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
                )
                # The native side chatters until its first result is out.
                with quiet_native_stderr() if read == 1 else nullcontext():
                    result = landmarker.detect_for_video(image, clock.stamp_ms)
                rows.add(time_s, result)
        finally:
            landmarker.close()
    finally:
        capture.release()
    facts = {
        "frames_decoded": read,
        "frames_broken": max(0, info.frame_count - read),
        "frames_kept": len(rows.time_s),
        "engine": "mediapipe",
        "engine_version": mediapipe_version(),
        "model_sha256": model_sha256(settings.variant),
        "settings": settings.with_(engine="mediapipe", precision="f32", max_side_px=None, decoding="display").to_dict(),
        "source_frame_rate_hz": info.frame_rate_hz,
        "source_content_sha256": info.content_sha256,
        "extraction_s": time.perf_counter() - begun_s,
    }
    return rows.track(info, facts)


def _open(mediapipe: Any, settings: PoseSettings) -> Any:
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(bundle_path(settings.variant))),
        running_mode=mediapipe.tasks.vision.RunningMode.VIDEO,
        num_poses=1,
        min_pose_detection_confidence=settings.detection_confidence,
        min_pose_presence_confidence=settings.presence_confidence,
        min_tracking_confidence=settings.tracking_confidence,
    )
    return vision.PoseLandmarker.create_from_options(options)


class _Clock:
    """Time stamps of the file that rise, and the whole milliseconds from the first that MediaPipe takes."""

    def __init__(self, info: VideoInfo) -> None:
        self._rate_hz = info.frame_rate_hz
        stamps = time_stamps(info.path)
        # OpenCV counts from the first frame, wherever the file says that this one lies.
        self._first_s = float(stamps[0]) if len(stamps) else 0.0
        self._last_s: float | None = None
        self.stamp_ms = -1

    def read(self, since_first_s: float) -> float:
        """Return the time stamp of a frame, s."""
        time_s = self._first_s + since_first_s
        if self._last_s is not None and time_s <= self._last_s:
            time_s = self._last_s + 0.5 / self._rate_hz
        self._last_s = time_s
        self.stamp_ms = max(self.stamp_ms + 1, round((time_s - self._first_s) * 1000))
        return time_s


class _Rows:
    """Results of all frames so far, missing ones as NaN."""

    def __init__(self) -> None:
        self.time_s: list[float] = []
        self._values: list[NDArray[np.float32]] = []

    def add(self, time_s: float, result: Any) -> None:
        values = np.full((len(LANDMARKS), 6), np.nan, np.float32)
        values[:, 5] = 0.0
        if result.pose_landmarks:
            places, world = result.pose_landmarks[0], result.pose_world_landmarks[0]
            values[:, :2] = [(point.x, point.y) for point in places]
            values[:, 2:5] = [(point.x, point.y, point.z) for point in world]
            values[:, 5] = np.clip([point.visibility for point in places], 0, 1)
        self.time_s.append(time_s)
        self._values.append(values)

    def track(self, info: VideoInfo, facts: dict[str, Any]) -> Track:
        values = np.array(self._values, np.float32).reshape(-1, len(LANDMARKS), 6)
        return Track(
            position=values[:, :, :2] * np.array([info.width_px, info.height_px], np.float32),
            world=np.ascontiguousarray(values[:, :, 2:5]),
            confidence=np.ascontiguousarray(values[:, :, 5]),
            time_s=np.array(self.time_s, np.float64),
            width_px=info.width_px,
            height_px=info.height_px,
            info=facts,
        )
