"""One protocol for whatever runs a pose model."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from gait_core.video.pixels import Pixels

__all__ = ["CPU", "CloseLook", "PersonMask", "PoseEngine", "PoseResult"]

CPU: Final = "CPU"
"""The CPU, as every engine calls it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PersonMask:
    """Where the person is, in the part of the frame that was looked at.

    Attributes
    ----------
    values : ndarray, shape (height, width), float32
        Probability in [0, 1].
    matrix : ndarray, shape (2, 3)
        Takes (column, row, 1) of `values` to (x, y) of the frame, px.
    """

    values: NDArray[np.float32]
    matrix: NDArray[np.float64]

    def on_frame(self, width_px: int, height_px: int) -> NDArray[np.float32]:
        """Return the mask over the whole frame, shape (height_px, width_px); 0 where the engine did not look."""
        import cv2

        return np.asarray(cv2.warpAffine(self.values, self.matrix, (width_px, height_px), flags=cv2.INTER_LINEAR))


@dataclass(frozen=True, kw_only=True, eq=False)
class PoseResult:
    """The pose of one person in one frame.

    Attributes
    ----------
    position : ndarray, shape (33, 2), float32
        Image position as a share of width and height; outside [0, 1] where a point lies outside the image.
    world : ndarray, shape (33, 3), float32
        Position relative to the middle of the hips, m.
    confidence : ndarray, shape (33,), float32
        Visibility in [0, 1].
    people : int
        Persons seen, as far as the engine counts them; at least 1.
    mask : PersonMask or None
        Where masks were asked for.
    candidates : ndarray, shape (4, `MOST_CANDIDATES`, 5), float32, or None
        Places where the joints of the legs may be, see `gait_core.pose.candidates`; column and row as shares of width
        and height, spread as a share of the height.
    """

    position: NDArray[np.float32]
    world: NDArray[np.float32]
    confidence: NDArray[np.float32]
    people: int = 1
    mask: PersonMask | None = None
    candidates: NDArray[np.float32] | None = None


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

    def detect(self, pixels: Pixels, time_s: float) -> PoseResult | None:
        """Return the pose in a frame, or None; `time_s` has to rise."""

    def count_people(self, pixels: Pixels, known: PoseResult) -> int:
        """Return how many persons are in the frame, the one already found among them; ask now and then."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@runtime_checkable
class CloseLook(Protocol):
    """An engine that can also look for a person so close to the walker that counting people misses them."""

    def sees_beside_legs(self, pixels: Pixels, known: PoseResult) -> bool:
        """Return whether a smaller person seems to be in front of the legs of the one found; may err now and then."""
