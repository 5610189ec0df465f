"""One protocol for whatever runs a pose model."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.config import PoseSettings
from gait_core.errors import SettingsError

__all__ = ["PoseEngine", "PoseResult", "engine_version", "open_engine"]


@dataclass(frozen=True, kw_only=True, eq=False)
class PoseResult:
    """The pose of one person in one frame.

    Attributes
    ----------
    position : ndarray, shape (33, 2), float32
        Image position as a share of width and height; outside [0, 1] where a point lies outside the picture.
    world : ndarray, shape (33, 3), float32
        Position relative to the middle of the hips, m.
    confidence : ndarray, shape (33,), float32
        Visibility in [0, 1].
    people : int
        Persons seen, as far as the engine counts them; at least 1.
    """

    position: NDArray[np.float32]
    world: NDArray[np.float32]
    confidence: NDArray[np.float32]
    people: int = 1


class PoseEngine(Protocol):
    """Find the pose in the frames of one video, in order of time.

    Use it in a ``with`` statement, for one video and in one thread.
    """

    @property
    def name(self) -> str:
        """Name of the engine, as in `PoseSettings.engine`."""

    @property
    def version(self) -> str:
        """Version of everything in the engine that may change a result."""

    def detect(self, image_rgb: NDArray[np.uint8], time_s: float) -> PoseResult | None:
        """Return the pose in an RGB image of shape (h, w, 3), or None; `time_s` has to rise."""

    def count_people(self, image_rgb: NDArray[np.uint8], known: PoseResult) -> int:
        """Return how many persons are in the image, the one already found among them; ask now and then."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def engine_version(settings: PoseSettings) -> str:
    """Return the version of the engine without loading it; part of the address of cached landmarks."""
    _check_engine(settings)
    from gait_core.pose.mediapipe_engine import mediapipe_version

    return mediapipe_version()


def open_engine(settings: PoseSettings) -> PoseEngine:
    """Return a new engine for one video.

    Raises
    ------
    SettingsError
        When there is no such engine.
    ModelError
        When the pose model is missing or damaged.
    LibraryError
        When a library is missing.
    """
    _check_engine(settings)
    from gait_core.pose.mediapipe_engine import MediaPipeEngine

    return MediaPipeEngine(settings)


def _check_engine(settings: PoseSettings) -> None:
    if settings.engine != "mediapipe":
        raise SettingsError(
            f"Expected the engine mediapipe, but got {settings.engine!r}.", "Choose --engine mediapipe."
        )
