"""The room behind a rendered walker: wall, floor, light and objects."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gait_core.simulate.camera import Camera

__all__ = ["draw_room"]

Image = NDArray[np.uint8]
_SHIFT: Final = 4
_WALL_M: Final = -1.6
"""Where the wall meets the floor: behind the path, m (towards the walker's far side)."""


def draw_room(camera: Camera, direction: int, generator: np.random.Generator) -> Image:
    """Paint the empty room once.

    Parameters
    ----------
    camera : Camera
        The camera.
    direction : {+1, -1}
        Direction of the walk, which says on which side of the path the camera stands.
    generator : numpy.random.Generator
        Source of chance: colours, furniture, light.

    Returns
    -------
    ndarray, shape (height_px, width_px, 3), uint8
        Red, green, blue.
    """
    height, width = camera.height_px, camera.width_px
    wall = generator.uniform(150, 225) * (1.0 + 0.05 * generator.standard_normal(3))
    floor = generator.uniform(85, 165) * np.array([1.0, 0.93, 0.83]) * (1.0 + 0.05 * generator.standard_normal(3))
    image = np.empty((height, width, 3), np.float32)
    image[:] = wall
    _furnish(image, camera, direction, wall, generator)
    corner = _project(camera, direction, np.array([[-30.0, 0.0, _WALL_M], [30.0, 0.0, _WALL_M]]))
    ground = np.array([corner[0], corner[1], [4 * width, 4 * height], [-4 * width, 4 * height]])
    cv2.fillPoly(image, [_fixed(ground)], floor.tolist(), cv2.LINE_AA, _SHIFT)
    board = _project(
        camera,
        direction,
        np.array([[-30.0, 0.0, _WALL_M], [30, 0.0, _WALL_M], [30, 0.09, _WALL_M], [-30, 0.09, _WALL_M]]),
    )
    cv2.fillPoly(image, [_fixed(board)], (wall * 0.82).tolist(), cv2.LINE_AA, _SHIFT)
    _draw_boards(image, camera, direction, floor, generator)
    return _light(image, generator)


def _project(camera: Camera, direction: int, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Project (along the frame, up, towards the camera), whatever the direction of the walk."""
    room = points.copy()
    room[:, 0] *= direction
    room[:, 2] *= direction
    return camera.project(room, direction)


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.round(np.clip(points, -30000, 30000) * (1 << _SHIFT)).astype(np.int32)


def _draw_boards(
    image: NDArray[np.float32],
    camera: Camera,
    direction: int,
    floor: NDArray[np.float64],
    generator: np.random.Generator,
) -> None:
    """Draw the joints of floor boards or tiles in perspective."""
    colour = (floor * generator.uniform(0.80, 0.92)).tolist()
    spacing = float(generator.uniform(0.25, 0.6))
    for across in np.arange(_WALL_M + spacing, 2.0, spacing):
        line = _project(camera, direction, np.array([[-12.0, 0.0, across], [12.0, 0.0, across]]))
        cv2.polylines(image, [_fixed(line)], False, colour, 1, cv2.LINE_AA, _SHIFT)
    if generator.random() < 0.6:
        for along in np.arange(-8.0, 8.0, spacing * 1.5):
            line = _project(camera, direction, np.array([[along, 0.0, _WALL_M], [along, 0.0, 2.0]]))
            cv2.polylines(image, [_fixed(line)], False, colour, 1, cv2.LINE_AA, _SHIFT)


def _furnish(
    image: NDArray[np.float32],
    camera: Camera,
    direction: int,
    wall: NDArray[np.float64],
    generator: np.random.Generator,
) -> None:
    """Hang a door and pictures on the wall."""
    for _ in range(int(generator.integers(1, 4))):
        left = float(generator.uniform(-3.5, 3.0))
        door = generator.random() < 0.35
        low, high = (0.0, 2.05) if door else sorted(generator.uniform(1.0, 2.4, 2).tolist())
        wide = 0.9 if door else float(generator.uniform(0.4, 1.0))
        box = np.array([[left, low], [left + wide, low], [left + wide, high], [left, high]])
        corners = _project(camera, direction, np.column_stack([box, np.full(4, _WALL_M)]))
        colour = wall * generator.uniform(0.65, 1.1) * (1.0 + 0.08 * generator.standard_normal(3))
        cv2.fillPoly(image, [_fixed(corners)], np.clip(colour, 0, 255).tolist(), cv2.LINE_AA, _SHIFT)
        cv2.polylines(image, [_fixed(corners)], True, (wall * 0.6).tolist(), 2, cv2.LINE_AA, _SHIFT)


def _light(image: NDArray[np.float32], generator: np.random.Generator) -> Image:
    """Add uneven light and the grain of the walls."""
    height, width = image.shape[:2]
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    lamp_x, lamp_y = generator.uniform(-0.8, 0.8), generator.uniform(-1.0, -0.2)
    bright = 1.08 - 0.14 * ((x - lamp_x) ** 2 + 0.6 * (y - lamp_y) ** 2)
    coarse = cv2.resize(
        generator.normal(1.0, 0.012, (height // 8, width // 8)).astype(np.float32),
        (width, height),
        None,
        0,
        0,
        cv2.INTER_CUBIC,
    )
    lit: Image = np.clip(image * (bright * coarse)[..., None], 0, 255).astype(np.uint8)
    return lit
