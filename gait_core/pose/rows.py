"""The results of a video, frame by frame, on their way to a track."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.cache import Spool
from gait_core.pose.candidates import CANDIDATES_SHAPE
from gait_core.pose.engine import PoseResult
from gait_core.pose.landmarks import LANDMARKS
from gait_core.workspace import storage_guard

__all__ = ["CHUNK_FRAMES", "SMALL_CHUNK_FRAMES", "Rows"]

CHUNK_FRAMES: Final = 256
SMALL_CHUNK_FRAMES: Final = 32
"""Frames that are held before they are written: usually, and where memory is short."""
_N: Final = len(LANDMARKS)
_MISSING: Final = {"position": np.nan, "world": np.nan, "confidence": 0.0, "candidates": np.nan}


class Rows:
    """Gather the results of all frames in files, so that an hour takes no more memory than a few seconds.

    Small objects kept per frame would lie between the frames in memory and keep their memory from being freed.

    Parameters
    ----------
    width_px, height_px : int
        Size of the frame, by which positions are multiplied.
    folder : Path, optional
        Folder of the files.
    """

    def __init__(self, width_px: int, height_px: int, folder: Path | None = None) -> None:
        self._folder = folder
        self._place = (folder or Path(tempfile.gettempdir())) / "the landmarks"
        self._size_px = np.array([width_px, height_px], np.float32)
        self._time_s = array("d")
        self._held = 0
        self._chunk: dict[str, NDArray[np.float32]] = {}
        self._spools: dict[str, Spool] = {}
        shapes: dict[str, tuple[int, ...]] = {"position": (_N, 2), "world": (_N, 3), "confidence": (_N,)}
        for name, shape in shapes.items():
            self._begin(name, shape)
        self.chunk_frames = CHUNK_FRAMES

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for spool in self._spools.values():
            spool.close()

    def add(self, time_s: float, result: PoseResult | None) -> None:
        """Take the result of one frame.

        Raises
        ------
        StorageError
            When the disk is full.
        """
        row = self._held
        chunk = self._chunk
        if result is not None and result.candidates is not None and "candidates" not in chunk:
            self._begin("candidates", CANDIDATES_SHAPE)
        for name in chunk:
            values = None if result is None else getattr(result, name)
            chunk[name][row] = _MISSING[name] if values is None else values
        self._time_s.append(time_s)
        self._held += 1
        if self._held >= self.chunk_frames:
            self._write()

    def _begin(self, name: str, shape: tuple[int, ...]) -> None:
        """Begin to gather an array; in the frames so far it is missing."""
        missing = np.full((CHUNK_FRAMES, *shape), _MISSING[name], np.float32)
        with storage_guard(self._place):
            spool = Spool(np.float32, shape, self._folder)
            self._spools[name] = spool
            so_far = len(self._time_s) - self._held
            for first in range(0, so_far, CHUNK_FRAMES):
                spool.append(missing[: min(CHUNK_FRAMES, so_far - first)])
        self._chunk[name] = missing

    def forget(self, spans: Sequence[tuple[float, float]]) -> None:
        """Take out what was found in some times, s, both ends included."""
        self._write()
        times = self.time_s
        with storage_guard(self._place):
            for first_s, last_s in spans:
                start, stop = np.searchsorted(times, first_s, "left"), np.searchsorted(times, last_s, "right")
                for name, spool in self._spools.items():
                    spool.fill(int(start), int(stop), _MISSING[name])

    @property
    def time_s(self) -> NDArray[np.float64]:
        """Time stamps so far, s."""
        return np.array(self._time_s, np.float64)

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """Return position (px), world, confidence and candidates (px); large ones are mapped from files, read-only."""
        self._write()
        with storage_guard(self._place):
            return {name: spool.array() for name, spool in self._spools.items()}

    def _write(self) -> None:
        # Written at once: a chunk goes to the system's own buffers in 0.1 ms, a thread would gain nothing.
        self._chunk["position"][: self._held] *= self._size_px
        if "candidates" in self._chunk:
            self._chunk["candidates"][: self._held, ..., :2] *= self._size_px
            self._chunk["candidates"][: self._held, ..., 4] *= self._size_px[1]
        with storage_guard(self._place):
            for name, spool in self._spools.items():
                spool.append(self._chunk[name][: self._held])
        self._held = 0
