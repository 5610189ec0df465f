"""Several videos analysed at once: workers, memory, progress, and the flag that stops them together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from gait_core.cache import ArrayCache, Entry
from gait_core.config import Limits, PoseSettings
from gait_core.errors import Cancelled, GaitError, InputError, LibraryError, ModelError
from gait_core.pose.devices.choice import Choice, DeviceChooser
from gait_core.pose.devices.targets import cpu_place
from gait_core.pose.engine import CPU
from gait_core.pose.engines import open_engine, resolved
from gait_core.pose.extracted import (
    MOST_WORKERS,
    STAGE,
    TRACK_KIND,
    ExtractedWalk,
    default_workers,
    track_address,
    track_cost,
)
from gait_core.pose.frame_progress import FrameProgress, labels_of
from gait_core.pose.masks import MASKS_KIND, MaskRows
from gait_core.pose.models.assets import model_sha256
from gait_core.pose.track import Track
from gait_core.pose.tracking import TIGHT, expected_frames, track_video
from gait_core.pose.usability import refuse_unusable, warnings_of
from gait_core.progress import Reporter
from gait_core.runtime.memory import MemoryMonitor
from gait_core.video.decode import decoder_bytes, frame_bytes
from gait_core.video.info import VideoInfo
from gait_core.video.metadata import MetadataCache
from gait_core.video.probe import probe
from gait_core.workspace import Workspace

__all__ = ["Batch", "OnResult"]

OnResult = Callable[[int, ExtractedWalk | GaitError], None]
"""Receives place and outcome of a video."""

_MAX_DECODE_THREADS = 4
_WORKER_BYTES = 120 * 1024**2
"""Buffers of the pose model for one video."""
_AHEAD_BYTES = 32 * 1024**2


class Batch:
    """The videos of one call, their progress, and the flag that stops them together."""

    def __init__(
        self,
        paths: list[Path],
        settings: PoseSettings,
        workspace: Workspace,
        reporter: Reporter,
        use_cache: bool,
        limits: Limits,
        *,
        masks: bool = False,
    ) -> None:
        self._paths = paths
        self._masks = masks
        self._labels = labels_of(paths)
        self._may_fall_back = settings.engine == "auto"
        self._settings = resolved(settings)
        self._devices = DeviceChooser(settings, STAGE, reporter)
        self._reporter = reporter
        self._cache = ArrayCache.of(workspace) if use_cache else None
        self._folder = workspace.cache
        self._metadata = MetadataCache.of(workspace)
        self._stop = threading.Event()
        self._failure: GaitError | None = None
        self._limits = limits
        self._monitor = MemoryMonitor(limits.memory_bytes, reporter=reporter) if limits.memory_bytes else None
        self._decode_threads = 1
        self._at_once = 1
        self._progress = FrameProgress(reporter, STAGE)
        self._once: dict[str, threading.Lock] = {}
        self._computed: dict[str, Track] = {}
        self._guard = threading.Lock()

    def run(self, *, share: int = 1, on_result: OnResult | None = None) -> list[ExtractedWalk | GaitError]:
        """Analyse all videos; `share` such batches run side by side in this process.

        `on_result` is called in the order of the input, here, while the workers are at the videos after it.
        """
        if not self._paths:
            return []
        import cv2

        # Every worker has its own video; threads inside OpenCV would only get in each other's way.
        cv2.setNumThreads(1)
        probed = [self._probed(number) for number in range(len(self._paths))]
        workers = self._workers(probed)
        self._at_once = workers * share
        # CPUs that no worker needs let the decoder work ahead.
        self._decode_threads = max(1, min(_MAX_DECODE_THREADS, default_workers() // (workers * share)))
        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="extract") as pool:
            pending = [pool.submit(self._one, number, found) for number, found in enumerate(probed)]
            outcomes: list[ExtractedWalk | GaitError] = []
            try:
                for number, future in enumerate(pending):
                    outcomes.append(future.result())
                    if on_result is not None:
                        on_result(number, outcomes[-1])
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
        """Return how many videos can be analysed at once, given the memory."""
        # One more than CPUs: while one waits for its decoder, another has something to do.
        wanted = min(self._limits.workers or min(MOST_WORKERS, default_workers() + 1), len(self._paths))
        if self._monitor is None:
            return wanted
        videos = [info for info in probed if isinstance(info, VideoInfo)]
        largest = max((info.width_px * info.height_px for info in videos), default=0)
        return self._monitor.workers_for(wanted, _WORKER_BYTES + decoder_bytes(largest))

    def _ahead(self, info: VideoInfo) -> int:
        """Return how many frames may be decoded ahead: less of large ones, hardly any when memory runs short."""
        if self._monitor is not None and self._monitor.pressure >= TIGHT:
            return 1
        room = _AHEAD_BYTES // max(1, frame_bytes(info.width_px * info.height_px))
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
            self._stop.set()  # the machine lacks something, or the user stopped: no worker continues
            raise
        self._progress.finish(label, len(walk.track), cached=walk.cached)
        for warning in walk.warnings:
            self._reporter.warn(STAGE, warning.message, item=label)
        state = "cached" if walk.cached else "done"
        cost = track_cost(walk.track.info, len(walk.track), walk.info.content_sha256)
        self._reporter.item_end(STAGE, label, state=state, detection_rate=walk.track.detection_rate, cost=cost)
        return walk

    def _extracted(self, info: VideoInfo, label: str) -> ExtractedWalk:
        self._check()
        settings = self._settings
        address = track_address(info, settings, self._reporter)  # without pose models no engine helps
        choice = self._choice(info, address)
        if choice.place.device != CPU:
            walk = self._on_device(info, label, choice)
            if walk is not None:
                return walk
            choice = self._choice(info, address)
        try:
            return self._walk(info, label, address, self._here(choice, settings))
        except (LibraryError, ModelError) as error:
            if not self._falls_back(settings, error):
                raise
        address = track_address(info, self._settings, self._reporter)
        return self._walk(info, label, address, self._here(choice, self._settings))

    def _choice(self, info: VideoInfo, address: str) -> Choice:
        """Return where a video is analysed; what the CPU has found before is as good and stays."""
        if self._cache is not None and self._cache.holds(TRACK_KIND, address):
            return Choice(place=cpu_place(self._settings), why="The CPU has done this video before.")
        return self._devices.choose(info, self._check)

    @staticmethod
    def _here(choice: Choice, settings: PoseSettings) -> Choice:
        return replace(choice, place=replace(choice.place, settings=settings))

    def _on_device(self, info: VideoInfo, label: str, choice: Choice) -> ExtractedWalk | None:
        """Return what a device other than the CPU finds, or None when it fails on the way."""
        place = choice.place
        try:
            address = track_address(info, place.settings, self._reporter, device=place.device)
            return self._walk(info, label, address, choice)
        except (LibraryError, ModelError, RuntimeError, ValueError) as error:
            self._devices.give_up(place, label, error)
        self._progress.update(label, 0)
        return None

    def _falls_back(self, failed: PoseSettings, error: GaitError) -> bool:
        """Go over to MediaPipe where the choice was left to the program and the other engine does not work here."""
        if not self._may_fall_back or failed.engine == "mediapipe":
            return False
        with self._guard:
            if self._settings.engine != "mediapipe":
                self._settings = failed.with_(engine="mediapipe", precision="f32")
                self._reporter.warn(STAGE, f"{error.message} MediaPipe runs the pose model instead; it takes longer.")
        return True

    def _walk(self, info: VideoInfo, label: str, address: str, choice: Choice) -> ExtractedWalk:
        track, cached = self._track(info, label, address, choice)
        refuse_unusable(track, info)
        return ExtractedWalk(track=track, info=info, cached=cached, address=address, warnings=warnings_of(track, info))

    def _track(self, info: VideoInfo, label: str, address: str, choice: Choice) -> tuple[Track, bool]:
        if self._cache is None:
            with self._guard:
                lock = self._once.setdefault(address, threading.Lock())
            with lock:  # the same video given twice is analysed once
                if address not in self._computed:
                    self._computed[address] = self._compute(info, label, choice)
                return self._computed[address], False

        with ExitStack() as stack:
            masks = stack.enter_context(MaskRows(self._folder)) if self._masks else None

            def compute() -> Entry:
                track = self._compute(info, label, choice, masks)
                return Entry(arrays=track.to_arrays(), meta=track.to_meta())

            # A second thread that waits for the first one's entry has to feel the stop as well.
            watcher = Reporter(cancelled=self._stopped)
            entry, cached = self._cache.get_or_compute(TRACK_KIND, address, compute, watcher)
            if masks is not None and not (cached and self._cache.holds(MASKS_KIND, address)):
                if cached:  # landmarks from before masks were requested stay as they are
                    self._compute(info, label, choice, masks)
                # After the landmarks: in a small cache what is written last stays.
                self._cache.put(MASKS_KIND, address, masks.masks().to_arrays(), {})
                cached = False
            return Track.from_arrays(entry.arrays, entry.meta), cached

    def _compute(self, info: VideoInfo, label: str, choice: Choice, masks: MaskRows | None = None) -> Track:
        place, settings = choice.place, choice.place.settings
        begun_s = time.perf_counter()

        def on_frame(done: int) -> None:
            self._check()
            self._progress.update(label, done)

        with open_engine(settings, masks=masks is not None, at_once=self._at_once, device=place.device) as engine:
            track = track_video(
                info,
                settings,
                engine,
                on_frame,
                decode_threads=self._decode_threads,
                ahead=lambda: self._ahead(info),
                monitor=self._monitor,
                folder=self._folder,
                masks=masks,
            )
        facts = {
            "model_sha256": model_sha256(settings.variant),
            "extraction_s": time.perf_counter() - begun_s,
            "device": place.kind,
            "device_reason": choice.why,
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
