"""Looks at a recorded walk from its right side, without a lens: a track that is measured like that of a video."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.markers.mocap_walk import MocapWalk
from gait_core.markers.whole_body import whole_body
from gait_core.pose.landmarks import LANDMARKS
from gait_core.pose.track import Track

__all__ = ["PX_PER_M", "side_view"]

Array = NDArray[np.float64]

PX_PER_M: Final = 500.0
"""Size of a metre in the image. Every place in the walk has it: a lens would bring parallax and nothing else."""
MARGIN_M: Final = 0.5
_LEAST_SAMPLES: Final = 4


def side_view(walk: MocapWalk) -> Track:
    """Place the landmarks of a recorded walk in an upright image, in which the walk goes to the right.

    Trunk, head and arms that were not recorded are placed upright above the hips, because every walk that is measured
    has them; ``info["not_recorded"]`` names them, and no angle is taken from them.

    Parameters
    ----------
    walk : MocapWalk

    Returns
    -------
    Track
        On the clock of the recording; samples in which a landmark is missing are NaN there.

    Raises
    ------
    InputError
        When the hips are hardly ever there, or the clock does not rise.
    """
    hips = (walk.points_m["left_hip"] + walk.points_m["right_hip"]) / 2
    known = np.isfinite(hips).all(axis=1)
    if known.sum() < _LEAST_SAMPLES or np.any(np.diff(walk.time_s) <= 0):
        raise InputError(
            f"Expected markers at both hips over time, but {walk.name} has them in {int(known.sum())} of "
            f"{len(walk.time_s)} samples.",
            "Fill the gaps of the pelvis markers in the program that recorded them.",
        )
    room_m = whole_body(walk.height_m, walk.points_m)
    low, high = np.nanmin(room_m, axis=(0, 1)) - MARGIN_M, np.nanmax(room_m, axis=(0, 1)) + MARGIN_M
    position = np.stack([room_m[..., 0] - low[0], high[1] - room_m[..., 1]], axis=-1) * PX_PER_M
    body = room_m - hips[:, None]
    seen = np.isfinite(position).all(axis=-1)
    return Track(
        position=position.astype(np.float32),
        world=np.stack([body[..., 0], -body[..., 1], -body[..., 2]], axis=-1).astype(np.float32),
        confidence=np.where(seen, np.float32(1.0), np.float32(0.0)),
        time_s=walk.time_s,
        width_px=int(np.ceil((high[0] - low[0]) * PX_PER_M)),
        height_px=int(np.ceil((high[1] - low[1]) * PX_PER_M)),
        info={"not_recorded": [name for name in LANDMARKS if name not in walk.points_m]},
    )
