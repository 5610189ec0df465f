"""The colour at face and hand, of frames in every form that is decoded, as they are and as negatives."""

import av
import numpy as np
import pytest

from gait_core.pose.engine import PoseResult
from gait_core.pose.landmarks import INDEX
from gait_core.pose.skin_colour import frame_red_over_blue, skin_red_over_blue
from gait_core.video.pixels import RgbPixels
from gait_core.video.planar import PlanarPixels

WIDTH, HEIGHT = 480, 360
FACE, LEFT_HAND, RIGHT_HAND, ROOM = (190, 140, 120), (90, 60, 45), (20, 30, 160), (128, 128, 130)


def person(*, left_seen=0.9, right_seen=0.2, hand=(300, 180)):
    """Return a person of 320 px: the face at (240, 40), the left hand where it is told, the right at (180, 180)."""
    position = np.full((33, 2), (240.0, 200.0))
    for name, number in INDEX.items():
        if any(part in name for part in ("nose", "eye", "ear", "mouth")):
            position[number] = (240, 40)
        elif any(part in name for part in ("wrist", "pinky", "index", "thumb")) and "foot" not in name:
            position[number] = hand if name.startswith("left") else (180, 180)
        elif "foot" in name or "heel" in name:
            position[number] = (240, 350)
    confidence = np.full(33, 0.9)
    for side, seen in (("left", left_seen), ("right", right_seen)):
        confidence[[INDEX[f"{side}_{name}"] for name in ("wrist", "pinky", "index", "thumb")]] = seen
    return PoseResult(
        position=(position / [WIDTH, HEIGHT]).astype(np.float32), world=np.zeros((33, 3)), confidence=confidence
    )


def image():
    found = np.full((HEIGHT, WIDTH, 3), ROOM, np.uint8)
    for (x, y), colour in (((240, 40), FACE), ((300, 180), LEFT_HAND), ((180, 180), RIGHT_HAND)):
        found[y - 12 : y + 12, x - 12 : x + 12] = colour
    return found


def pixels_of(frame_format, picture):
    if frame_format == "rgb":
        return RgbPixels(picture)
    return PlanarPixels(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=frame_format))


@pytest.mark.parametrize("frame_format", ["rgb", "yuv420p", "nv12", "yuv420p10le", "yuv444p", "gray"])
def test_every_form_of_frame_tells_the_same_and_its_negative_the_reverse(frame_format):
    expected = np.array([70.0, 45.0, -2.0]) if frame_format != "gray" else np.zeros(3)
    for sign, picture in ((1, image()), (-1, 255 - image())):
        pixels = pixels_of(frame_format, picture)
        told = (*skin_red_over_blue(pixels, person()), frame_red_over_blue(pixels))
        np.testing.assert_allclose(told, sign * expected, atol=4)


def test_the_hand_that_is_seen_more_surely_counts():
    pixels = RgbPixels(image())
    assert skin_red_over_blue(pixels, person(left_seen=0.3, right_seen=0.8))[1] == pytest.approx(-140.0, abs=1)


def test_a_hand_outside_the_frame_has_no_colour():
    face, hand = skin_red_over_blue(RgbPixels(image()), person(hand=(WIDTH + 5, 180)))
    assert face == pytest.approx(70.0, abs=1)
    assert np.isnan(hand)
