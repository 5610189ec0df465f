"""One video through one engine: decode, detect, collect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.config import PoseSettings
from gait_core.pose.engine import PoseEngine, PoseResult
from gait_core.pose.landmarks import LANDMARKS
from gait_core.pose.track import Track
from gait_core.video.decode import DecodeReport, iter_frames
from gait_core.video.info import VideoInfo

__all__ = ["expected_frames", "track_video"]

_PEOPLE_EVERY_S = 0.8
_PEOPLE_AT_LEAST = 6
_QUALITY_EVERY = 10


def expected_frames(info: VideoInfo, settings: PoseSettings) -> int:
    """Return how many frames of a video will be analysed, for progress; an estimate."""
    if settings.target_fps is None or info.frame_rate_hz <= settings.target_fps:
        return info.frame_count
    return max(1, round(info.frame_count * settings.target_fps / info.frame_rate_hz))


def track_video(
    info: VideoInfo,
    settings: PoseSettings,
    engine: PoseEngine,
    on_frame: Callable[[int], None],
    *,
    decode_threads: int = 1,
) -> Track:
    """Return the landmarks of a whole video; one picture is held at a time.

    Parameters
    ----------
    info : VideoInfo
    settings : PoseSettings
    engine : PoseEngine
        Open, and not used for another video before.
    on_frame : callable
        Called with the number of frames done before each frame; may raise `Cancelled`.
    decode_threads : int
        Threads of the decoder; with more than one it works ahead while the pose model runs.
    """
    report = DecodeReport()
    quality = _Quality()
    people = _People(info)
    results: list[PoseResult | None] = []
    times_s: list[float] = []
    frames = iter_frames(
        info,
        target_fps=settings.target_fps,
        max_side_px=settings.max_side_px,
        report=report,
        threads=decode_threads,
    )
    for number, frame in enumerate(frames):
        on_frame(number)
        result = engine.detect(frame.image, frame.time_s)
        results.append(result)
        times_s.append(frame.time_s)
        if number % _QUALITY_EVERY == 0:
            quality.look(frame.image)
        if result is not None:
            people.look(engine, frame.image, result, frame.time_s)
    size = np.array([info.width_px, info.height_px], np.float32)
    return Track(
        position=_stacked([result.position if result else None for result in results], (len(LANDMARKS), 2), np.nan)
        * size,
        world=_stacked([result.world if result else None for result in results], (len(LANDMARKS), 3), np.nan),
        confidence=_stacked([result.confidence if result else None for result in results], (len(LANDMARKS),), 0.0),
        time_s=np.asarray(times_s, np.float64),
        width_px=info.width_px,
        height_px=info.height_px,
        info={
            "frames_decoded": report.frames_read,
            "frames_broken": report.frames_broken,
            "frames_kept": report.frames_kept,
            "engine": engine.name,
            "engine_version": engine.version,
            "settings": settings.to_dict(),
            "source_frame_rate_hz": info.frame_rate_hz,
            "source_content_sha256": info.content_sha256,
            **people.summary(),
            **quality.summary(),
        },
    )


def _stacked(rows: list[NDArray[np.float32] | None], shape: tuple[int, ...], missing: float) -> NDArray[np.float32]:
    out = np.full((len(rows), *shape), missing, np.float32)
    for target, row in zip(out, rows, strict=True):
        if row is not None:
            target[...] = row
    return out


class _People:
    """Count the people now and then: costs a few per cent, and a second person spoils a walk."""

    def __init__(self, info: VideoInfo) -> None:
        self._every_s = min(_PEOPLE_EVERY_S, max(0.25, info.duration_s / _PEOPLE_AT_LEAST))
        self._next_s: float | None = None
        self._samples: list[tuple[float, int]] = []

    def look(self, engine: PoseEngine, image: NDArray[np.uint8], found: PoseResult, time_s: float) -> None:
        if self._next_s is None:
            self._next_s = time_s
        if time_s < self._next_s:
            return
        self._next_s = time_s + self._every_s
        self._samples.append((time_s, engine.count_people(image, found)))

    def summary(self) -> dict[str, Any]:
        several = [count >= 2 for _, count in self._samples]
        return {
            "people": [[round(time_s, 4), count] for time_s, count in self._samples],
            "people_max_share": sum(several) / len(several) if several else 0.0,
        }


class _Quality:
    """Brightness and sharpness of every tenth picture."""

    def __init__(self) -> None:
        self._brightness: list[float] = []
        self._sharpness: list[float] = []

    def look(self, image: NDArray[np.uint8]) -> None:
        import cv2

        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        self._brightness.append(float(grey.mean()))
        self._sharpness.append(float(cv2.Laplacian(grey, cv2.CV_32F).var()))

    def summary(self) -> dict[str, float | None]:
        # Brightness from 0 to 255; sharpness is the variance of the Laplacian, low when blurred.
        return {
            "brightness_median": float(np.median(self._brightness)) if self._brightness else None,
            "sharpness_median": float(np.median(self._sharpness)) if self._sharpness else None,
        }
