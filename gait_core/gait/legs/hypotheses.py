"""The legs that a frame may show: joints put together from the places where the pose model sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.candidates import JOINTS
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track

__all__ = ["LEGS_KEPT", "Places", "bone_cost", "hypotheses", "pair_cost", "places_of"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

SIDES: Final = ("left", "right")
LEGS_KEPT: Final = 8
"""Legs kept of each side and frame."""
SAME_LEG: Final = 0.03
"""Two places nearer than this are one, leg lengths."""
BONE_SPREAD: Final = 0.05
"""Usual change of a bone's length in the image, leg lengths."""
MOST_COST: Final = 8.0
FAINT: Final = 0.05
LABEL_SHARE: Final = 0.06
"""Weight of what the model says of the side: it errs for many frames in a row."""
SHARED_COST: Final = 1.0
"""What it costs when both legs use one place for a joint."""
UNEXPLAINED_COST: Final = 6.0
"""What it costs to leave out a peak of full strength: a leg must stand there."""
GUESS_COST: Final = 2.0
"""What it costs to take the point of the model where no heat map has a peak."""
_BONES: Final = (("hip", "knee"), ("knee", "ankle"), ("ankle", "heel"), ("heel", "foot_index"), ("ankle", "foot_index"))


@dataclass(frozen=True, kw_only=True, eq=False)
class Places:
    """Where the joints of the legs may be, frame by frame.

    Attributes
    ----------
    point : ndarray, shape (n, 4, k, 2)
        From the middle of the hips, leg lengths; NaN where there are no more.
    cost : ndarray, shape (n, 2, 4, k)
        What it costs to assign a place to the joint of the left and of the right leg.
    spread : ndarray, shape (n, 4, k)
        Uncertainty along one axis, leg lengths.
    hip : ndarray, shape (n, 2, 2)
        Left and right hip, as `point`.
    bone : ndarray, shape (5,)
        Usual lengths of thigh, shank, hindfoot, foot and ankle to toe, leg lengths.
    strength : ndarray, shape (n, 4, k)
        How strong the peak is, in [0, 1]; 0 for a point of the model without a peak.
    """

    point: Array
    cost: Array
    strength: Array
    spread: Array
    hip: Array
    bone: Array


def places_of(track: Track, leg_px: Array) -> Places:
    """Return the places of some frames of a track that has candidates.

    Parameters
    ----------
    track : Track
        Frames with a person.
    leg_px : ndarray, shape (n,)
        Leg length at that time, px.

    Returns
    -------
    Places
        Candidate positions of the leg joints in each frame.
    """
    assert track.candidates is not None, "the track has no candidates"
    unit = leg_px[:, None, None]
    position = track.position.astype(np.float64)
    hips = position[:, [INDEX[f"{side}_hip"] for side in SIDES]]
    middle = hips.mean(axis=1)
    rows = np.array([[INDEX[f"{side}_{joint}"] for side in SIDES] for joint in JOINTS])
    given = (position[:, rows] - middle[:, None, None]) / unit[..., None]
    seen = track.candidates.astype(np.float64)
    peaks = (seen[..., :2] - middle[:, None, None]) / unit[..., None]
    point = np.concatenate([peaks, given], axis=2)
    spread = np.concatenate([seen[..., 4] / unit, np.full((len(track), len(JOINTS), 2), 2.0 * SAME_LEG)], axis=2)
    strength = np.nan_to_num(seen[..., 2:4])
    here = -np.log((strength.max(axis=3) + FAINT) / (1.0 + FAINT))
    odds = np.log((strength + FAINT) / (strength[..., ::-1] + FAINT))
    peak_cost = here[..., None] + LABEL_SHARE * np.maximum(-odds, 0.0)
    guess = GUESS_COST + LABEL_SHARE * np.log((1.0 + FAINT) / FAINT) * np.array([[0.0, 1.0], [1.0, 0.0]])
    cost = np.concatenate([peak_cost, np.broadcast_to(guess, (*given.shape[:2], 2, 2))], axis=2)
    # The point of the model is a place of its own only where no peak lies there.
    apart = np.linalg.norm(given[:, :, :, None] - peaks[:, :, None], axis=4)
    known = np.nanmin(np.where(np.isfinite(apart), apart, np.inf), axis=3) < SAME_LEG
    point[:, :, -2:][known] = np.nan
    cost = np.where(np.isfinite(point[..., :1]), cost, np.inf)
    return Places(
        point=point,
        cost=np.moveaxis(cost, 3, 1),
        strength=np.concatenate([strength.max(axis=3), np.zeros((*strength.shape[:2], 2))], axis=2),
        spread=spread,
        hip=(hips - middle[:, None]) / unit,
        bone=_bones(position, leg_px),
    )


def _bones(position: Array, leg_px: Array) -> Array:
    """Return the usual lengths of the bones, leg lengths: medians over both legs."""
    lengths = []
    for first, second in _BONES:
        ends = [position[:, INDEX[f"{side}_{first}"]] - position[:, INDEX[f"{side}_{second}"]] for side in SIDES]
        lengths.append(np.median(np.linalg.norm(np.stack(ends), axis=2) / leg_px))
    return np.array(lengths)


def hypotheses(places: Places) -> tuple[Index, Array]:
    """Put legs together.

    Returns
    -------
    choice : ndarray, shape (n, 2, `LEGS_KEPT`, 4)
        For each side the cheapest legs: which place each of its joints takes.
    cost : ndarray, shape (n, 2, `LEGS_KEPT`)
        Infinite where there are no more.
    """
    n, _, k = places.spread.shape
    choice = np.zeros((n, 2, LEGS_KEPT, len(JOINTS)), np.int64)
    cost = np.full((n, 2, LEGS_KEPT), np.inf)
    knee, ankle, heel, toe = (places.point[:, joint] for joint in range(len(JOINTS)))
    shank = bone_cost(knee[:, :, None] - ankle[:, None], places.bone[1])
    hindfoot = bone_cost(ankle[:, :, None] - heel[:, None], places.bone[2])
    foot = bone_cost(heel[:, :, None] - toe[:, None], places.bone[3])
    front = bone_cost(ankle[:, :, None] - toe[:, None], places.bone[4])
    for side in range(2):
        own = places.cost[:, side]
        thigh = bone_cost(places.hip[:, side, None] - knee, places.bone[0])
        upper = (own[:, 0] + thigh)[:, :, None] + own[:, 1][:, None] + shank
        feet = (own[:, 2][:, None] + hindfoot)[:, :, :, None] + (own[:, 3][:, None] + front)[:, :, None]
        feet = (feet + foot[:, None]).reshape(n, k, k * k)
        best_foot = feet.argmin(axis=2)
        whole = (upper + feet.min(axis=2)[:, None]).reshape(n, k * k)
        kept = np.argsort(whole, axis=1)[:, :LEGS_KEPT]
        cost[:, side] = np.take_along_axis(whole, kept, axis=1)
        foot_of = np.take_along_axis(best_foot, kept % k, axis=1)
        choice[:, side] = np.stack([kept // k, kept % k, foot_of // k, foot_of % k], axis=2)
    return choice, cost


def bone_cost(vector: Array, length: float) -> Array:
    """Return what bones, shape (…, 2) in leg lengths, cost by the difference of their length from the usual one.

    Returns
    -------
    ndarray, shape (…)
        Cost, 0 for a bone of the usual length.
    """
    away = np.linalg.norm(vector, axis=-1) - length
    return np.where(np.isfinite(away), np.minimum(0.5 * (away / BONE_SPREAD) ** 2, MOST_COST), np.inf)


def pair_cost(places: Places, choice: Index) -> Array:
    """Return what it costs to have a left and a right leg together, shape (n, `LEGS_KEPT`, `LEGS_KEPT`).

    One peak is one leg's: both may share it only where no other peak asks for a leg.

    Returns
    -------
    ndarray, shape (n, LEGS_KEPT, LEGS_KEPT)
        Cost of each pair of a left and a right leg.
    """
    n, joints, k = places.strength.shape
    far = np.linalg.norm(places.point[:, :, :, None] - places.point[:, :, None], axis=4) > 2.0 * SAME_LEG
    strength = np.where(far, places.strength[:, :, None], 0.0)  # of the last place, where it is apart from the first
    left_out = np.minimum(strength[:, :, :, None], strength[:, :, None]).max(axis=4)
    table = UNEXPLAINED_COST * left_out + SHARED_COST * np.eye(k)
    frame, joint = np.arange(n)[:, None, None, None], np.arange(joints)
    return np.asarray(table[frame, joint, choice[:, 0, :, None], choice[:, 1, None]].sum(axis=-1))
