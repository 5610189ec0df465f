"""Changes a clip at random so that a network does not learn the camera: `Augmentation`, `augment`.

One draw holds for all frames and channels of a clip: silhouette and skeleton maps stay on top of each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gait_core.config import Settings

__all__ = ["Augmentation", "augment"]

_LEFT_AND_RIGHT: Final = ((3, 4), (5, 6), (7, 8), (9, 10))
"""Labels of body parts that a mirror exchanges."""
_AREA: Final = (0.05, 0.20)
_NARROWEST: Final = 0.3
_ERASING_ATTEMPTS: Final = 10


@dataclass(frozen=True, kw_only=True)
class Augmentation(Settings):
    """How often a clip is changed, and by how much.

    Attributes
    ----------
    flip, rotate, perspective, erase : float
        Probability of a mirror image, a rotation about the middle, a view from another angle, and a hole of 5 to 20 %
        of the area.
    rotation_deg : float
        Largest angle to either side, degrees.
    jitter_px : float
        Each corner moves sideways by less than this for another view, px of a frame 64 px high.
    """

    flip: float = 0.2
    rotate: float = 0.2
    perspective: float = 0.2
    erase: float = 0.0
    rotation_deg: float = 10.0
    jitter_px: float = 10.0

    _ranges = {
        "flip": (0.0, 1.0),
        "rotate": (0.0, 1.0),
        "perspective": (0.0, 1.0),
        "erase": (0.0, 1.0),
        "rotation_deg": (0.0, 45.0),
        "jitter_px": (0.0, 20.0),
    }

    @classmethod
    def none(cls) -> Augmentation:
        """Return settings that leave every clip as it is."""
        return cls(flip=0.0, rotate=0.0, perspective=0.0, erase=0.0)


def augment(
    frames: NDArray[np.float32], channels: Sequence[str], settings: Augmentation, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Return a changed copy of a clip, or the clip itself where nothing was drawn.

    Parameters
    ----------
    frames : ndarray, shape (frames, height, width, channels)
    channels : sequence of str
        What the channels hold. Labels (``parsing``) are never interpolated, and a mirror exchanges left and right.
    settings : Augmentation
    generator : numpy.random.Generator

    Returns
    -------
    ndarray of the same shape
    """
    height, width = frames.shape[1:3]
    matrix = np.eye(3)
    if generator.random() < settings.perspective:
        matrix = _other_view(height, width, settings.jitter_px, generator) @ matrix
    mirrored = generator.random() < settings.flip
    if mirrored:
        matrix = np.array([[-1.0, 0.0, width - 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) @ matrix
    if generator.random() < settings.rotate:
        angle_deg = generator.uniform(-settings.rotation_deg, settings.rotation_deg)
        middle = ((width - 1) / 2.0, (height - 1) / 2.0)
        matrix = np.vstack([cv2.getRotationMatrix2D(middle, angle_deg, 1.0), [0.0, 0.0, 1.0]]) @ matrix
    changed = frames if np.array_equal(matrix, np.eye(3)) else _warped(frames, channels, matrix, mirrored=mirrored)
    if generator.random() < settings.erase:
        changed = _with_a_hole(changed, generator)
    return changed


def _other_view(height: int, width: int, jitter_px: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return the matrix that moves each corner sideways."""
    corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float32)
    moved = corners.copy()
    moved[:, 0] += generator.uniform(-jitter_px, jitter_px, 4).astype(np.float32) * (height / 64.0)
    return np.asarray(cv2.getPerspectiveTransform(corners, moved), np.float64)


def _warped(
    frames: NDArray[np.float32], channels: Sequence[str], matrix: NDArray[np.float64], *, mirrored: bool
) -> NDArray[np.float32]:
    height, width = frames.shape[1:3]
    found = np.empty_like(frames)
    for place, channel in enumerate(channels):
        labels = channel == "parsing"
        how = cv2.INTER_NEAREST if labels else cv2.INTER_LINEAR
        for number, frame in enumerate(frames[..., place]):
            found[number, :, :, place] = cv2.warpPerspective(
                np.ascontiguousarray(frame), matrix, (width, height), flags=how
            )
        if labels and mirrored:
            found[..., place] = _exchanged(found[..., place])
    return found


def _exchanged(labels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return labels with left and right exchanged."""
    exchanged = labels.copy()
    for left, right in _LEFT_AND_RIGHT:
        exchanged[labels == left] = right
        exchanged[labels == right] = left
    return exchanged


def _with_a_hole(frames: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """Return a copy with the same empty box in every frame."""
    height, width = frames.shape[1:3]
    for _ in range(_ERASING_ATTEMPTS):
        area = generator.uniform(*_AREA) * height * width
        aspect = np.exp(generator.uniform(np.log(_NARROWEST), -np.log(_NARROWEST)))
        tall, wide = round(float(np.sqrt(area * aspect))), round(float(np.sqrt(area / aspect)))
        if 0 < tall < height and 0 < wide < width:
            top, left = int(generator.integers(height - tall + 1)), int(generator.integers(width - wide + 1))
            changed = frames.copy()
            changed[:, top : top + tall, left : left + wide] = 0.0
            return changed
    return frames
