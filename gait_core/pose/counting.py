"""Is another person in the frame? The rule that both engines share."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.engine import PoseResult
from gait_core.pose.person_path import same_person
from gait_core.video.picture import Picture

__all__ = ["COUNTING_CONFIDENCE", "COUNTING_SIDE_PX", "cover_box", "covered", "is_somebody_else", "paint_over"]

COUNTING_SIDE_PX: Final = 512
COUNTING_CONFIDENCE: Final = 0.6
_VISIBILITY: Final = 0.75
_MARGIN: Final = 0.12


def cover_box(known: PoseResult, width_px: int, height_px: int) -> NDArray[np.float64]:
    """Return left, top, right, bottom of what hides a person in a frame of a size, px."""
    low, high = (edge * (width_px, height_px) for edge in (known.position.min(axis=0), known.position.max(axis=0)))
    margin = _MARGIN * (high[1] - low[1])
    return np.concatenate([low - margin, high + margin])


def paint_over(image: NDArray[np.uint8], box: NDArray[np.floating]) -> None:
    """Fill a box (left, top, right, bottom, px) with the mean colour of the frame."""
    height, width = image.shape[:2]
    (left, top), (right, bottom) = np.clip(box.reshape(2, 2), 0, (width, height)).astype(int)
    image[top:bottom, left:right] = image.mean(axis=(0, 1)).astype(np.uint8)


def covered(small: NDArray[np.uint8], known: PoseResult) -> NDArray[np.uint8]:
    """Return a copy of a small frame in which the known person is painted over."""
    small = small.copy()
    height, width = small.shape[:2]
    paint_over(small, cover_box(known, width, height))
    return small


def is_somebody_else(found: PoseResult | None, known: PoseResult, picture: Picture) -> bool:
    """Tell whether what was found beside the known person is a person, and another one."""
    if found is None or float(found.confidence.mean()) < _VISIBILITY:
        return False
    aspect = np.array([picture.width_px / picture.height_px, 1.0], np.float32)
    return not same_person(known.position * aspect, found.position * aspect)
