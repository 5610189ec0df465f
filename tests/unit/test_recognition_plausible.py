"""Frames that are no silhouettes, and maps in each other's places, never become an embedding."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gait_core.errors import InputError
from gait_core.recognition.inputs import checked_sequence
from gait_core.recognition.inputs.from_files import find_silhouettes, rated_array, rated_files
from gait_core.recognition.inputs.plausible import covers_frame, is_grey
from gait_core.recognition.inputs.preview import preview
from gait_core.recognition.networks.settings import GaitBaseSettings, SkeletonGaitPPSettings, SkeletonGaitSettings
from gait_core.walks.joints import Joints
from gait_core.walks.skeleton_maps import skeleton_maps

SILHOUETTE, MAPS, BOTH = GaitBaseSettings(), SkeletonGaitSettings(), SkeletonGaitPPSettings()
GRADIENT = np.tile(np.linspace(0, 255, 44).astype(np.uint8), (8, 64, 1))
WHITE = np.full((8, 64, 44), 255, np.uint8)
HALF = np.where(np.arange(44) < 22, WHITE, 0).astype(np.uint8)


def photograph(frames: int = 8) -> np.ndarray:
    """Return soft grey clouds, as a blurred photograph has them."""
    rough = np.random.default_rng(0).integers(0, 256, (frames, 12, 8), dtype=np.uint8)
    return np.stack([cv2.resize(one, (44, 64), interpolation=cv2.INTER_CUBIC) for one in rough])


@pytest.fixture
def real(data) -> np.ndarray:
    """Return real silhouettes, aligned, 64 x 44 px."""
    walk = find_silhouettes(data / "silhouettes" / "gallery_001.npz")[0]
    return rated_files(walk).sequence.silhouettes[:, :, 10:54]


@pytest.fixture
def maps(data) -> np.ndarray:
    """Return limb and joint maps of the reference, (frames, 64, 44, 2)."""
    return np.moveaxis(np.load(data / "recognition" / "prep_heatmap.npz")["net_input"], 1, -1)


@pytest.mark.parametrize(
    ("frames", "code"),
    [(photograph(), "grey"), (GRADIENT, "grey"), (WHITE, "covers_frame"), (HALF, "covers_frame")],
    ids=["photograph", "gradient", "white", "half white"],
)
@pytest.mark.parametrize("height", [64, 200], ids=["aligned size", "other size"])
def test_frames_that_are_no_silhouettes_are_dropped_and_refused(frames, code, height):
    given = np.stack([cv2.resize(frame, (height * 44 // 64, height)) for frame in frames])
    rated = rated_array(given, "walk")
    assert rated.quality.counts[code] == len(frames)
    assert any(name == code for name, _, _ in preview(rated).reasons)
    with pytest.raises(InputError, match="at least one usable frame in walk"):
        _ = rated.sequence
    with pytest.raises(InputError, match="frames"):
        checked_sequence(frames / np.float32(255), SILHOUETTE)


def test_a_white_background_is_refused(real):
    with pytest.raises(InputError, match="usable frame"):
        _ = rated_array(255 - real, "walk").sequence
    with pytest.raises(InputError, match="white person on black") as caught:
        checked_sequence(1 - real / np.float32(255), SILHOUETTE)
    assert "1 minus" in caught.value.remedy
    with pytest.raises(InputError, match="8 of 8 frames"):
        checked_sequence(np.ones((8, 64, 44)), SILHOUETTE)


def test_one_such_frame_is_left_out_or_named(real):
    mixed = real.copy()
    mixed[3], mixed[7] = 255, photograph(1)[0]
    rated = rated_array(mixed, "walk")
    assert rated.quality.codes_of(3) != () != rated.quality.codes_of(7)
    assert "covers_frame" in rated.quality.codes_of(3)
    assert "grey" in rated.quality.codes_of(7)
    assert rated.quality.dropped <= 4
    with pytest.raises(InputError, match=f"1 of {len(mixed)} frames have many grey values"):
        checked_sequence(mixed / np.float32(255), SILHOUETTE)


def test_empty_frames_are_still_padding(real):
    padded = np.concatenate([real, np.zeros((5, 64, 44), np.uint8)]) / np.float32(255)
    assert len(checked_sequence(padded, SILHOUETTE)) == len(real) + 5


@pytest.mark.parametrize("height", [192, 48, 24])
def test_real_silhouettes_of_any_size_pass_and_so_do_the_reference_inputs(data, height):
    for file in sorted((data / "silhouettes").glob("*.npz"))[:4]:
        frames = np.load(file)["silhouettes"] * np.uint8(255)
        frames = np.stack([cv2.resize(one, (height, height), interpolation=cv2.INTER_AREA) for one in frames])
        assert not is_grey(frames).any()
        assert not covers_frame(frames).any()
        counts = rated_array(frames, "walk").quality.counts
        assert not {"grey", "covers_frame"} & set(counts)
    reference = np.load(data / "recognition" / "gaitbase.npz")["in_sil"]
    for clip in reference:
        assert len(checked_sequence(clip, SILHOUETTE)) == len(clip)


@pytest.mark.parametrize("shape", [(64, 44), (64, 64), (100, 100)])
def test_frames_on_the_last_axis_are_refused(real, shape):
    frames = np.stack([cv2.resize(one, shape[::-1]) for one in np.pad(real, ((0, 0), (3, 3), (9, 9)))])
    with pytest.raises(InputError, match=r"looks like \(height, width, frames\)") as caught:
        rated_array(frames.transpose(1, 2, 0), "walk")
    assert "moveaxis" in caught.value.remedy
    assert rated_array(frames, "walk").quality.kept > 0
    with pytest.raises(InputError) as caught:
        checked_sequence(real.transpose(1, 2, 0) / np.float32(255), SILHOUETTE)
    assert "first axis" in caught.value.remedy


def test_a_square_walk_of_as_many_frames_is_no_mistake(real):
    square = np.pad(real, ((0, 0), (0, 0), (10, 10)))
    many = np.concatenate([square, square])[:64]
    assert rated_array(many, "walk").quality.kept > 50


def test_silhouettes_divided_twice_are_told(real):
    with pytest.raises(InputError, match=r"none exceeds 0\.00392") as caught:
        rated_array(real / np.float32(255) / np.float32(255), "walk")
    assert "once only" in caught.value.remedy


def test_limb_and_joint_maps_in_their_places_pass(maps, data):
    assert checked_sequence(maps, MAPS).shape == maps.shape
    for clip in np.load(data / "recognition" / "skeletongaitpp_1111.npz")["in_mapsil"]:
        assert len(checked_sequence(np.moveaxis(clip, 1, -1), BOTH)) == len(clip)


@pytest.mark.parametrize("seed", range(3))
def test_exchanged_maps_are_refused_whatever_the_scores_of_the_joints(data, seed):
    joints = np.load(data / "recognition" / "prep_heatmap.npz")["keypoints"].copy()
    joints[..., 2] = np.random.default_rng(seed).uniform(0.2, 1.0, joints.shape[:2])
    found = skeleton_maps(joints, Joints.COCO_17)[:, :, 10:54] / np.float32(255)
    assert len(checked_sequence(found, MAPS)) == len(found)
    with pytest.raises(InputError, match="look exchanged") as caught:
        checked_sequence(found[..., ::-1], MAPS)
    assert "limb, joint" in caught.value.remedy


def test_silhouettes_in_place_of_maps_are_refused(real, maps):
    silhouettes = real[:10] / np.float32(255)
    with pytest.raises(InputError, match="looks like silhouettes"):
        checked_sequence(np.stack([silhouettes] * 2, -1), MAPS)
    with pytest.raises(InputError, match="looks like silhouettes"):
        checked_sequence(np.stack([maps[..., 0], silhouettes], -1), MAPS)
    with pytest.raises(InputError):
        checked_sequence(np.stack([maps[..., 0], silhouettes, maps[..., 1]], -1), BOTH)
    with pytest.raises(InputError, match="look exchanged"):
        checked_sequence(np.stack([maps[..., 1], maps[..., 0], silhouettes], -1), BOTH)
