"""The standing side-view camera."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Camera", "sample_camera"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A pinhole camera that looks across the path of the walk.

    Attributes
    ----------
    width_px, height_px : int
        Size of the frame, px.
    focal_px : float
        Focal length, px.
    distance_m, height_m : float
        Distance from the middle of the path, and height over the floor, m.
    yaw_deg, pitch_deg, roll_deg : float
        Turn about the middle of the path (0 = square to it), downward tilt, turn of the horizon, degrees.
    """

    width_px: int = 960
    height_px: int = 540
    focal_px: float = 820.0
    distance_m: float = 4.5
    height_m: float = 1.1
    yaw_deg: float = 0.0
    pitch_deg: float = 3.0
    roll_deg: float = 0.0

    def view(self, room_m: Array, direction: int) -> Array:
        """Turn room coordinates into camera axes.

        Parameters
        ----------
        room_m : ndarray, shape (..., 3)
            Forward from the middle of the path, up from the floor, to the walker's right, m.
        direction : {+1, -1}
            +1 when the walker crosses the frame from left to right.

        Returns
        -------
        ndarray, shape (..., 3)
            To the right of the frame, down, away from the camera, m.
        """
        yaw, pitch, roll = np.radians([self.yaw_deg, self.pitch_deg, self.roll_deg])
        across, up, away = direction * room_m[..., 0], room_m[..., 1] - self.height_m, -direction * room_m[..., 2]
        across, away = (
            across * np.cos(yaw) + away * np.sin(yaw),
            away * np.cos(yaw) - across * np.sin(yaw) + self.distance_m,
        )
        up, away = up * np.cos(pitch) + away * np.sin(pitch), away * np.cos(pitch) - up * np.sin(pitch)
        across, up = across * np.cos(roll) - up * np.sin(roll), up * np.cos(roll) + across * np.sin(roll)
        return np.stack([across, -up, away], -1)

    def project(self, room_m: Array, direction: int) -> Array:
        """Return image coordinates of room points, px, shape (..., 2); arguments as for `view`."""
        seen = self.view(room_m, direction)
        centre = np.array([self.width_px / 2.0, self.height_px / 2.0])
        return centre + self.focal_px * seen[..., :2] / seen[..., 2:]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build from the output of `to_dict`."""
        return cls(**values)


def sample_camera(
    generator: np.random.Generator, person_height_m: float, *, width_px: int = 960, height_px: int = 540
) -> Camera:
    """Draw a plausible camera position for a person.

    Parameters
    ----------
    generator : numpy.random.Generator
        Source of chance.
    person_height_m : float
        Height of the person, m.
    width_px, height_px : int
        Size of the frame, px.

    Returns
    -------
    Camera
        At 3.6–5.4 m, within 8° of square, with the person filling 50–66 % of the frame's height.
    """
    distance_m = float(generator.uniform(3.6, 5.4))
    share = float(generator.uniform(0.50, 0.66))
    camera_m = float(generator.uniform(0.85, 1.35))
    # Aim a little below the middle of the body, so that the feet stay well inside the image.
    aim_m = 0.5 * person_height_m + 0.04 * float(generator.standard_normal())
    pitch_deg = float(np.degrees(np.arctan2(camera_m - aim_m, distance_m)))
    return Camera(
        width_px=width_px,
        height_px=height_px,
        focal_px=share * height_px * distance_m / person_height_m,
        distance_m=distance_m,
        height_m=camera_m,
        yaw_deg=float(np.clip(3.5 * generator.standard_normal(), -8.0, 8.0)),
        pitch_deg=pitch_deg,
        roll_deg=float(np.clip(0.4 * generator.standard_normal(), -1.0, 1.0)),
    )
