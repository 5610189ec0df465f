"""From angles and pelvis to MediaPipe's 33 landmarks in the room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.landmarks import INDEX
from gait_core.simulate.legs import LegLengths, leg_points
from gait_core.simulate.person import Person

__all__ = ["ADDUCTION_DEG", "BodyState", "place_landmarks"]

Array = NDArray[np.float64]

ADDUCTION_DEG = 2.4
"""The legs converge towards the line of progression by this angle each."""

# Share of body height, from the middle between the ears: forward, up, sideways (outwards).
_FACE = {
    "nose": (0.066, -0.006, 0.0),
    "eye_inner": (0.052, 0.016, 0.010),
    "eye": (0.050, 0.017, 0.018),
    "eye_outer": (0.045, 0.016, 0.026),
    "ear": (0.0, 0.004, 0.043),
    "mouth": (0.054, -0.030, 0.014),
}
# Share of the hand's length, from the wrist: along the forearm, to the front of it, inwards.
_HAND = {"pinky": (0.95, -0.25, -0.1), "index": (1.0, 0.20, 0.1), "thumb": (0.55, 0.40, 0.25)}


@dataclass(frozen=True, kw_only=True, eq=False)
class BodyState:
    """Everything that decides where the landmarks are; angles in radians, n frames, side 0 left.

    Attributes
    ----------
    root_m : ndarray, shape (n, 3)
        Middle of the hips: forward, up, to the right, m.
    legs : ndarray, shape (2, n, 3)
        Thigh against the vertical, knee flexion, ankle dorsiflexion.
    abduction : ndarray, shape (2, n)
        Sideways lift of the leg, outwards +.
    pelvis : ndarray, shape (n, 2)
        Rotation (right side forward +) and list (right side up +).
    trunk : ndarray, shape (n, 3)
        Forward lean, lean to the right, rotation of the shoulders (right side forward +).
    arms : ndarray, shape (2, n, 2)
        Shoulder flexion against the vertical, elbow flexion.
    head : ndarray, shape (n,)
        Forward nod.
    """

    root_m: Array
    legs: Array
    abduction: Array
    pelvis: Array
    trunk: Array
    arms: Array
    head: Array


def hip_offsets(pelvis: Array, hip_half_m: float) -> Array:
    """Return the hip joints relative to their middle, shape (2, n, 3): forward, up, right, m."""
    turn, tilt = pelvis[:, 0], pelvis[:, 1]
    right = hip_half_m * np.stack([np.sin(turn) * np.cos(tilt), np.sin(tilt), np.cos(turn) * np.cos(tilt)], -1)
    return np.stack([-right, right])


def place_landmarks(person: Person, state: BodyState) -> Array:
    """Place the 33 landmarks.

    Parameters
    ----------
    person : Person
        Gives the lengths.
    state : BodyState
        Angles and pelvis of n frames.

    Returns
    -------
    ndarray, shape (n, 33, 3)
        Forward, up, to the right in the room, m.
    """
    points = np.zeros((len(state.head), 33, 3))
    height = person.height_m
    hips = state.root_m + hip_offsets(state.pelvis, person.length_m("hip_half"))
    chain = leg_points(state.legs, LegLengths.of(person))
    lean, list_, turn = state.trunk.T
    up = np.stack([np.sin(lean) * np.cos(list_), np.cos(lean) * np.cos(list_), np.sin(list_)], -1)
    right = np.stack([np.sin(turn), -np.sin(list_) * np.cos(turn), np.cos(turn) * np.cos(list_)], -1)
    chest = state.root_m + person.length_m("trunk") * up
    for side, name, sign in ((0, "left", -1.0), (1, "right", 1.0)):
        points[:, INDEX[f"{name}_hip"]] = hips[side]
        for part, flat in zip(("knee", "ankle", "heel", "foot_index"), chain, strict=True):
            points[:, INDEX[f"{name}_{part}"]] = hips[side] + _swing_out(flat[side], sign, state.abduction[side])
        # A foot points a little outwards.
        points[:, INDEX[f"{name}_foot_index"], 2] += sign * 0.012 * height
        shoulder = chest + sign * person.length_m("shoulder_half") * right
        _place_arm(points, person, name, sign, shoulder, state.arms[side])
    nod = state.head
    crown = np.stack([np.sin(nod) * np.cos(list_), np.cos(nod) * np.cos(list_), np.sin(list_)], -1)
    front = np.stack([np.cos(nod), -np.sin(nod), np.zeros_like(nod)], -1)
    ears = chest + person.length_m("neck") * up + (person.length_m("head") - 0.008 * height) * crown
    ears = ears + 0.012 * height * front
    for part, (forward, above, outward) in _FACE.items():
        middle = ears + height * (forward * front + above * crown)
        if part == "nose":
            points[:, INDEX["nose"]] = middle
            continue
        for name, sign in (("left", -1.0), ("right", 1.0)):
            landmark = f"mouth_{name}" if part == "mouth" else _face_name(name, part)
            points[:, INDEX[landmark]] = middle + sign * outward * height * np.array([0.0, 0.0, 1.0])
    return points


def _face_name(side: str, part: str) -> str:
    return f"{side}_{part}"


def _swing_out(flat: Array, sign: float, abduction: Array) -> Array:
    """Turn a sagittal leg point outwards about the forward axis through the hip."""
    angle = abduction
    return np.stack([flat[:, 0], flat[:, 1] * np.cos(angle), -flat[:, 1] * np.sin(angle) * sign], -1)


def _place_arm(points: Array, person: Person, name: str, sign: float, shoulder: Array, arm: Array) -> None:
    """Place shoulder, elbow, wrist and hand of one side, in place."""
    upper, lower = arm[:, 0], arm[:, 0] + arm[:, 1]
    outward = np.full_like(upper, 0.10 * sign)
    along_upper = np.stack([np.sin(upper), -np.cos(upper), outward], -1)
    along_lower = np.stack([np.sin(lower), -np.cos(lower), -0.6 * outward], -1)
    front = np.stack([np.cos(lower), np.sin(lower), np.zeros_like(lower)], -1)
    elbow = shoulder + person.length_m("upper_arm") * along_upper
    wrist = elbow + person.length_m("forearm") * along_lower
    points[:, INDEX[f"{name}_shoulder"]] = shoulder
    points[:, INDEX[f"{name}_elbow"]] = elbow
    points[:, INDEX[f"{name}_wrist"]] = wrist
    hand_m = person.length_m("hand")
    for part, (along, ahead, inward) in _HAND.items():
        offset = along * along_lower + ahead * front - np.array([0.0, 0.0, sign * inward])
        points[:, INDEX[f"{name}_{part}"]] = wrist + hand_m * offset
