"""Images over decoded frames: the same as if the whole image were converted, turned and resized first."""

from __future__ import annotations

import gc
import itertools
import weakref

import av
import cv2
import numpy as np
import pytest

from gait_core.video import planar
from gait_core.video.orientation import UPRIGHT, Orientation, turn
from gait_core.video.pixels import RgbPixels, resized
from gait_core.video.planar import PlanarPixels, upright_size

FORMATS = ["yuv420p", "yuvj420p", "nv12", "yuv420p10le"]
ORIENTATIONS = [Orientation(turns, mirrored) for turns in range(4) for mirrored in (False, True)]
BT709, UNSAID, BT601, BT2020, BT2020_CONSTANT = 1, 2, 6, 9, 10
LIMITED, FULL = 1, 2


def scene(width=320, height=180):
    """Return an image with soft shapes of many colours and some grain, without symmetry."""
    rows, columns = np.mgrid[:height, :width]
    image = np.stack([80 + 0.4 * columns, 60 + 0.5 * rows, 150 - 0.2 * columns + 0.1 * rows], axis=2)
    for x, y, radius, colour in [
        (60, 50, 30, (220, 60, 40)),
        (200, 90, 45, (40, 200, 80)),
        (280, 30, 20, (30, 60, 230)),
    ]:
        inside = np.hypot(columns * 320 / width - x, rows * 180 / height - y) < radius
        image[inside] = colour
    grain = cv2.resize(np.random.default_rng(1).uniform(-60, 60, (height // 3, width // 3)), (width, height))
    return cv2.GaussianBlur(np.clip(image + grain[..., None], 0, 255).astype(np.uint8), (0, 0), 1.2)


def frame_of(image, form="yuv420p", space=BT601, span=LIMITED):
    """Return an unpadded image as a frame in a format, computed by the library that decodes."""
    given = av.VideoFrame.from_ndarray(image, format="rgb24")
    made = given.reformat(format=form, dst_colorspace={BT709: "ITU709", BT2020: "BT2020"}.get(space, "ITU601"))
    made.colorspace, made.color_range = space, span
    return made


def reference(frame, orientation=UPRIGHT, size=None):
    """Return what every image was before: converted whole, turned, resized."""
    image = turn(frame.to_ndarray(format="rgb24"), orientation)
    return RgbPixels(image if size is None else resized(image, size))


def exact(frame, orientation=UPRIGHT):
    """Return the image by the formulas of the standards; swscale rounds down, by one grey level on average."""
    bits = 10 if "10le" in frame.format.name else 8
    planes = [np.frombuffer(p, np.uint16 if bits == 10 else np.uint8).reshape(p.height, -1) for p in frame.planes]
    if frame.format.name == "nv12":
        planes = [planes[0], planes[1][:, 0::2], planes[1][:, 1::2]]
    height, width = frame.height, frame.width
    wide, high = (width + 1) // 2, (height + 1) // 2
    luma, *chroma = (plane.astype(np.float32) / (1 << (bits - 8)) for plane in planes)
    blue, red = (
        np.repeat(np.repeat(plane[:high, :wide], 2, axis=0), 2, axis=1)[:height, :width].astype(float) - 128
        for plane in chroma
    )
    luma = luma[:height, :width].astype(float)
    if frame.color_range != FULL and frame.format.name != "yuvj420p":
        luma, blue, red = (luma - 16) * 255 / 219, blue * 255 / 224, red * 255 / 224
    of_red, of_blue = {BT709: (0.2126, 0.0722), BT2020: (0.2627, 0.0593)}.get(frame.colorspace, (0.299, 0.114))
    r, b = luma + 2 * (1 - of_red) * red, luma + 2 * (1 - of_blue) * blue
    g = (luma - of_red * r - of_blue * b) / (1 - of_red - of_blue)
    return RgbPixels(turn(np.clip(np.round(np.dstack([r, g, b])), 0, 255).astype(np.uint8), orientation))


def square(scale=0.8, angle=0.3, x0=90.0, y0=20.0):
    return scale * np.array([[np.cos(angle), -np.sin(angle), x0 / scale], [np.sin(angle), np.cos(angle), y0 / scale]])


def apart(one, other):
    return np.abs(one.astype(int) - other).mean()


@pytest.fixture
def by_box(monkeypatch):
    """Have the planes of a box stacked even where converting the whole small frame would be faster."""
    monkeypatch.setattr(planar, "_WHOLE_AREAS", 0)


@pytest.mark.parametrize("form", ["yuv420p", "yuvj420p"])
@pytest.mark.parametrize("span", [LIMITED, FULL])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_square_of_a_small_frame_is_that_of_swscale(form, span, orientation, monkeypatch):
    frame = frame_of(scene(), form, BT709)
    frame.color_range = span
    pixels, expected = PlanarPixels(frame, orientation=orientation), reference(frame, orientation)
    monkeypatch.setattr(planar, "stacked", lambda *_: pytest.fail("the box was stacked"))
    for repeat_edges in (False, True):
        found = pixels.warp(square(x0=40.0), 128, repeat_edges=repeat_edges)
        assert np.abs(found.astype(int) - expected.warp(square(x0=40.0), 128, repeat_edges=repeat_edges)).max() <= 1


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_square_is_that_of_the_converted_frame(form, orientation, by_box):
    frame = frame_of(scene(), form)
    pixels, expected = PlanarPixels(frame, orientation=orientation), reference(frame, orientation)
    assert (pixels.width_px, pixels.height_px) == (expected.width_px, expected.height_px)
    matrix = square(x0=40.0 if orientation.swaps_sides else 90.0)
    found = pixels.warp(matrix, 128)
    assert found.shape == (128, 128, 3)
    assert found.dtype == np.uint8
    assert apart(found, expected.warp(matrix, 128)) < 2.0
    ours = exact(frame, orientation)
    assert apart(found, ours.warp(matrix, 128)) < 0.8
    for across, down in ((0.5, 0.0), (0.0, 0.5)):
        moved = matrix + np.array([[0, 0, across], [0, 0, down]])
        assert apart(found, ours.warp(moved, 128)) > 2 * apart(found, ours.warp(matrix, 128)), "half a pixel away"


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("span", [LIMITED, FULL])
@pytest.mark.parametrize("space", [BT709, UNSAID, BT601, BT2020])
def test_colours_are_those_of_the_frames_own_matrix(form, span, space, by_box):
    frame = frame_of(scene(), form)
    frame.colorspace, frame.color_range = space, span
    pixels, expected = PlanarPixels(frame), reference(frame)
    ours = exact(frame)
    assert apart(pixels.warp(square(), 160), expected.warp(square(), 160)) < 2.5
    assert apart(pixels.warp(square(), 160), ours.warp(square(), 160)) < 0.9
    assert apart(pixels.rgb(160), expected.rgb(160)) < 2.5
    assert apart(pixels.rgb(160), ours.rgb(160)) < 0.8
    np.testing.assert_array_equal(pixels.rgb(), expected.rgb())


def test_matrix_and_range_are_told_apart():
    frame = frame_of(scene())
    seen = []
    for space, span in itertools.product((BT709, BT601, BT2020), (LIMITED, FULL)):
        frame.colorspace, frame.color_range = space, span
        seen.append(PlanarPixels(frame).warp(square(), 160))
    for one, other in itertools.combinations(seen, 2):
        assert apart(one, other) > 1.0


def test_a_colour_space_that_swscale_refuses_is_shown_all_the_same():
    frame = frame_of(scene())
    frame.colorspace = BT2020_CONSTANT
    pixels = PlanarPixels(frame)
    near = frame_of(scene())
    near.colorspace = BT2020
    np.testing.assert_array_equal(pixels.rgb(), reference(near).rgb())
    np.testing.assert_array_equal(pixels.warp(square(), 64), PlanarPixels(near).warp(square(), 64))


@pytest.mark.parametrize("size", [(321, 181), (320, 181), (319, 180), (37, 23)])
@pytest.mark.parametrize("form", ["yuv420p", "yuv420p10le"])
def test_odd_sizes(size, form, by_box):
    frame = frame_of(scene(*size), form)
    pixels, expected = PlanarPixels(frame), exact(frame)
    assert (pixels.width_px, pixels.height_px) == size
    for matrix in (square(0.1, 0.3, 20, 3), square(0.2, 0.0, size[0] - 16, size[1] - 16)):
        assert apart(pixels.warp(matrix, 64), expected.warp(matrix, 64)) < 1.2
    assert pixels.luma().shape == size[::-1]
    assert pixels.rgb(30).shape == expected.rgb(30).shape


@pytest.mark.parametrize("side_px", [1, 2, 63, 64])
def test_squares_of_any_side(side_px):
    frame = frame_of(scene())
    found = PlanarPixels(frame).warp(square(), side_px)
    assert found.shape == (side_px, side_px, 3)
    assert apart(found, reference(frame).warp(square(), side_px)) < 4.0


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_oblong_pixels(orientation):
    frame = frame_of(scene())
    size = upright_size(frame, orientation, 4 / 3)
    assert size == ((180, 427) if orientation.swaps_sides else (427, 180))
    pixels, expected = PlanarPixels(frame, orientation=orientation, size=size), reference(frame, orientation, size)
    matrix = square(x0=60.0, y0=40.0)
    assert apart(pixels.warp(matrix, 128), expected.warp(matrix, 128)) < 2.0
    assert pixels.rgb().shape == (*size[::-1], 3)
    assert apart(pixels.rgb(200), expected.rgb(200)) < 2.5
    assert pixels.luma(200).shape == pixels.rgb(200).shape[:2]


def test_beyond_the_edges_it_is_black():
    frame = frame_of(scene())
    for form, span in itertools.product(FORMATS, (LIMITED, FULL)):
        frame = frame_of(np.full((180, 320, 3), 200, np.uint8), form)
        frame.color_range = span
        found = PlanarPixels(frame).warp(np.array([[4.0, 0, -100], [0, 4.0, -100]]), 128)
        inside = np.zeros((128, 128), bool)
        inside[25:70, 25:105] = True
        assert found[~cv2.dilate(inside.astype(np.uint8), np.ones((3, 3))).astype(bool)].max() == 0
        assert found[cv2.erode(inside.astype(np.uint8), np.ones((5, 5))).astype(bool)].min() > 150


@pytest.mark.parametrize("where", [(-5000.0, 0.0), (5000.0, 0.0), (0.0, -5000.0), (0.0, 5000.0)])
def test_a_square_beside_the_frame_is_black(where):
    pixels = PlanarPixels(frame_of(scene()))
    assert pixels.warp(square(x0=where[0], y0=where[1]), 64).max() == 0


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("scale", [2.0, 3.0, 4.5, 8.0])
def test_what_becomes_smaller_does_not_alias(form, scale):
    # Stripes of two pixels would come out as broad bands or as noise.
    image = np.full((720, 1280, 3), 60, np.uint8)
    image[:, ::2] = 180
    frame = frame_of(image, form)
    matrix = square(scale, 0.1, 100.0, 50.0)
    found = PlanarPixels(frame).warp(matrix, 64)
    assert found.astype(float).std() < 4.0
    assert found.mean() == pytest.approx(120, abs=4)
    plain = cv2.warpAffine(image, matrix, (64, 64), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    assert plain.astype(float).std() > 10.0


@pytest.mark.parametrize("scale", [2.5, 4.0, 7.0])
def test_what_becomes_smaller_lies_where_it_should(scale):
    frame = frame_of(scene(1280, 720))
    side_px = round(600 / scale)
    matrix = square(scale, 0.2, 300.0, 30.0)
    found = PlanarPixels(frame).warp(matrix, side_px)
    # The same, from a frame without detail finer than the pixels of the square.
    smooth = RgbPixels(cv2.GaussianBlur(exact(frame).rgb(), (0, 0), scale / 2))
    grey = [
        cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) for image in (found, smooth.warp(matrix, side_px))
    ]
    (across, down), response = cv2.phaseCorrelate(*grey, cv2.createHanningWindow((side_px, side_px), cv2.CV_32F))
    assert response > 0.5
    assert np.hypot(across, down) < 0.1, "pixels of the square"


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("limit", [None, 300, 160, 90, 40])
def test_small_frames_are_means_of_the_large(form, limit):
    frame = frame_of(scene(), form)
    pixels, expected = PlanarPixels(frame, orientation=Orientation(1, True)), reference(frame, Orientation(1, True))
    assert pixels.rgb(limit).shape == expected.rgb(limit).shape
    assert apart(pixels.rgb(limit), expected.rgb(limit)) < 2.0
    assert pixels.luma(limit).shape == expected.luma(limit).shape
    assert apart(pixels.luma(limit), expected.luma(limit)) < 2.0


def test_brightness_fills_the_whole_range():
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, 32:] = 255
    for form, span in itertools.product(FORMATS, (LIMITED, FULL)):
        frame = frame_of(image, form)
        if span == FULL and form != "yuvj420p":
            frame = frame.reformat(dst_color_range="JPEG")
        luma = PlanarPixels(frame).luma()
        assert (luma.min(), luma.max()) == (0, 255), (form, span)


def test_a_frame_is_converted_once_for_all_who_ask_for_the_same_size(monkeypatch):
    pixels = PlanarPixels(frame_of(scene()))
    assert pixels.rgb(100) is pixels.rgb(100)
    assert pixels.rgb() is pixels.rgb(5000)


def test_nothing_is_converted_for_a_square(monkeypatch):
    pixels = PlanarPixels(frame_of(scene()))
    monkeypatch.setattr(PlanarPixels, "_converted", lambda *_: pytest.fail("the whole frame was converted"))
    pixels.warp(square(), 64)
    pixels.luma(100)


@pytest.mark.parametrize("form", ["yuv422p", "yuv444p", "gray", "rgb24", "bgr0", "yuv420p12le", "pal8"])
@pytest.mark.parametrize("orientation", [UPRIGHT, Orientation(3, True)])
def test_other_formats_are_converted_whole(form, orientation):
    frame = frame_of(scene(), form) if form != "pal8" else av.VideoFrame(320, 180, "pal8")
    pixels, expected = PlanarPixels(frame, orientation=orientation), reference(frame, orientation)
    np.testing.assert_array_equal(pixels.rgb(), expected.rgb())
    np.testing.assert_array_equal(pixels.warp(square(), 64), expected.warp(square(), 64))
    np.testing.assert_array_equal(pixels.luma(100), expected.luma(100))


def test_views_outlive_everybody_else():
    frame = frame_of(scene())
    pixels = PlanarPixels(frame)
    before = pixels.warp(square(), 64)
    gone = weakref.ref(pixels)
    planes = planar.planes_of(frame)
    copy = planes.luma.copy()
    del frame, pixels
    gc.collect()
    assert gone() is None
    trash = [np.full((180, 320), 7, np.uint8) for _ in range(50)]
    np.testing.assert_array_equal(planes.luma, copy)
    assert before.any()
    assert len(trash) == 50
