"""MediaPipe's person detector: from the raw output of the model to people in the frame."""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.counting import paint_over
from gait_core.pose.openvino.network import DETECTOR_PX, Networks
from gait_core.pose.openvino.region import Region
from gait_core.video.pixels import Pixels

__all__ = ["Detection", "decode", "detect_people"]

_STRIDES: Final = (8, 16, 32, 32, 32)
_ANCHORS_PER_STRIDE: Final = 2
_OVERLAP: Final = 0.3
"""Intersection over union above which two boxes are one person."""
_CLIP: Final = 100.0


class Detection(NamedTuple):
    """One person.

    Attributes
    ----------
    score : float
        In [0, 1].
    box : ndarray, shape (4,)
        Left, top, right, bottom: px, or shares of the square that was looked at (see `decode`).
    points : ndarray, shape (4, 2)
        Middle of the hips, end of the whole body, middle of the shoulders, end of the upper body; as `box`.
    """

    score: float
    box: NDArray[np.float64]
    points: NDArray[np.float64]

    @property
    def region(self) -> Region | None:
        """The square in which to look for the landmarks."""
        return Region.around(self.points[0], self.points[1])


def detect_people(
    networks: Networks, pixels: Pixels, least_score: float, *, covered: NDArray[np.floating] | None = None
) -> list[Detection]:
    """Return the people in a frame.

    Parameters
    ----------
    networks : Networks
    pixels : Pixels
    least_score : float
        In [0, 1].
    covered : ndarray, shape (4,), optional
        Left, top, right, bottom of what is painted over before the model looks, px of the frame.

    Returns
    -------
    list of Detection
        The most certain first, px of the frame; empty where none reaches `least_score`.
    """
    whole = Region.whole(pixels.width_px, pixels.height_px)
    square = pixels.warp(whole.matrix(DETECTOR_PX), DETECTOR_PX)
    if covered is not None:
        corner = np.array([whole.x, whole.y]) - whole.side / 2
        paint_over(square, (covered.reshape(2, 2) - corner) * (DETECTOR_PX / whole.side))
    boxes, scores = networks.detect(square)
    return [
        Detection(found.score, whole.placed(found.box.reshape(2, 2)).ravel(), whole.placed(found.points))
        for found in decode(boxes, scores, least_score)
    ]


def decode(boxes: NDArray[np.float32], scores: NDArray[np.float32], least_score: float) -> list[Detection]:
    """Return the detections of one frame.

    Parameters
    ----------
    boxes : ndarray, shape (2254, 12)
        Centre, size and four points of each anchor's box, px of the detector's square, relative to the anchor.
    scores : ndarray, shape (2254,)
        Logits.
    least_score : float

    Returns
    -------
    list of Detection
        The most certain first, one per person. Coordinates are shares of the detector's square instead of px.

    References
    ----------
    Anchors: Liu et al. 2016, SSD, ECCV; boxes that overlap are averaged by score: Bazarevsky et al. 2019, BlazeFace,
    arXiv:1907.05047; the four points: Bazarevsky et al. 2020, BlazePose, arXiv:2006.10204.
    """
    from scipy.special import expit

    probability = expit(np.clip(scores.astype(np.float64), -_CLIP, _CLIP))
    kept = np.flatnonzero(probability >= least_score)
    kept = kept[np.argsort(-probability[kept], kind="stable")]
    if not len(kept):
        return []
    values = boxes[kept].astype(np.float64) / DETECTOR_PX
    anchors = _anchors()[kept]
    centre, half = values[:, :2] + anchors, values[:, 2:4] / 2
    # Box corners and points of a candidate, in one row.
    rows = np.concatenate([centre - half, centre + half, values[:, 4:] + np.tile(anchors, 4)], axis=1)
    found = []
    left = np.arange(len(kept))
    while len(left):
        overlap = _overlap(rows[left[0]], rows[left])
        same = overlap > _OVERLAP
        same[0] = True
        weights = probability[kept[left[same]]]
        mean = (rows[left[same]] * weights[:, None]).sum(axis=0) / weights.sum()
        found.append(Detection(float(probability[kept[left[0]]]), mean[:4], mean[4:].reshape(4, 2)))
        left = left[~same]
    return found


@cache
def _anchors() -> NDArray[np.float64]:
    """Return the centres of the anchors as shares of the square, shape (2254, 2)."""
    found = []
    for stride in dict.fromkeys(_STRIDES):
        cells = -(-DETECTOR_PX // stride)
        centres = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)
        found.append(np.repeat(grid, _ANCHORS_PER_STRIDE * _STRIDES.count(stride), axis=0))
    return np.concatenate(found)


def _overlap(box: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the intersection over union of one box with others."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:4], boxes[:, 2:4])
    common = np.prod(np.maximum(high - low, 0.0), axis=1)
    area, areas = float(np.prod(box[2:4] - box[:2])), np.prod(boxes[:, 2:4] - boxes[:, :2], axis=1)
    return np.asarray(common / np.maximum(area + areas - common, 1e-12))
