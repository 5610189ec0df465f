"""How far a landmark usually lies from the joint, by how sure the pose model is of it.

The table is learned from rendered walkers, whose joints are known (`gait_core.simulate.position_error_fit`); it holds
for landmarks read for measurement.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.body import leg_length_px
from gait_core.pose.landmarks import LANDMARKS
from gait_core.pose.track import Track

__all__ = ["CONFIDENCES", "PARTS", "SHIPPED_ERRORS", "position_sd_leg", "position_sd_px", "repeating_share"]

SHIPPED_ERRORS: Final = Path(__file__).with_name("position_errors.json")
"""The table that is shipped; `gait_core.workflows.from_scratch` makes it."""
CONFIDENCES: Final = (0.4, 0.7, 0.875, 0.975)
"""Confidences for which the table has an error; between them it is interpolated."""
PARTS: Final = ("ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle", "heel", "foot_index")
"""Landmarks of either side in the table; others on the head or the hand use the values of ear and wrist."""
_OF_HAND: Final = ("pinky", "index", "thumb")


@cache
def _shipped() -> Mapping[str, Any]:
    stored: Mapping[str, Any] = json.loads(SHIPPED_ERRORS.read_text(encoding="utf-8"))
    return stored


def repeating_share() -> float:
    """Return the share of the variance of a landmark's error that stays in a walk or returns with every stride.

    Returns
    -------
    float
        In [0, 1]; the rest changes from stride to stride and averages out.
    """
    return float(_shipped()["repeating_share"])


def _part(landmark: str) -> str:
    name = landmark.removeprefix("left_").removeprefix("right_")
    return name if name in PARTS else "wrist" if name in _OF_HAND else "ear"


def position_sd_leg(track: Track, table: Mapping[str, Sequence[float]] | None = None) -> NDArray[np.float32]:
    """Return 1 SD of the error of every landmark along each axis, leg lengths.

    Parameters
    ----------
    track : Track
    table : mapping of str to sequence of float, optional
        Errors of each of `PARTS` at `CONFIDENCES`, leg lengths; default: those shipped.

    Returns
    -------
    ndarray, shape (n_frames, 33), float32
        NaN where no landmark was found; 0 for walks with markers, whose laboratory has to state it.
    """
    table = table or _shipped()["sd_leg"]
    if "not_recorded" in track.info:
        return np.where(np.isfinite(track.position[..., 0]), np.float32(0.0), np.float32(np.nan))
    sd = np.stack(
        [
            np.interp(track.confidence[:, column], CONFIDENCES, table[_part(name)])
            for column, name in enumerate(LANDMARKS)
        ],
        axis=1,
    )
    return np.where(np.isfinite(track.position[..., 0]), sd, np.nan).astype(np.float32)


def position_sd_px(track: Track) -> NDArray[np.float32]:
    """Return 1 SD of the error of every landmark along each axis, px.

    Parameters
    ----------
    track : Track

    Returns
    -------
    ndarray, shape (n_frames, 33), float32
        See `position_sd_leg`; all NaN where the legs were never seen.
    """
    found = track.position[track.detected]
    leg_px = leg_length_px(found) if len(found) and np.isfinite(found).any() else float("nan")
    return position_sd_leg(track) * np.float32(leg_px)
