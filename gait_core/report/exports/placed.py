"""Where the landmarks were during each pass, in metres on the floor: forward and up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.angles import SIDES
from gait_core.gait.kinematics import Kinematics

__all__ = ["LATERAL_NOTE", "PlacedPass", "place_passes"]

LATERAL_NOTE: Final = "One camera from the side: the lateral coordinate is not measured and is 0."
LOWEST_PERCENTILE: Final = 5.0


@dataclass(frozen=True, kw_only=True, eq=False)
class PlacedPass:
    """One pass with its landmarks in metres.

    Attributes
    ----------
    number : int
        Index into `Kinematics.segments`.
    span : slice
        Its samples on the grid of the walk.
    time_s : ndarray, shape (n,)
        On the clock of the video, s.
    points : mapping of str to ndarray, shape (n, 2)
        Landmark → forward from where the pelvis was at the start, up from the floor, m; NaN where missing, and where a
        recording with markers has none.
    pelvis : ndarray, shape (n, 2)
        Middle of the hips, the same way.
    """

    number: int
    span: slice
    time_s: NDArray[np.float64]
    points: Mapping[str, NDArray[np.float64]]
    pelvis: NDArray[np.float64]


def place_passes(motion: Kinematics, metres_per_leg: float) -> tuple[PlacedPass, ...]:
    """Put the landmarks of every pass on a common floor.

    The walker goes towards +forward in every pass, whatever the direction in the image. The floor is where the
    lower of both feet usually is. When the camera follows the walker the way travelled is not known: the pelvis then
    stays at 0 forward, as on a treadmill.

    Parameters
    ----------
    motion : Kinematics
        Motion of the walk.
    metres_per_leg : float
        Metres that one leg length stands for.

    Returns
    -------
    tuple of PlacedPass
        In the order of `Kinematics.segments`.
    """
    return tuple(_place(motion, number, metres_per_leg) for number in range(len(motion.segments)))


def _place(motion: Kinematics, number: int, metres_per_leg: float) -> PlacedPass:
    segment = motion.segments[number]
    span = slice(segment.start, segment.stop)
    pelvis = motion.pelvis[span].copy()
    forward = pelvis[:, 0]
    seen = forward[np.isfinite(forward)]
    pelvis[:, 0] = 0.0 if motion.view.camera_moves or not len(seen) else forward - seen[0]
    points = {name: curve[span] + pelvis for name, curve in motion.points.items()}
    made_up = frozenset(motion.track.info.get("not_recorded", ()))
    floor = _floor([points[f"{side}_{name}"][:, 1] for side in SIDES for name in ("heel", "foot_index")])
    shift = np.array([0.0, floor])
    return PlacedPass(
        number=number,
        span=span,
        time_s=motion.time_s[span],
        points={
            name: np.full_like(curve, np.nan) if name in made_up else (curve - shift) * metres_per_leg
            for name, curve in points.items()
        },
        pelvis=(pelvis - shift) * metres_per_leg,
    )


def _floor(heights: list[NDArray[np.float64]]) -> float:
    seen = np.concatenate([height[np.isfinite(height)] for height in heights])
    return float(np.percentile(seen, LOWEST_PERCENTILE)) if len(seen) else 0.0
