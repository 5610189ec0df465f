"""One video through one engine: decode, detect, collect."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from gait_core.config import PoseSettings
from gait_core.pose.engine import CloseLook, PoseEngine, PoseResult
from gait_core.pose.following import FollowingEngine
from gait_core.pose.frame_quality import FrameQuality
from gait_core.pose.masks import MaskRows
from gait_core.pose.rows import CHUNK_FRAMES, SMALL_CHUNK_FRAMES, Rows
from gait_core.pose.track import Track
from gait_core.runtime.memory import MemoryMonitor
from gait_core.video.decode import DecodeReport, iter_frames
from gait_core.video.info import VideoInfo
from gait_core.video.pixels import Pixels

__all__ = ["TIGHT", "expected_frames", "track_video"]

_STAGE: Final = "extract"
TIGHT: Final = 0.8
"""Share of the memory limit from which less is held."""
_PEOPLE_EVERY_S = 0.8
_PEOPLE_AT_LEAST = 6
_CLOSE_EVERY_S: Final = 0.15
_CLOSE_LOOKS: Final = 10
_CLOSE_SHARE: Final = 1.0 / 3.0
"""Share of the looks that has to see a person close: a child in front of the walker is seen in 0.5 of them, and where
there is no one, a leg passes for a person in 0.12 at most (16 rendered and real walks; usually 0.05)."""


def expected_frames(info: VideoInfo, settings: PoseSettings) -> int:
    """Estimate how many frames of a video will be analysed, for progress.

    Returns
    -------
    int
        All frames, or fewer where `target_fps` thins the video.
    """
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
    ahead: Callable[[], int] | int = 0,
    monitor: MemoryMonitor | None = None,
    folder: Path | None = None,
    masks: MaskRows | None = None,
) -> Track:
    """Return the landmarks of a whole video; it takes the same memory for a minute as for an hour.

    Parameters
    ----------
    info : VideoInfo
    settings : PoseSettings
    engine : PoseEngine
        Open, and not used for another video before.
    on_frame : callable
        Called with the number of frames done before each frame; may raise `Cancelled`.
    decode_threads : int
        Threads of the decoder.
    ahead : int or callable
        Frames decoded ahead while the pose model runs, see `iter_frames`.
    monitor : MemoryMonitor, optional
        Asked on every frame; less is held where memory gets short.
    folder : Path, optional
        Where the landmarks of a long video are buffered until they are stored.
    masks : MaskRows, optional
        Receives the mask of every frame; the engine has to be open with masks.

    Returns
    -------
    Track
        Its `info` holds, beside the facts of the video, ``stage_s``: seconds spent in ``decode`` (waiting for the
        decoder), ``pose``, ``quality``, ``people`` and ``other``.

    Raises
    ------
    StorageError
        When the disk is full.
    MemoryLimitError
        When memory runs out.
    """
    report = DecodeReport()
    quality = FrameQuality()
    people = _People(info)
    clock = _Clock()
    frames = iter_frames(
        info,
        target_fps=settings.target_fps,
        report=report,
        threads=decode_threads,
        skip_loop_filter=settings.skip_loop_filter,
        ahead=ahead,
    )
    with Rows(info.width_px, info.height_px, folder) as rows:
        for number, frame in enumerate(frames):
            clock.stop("decode")
            on_frame(number)
            if monitor is not None:
                monitor.check(_STAGE)
                rows.chunk_frames = CHUNK_FRAMES if monitor.pressure < TIGHT else SMALL_CHUNK_FRAMES
            clock.stop("other")
            result = engine.detect(frame.pixels, frame.time_s)
            clock.stop("pose")
            quality.look(frame.pixels, result, frame.time_s)
            clock.stop("quality")
            if result is not None:
                people.look(engine, frame.pixels, result, frame.time_s)
                clock.stop("people")
            rows.add(frame.time_s, result)
            if masks is not None:
                masks.add(result.mask if result is not None else None)
            clock.stop("other")
        if isinstance(engine, FollowingEngine):
            rows.forget(engine.doubts)
        arrays, time_s = rows.arrays(), rows.time_s
    return Track(
        position=arrays["position"],
        world=arrays["world"],
        confidence=arrays["confidence"],
        time_s=time_s,
        candidates=arrays.get("candidates"),
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
            "stage_s": clock.seconds(),
        },
    )


def _chosen(engine: PoseEngine, settings: PoseSettings, people: dict[str, Any]) -> dict[str, Any]:
    """Return what is known of the people; others do no harm where one person is followed."""
    if not isinstance(engine, FollowingEngine):
        return people
    return {"person": settings.person, "others": people["people"], "others_share": people["people_max_share"]}


class _People:
    """Count the people now and then: costs a few per cent, and a second person spoils a walk."""

    def __init__(self, info: VideoInfo) -> None:
        self._every_s = min(_PEOPLE_EVERY_S, max(0.25, info.duration_s / _PEOPLE_AT_LEAST))
        self._next_s: float | None = None
        self._samples: list[tuple[float, int]] = []
        self._close = _SomebodyClose(self._every_s)

    def look(self, engine: PoseEngine, pixels: Pixels, found: PoseResult, time_s: float) -> None:
        self._close.look(engine, pixels, found, time_s)
        if self._next_s is None:
            self._next_s = time_s
        if time_s < self._next_s:
            return
        self._next_s = time_s + self._every_s
        self._samples.append((time_s, engine.count_people(pixels, found)))

    def summary(self) -> dict[str, Any]:
        samples = self._close.samples if self._close.seen else self._samples
        several = [count >= 2 for _, count in samples]
        return {
            "people": [[round(time_s, 4), count] for time_s, count in samples],
            "people_max_share": sum(several) / len(several) if several else 0.0,
        }


class _SomebodyClose:
    """Look for a person right in front of the walker: a leg may pass for a person, so the first hit asks for more.

    Parameters
    ----------
    every_s : float
        Time between two looks as long as no one was seen, s.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._next_s = -math.inf
        self.samples: list[tuple[float, int]] = []

    def look(self, engine: PoseEngine, pixels: Pixels, found: PoseResult, time_s: float) -> None:
        if time_s < self._next_s or not isinstance(engine, CloseLook):
            return
        self.samples.append((time_s, 2 if engine.sees_beside_legs(pixels, found) else 1))
        self._next_s = time_s + (_CLOSE_EVERY_S if self._suspected else self._every_s)

    @property
    def seen(self) -> bool:
        """Whether a person was seen so often that it can be no leg taken for a person."""
        return len(self.samples) >= _CLOSE_LOOKS and self._share >= _CLOSE_SHARE

    @property
    def _suspected(self) -> bool:
        return self._share > 0.0 if len(self.samples) < _CLOSE_LOOKS else self._share >= _CLOSE_SHARE / 2

    @property
    def _share(self) -> float:
        return sum(count >= 2 for _, count in self.samples) / max(len(self.samples), 1)


class _Clock:
    """Seconds spent in each part of the work, from one reading of the clock to the next."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._last_s = time.perf_counter()

    def stop(self, stage: str) -> None:
        now_s = time.perf_counter()
        self._seconds[stage] = self._seconds.get(stage, 0.0) + now_s - self._last_s
        self._last_s = now_s

    def seconds(self) -> dict[str, float]:
        return {stage: round(seconds, 4) for stage, seconds in self._seconds.items()}
