"""The landmarks of one walk over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.cache import release_pages
from gait_core.pose.candidates import CANDIDATES_SHAPE

__all__ = ["PART_FRAMES", "Track"]

N_LANDMARKS = 33
PART_FRAMES = 4096
"""Frames that are looked at in one go: a mapped track of any length takes no more memory than these."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Track:
    """Landmarks of one walk, with NaN where nothing was found.

    The arrays of a long walk are mapped from a file and read-only; go through them by `parts` where memory matters.

    Attributes
    ----------
    position : ndarray, shape (n_frames, 33, 2), float32
        Image position, px of the upright frame in its original size; origin top left, y down.
    world : ndarray, shape (n_frames, 33, 3), float32
        Position relative to the middle of the hips, m.
    confidence : ndarray, shape (n_frames, 33), float32
        Visibility in [0, 1]; 0 where no pose was found.
    time_s : ndarray, shape (n_frames,), float64
        Time stamps of the video, s, strictly rising.
    width_px, height_px : int
        Size of the upright frame, px.
    candidates : ndarray, shape (n_frames, 4, k, 5), float32, or None
        Places where the joints of the legs may be, px, strongest first, see `gait_core.pose.candidates`; NaN where
        there are no more. None from an engine or a decoding that does not tell them.
    info : mapping
        Facts for people and manifests: ``frames_decoded``, ``frames_broken``, ``engine``, ``model_sha256`` …

    Raises
    ------
    ValueError
        When shapes do not agree or time does not rise.
    """

    position: NDArray[np.float32]
    world: NDArray[np.float32]
    confidence: NDArray[np.float32]
    time_s: NDArray[np.float64]
    width_px: int
    height_px: int
    info: Mapping[str, Any] = field(default_factory=dict)
    candidates: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        n = len(self.time_s)
        for name, shape in (
            ("position", (n, N_LANDMARKS, 2)),
            ("world", (n, N_LANDMARKS, 3)),
            ("confidence", (n, N_LANDMARKS)),
        ):
            got = getattr(self, name).shape
            if got != shape:
                raise ValueError(f"Expected {name} of shape {shape}, but got {got}.")
        if self.candidates is not None and self.candidates.shape != (n, *CANDIDATES_SHAPE):
            raise ValueError(f"Expected candidates of shape {(n, *CANDIDATES_SHAPE)}, but got {self.candidates.shape}.")
        if n > 1 and not np.all(np.diff(self.time_s) > 0):
            raise ValueError("Expected strictly rising time stamps, but some repeat or fall.")

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def detected(self) -> NDArray[np.bool_]:
        """Frames in which a pose was found, shape (n_frames,)."""
        found = np.empty(len(self), np.bool_)
        for frames in self._spans(PART_FRAMES):
            found[frames] = np.isfinite(self.position[frames, 0, 0])
        return found

    @property
    def decoding(self) -> str:
        """How the landmarks were read from the pose model, see `PoseSettings`; empty where no engine found them."""
        if not self.info.get("engine"):
            return ""
        return str((self.info.get("settings") or {}).get("decoding", "display"))

    @property
    def detection_rate(self) -> float:
        """Share of frames in which a pose was found, in [0, 1]; 0 without frames."""
        return float(self.detected.mean()) if len(self) else 0.0

    @property
    def frame_rate_hz(self) -> float:
        """Frames per second, from the median distance of time stamps; 0 below two frames."""
        return float(1.0 / np.median(np.diff(self.time_s))) if len(self) > 1 else 0.0

    @property
    def duration_s(self) -> float:
        """Time from the first to the last frame, s."""
        return float(self.time_s[-1] - self.time_s[0]) if len(self) > 1 else 0.0

    def parts(self, frames: int = PART_FRAMES) -> Iterator[Self]:
        """Yield the track in parts of some frames; the memory that a part filled is released after it."""
        for part in self._spans(frames):
            yield replace(
                self,
                position=self.position[part],
                world=self.world[part],
                confidence=self.confidence[part],
                time_s=self.time_s[part],
                candidates=self.candidates[part] if self.candidates is not None else None,
            )

    def _spans(self, frames: int) -> Iterator[slice]:
        for start in range(0, len(self), frames):
            yield slice(start, start + frames)
            for array in (self.position, self.world, self.confidence, self.candidates):
                if array is not None:
                    release_pages(array)

    def with_(self, **changes: Any) -> Self:
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to be stored."""
        arrays: dict[str, NDArray[Any]] = {
            "position": self.position,
            "world": self.world,
            "confidence": self.confidence,
            "time_s": self.time_s,
        }
        return arrays if self.candidates is None else arrays | {"candidates": self.candidates}

    def to_meta(self) -> dict[str, Any]:
        """Return what is stored beside the arrays."""
        return {"width_px": self.width_px, "height_px": self.height_px, "info": dict(self.info)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any]) -> Self:
        """Build from the output of `to_arrays` and `to_meta`."""
        return cls(
            position=arrays["position"],
            world=arrays["world"],
            confidence=arrays["confidence"],
            time_s=arrays["time_s"],
            candidates=arrays.get("candidates"),
            width_px=int(meta["width_px"]),
            height_px=int(meta["height_px"]),
            info=dict(meta["info"]),
        )
