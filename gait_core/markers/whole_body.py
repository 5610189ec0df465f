"""Completes recorded legs to a whole body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.landmarks import INDEX
from gait_core.simulate.person import sample_person
from gait_core.simulate.skeleton import BodyState, place_landmarks

__all__ = ["whole_body"]

Array = NDArray[np.float64]


def whole_body(height_m: float, points_m: Mapping[str, Array]) -> Array:
    """Add an upright trunk, hanging arms and a head to recorded joints.

    Parameters
    ----------
    height_m : float
        Body height, m.
    points_m : mapping of str to ndarray, shape (n, 3)
        Recorded landmarks, both hips among them: forward, up, right, m.

    Returns
    -------
    ndarray, shape (n, 33, 3)
        All landmarks, m; those that were recorded where they were recorded.
    """
    person = replace(sample_person(0), height_m=height_m)
    root = (points_m["left_hip"] + points_m["right_hip"]) / 2
    n = len(root)
    state = BodyState(
        root_m=root,
        legs=np.zeros((2, n, 3)),
        abduction=np.zeros((2, n)),
        pelvis=np.zeros((n, 2)),
        trunk=np.zeros((n, 3)),
        arms=np.zeros((2, n, 2)),
        head=np.zeros(n),
    )
    room_m = place_landmarks(person, state)
    for name, position in points_m.items():
        room_m[:, INDEX[name]] = position
    return room_m
