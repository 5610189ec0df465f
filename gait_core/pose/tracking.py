"""One video through one engine: decode, detect, collect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.config import PoseSettings
from gait_core.pose.engine import PoseEngine, PoseResult
from gait_core.pose.following import FollowingEngine
from gait_core.pose.frame_quality import FrameQuality
from gait_core.pose.landmarks import LANDMARKS
from gait_core.pose.track import Track
from gait_core.runtime.native_memory import release_native_memory
from gait_core.video.decode import DecodeReport, iter_frames
from gait_core.video.info import VideoInfo
from gait_core.video.picture import Picture

__all__ = ["expected_frames", "track_video"]

_PEOPLE_EVERY_S = 0.8
_PEOPLE_AT_LEAST = 6
_RELEASE_EVERY = 150


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
    quality = FrameQuality()
    people = _People(info)
    rows = _Rows(info.frame_count)
    frames = iter_frames(
        info,
        target_fps=settings.target_fps,
        report=report,
        threads=decode_threads,
    )
    for number, frame in enumerate(frames):
        on_frame(number)
        result = engine.detect(frame.picture, frame.time_s)
        rows.add(frame.time_s, result)
        quality.look(frame.picture, result, frame.time_s)
        if result is not None:
            people.look(engine, frame.picture, result, frame.time_s)
        if number % _RELEASE_EVERY == _RELEASE_EVERY - 1:
            release_native_memory()
    if isinstance(engine, FollowingEngine):
        rows.forget(engine.doubts)
    size = np.array([info.width_px, info.height_px], np.float32)
    return Track(
        position=rows.position * size,
        world=rows.world,
        confidence=rows.confidence,
        time_s=rows.time_s,
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
            **_chosen(engine, settings, people.summary()),
            "frame_quality": quality.summary(),
        },
    )


def _chosen(engine: PoseEngine, settings: PoseSettings, people: dict[str, Any]) -> dict[str, Any]:
    """Return what is known of the people; others do no harm where one person is followed."""
    if not isinstance(engine, FollowingEngine):
        return people
    return {"person": settings.person, "others": people["people"], "others_share": people["people_max_share"]}


class _Rows:
    """Results of all frames, in arrays that are made once.

    Small objects kept per frame would lie between the pictures in memory and hold on to the room of these.
    """

    def __init__(self, expected: int) -> None:
        self._count = 0
        # Time, position, world, confidence of a frame in one row: missing is NaN, and confidence 0.
        self._values = np.empty((max(expected, 64), 1 + 6 * len(LANDMARKS)), np.float64)

    def add(self, time_s: float, result: PoseResult | None) -> None:
        """Take the result of one frame."""
        if self._count == len(self._values):
            self._values = np.concatenate([self._values, np.empty_like(self._values)])
        row = self._values[self._count]
        n = len(LANDMARKS)
        row[0] = time_s
        row[1 : 1 + 5 * n] = np.nan
        row[1 + 5 * n :] = 0.0
        if result is not None:
            row[1 : 1 + 2 * n] = result.position.ravel()
            row[1 + 2 * n : 1 + 5 * n] = result.world.ravel()
            row[1 + 5 * n :] = result.confidence
        self._count += 1

    def forget(self, spans: Sequence[tuple[float, float]]) -> None:
        """Take out what was found in some times, s, both ends included."""
        n = len(LANDMARKS)
        for first_s, last_s in spans:
            inside = (self.time_s >= first_s) & (self.time_s <= last_s)
            self._values[: self._count][inside, 1 : 1 + 5 * n] = np.nan
            self._values[: self._count][inside, 1 + 5 * n :] = 0.0

    @property
    def time_s(self) -> NDArray[np.float64]:
        return self._values[: self._count, 0].copy()

    @property
    def position(self) -> NDArray[np.float32]:
        return self._part(0, 2)

    @property
    def world(self) -> NDArray[np.float32]:
        return self._part(2, 3)

    @property
    def confidence(self) -> NDArray[np.float32]:
        return self._part(5, 1)[:, :, 0]

    def _part(self, first: int, width: int) -> NDArray[np.float32]:
        n = len(LANDMARKS)
        part = self._values[: self._count, 1 + first * n : 1 + (first + width) * n]
        return part.reshape(self._count, n, width).astype(np.float32)


class _People:
    """Count the people now and then: costs a few per cent, and a second person spoils a walk."""

    def __init__(self, info: VideoInfo) -> None:
        self._every_s = min(_PEOPLE_EVERY_S, max(0.25, info.duration_s / _PEOPLE_AT_LEAST))
        self._next_s: float | None = None
        self._samples: list[tuple[float, int]] = []

    def look(self, engine: PoseEngine, picture: Picture, found: PoseResult, time_s: float) -> None:
        if self._next_s is None:
            self._next_s = time_s
        if time_s < self._next_s:
            return
        self._next_s = time_s + self._every_s
        self._samples.append((time_s, engine.count_people(picture, found)))

    def summary(self) -> dict[str, Any]:
        several = [count >= 2 for _, count in self._samples]
        return {
            "people": [[round(time_s, 4), count] for time_s, count in self._samples],
            "people_max_share": sum(several) / len(several) if several else 0.0,
        }
