"""Simulated walks as a laboratory would have recorded them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT
from gait_core.pose.landmarks import INDEX
from gait_core.simulate.camera import Camera
from gait_core.simulate.truth import WalkTruth
from gait_core.simulate.walker import sample_person, walk

RATE_HZ = 100.0
PARTS = {"hip": "hip", "knee": "knee", "ankle": "ankle", "heel": "heel", "toe": "foot_index"}


def recording(path: Path, *, axis: int = 1, sign: float = -1.0, foot: bool = False, **changes: Any) -> WalkTruth:
    """Write a simulated walk as a laboratory would have recorded it."""
    truth = walk(
        sample_person(5), seed=5, fps=RATE_HZ, duration_s=5.0, camera=Camera(distance_m=12.0), stay_in_view=True
    )
    values: dict[str, Any] = {
        "time": truth.time_s,
        "rate": RATE_HZ,
        "progress_axis": axis,
        "progress_sign": sign,
        "source": "made",
    }
    for side in ("left", "right"):
        for part, name in PARTS.items():
            forward, up, right = 1000.0 * truth.room_m[:, INDEX[f"{side}_{name}"]].T
            points = np.empty((len(truth), 3))
            # With z up and right-handed axes, forward × up = right.
            points[:, axis], points[:, 2] = sign * forward, up
            points[:, 1 - axis] = sign * (right if axis == 1 else -right)
            values[f"{side[0].upper()}_{part}"] = points
        for joint in ("hip", "knee", "ankle"):
            values[f"angle_{side[0].upper()}_{joint}"] = truth.angle_deg(side, joint)
        if foot:
            values[f"{side[0].upper()}_foot"] = values.pop(f"{side[0].upper()}_toe")
            del values[f"{side[0].upper()}_heel"]
    names = {INITIAL_CONTACT: "HS", FOOT_OFF: "TO"}
    values["events"] = np.array([(e.side[0].upper(), names[e.kind], f"{e.time_s:.4f}") for e in truth.events])
    values |= changes
    np.savez(path, **{name: value for name, value in values.items() if value is not None})
    return truth
