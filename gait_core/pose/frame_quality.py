"""Light, colour of skin, sharpness and camera motion, measured beside the pose model while a video is decoded."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.engine import PoseResult
from gait_core.pose.landmarks import INDEX
from gait_core.pose.skin_colour import FRAME, SKIN, frame_red_over_blue, skin_red_over_blue
from gait_core.video.pixels import Pixels, scaled_size
from gait_core.video.planes import shrunk

__all__ = ["FrameQuality"]

Grey = NDArray[np.float32]

EVERY_S: Final = 0.19
"""Time between two frames looked at, s: about one in five."""
FRAME_COLOUR_EVERY: Final = 5
"""Looks at the skin from one look at the colour of the whole frame to the next: about a second."""
LEAST_SKIN: Final = 5
"""Looks at the skin that say something: on the first frames face and hands may be sought in a wrong place."""
LARGE_SIDE_PX: Final = 960
SMALL_SIDE_PX: Final = 192
BODY_PX: Final = 224
"""Height to which a larger body is scaled down before sharpness is measured: about what the pose model sees."""
MARGIN: Final = 0.05
DARK, BRIGHT = 12, 250
LEAST_RESPONSE: Final = 0.1
"""Height of the peak of the phase correlation below which the background says nothing."""
LEGS: Final = [
    INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle", "heel", "foot_index")
]


class FrameQuality:
    """Gather cheap figures from a few frames a second; nothing of a frame is kept but a small grey copy."""

    def __init__(self) -> None:
        self._next_s = -math.inf
        self._pixels: list[float] = []
        self._person: list[tuple[float, ...]] = []
        self._skin: list[tuple[float, ...]] = []
        self._frame_colour: list[float] = []
        self._shifts: list[tuple[float, float, float]] = []
        self._last: tuple[float, Grey, NDArray[np.bool_]] | None = None

    def look(self, pixels: Pixels, found: PoseResult | None, time_s: float) -> None:
        """Measure a frame when it is time to.

        Parameters
        ----------
        pixels : Pixels
        found : PoseResult or None
            The person in it.
        time_s : float
            Time stamp, s.
        """
        if time_s < self._next_s:
            return
        self._next_s = time_s + EVERY_S
        if found is not None:
            if len(self._skin) % FRAME_COLOUR_EVERY == 0:
                self._frame_colour.append(frame_red_over_blue(pixels))
            self._skin.append(skin_red_over_blue(pixels, found))
        grey = pixels.luma(LARGE_SIDE_PX)
        small = _small_grey(grey)
        self._pixels.append(float(small.mean()))
        covered = np.zeros(small.shape, dtype=bool)
        if found is not None:
            covered[_box(found.position, small.shape)] = True
            self._person.append(_person_figures(grey, found.position))
        self._look_at_background(small, covered, time_s)

    def summary(self) -> dict[str, Any]:
        """Return the figures of the video, medians over the frames looked at; None where nothing was measured.

        Returns
        -------
        dict
            ``frames`` looked at; ``picture_brightness``, 0 to 255; in the box around the person ``brightness``,
            ``contrast`` (SD), ``dark_share`` and ``bright_share`` (pixels without drawing); ``sharpness`` of the body,
            ``leg_sharpness`` (see `_sharpness`; at one size); ``face_red_over_blue``, ``hand_red_over_blue`` and
            ``frame_red_over_blue``, -255 to 255; ``camera_speed`` and ``camera_shake``, image widths per second.
        """
        names = ("brightness", "contrast", "dark_share", "bright_share", "sharpness", "leg_sharpness")
        figures: dict[str, Any] = {"frames": len(self._pixels), "picture_brightness": _median(self._pixels)}
        figures |= _medians(names, self._person)
        figures |= _medians(SKIN, self._skin if len(self._skin) >= LEAST_SKIN else [])
        return figures | {FRAME: _median(self._frame_colour)} | self._camera()

    def _look_at_background(self, small: Grey, covered: NDArray[np.bool_], time_s: float) -> None:
        """Compare the frame with the one looked at before, without the person of either."""
        import cv2

        last, self._last = self._last, (time_s, small, covered)
        if last is None or last[1].shape != small.shape or min(small.shape) < 16:
            return
        free = ~(covered | last[2])
        if free.mean() < 0.25:
            return
        first, second = (np.where(free, pixels - pixels[free].mean(), 0.0) for pixels in (last[1], small))
        window = _hanning(*small.shape)
        shift, response = cv2.phaseCorrelate(first.astype(np.float32), second.astype(np.float32), window)
        if response >= LEAST_RESPONSE:
            per_s = 1.0 / (small.shape[1] * max(time_s - last[0], 1e-3))
            self._shifts.append((shift[0] * per_s, shift[1] * per_s, response))

    def _camera(self) -> dict[str, float | None]:
        if len(self._shifts) < 3:
            return {"camera_speed": None, "camera_shake": None}
        speed = np.array(self._shifts)[:, :2]
        # A pan changes slowly; what differs from the mean of its neighbours is shaking.
        around = (speed[:-2] + speed[2:]) / 2
        return {
            "camera_speed": _median(np.linalg.norm(speed, axis=1)),
            "camera_shake": _median(np.linalg.norm(speed[1:-1] - around, axis=1)),
        }


@lru_cache(maxsize=8)
def _hanning(height: int, width: int) -> Grey:
    import cv2

    return np.asarray(cv2.createHanningWindow((width, height), cv2.CV_32F))


def _small_grey(grey: NDArray[np.uint8]) -> Grey:
    height, width = grey.shape
    return np.asarray(shrunk(grey, scaled_size(width, height, SMALL_SIDE_PX)), dtype=np.float32)


def _box(position: NDArray[np.float32], shape: tuple[int, ...], margin: float = MARGIN) -> tuple[slice, slice]:
    """Return rows and columns of a frame around landmarks, given as shares of its width and height."""
    height, width = shape[:2]
    low, high = position.min(axis=0) - margin, position.max(axis=0) + margin
    left, right = (int(np.clip(value, 0, 1) * width) for value in (low[0], high[0]))
    top, bottom = (int(np.clip(value, 0, 1) * height) for value in (low[1], high[1]))
    return slice(top, bottom), slice(left, right)


def _person_figures(pixels: NDArray[np.uint8], position: NDArray[np.float32]) -> tuple[float, ...]:
    grey = pixels[_box(position, pixels.shape, 0.02)]
    if min(grey.shape) < 8:
        return (math.nan,) * 6
    legs = pixels[_box(position[LEGS], pixels.shape, 0.01)]
    factor = BODY_PX / grey.shape[0]
    return (
        *_light(grey),
        _sharpness(grey, factor),
        # Legs below the frame leave nothing to look at.
        _sharpness(legs, factor) if legs.size else math.nan,
    )


def _light(grey: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """Return mean, SD, dark share and bright share."""
    import cv2

    # All four from one look at the pixels.
    share = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(float) / grey.size
    levels = np.arange(256)
    mean = float(share @ levels)
    deviation = math.sqrt(float(share @ (levels - mean) ** 2))
    return mean, deviation, float(share[: DARK + 1].sum()), float(share[BRIGHT:].sum())


def _sharpness(grey: NDArray[np.uint8], factor: float) -> float:
    """Return the variance of the second difference along the rows over the variance.

    The horizontal half of the variance of the Laplacian (Pech-Pacheco 2000, ICPR 3:314): a walk blurs along its way.
    Over the variance it is free of brightness and contrast.
    """
    import cv2

    if min(grey.shape) * factor < 8:
        return math.nan
    if factor < 1:
        grey = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    variance = _variance(grey)
    return _variance(cv2.Sobel(grey, cv2.CV_32F, 2, 0, ksize=1)) / variance if variance > 1.0 else math.nan


def _variance(values: NDArray[Any]) -> float:
    import cv2

    return float(cv2.meanStdDev(values)[1][0, 0]) ** 2


def _medians(names: tuple[str, ...], rows: list[tuple[float, ...]]) -> dict[str, float | None]:
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return {name: _median(column) for name, column in zip(names, columns, strict=True)}


def _median(values: Any) -> float | None:
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    return round(float(np.median(known)), 5) if len(known) else None
