"""Render a simulated walk to H.264."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gait_core.pose.landmarks import INDEX
from gait_core.progress import Reporter, silent
from gait_core.simulate.figure import draw_person
from gait_core.simulate.person import sample_person
from gait_core.simulate.scene import draw_room
from gait_core.simulate.truth import WalkTruth
from gait_core.video.encode import VideoWriter

__all__ = ["iter_images", "render"]

_STREAM: Final = 4409
_GRAIN_PX: Final = 48
_GRAIN_SD: Final = 3.0


def render(truth: WalkTruth, path: Path, *, seed: int = 0, reporter: Reporter | None = None) -> None:
    """Render a walk to a video.

    Parameters
    ----------
    truth : WalkTruth
        The walk; its person seed decides clothes and skin.
    path : Path
        Video to write, ``.mp4``.
    seed : int
        Seed of room, light and grain.
    reporter : Reporter or None
        Checked for cancellation before each frame.

    Raises
    ------
    Cancelled
        When the user stops the work; no half video stays behind.
    StorageError
        When the place is read-only or full.
    """
    reporter = reporter or silent()
    camera = truth.camera
    with VideoWriter(path, camera.width_px, camera.height_px, truth.frame_rate_hz) as video:
        for image in iter_images(truth, seed=seed):
            reporter.check()
            video.write(image)


def iter_images(truth: WalkTruth, *, seed: int = 0) -> Iterator[NDArray[np.uint8]]:
    """Yield the frames of a walk, shape (height_px, width_px, 3), red, green, blue; arguments as for `render`.

    Yields
    ------
    ndarray, shape (height_px, width_px, 3), uint8
    """
    generator = np.random.default_rng([_STREAM, truth.person_seed, truth.seed, seed])
    looks = sample_person(truth.person_seed).looks
    camera = truth.camera
    room = draw_room(camera, truth.direction, generator)
    rows, columns = camera.height_px, camera.width_px
    grain = generator.normal(0.0, _GRAIN_SD, (rows + _GRAIN_PX, columns + _GRAIN_PX, 3))
    brighter = np.clip(grain, 0, 30).astype(np.uint8)
    darker = np.clip(-grain, 0, 30).astype(np.uint8)
    tips = [INDEX["left_foot_index"], INDEX["right_foot_index"]]
    height_px = truth.height_px
    for i in range(len(truth)):
        image = room.copy()
        _draw_shadow(image, truth, i)
        gap_m = truth.room_m[i, tips, 1]
        draw_person(image, truth.position_px[i], gap_m, truth.direction, float(height_px[i]), looks)
        cv2.GaussianBlur(image, (3, 3), 0.7, image)
        y, x = generator.integers(0, _GRAIN_PX, 2).tolist()
        cv2.add(image, np.ascontiguousarray(brighter[y : y + rows, x : x + columns]), image)
        cv2.subtract(image, np.ascontiguousarray(darker[y : y + rows, x : x + columns]), image)
        yield image


def _draw_shadow(image: NDArray[np.uint8], truth: WalkTruth, i: int) -> None:
    """Darken the floor under the body and, harder, under each standing foot."""
    camera, direction = truth.camera, truth.direction
    feet = truth.room_m[i, [INDEX[f"{s}_{p}"] for s in ("left", "right") for p in ("heel", "foot_index")]]
    ground = feet * np.array([1.0, 0.0, 1.0])
    spots = camera.project(ground, direction)
    top = max(int(spots[:, 1].min()) - 40, 0)
    if top >= camera.height_px:
        return
    shade = np.full((camera.height_px - top, camera.width_px), 255, np.uint8)
    unit = float(truth.height_px[i])

    def oval(centre: NDArray[np.float64], wide: float, high: float, grey: int) -> None:
        where = (round(float(centre[0])), round(float(centre[1])) - top)
        cv2.ellipse(shade, where, (max(2, round(wide)), max(2, round(high))), 0, 0, 360, grey, -1, cv2.LINE_AA)

    oval(spots.mean(axis=0), 0.17 * unit, 0.030 * unit, 205)
    for heel, tip, lifted_m in ((0, 1, feet[:2, 1].min()), (2, 3, feet[2:, 1].min())):
        grey = int(np.clip(120 + 900 * max(float(lifted_m), 0.0), 120, 215))
        half = 0.5 * float(np.hypot(*(spots[tip] - spots[heel]))) + 0.02 * unit
        oval(0.5 * (spots[heel] + spots[tip]), half, 0.012 * unit, grey)
    shade = cv2.blur(shade, (15, 7))
    strip = image[top:]
    cv2.multiply(strip, cv2.cvtColor(shade, cv2.COLOR_GRAY2RGB), strip, 1.0 / 255.0)
