"""From video files to tracks: cached by content, several at once, in the order of the input."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gait_core.cache import ArrayCache, Entry
from gait_core.config import Limits, PoseSettings
from gait_core.errors import Cancelled, GaitError, InputError, NotFoundError, WalkWarning
from gait_core.pose.assets import model_sha256
from gait_core.pose.engines import engine_version, open_engine, resolved
from gait_core.pose.frame_progress import FrameProgress, labels_of
from gait_core.pose.track import Track
from gait_core.pose.tracking import expected_frames, track_video
from gait_core.pose.verdict import refuse_unusable, warnings_of
from gait_core.progress import Reporter, silent
from gait_core.runtime.memory import MemoryMonitor
from gait_core.runtime.performance_report import track_cost
from gait_core.runtime.processor import available_processors
from gait_core.video.info import VideoInfo
from gait_core.video.metadata import MetadataCache
from gait_core.video.probe import probe
from gait_core.workspace import Workspace

__all__ = ["STAGE", "ExtractedWalk", "default_workers", "extract_many", "extract_track", "load_track", "track_address"]

STAGE = "extract"
_KIND = "track"
_MAX_WORKERS = 5
_MAX_DECODE_THREADS = 4
_PRESSURE = 0.8
"""Share of the memory limit from which less is held."""
_WORKER_BYTES = 120 * 1024**2
"""Buffers of the pose model for one video."""
_DECODED_PICTURES = 24
"""Pictures that a decoder refers back to, and a few more under way."""
_AHEAD_BYTES = 32 * 1024**2


@dataclass(frozen=True, kw_only=True, eq=False)
class ExtractedWalk:
    """The landmarks of one video and what is known of it.

    Attributes
    ----------
    track : Track
    info : VideoInfo
    cached : bool
        True when the landmarks came from the cache.
    address : str
        Where the landmarks lie in the cache: content, settings, model and engine in one digest.
    warnings : tuple of WalkWarning
        Reasons to doubt the walk.
    """

    track: Track
    info: VideoInfo
    cached: bool
    address: str
    warnings: tuple[WalkWarning, ...]


def default_workers() -> int:
    """Return how many videos are analysed at once: one per processor, at most five."""
    return min(_MAX_WORKERS, available_processors())


def track_address(info: VideoInfo, settings: PoseSettings, reporter: Reporter | None = None) -> str:
    """Return the content address of a track; a renamed video has the same, another setting or model has not."""
    settings = resolved(settings)
    parts = (
        info.content_sha256,
        settings.digest(),
        model_sha256(settings.variant, reporter),
        engine_version(settings),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def extract_track(
    path: Path | str,
    settings: PoseSettings,
    *,
    workspace: Workspace,
    reporter: Reporter | None = None,
    use_cache: bool = True,
    limits: Limits | None = None,
    share: int = 1,
) -> ExtractedWalk:
    """Find the landmarks in one video.

    Parameters
    ----------
    path : path-like
        Video file.
    settings : PoseSettings
    workspace : Workspace
        Holds the cache.
    reporter : Reporter, optional
        Told of the progress; asked on every frame whether to go on.
    use_cache : bool
        False analyses the video even when its landmarks are known, and keeps nothing.
    limits : Limits, optional
        Memory, and pictures decoded ahead.
    share : int
        How many such calls run side by side in this process and share its processors.

    Raises
    ------
    VideoError
        When the file cannot be used; `WalkRefused` when no gait can be measured from it.
    ModelError, LibraryError, StorageError
        When the machine lacks something.
    Cancelled
        When the user stopped the work.
    """
    batch = _Batch([Path(path)], settings, workspace, reporter or silent(), use_cache, limits or Limits())
    (outcome,) = batch.run(share=share)
    if isinstance(outcome, GaitError):
        raise outcome
    return outcome


def extract_many(
    paths: Sequence[Path | str],
    settings: PoseSettings,
    *,
    workspace: Workspace,
    reporter: Reporter | None = None,
    limits: Limits | None = None,
    use_cache: bool = True,
) -> list[ExtractedWalk | GaitError]:
    """Find the landmarks in several videos at once.

    Parameters
    ----------
    paths : sequence of path-like
    settings : PoseSettings
    workspace : Workspace
    reporter : Reporter, optional
        Stage ``extract``; one item per video and the total, in frames.
    limits : Limits, optional
        Videos at once (default one per processor, at most five), memory, pictures decoded ahead.
    use_cache : bool

    Returns
    -------
    list of ExtractedWalk or GaitError
        In the order of `paths`; a video that cannot be used is its error, and the others go on.

    Raises
    ------
    ModelError, LibraryError, StorageError
        When the machine lacks something, which no other video could escape.
    Cancelled
        When the user stopped the work.
    """
    batch = _Batch(
        [Path(path) for path in paths], settings, workspace, reporter or silent(), use_cache, limits or Limits()
    )
    return batch.run()


def load_track(workspace: Workspace, address: str) -> Track:
    """Return landmarks from the cache by their address.

    Raises
    ------
    NotFoundError
        When they are no longer there.
    """
    entry = ArrayCache.of(workspace).get(_KIND, address)
    if entry is None:
        raise NotFoundError(
            f"Expected landmarks {address[:8]} in the cache, but they are no longer there.",
            "The cache may be too small for this folder: set GAIT_CACHE_LIMIT_BYTES higher and run again.",
        )
    return Track.from_arrays(entry.arrays, entry.meta)


class _Batch:
    """The videos of one call, their progress, and the flag that stops them together."""

    def __init__(
        self,
        paths: list[Path],
        settings: PoseSettings,
        workspace: Workspace,
        reporter: Reporter,
        use_cache: bool,
        limits: Limits,
    ) -> None:
        self._paths = paths
        self._labels = labels_of(paths)
        self._settings = resolved(settings)
        self._reporter = reporter
        self._cache = ArrayCache.of(workspace) if use_cache else None
        self._folder = workspace.cache
        self._metadata = MetadataCache.of(workspace)
        self._stop = threading.Event()
        self._failure: GaitError | None = None
        self._limits = limits
        self._monitor = MemoryMonitor(limits.memory_bytes, reporter=reporter) if limits.memory_bytes else None
        self._decode_threads = 1
        self._progress = FrameProgress(reporter, STAGE)
        self._once: dict[str, threading.Lock] = {}
        self._computed: dict[str, Track] = {}
        self._guard = threading.Lock()

    def run(self, *, share: int = 1) -> list[ExtractedWalk | GaitError]:
        if not self._paths:
            return []
        import cv2

        # Every worker has its own video; threads inside OpenCV would only get in each other's way.
        cv2.setNumThreads(1)
        probed = [self._probed(number) for number in range(len(self._paths))]
        workers = self._workers(probed)
        # Processors that no worker needs let the decoder work ahead.
        self._decode_threads = max(1, min(_MAX_DECODE_THREADS, default_workers() // (workers * share)))
        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="extract") as pool:
            pending = [pool.submit(self._one, number, found) for number, found in enumerate(probed)]
            try:
                outcomes = [future.result() for future in pending]
            except BaseException as error:
                self._stop.set()
                for future in pending:
                    future.cancel()
                if isinstance(error, Cancelled) and self._failure is not None:
                    raise self._failure from None  # the others only stopped because of this one
                raise
        self._progress.total(final=True)
        return outcomes

    def _workers(self, probed: Sequence[VideoInfo | GaitError]) -> int:
        """Return how many videos are analysed at once, as far as the memory bears."""
        wanted = min(self._limits.workers or default_workers(), len(self._paths))
        if self._monitor is None:
            return wanted
        videos = [info for info in probed if isinstance(info, VideoInfo)]
        largest = max((info.width_px * info.height_px for info in videos), default=0)
        return self._monitor.workers_for(wanted, _WORKER_BYTES + _DECODED_PICTURES * _picture_bytes(largest))

    def _ahead(self, info: VideoInfo) -> int:
        """Return how many pictures may be decoded ahead: less of large ones, hardly any when memory runs short."""
        if self._monitor is not None and self._monitor.pressure >= _PRESSURE:
            return 1
        room = _AHEAD_BYTES // max(1, _picture_bytes(info.width_px * info.height_px))
        return int(max(1, min(self._limits.frames_ahead, room)))

    def _probed(self, number: int) -> VideoInfo | GaitError:
        self._reporter.check()
        label = self._labels[number]
        try:
            info = probe(self._paths[number], self._metadata)
        except InputError as error:
            self._progress.fail(label)
            self._reporter.item_end(STAGE, label, state="failed", message=str(error))
            return error
        self._progress.expect(label, expected_frames(info, self._settings))
        return info

    def _one(self, number: int, found: VideoInfo | GaitError) -> ExtractedWalk | GaitError:
        if isinstance(found, GaitError):
            return found
        label = self._labels[number]
        try:
            walk = self._extracted(found, label)
        except InputError as error:
            self._progress.fail(label)
            self._reporter.item_end(STAGE, label, state="failed", message=str(error))
            return error
        except GaitError as error:
            if not isinstance(error, Cancelled):
                self._failure = error
            self._stop.set()  # the machine lacks something, or the user stopped: nobody goes on
            raise
        self._progress.finish(label, len(walk.track))
        for warning in walk.warnings:
            self._reporter.warn(STAGE, warning.message, item=label)
        state = "cached" if walk.cached else "done"
        cost = track_cost(walk.track.info, len(walk.track), walk.info.content_sha256)
        self._reporter.item_end(STAGE, label, state=state, detection_rate=walk.track.detection_rate, cost=cost)
        return walk

    def _extracted(self, info: VideoInfo, label: str) -> ExtractedWalk:
        self._check()
        address = track_address(info, self._settings, self._reporter)
        track, cached = self._track(info, label, address)
        refuse_unusable(track, info)
        return ExtractedWalk(track=track, info=info, cached=cached, address=address, warnings=warnings_of(track, info))

    def _track(self, info: VideoInfo, label: str, address: str) -> tuple[Track, bool]:
        if self._cache is None:
            with self._guard:
                lock = self._once.setdefault(address, threading.Lock())
            with lock:  # the same video given twice is analysed once
                if address not in self._computed:
                    self._computed[address] = self._compute(info, label)
                return self._computed[address], False

        def compute() -> Entry:
            track = self._compute(info, label)
            return Entry(arrays=track.to_arrays(), meta=track.to_meta())

        # A second thread that waits for the first one's entry has to feel the stop as well.
        watcher = Reporter(cancelled=self._stopped)
        entry, cached = self._cache.get_or_compute(_KIND, address, compute, watcher)
        return Track.from_arrays(entry.arrays, entry.meta), cached

    def _compute(self, info: VideoInfo, label: str) -> Track:
        begun_s = time.perf_counter()

        def on_frame(done: int) -> None:
            self._check()
            self._progress.update(label, done)

        with open_engine(self._settings) as engine:
            track = track_video(
                info,
                self._settings,
                engine,
                on_frame,
                decode_threads=self._decode_threads,
                ahead=lambda: self._ahead(info),
                monitor=self._monitor,
                folder=self._folder,
            )
        facts = {
            "model_sha256": model_sha256(self._settings.variant),
            "extraction_s": time.perf_counter() - begun_s,
        }
        return track.with_(info={**track.info, **facts})

    def _check(self) -> None:
        if self._stop.is_set():
            raise Cancelled()
        self._reporter.check()

    def _stopped(self) -> bool:
        try:
            self._check()
        except Cancelled:
            return True
        return False


def _picture_bytes(pixels: int) -> int:
    """Return the memory of a decoded picture with half as many colours as pixels."""
    return pixels * 3 // 2
