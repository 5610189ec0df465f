"""Draw a shaded person over an image."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gait_core.pose.landmarks import INDEX
from gait_core.simulate.person import Looks

__all__ = ["draw_person"]

Array = NDArray[np.float64]
Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

_SHIFT: Final = 4
_LAYERS: Final = ((1.0, 0.58, 0.0), (0.88, 0.72, 0.06), (0.72, 0.86, 0.14), (0.54, 0.97, 0.22), (0.32, 1.06, 0.32))
"""Share of the radius, brightness, and shift towards the light, from the edge of a limb inwards."""
_LIGHT: Final = np.array([-0.35, -0.94])
_ROUND: Final = np.linspace(-np.pi / 2, np.pi / 2, 9)

# In shares of body height, forward and up from the ear.
_PROFILE: Final = np.array(
    [
        (-0.034, -0.062), (-0.040, -0.030), (-0.054, -0.004), (-0.060, 0.024), (-0.048, 0.056), (-0.014, 0.074),
        (0.022, 0.069), (0.042, 0.050), (0.049, 0.030), (0.047, 0.018), (0.057, 0.003), (0.068, -0.008),
        (0.062, -0.015), (0.053, -0.017), (0.058, -0.025), (0.053, -0.030), (0.057, -0.036), (0.050, -0.043),
        (0.054, -0.055), (0.040, -0.064), (0.016, -0.054), (0.004, -0.075),
    ]
)  # fmt: skip
_HAIR: Final = np.array(
    [
        (-0.036, -0.036), (-0.058, -0.010), (-0.066, 0.025), (-0.052, 0.064), (-0.013, 0.083), (0.026, 0.077),
        (0.048, 0.056), (0.043, 0.046), (0.022, 0.043), (0.008, 0.030), (0.006, 0.012), (-0.010, 0.014),
        (-0.016, -0.018),
    ]
)  # fmt: skip
_LONG_HAIR: Final = np.array(
    [(-0.01, 0.02), (-0.055, 0.02), (-0.075, -0.05), (-0.070, -0.105), (-0.030, -0.110), (-0.014, -0.04)]
)
# Along the trunk from hip to shoulder, and to the front and back, in shares of body height.
_TRUNK_FRONT: Final = (
    (-0.04, 0.054),
    (0.02, 0.060),
    (0.10, 0.058),
    (0.18, 0.066),
    (0.25, 0.064),
    (0.295, 0.040),
    (0.315, 0.022),
)
_TRUNK_BACK: Final = (
    (0.315, -0.022),
    (0.29, -0.044),
    (0.24, -0.058),
    (0.16, -0.052),
    (0.09, -0.046),
    (0.02, -0.064),
    (-0.04, -0.062),
)


def _fixed(points: Array) -> NDArray[np.int32]:
    return np.round(points * (1 << _SHIFT)).astype(np.int32)


def _shade(colour: Colour, factor: float) -> tuple[float, float, float]:
    red, green, blue = (min(255.0, part * factor) for part in colour)
    return red, green, blue


def _limb(image: Image, start: Array, end: Array, radii: tuple[float, float], colour: Colour, light: float) -> None:
    """Draw one tapered capsule, brighter towards the light."""
    along = end - start
    angle = np.arctan2(along[1], along[0])
    cap_end = np.stack([np.cos(angle + _ROUND), np.sin(angle + _ROUND)], -1)
    for share, brightness, shift in _LAYERS:
        move = _LIGHT * shift
        outline = np.concatenate(
            [end + radii[1] * (share * cap_end + move), start + radii[0] * (move - share * cap_end)]
        )
        cv2.fillConvexPoly(image, _fixed(outline), _shade(colour, brightness * light), cv2.LINE_AA, _SHIFT)


def _shape(image: Image, outline: Array, colour: Colour, light: float) -> None:
    """Draw a rounded shape with the shading of a limb."""
    middle = outline.mean(axis=0)
    size = float(np.sqrt(np.mean(np.sum((outline - middle) ** 2, axis=1))))
    for share, brightness, shift in _LAYERS:
        inner = middle + share * (outline - middle) + _LIGHT * shift * size * 0.5
        cv2.fillPoly(image, [_fixed(inner)], _shade(colour, brightness * light), cv2.LINE_AA, _SHIFT)


def draw_person(
    image: Image, pixels: Array, floor_gap_m: Array, direction: int, height_px: float, looks: Looks
) -> None:
    """Draw the person of one frame, in place.

    Parameters
    ----------
    image : ndarray, shape (h, w, 3), uint8
        Image, red, green, blue.
    pixels : ndarray, shape (33, 2)
        Landmarks, px.
    floor_gap_m : ndarray, shape (2,)
        Height of the left and right foot tip over the floor, m: the toes bend where it is small.
    direction : {+1, -1}
        Where the face points.
    height_px : float
        Body height at that distance, px.
    looks : Looks
        Colours and girth.
    """
    near, far = ("right", "left") if direction > 0 else ("left", "right")
    gap = dict(zip(("left", "right"), floor_gap_m.tolist(), strict=True))
    _arm(image, pixels, far, height_px, looks, 0.72)
    _leg(image, pixels, far, direction, height_px, looks, 0.70, gap[far])
    _leg(image, pixels, near, direction, height_px, looks, 1.0, gap[near])
    _trunk(image, pixels, direction, height_px, looks)
    _head(image, pixels, direction, height_px, looks)
    _arm(image, pixels, near, height_px, looks, 1.04)


def _leg(
    image: Image, pixels: Array, side: str, direction: int, height_px: float, looks: Looks, light: float, gap_m: float
) -> None:
    hip, knee, ankle = (pixels[INDEX[f"{side}_{part}"]] for part in ("hip", "knee", "ankle"))
    unit = height_px * looks.girth
    if looks.shorts:
        calf = knee + 0.35 * (ankle - knee)
        _limb(image, knee, calf, (0.029 * unit, 0.032 * unit), looks.skin, light)
        _limb(image, calf, ankle, (0.032 * unit, 0.020 * unit), looks.skin, light)
        _shoe(image, pixels, side, direction, height_px, looks, light, gap_m)
        _limb(image, hip, knee, (0.050 * unit, 0.031 * unit), looks.skin, light)
        _limb(image, hip, hip + 0.78 * (knee - hip), (0.055 * unit, 0.044 * unit), looks.trousers, light)
        return
    _shoe(image, pixels, side, direction, height_px, looks, light, gap_m)
    _limb(image, knee, knee + 0.93 * (ankle - knee), (0.036 * unit, 0.029 * unit), looks.trousers, light)
    _limb(image, hip, knee, (0.054 * unit, 0.037 * unit), looks.trousers, light)


def _shoe(
    image: Image, pixels: Array, side: str, direction: int, height_px: float, looks: Looks, light: float, gap_m: float
) -> None:
    ankle, heel, tip = (pixels[INDEX[f"{side}_{part}"]] for part in ("ankle", "heel", "foot_index"))
    along = tip - heel
    length = float(np.hypot(*along)) or 1.0
    along = along / length
    up = np.array([along[1], -along[0]]) * direction
    bend = float(np.clip(1.0 - gap_m / 0.03, 0.0, 1.0)) if along[1] > 0 else 0.0
    toes = (1.0 - bend) * along + bend * np.array([float(direction), 0.0])
    toes = toes / (np.hypot(*toes) or 1.0)
    toes_up = np.array([toes[1], -toes[0]]) * direction
    unit = height_px
    sole = np.array([heel - 0.010 * unit * along, tip, tip + 0.022 * unit * toes])
    outline = np.array(
        [
            sole[0] + 0.006 * unit * up,
            heel - 0.012 * unit * along + 0.026 * unit * up,
            ankle - 0.022 * unit * along + 0.006 * unit * up,
            ankle + 0.022 * unit * along + 0.004 * unit * up,
            heel + 0.62 * length * along + 0.034 * unit * up,
            tip + 0.024 * unit * up,
            sole[2] + 0.016 * unit * toes_up,
            sole[2] + 0.010 * unit * toes + 0.006 * unit * toes_up,
            sole[2],
            sole[1],
            sole[0],
        ]
    )
    _shape(image, outline, looks.shoes, light)
    edge = max(1, round(0.010 * unit))
    cv2.polylines(image, [_fixed(sole)], False, _shade(looks.sole, light * 0.9), edge, cv2.LINE_AA, _SHIFT)


def _arm(image: Image, pixels: Array, side: str, height_px: float, looks: Looks, light: float) -> None:
    shoulder, elbow, wrist = (pixels[INDEX[f"{side}_{part}"]] for part in ("shoulder", "elbow", "wrist"))
    hand = 0.5 * (pixels[INDEX[f"{side}_index"]] + pixels[INDEX[f"{side}_pinky"]])
    thumb = pixels[INDEX[f"{side}_thumb"]]
    unit = height_px * looks.girth
    _limb(image, wrist, hand, (0.016 * height_px, 0.015 * height_px), looks.skin, light)
    _limb(image, 0.5 * (wrist + thumb), thumb, (0.009 * height_px, 0.007 * height_px), looks.skin, light)
    lower = looks.shirt if looks.long_sleeves else looks.skin
    _limb(image, elbow, wrist, (0.024 * unit, 0.018 * unit), lower, light)
    if looks.long_sleeves:
        _limb(image, shoulder, elbow, (0.032 * unit, 0.026 * unit), looks.shirt, light)
        return
    _limb(image, shoulder, elbow, (0.029 * unit, 0.023 * unit), looks.skin, light)
    _limb(image, shoulder, shoulder + 0.6 * (elbow - shoulder), (0.034 * unit, 0.031 * unit), looks.shirt, light)


def _trunk(image: Image, pixels: Array, direction: int, height_px: float, looks: Looks) -> None:
    hip = 0.5 * (pixels[INDEX["left_hip"]] + pixels[INDEX["right_hip"]])
    chest = 0.5 * (pixels[INDEX["left_shoulder"]] + pixels[INDEX["right_shoulder"]])
    along = (chest - hip) / (float(np.hypot(*(chest - hip))) or 1.0)
    front = np.array([-along[1], along[0]]) * direction
    widths = np.array([1.0, looks.girth])
    table = np.array(_TRUNK_FRONT + _TRUNK_BACK) * widths
    outline = hip + height_px * (table[:, :1] * along + table[:, 1:] * front)
    ears = 0.5 * (pixels[INDEX["left_ear"]] + pixels[INDEX["right_ear"]])
    _limb(
        image,
        chest + 0.01 * height_px * along,
        ears - 0.02 * height_px * front,
        (0.034 * height_px, 0.030 * height_px),
        looks.skin,
        0.9,
    )
    _shape(image, outline, looks.shirt, 1.0)
    belt = np.array([(-0.045, 0.056), (0.004, 0.060), (0.004, -0.062), (-0.045, -0.062)]) * widths
    _shape(image, hip + height_px * (belt[:, :1] * along + belt[:, 1:] * front), looks.trousers, 1.0)


def _head(image: Image, pixels: Array, direction: int, height_px: float, looks: Looks) -> None:
    ear = 0.5 * (pixels[INDEX["left_ear"]] + pixels[INDEX["right_ear"]])
    eyes = 0.5 * (pixels[INDEX["left_eye"]] + pixels[INDEX["right_eye"]])
    # The head turns with the line from ear to eye, which lies 16° above its own horizontal.
    line = (eyes - ear) * np.array([direction, 1.0])
    tilt = np.arctan2(line[1], line[0]) + np.arctan2(0.013, 0.050)
    front = np.array([np.cos(tilt) * direction, np.sin(tilt)])
    up = np.array([np.sin(tilt) * direction, -np.cos(tilt)])

    def place(points: Array) -> Array:
        placed: Array = ear + height_px * (points[:, :1] * front + points[:, 1:] * up)
        return placed

    def spot(forward: float, above: float) -> tuple[int, int]:
        x, y = _fixed(place(np.array([[forward, above]])))[0].tolist()
        return x, y

    if looks.long_hair:
        _shape(image, place(_LONG_HAIR), looks.hair, 0.9)
    _shape(image, place(_PROFILE), looks.skin, 1.0)
    _shape(image, place(_HAIR), looks.hair, 1.0)
    one = height_px * (1 << _SHIFT)
    angle = float(np.degrees(np.arctan2(front[1], front[0])))
    dark = _shade(looks.skin, 0.45)

    def oval(forward: float, above: float, size: tuple[float, float], colour: tuple[float, float, float]) -> None:
        axes = (max(8, round(size[0] * one)), max(8, round(size[1] * one)))
        cv2.ellipse(image, spot(forward, above), axes, angle, 0, 360, colour, -1, cv2.LINE_AA, _SHIFT)

    oval(0.0, 0.002, (0.010, 0.017), _shade(looks.skin, 0.82))
    oval(0.001, 0.001, (0.005, 0.010), _shade(looks.skin, 0.62))
    oval(0.041, 0.016, (0.0075, 0.0048), (240, 240, 238))
    oval(0.0435, 0.016, (0.0038, 0.0046), (40, 30, 26))
    thick = max(1, round(0.004 * height_px))
    for ends, colour in (
        (((0.032, 0.026), (0.049, 0.028)), _shade(looks.hair, 0.9)),
        (((0.042, -0.031), (0.055, -0.030)), (150.0, 80.0, 76.0)),
        (((0.055, -0.016), (0.060, -0.014)), dark),
    ):
        cv2.line(image, spot(*ends[0]), spot(*ends[1]), colour, thick, cv2.LINE_AA, _SHIFT)
