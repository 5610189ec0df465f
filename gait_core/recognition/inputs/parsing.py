"""Body-part labels for a silhouette, from the landmarks: a geometric stand-in for maps of a parsing network."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.pose.landmarks import INDEX

__all__ = ["LABELS", "part_labels"]

LABELS: Final = (
    "background", "head", "torso", "left arm", "right arm", "left hand", "right hand", "left leg", "right leg",
    "left foot", "right foot", "dress",
)  # fmt: skip
"""Names of the labels 0 to 11, as parsing networks for gait give them; a dress is never found here."""

_TORSO: Final = 2
_HEAD: Final = 1


def _sided(label: int, joints: tuple[str, ...], radius: float) -> list[tuple[int, int, int, float]]:
    """Return the segments between consecutive joints of both sides; the right side has the next label."""
    return [
        (label + offset, INDEX[f"{side}_{a}"], INDEX[f"{side}_{b}"], radius)
        for offset, side in enumerate(("left", "right"))
        for a, b in pairwise(joints)
    ]


_NOSE: Final = INDEX["nose"]
_CAPSULES: Final[tuple[tuple[int, int, int, float], ...]] = (
    *((_HEAD, _NOSE, point, 0.06) for point in range(11)),
    *_sided(3, ("shoulder", "elbow", "wrist"), 0.03),
    *(capsule for tip in ("pinky", "index", "thumb") for capsule in _sided(5, ("wrist", tip), 0.02)),
    *_sided(7, ("hip", "knee"), 0.05),
    *_sided(7, ("knee", "ankle"), 0.04),
    *_sided(9, ("ankle", "heel"), 0.025),
    *_sided(9, ("heel", "foot_index"), 0.025),
    *(
        (_TORSO, INDEX[a], INDEX[b], 0.06)
        for a, b in (
            ("left_shoulder", "right_shoulder"),
            ("right_shoulder", "right_hip"),
            ("right_hip", "left_hip"),
            ("left_hip", "left_shoulder"),
        )
    ),
)
"""Label, first and second landmark, and radius as a share of the height of the mask."""
_CORNERS: Final = tuple(INDEX[name] for name in ("left_shoulder", "right_shoulder", "right_hip", "left_hip"))


def part_labels(mask_u8: NDArray[np.uint8], landmarks: NDArray[Any]) -> NDArray[np.uint8] | None:
    """Label every pixel of a silhouette by the nearest part of the body.

    Parameters
    ----------
    mask_u8 : ndarray, shape (height, width), uint8
        From 128 on, a pixel belongs to the person.
    landmarks : ndarray, shape (33, 2)
        MediaPipe's landmarks as (column, row) of the mask; NaN where not known.

    Returns
    -------
    ndarray, shape (height, width), uint8, or None
        Labels as in `LABELS`; None where the mask is empty or shoulders and hips are not known.

    Raises
    ------
    InputError
        When the landmarks are not the 33 of MediaPipe: other formats know neither hands nor feet.

    Notes
    -----
    Each limb is a capsule around a bone; the trunk is the quadrangle of shoulders and hips with a margin. A pixel
    belongs to the capsule that holds it, closest to its bone where there are several, before the trunk, and otherwise
    to the nearest part. A network that was trained on such labels can use them; for one that was trained on
    the maps of a parsing network they are another kind of input, and its embeddings are worse.
    """
    if landmarks.shape != (33, 2):
        raise InputError(
            f"Expected 33 landmarks (x, y) of MediaPipe, but got shape {landmarks.shape}.",
            "Body parts need hands and feet, which COCO-17 does not have: give the 33 landmarks.",
        )
    rows, columns = np.nonzero(mask_u8 >= 128)
    if not len(rows) or not np.isfinite(landmarks[list(_CORNERS)]).all():
        return None
    height = float(rows.max() - rows.min() + 1)
    x, y = columns.astype(np.float32), rows.astype(np.float32)
    points = np.asarray(landmarks, np.float32)
    best = np.full(len(rows), np.inf, np.float32)
    labels = np.full(len(rows), _TORSO, np.uint8)
    for label, first, second, share in _CAPSULES:
        if not np.isfinite(points[[first, second]]).all():
            continue
        cost = _cost(_distance(x, y, points[first], points[second]), share * height, inside_counts=label != _TORSO)
        nearer = cost < best
        best[nearer], labels[nearer] = cost[nearer], label
    labels[(best >= 0.0) & _in_polygon(x, y, points[list(_CORNERS)])] = _TORSO
    found = np.zeros(mask_u8.shape, np.uint8)
    found[rows, columns] = labels
    return found


def _cost(distance: NDArray[np.float32], radius_px: float, *, inside_counts: bool) -> NDArray[np.float32]:
    """Return below 0 inside a capsule, the less the closer to its bone; else the distance to its surface, px.

    The trunk lies behind everything: inside it the cost is 0, so that an arm in front of it is seen.
    """
    outside = np.maximum(distance - radius_px, 0.0)
    if not inside_counts:
        return np.asarray(outside, np.float32)
    return np.where(outside > 0.0, outside, distance / max(radius_px, 1e-6) - 1.0).astype(np.float32)


def _distance(
    x: NDArray[np.float32], y: NDArray[np.float32], a: NDArray[np.float32], b: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the distance of points to a segment, px."""
    along, across = b - a
    length = float(along**2 + across**2)
    x, y = x - a[0], y - a[1]
    if length > 0.0:
        share = np.clip((x * along + y * across) / length, 0.0, 1.0)
        x, y = x - share * along, y - share * across
    return np.asarray(np.hypot(x, y), np.float32)


def _in_polygon(x: NDArray[np.float32], y: NDArray[np.float32], corners: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which points lie in a polygon, by the number of its edges to their right."""
    inside = np.zeros(len(x), np.bool_)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)
            inside ^= crosses & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    return inside
