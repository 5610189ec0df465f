"""How far two tracks of the same video lie apart: two engines, two profiles, or the same one twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.pose.landmarks import LANDMARKS
from gait_core.pose.track import Track

__all__ = ["Parity", "compare_tracks"]

_SAME_TIME_SHARE: Final = 0.25
"""Frames count as the same one when their times differ by less than this share of the shorter frame distance."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Parity:
    """Distance of two tracks of one video.

    Attributes
    ----------
    frames : int
        Frames that both tracks have.
    found_both, found_same : float
        Share of these frames in which both found the person, and in which they agree whether one is there, in [0, 1].
    height_px : float
        Height of the person that distances are shares of: from the highest to the lowest landmark, median over frames,
        px. It is a little less than the stature, so that shares come out rather large.
    distance_pct : ndarray, shape (n_found, 33), float32
        Distance of the positions in each frame that both found, % of that height.
    whole : ndarray, shape (n_found,), bool
        Frames in which all landmarks of the first track lie inside the image: the others are guesses in part.
    """

    frames: int
    found_both: float
    found_same: float
    height_px: float
    distance_pct: NDArray[np.float32]
    whole: NDArray[np.bool_]

    @property
    def in_view_pct(self) -> NDArray[np.float32]:
        """Distances in the frames that show the whole person, shape (n_whole, 33), % of body height."""
        return self.distance_pct[self.whole]

    @property
    def median_pct(self) -> float:
        """Median over all landmarks and frames, % of body height; NaN where no frame is shared."""
        return _quantile(self.distance_pct, 0.5)

    @property
    def p95_pct(self) -> float:
        """95th percentile over all landmarks and frames, % of body height."""
        return _quantile(self.distance_pct, 0.95)

    def by_landmark(self, share: float = 0.5) -> dict[str, float]:
        """Return a quantile over the frames of each landmark, % of body height; the median by default."""
        return {name: _quantile(self.distance_pct[:, number], share) for number, name in enumerate(LANDMARKS)}

    def to_dict(self) -> dict[str, Any]:
        """Return the figures for JSON; None where nothing can be compared."""
        figures: dict[str, Any] = {
            "frames": self.frames,
            "found_both": self.found_both,
            "found_same": self.found_same,
            "height_px": self.height_px,
            "median_pct": self.median_pct,
            "p95_pct": self.p95_pct,
        }
        figures = {name: value if np.isfinite(value) else None for name, value in figures.items()}
        points = {name: value if np.isfinite(value) else None for name, value in self.by_landmark().items()}
        return figures | {"landmarks_median_pct": points}


def compare_tracks(first: Track, second: Track) -> Parity:
    """Compare two tracks of the same video frame by frame.

    Parameters
    ----------
    first, second : Track
        On the same clock; frames that only one of both has, as with another frame rate, are left out. The height comes
        from the first.

    Returns
    -------
    Parity
        Positions of the second track are scaled to the frame size of the first before they are compared.

    Raises
    ------
    InputError
        When the frames have another shape, so that the videos cannot be the same.
    """
    shapes = [track.width_px / track.height_px for track in (first, second)]
    if abs(shapes[0] - shapes[1]) > 0.01 * shapes[0]:
        raise InputError(
            f"Expected two tracks of one video, but their frames are {first.width_px} × {first.height_px} and "
            f"{second.width_px} × {second.height_px}.",
            "Compare tracks of the same video.",
        )
    mine, other = _same_frames(first.time_s, second.time_s)
    found_first, found_second = first.detected[mine], second.detected[other]
    both = found_first & found_second
    scale = first.width_px / second.width_px
    distance = first.position[mine[both]] - second.position[other[both]] * np.float32(scale)
    height_px = _height_px(first)
    return Parity(
        frames=len(mine),
        found_both=_share(both),
        found_same=_share(found_first == found_second),
        height_px=height_px,
        distance_pct=np.asarray(100.0 * np.linalg.norm(distance, axis=2) / height_px, np.float32),
        whole=_whole(first, mine[both]),
    )


def _same_frames(
    first_s: NDArray[np.float64], second_s: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of the frames that both have."""
    if not len(first_s) or not len(second_s):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    steps = [np.median(np.diff(times)) for times in (first_s, second_s) if len(times) > 1]
    tolerance_s = _SAME_TIME_SHARE * float(min(steps, default=0.04))
    after = np.clip(np.searchsorted(second_s, first_s), 1, len(second_s) - 1) if len(second_s) > 1 else None
    if after is None:
        nearest = np.zeros(len(first_s), np.int64)
    else:
        earlier = first_s - second_s[after - 1] < second_s[after] - first_s
        nearest = np.where(earlier, after - 1, after)
    close = np.abs(second_s[nearest] - first_s) <= tolerance_s
    return np.flatnonzero(close), nearest[close]


def _whole(track: Track, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    size = np.array([track.width_px, track.height_px], np.float32)
    position = track.position[rows]
    return np.asarray(((position >= 0) & (position <= size)).all(axis=(1, 2)))


def _height_px(track: Track) -> float:
    rows = track.position[track.detected, :, 1]
    return float(np.median(np.ptp(rows, axis=1))) if len(rows) else float("nan")


def _quantile(values: NDArray[np.float32], share: float) -> float:
    return float(np.quantile(values, share)) if values.size else float("nan")


def _share(values: NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else float("nan")
