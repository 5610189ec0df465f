"""Where one person was in the frame, where they must be next, and which pose may be theirs."""

from __future__ import annotations

import math
from collections import deque
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.engine import PoseResult
from gait_core.pose.landmarks import INDEX

__all__ = ["PersonPath", "Place", "Sighting", "same_person"]

Image = NDArray[np.uint8]
Place = NDArray[np.float64]

MEMORY_S: Final = 0.5
GATE: Final = 0.16
"""Distance from the expected place, body heights, up to which a pose is the person's."""
GATE_PER_S: Final = 0.6
WIDEST_GATE: Final = 1.0
SIZES: Final = (0.7, 1.4)
WALKING: Final = 0.35
"""Speed, body heights per second, at which a person does not turn round: 0.6 m/s."""
JUST_NOW_S: Final = 0.25
SLOWED_S: Final = 0.6
"""Time in which a person out of sight is expected to stop, s."""
TURNING_S: Final = 1.2
"""Time out of sight after which a person may walk the other way, s."""
COVER_MARGIN: Final = 0.04


class Sighting:
    """A pose in units of the frame's height."""

    def __init__(self, result: PoseResult, image: Image) -> None:
        height, width = image.shape[:2]
        self.result = result
        self.points = result.position.astype(np.float64) * [width / height, 1.0]
        self.height = max(float(np.ptp(self.points[:, 1])), 1e-3)
        self.hip: Place = self.points[[INDEX["left_hip"], INDEX["right_hip"]]].mean(axis=0)
        x = self.points[:, 0]
        feet = sum(x[INDEX[f"{side}_foot_index"]] - x[INDEX[f"{side}_heel"]] for side in ("left", "right"))
        face = x[INDEX["nose"]] - (x[INDEX["left_ear"]] + x[INDEX["right_ear"]]) / 2
        self.facing = float(np.sign(feet / 2 + face)) if abs(feet / 2 + face) > 0.05 * self.height else 0.0

    def cover(self, image: Image) -> None:
        """Paint over the person."""
        height = image.shape[0]
        margin = COVER_MARGIN * self.height
        (left, top), (right, bottom) = ((self.points.min(axis=0) - margin), (self.points.max(axis=0) + margin))
        rows = slice(max(0, int(top * height)), max(0, int(bottom * height)))
        columns = slice(max(0, int(left * height)), max(0, int(right * height)))
        image[rows, columns] = image.mean(axis=(0, 1)).astype(np.uint8)


class PersonPath:
    """Where the chosen person was, and where they must be next; lengths in image heights."""

    def __init__(self, pose: Sighting, time_s: float) -> None:
        self.since_s = self.last_s = time_s
        self.height = pose.height
        self.lost = False
        self._recent: deque[tuple[float, Place, float]] = deque()
        self._velocity: Place = np.zeros(2)
        self.add(pose, time_s)

    def add(self, pose: Sighting, time_s: float) -> None:
        """Take a pose as that of the person."""
        if self.lost:
            self._recent.clear()
            self.lost = False
            if time_s - self.last_s > TURNING_S:
                self._velocity = np.zeros(2)
        self.last_s = time_s
        self.height += 0.1 * (pose.height - self.height)
        self._recent.append((time_s, pose.hip, pose.facing))
        while self._recent[0][0] < time_s - MEMORY_S:
            self._recent.popleft()
        self._velocity = self._slope(MEMORY_S)

    def _slope(self, memory_s: float) -> Place:
        """Return the velocity of the hips over the latest time, a straight line through them."""
        recent = [entry for entry in self._recent if entry[0] >= self._recent[-1][0] - memory_s - 1e-6]
        times = np.array([entry[0] for entry in recent])
        if times[-1] - times[0] < memory_s / 3:
            return self._velocity
        return np.asarray(np.polyfit(times - times[-1], np.array([entry[1] for entry in recent]), 1)[0])

    def forget(self, since_s: float) -> None:
        """Drop the poses taken since a time, but never all."""
        while len(self._recent) > 1 and self._recent[-1][0] >= since_s:
            self._recent.pop()
        self.last_s = self._recent[-1][0]
        self._velocity = self._slope(MEMORY_S)

    def lose(self) -> None:
        """Note that the person is out of sight."""
        self.lost = True

    @property
    def steady(self) -> bool:
        """Whether the person was followed without a break for more than one frame."""
        return len(self._recent) > 1

    @property
    def forward(self) -> bool:
        """Whether the person walks the way they face, and too fast to be turning."""
        speed = float(self._slope(JUST_NOW_S)[0]) / self.height
        facing = sum(entry[2] for entry in self._recent) / len(self._recent)
        return abs(speed) > WALKING and facing * np.sign(speed) > 0.5

    def expected(self, time_s: float) -> Place:
        """Return where the hips must be."""
        ahead_s = time_s - self.last_s
        return np.asarray(self._recent[-1][1] + self._velocity * SLOWED_S * (1.0 - math.exp(-ahead_s / SLOWED_S)))

    def accepts(self, pose: Sighting, time_s: float) -> bool:
        """Return whether the person can have this pose now."""
        if not SIZES[0] <= pose.height / self.height <= SIZES[1]:
            return False
        if self._away(pose, time_s) > min(WIDEST_GATE, GATE + GATE_PER_S * (time_s - self.last_s)):
            return False
        return not self._turned(pose, time_s)

    def nearest(self, poses: list[Sighting], time_s: float) -> Sighting | None:
        """Return the one that the person can have and that is nearest to the place expected."""
        possible = [pose for pose in poses if self.accepts(pose, time_s)]
        return min(possible, key=lambda pose: self._away(pose, time_s), default=None)

    def _away(self, pose: Sighting, time_s: float) -> float:
        return float(np.linalg.norm(pose.hip - self.expected(time_s))) / self.height

    def _turned(self, pose: Sighting, time_s: float) -> bool:
        """Return whether a person who walked forward now faces the other way, faster than one can turn."""
        if not self.forward or time_s - self.last_s > TURNING_S:
            return False
        against = pose.facing * float(self._velocity[0])
        # A person who was hidden must be seen to face the same way.
        return against < 0 or (self.lost and against == 0)


def same_person(first: NDArray[Any], second: NDArray[Any]) -> bool:
    """Return whether two poses belong to one person.

    Parameters
    ----------
    first, second : ndarray, shape (33, 2)
        In units in which both axes have the same length.

    Returns
    -------
    bool
        True where the boxes around the landmarks overlap by more than half (intersection over union), or the middles of
        the hips are less than a quarter of the height of the taller box apart.
    """
    low = np.maximum(first.min(axis=0), second.min(axis=0))
    high = np.minimum(first.max(axis=0), second.max(axis=0))
    common = float(np.prod(np.maximum(high - low, 0)))
    areas = [float(np.prod(np.ptp(pose, axis=0))) for pose in (first, second)]
    overlap = common / max(sum(areas) - common, 1e-9)
    body = max(float(np.ptp(first[:, 1])), float(np.ptp(second[:, 1])), 1e-9)
    distance = float(np.linalg.norm(first[23:25].mean(axis=0) - second[23:25].mean(axis=0)))
    return overlap > 0.5 or distance < 0.25 * body
