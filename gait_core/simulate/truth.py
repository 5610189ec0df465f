"""What is known for certain about a simulated walk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.events.gait_events import GaitEvent
from gait_core.pose.landmarks import LANDMARKS, MIRROR
from gait_core.simulate.camera import Camera
from gait_core.simulate.curves import JOINTS
from gait_core.workspace import read_json, write_atomic

__all__ = ["SIDES", "WalkTruth"]

Array = NDArray[np.float64]
SIDES = ("left", "right")
_SCHEMA = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class WalkTruth:
    """Truth of one simulated walk.

    Attributes
    ----------
    time_s : ndarray, shape (n,)
        Times of the frames, s.
    events : tuple of GaitEvent
        In order of time, within the walk.
    cadence_spm, speed_mps, stride_length_m : float
        Means of the steps and strides between the events.
    step_time_s, step_length_m : mapping of side to tuple of float
        One value per step, named after the foot that lands: time since, and distance from, the other foot's contact.
    angles_deg : ndarray, shape (n, 2, 3)
        Side (left, right) × joint (hip, knee, ankle). Hip: thigh against the line from mid-hip to mid-shoulder,
        flexion +; knee: 0 = straight, flexion +; ankle: 0 = sole perpendicular to the shank, dorsiflexion +.
    trunk_lean_deg : ndarray, shape (n,)
        Forward lean of that line against the vertical.
    phase : ndarray, shape (n, 2)
        Share of the gait cycle since the last initial contact of each side, in [0, 1).
    position_px : ndarray, shape (n, 33, 2)
        Landmarks in the frame, px.
    room_m : ndarray, shape (n, 33, 3)
        Landmarks in the room: forward from the middle of the path, up from the floor, to the walker's right, m.
    direction : {+1, -1}
        +1: from left to right in the frame, the right side near the camera.
    camera : Camera
        The camera.
    height_m : float
        Height of the person, m.
    person_seed, seed : int
        From which person and walk were drawn.
    impairment, affected_side : str or None
        What was simulated, and where.
    severity : float
        In [0, 1].
    foot_placements : tuple of (side, start_s, end_s, ankle_x_m)
        Where each foot stood.
    """

    time_s: Array
    events: tuple[GaitEvent, ...]
    cadence_spm: float
    speed_mps: float
    stride_length_m: float
    step_time_s: Mapping[str, tuple[float, ...]]
    step_length_m: Mapping[str, tuple[float, ...]]
    angles_deg: Array
    trunk_lean_deg: Array
    phase: Array
    position_px: Array
    room_m: Array
    direction: int
    camera: Camera
    height_m: float
    person_seed: int
    seed: int
    impairment: str | None = None
    affected_side: str | None = None
    severity: float = 0.0
    foot_placements: tuple[tuple[str, float, float, float], ...] = field(default_factory=tuple)

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def near_side(self) -> str:
        """Side of the body that faces the camera."""
        return SIDES[1] if self.direction > 0 else SIDES[0]

    @property
    def frame_rate_hz(self) -> float:
        """Frames per second."""
        return float((len(self) - 1) / (self.time_s[-1] - self.time_s[0]))

    @property
    def world_m(self) -> Array:
        """Landmarks in camera axes relative to the middle of the hips, as MediaPipe gives them, shape (n, 33, 3), m."""
        seen = self.camera.view(self.room_m, self.direction)
        relative: Array = seen - seen[:, 23:25].mean(axis=1, keepdims=True)
        return relative

    @property
    def height_px(self) -> Array:
        """Standing body height at the distance of the walker in each frame, shape (n,), px."""
        middle = self.room_m[:, 23:25].mean(axis=1)
        depth = self.camera.view(middle, self.direction)[:, 2]
        return self.camera.focal_px * self.height_m / depth

    def event_times_s(self, side: str, kind: str) -> Array:
        """Return the times of one kind of event of one side, s."""
        return np.array([event.time_s for event in self.events if event.side == side and event.kind == kind])

    def angle_deg(self, side: str, joint: str) -> Array:
        """Return one joint angle over time, shape (n,), degrees."""
        return self.angles_deg[:, SIDES.index(side), JOINTS.index(joint)]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-serialisable values."""
        return {
            "schema": _SCHEMA,
            "unit": "times s, lengths m, angles deg, image px",
            "person_seed": self.person_seed,
            "seed": self.seed,
            "impairment": self.impairment,
            "affected_side": self.affected_side,
            "severity": self.severity,
            "direction": self.direction,
            "height_m": self.height_m,
            "camera": self.camera.to_dict(),
            "cadence_spm": self.cadence_spm,
            "speed_mps": self.speed_mps,
            "stride_length_m": self.stride_length_m,
            "step_time_s": {side: list(values) for side, values in self.step_time_s.items()},
            "step_length_m": {side: list(values) for side, values in self.step_length_m.items()},
            "events": [event.to_dict() for event in self.events],
            "foot_placements": [list(placement) for placement in self.foot_placements],
            "joints": list(JOINTS),
            "sides": list(SIDES),
            "landmarks": list(LANDMARKS),
            "time_s": self.time_s.round(6).tolist(),
            "angles_deg": self.angles_deg.round(3).tolist(),
            "trunk_lean_deg": self.trunk_lean_deg.round(3).tolist(),
            "phase": self.phase.round(5).tolist(),
            "position_px": self.position_px.round(2).tolist(),
            "room_m": self.room_m.round(4).tolist(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        arrays = ("time_s", "angles_deg", "trunk_lean_deg", "phase", "position_px", "room_m")
        rest: dict[str, Any] = {name: np.asarray(values[name], dtype=float) for name in arrays}
        plain = ("cadence_spm", "speed_mps", "stride_length_m", "direction", "height_m", "person_seed", "seed")
        rest |= {name: values[name] for name in plain}
        return cls(
            events=tuple(GaitEvent.from_dict(event) for event in values["events"]),
            step_time_s={side: tuple(steps) for side, steps in values["step_time_s"].items()},
            step_length_m={side: tuple(steps) for side, steps in values["step_length_m"].items()},
            camera=Camera.from_dict(values["camera"]),
            impairment=values["impairment"],
            affected_side=values["affected_side"],
            severity=values["severity"],
            foot_placements=tuple((s, a, b, x) for s, a, b, x in values["foot_placements"]),
            **rest,
        )

    def to_json(self, path: Path) -> None:
        """Write a JSON file.

        Raises
        ------
        StorageError
            When the place is read-only or full.
        """
        text = json.dumps(self.to_dict(), separators=(",", ":"), allow_nan=False)
        write_atomic(path, text.encode())

    @classmethod
    def from_json(cls, path: Path) -> Self:
        """Read a JSON file that `to_json` wrote."""
        return cls.from_dict(read_json(path))

    def mirrored(self) -> Self:
        """Return the truth of the mirrored frame: left and right, and the direction, change places."""
        other = dict(zip(SIDES, reversed(SIDES), strict=True))
        room_m = self.room_m[:, list(MIRROR)] * np.array([1.0, 1.0, -1.0])
        position_px = self.position_px[:, list(MIRROR)].copy()
        position_px[..., 0] = self.camera.width_px - position_px[..., 0]
        camera = Camera(**{**vars(self.camera), "yaw_deg": -self.camera.yaw_deg, "roll_deg": -self.camera.roll_deg})
        return type(self)(
            **{
                **vars(self),
                "events": tuple(GaitEvent(**{**vars(e), "side": other[e.side]}) for e in self.events),
                "step_time_s": {other[side]: steps for side, steps in self.step_time_s.items()},
                "step_length_m": {other[side]: steps for side, steps in self.step_length_m.items()},
                "angles_deg": self.angles_deg[:, ::-1].copy(),
                "phase": self.phase[:, ::-1].copy(),
                "position_px": position_px,
                "room_m": room_m,
                "direction": -self.direction,
                "camera": camera,
                "affected_side": other[self.affected_side] if self.affected_side else None,
                "foot_placements": tuple((other[s], a, b, x) for s, a, b, x in self.foot_placements),
            }
        )
