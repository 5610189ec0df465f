"""Silhouettes, skeleton maps and body parts: bit for bit as the references, and as a drawn person says."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gait_core.errors import InputError
from gait_core.pose.landmarks import INDEX
from gait_core.recognition.inputs.parsing import LABELS, part_labels
from gait_core.walks.joints import Joints, coco_joints, filled_joints
from gait_core.walks.silhouettes import aligned_labels, aligned_silhouette, person_part
from gait_core.walks.skeleton_maps import skeleton_maps

STANDING = {
    "nose": (100, 25), "left_shoulder": (120, 60), "right_shoulder": (80, 60), "left_elbow": (135, 95),
    "right_elbow": (65, 95), "left_wrist": (140, 130), "right_wrist": (60, 130), "left_hip": (112, 130),
    "right_hip": (88, 130), "left_knee": (114, 175), "right_knee": (86, 175), "left_ankle": (115, 215),
    "right_ankle": (85, 215), "left_heel": (115, 222), "right_heel": (85, 222), "left_foot_index": (128, 224),
    "right_foot_index": (72, 224),
}  # fmt: skip


@pytest.fixture
def landmarks() -> np.ndarray:
    """Return MediaPipe's landmarks of a person who faces the camera, in px."""
    points = np.full((33, 2), np.nan)
    for name, place in STANDING.items():
        points[INDEX[name]] = place
    points[1:11] = points[0] + np.random.default_rng(0).uniform(-8, 8, (10, 2))
    for side, shift in (("left", 3), ("right", -3)):
        for tip in ("pinky", "index", "thumb"):
            points[INDEX[f"{side}_{tip}"]] = points[INDEX[f"{side}_wrist"]] + (shift, 14)
    return points


@pytest.fixture
def mask(landmarks) -> np.ndarray:
    """Return the silhouette of that person."""
    image = np.zeros((240, 200), np.uint8)
    chains = [[f"{side}_{joint}" for joint in chain] for side in ("left", "right") for chain in (
        ("shoulder", "elbow", "wrist", "index"), ("hip", "knee", "ankle", "heel", "foot_index"))]  # fmt: skip
    for chain in chains:
        line = landmarks[[INDEX[name] for name in chain]].round().astype(np.int32)
        cv2.polylines(image, [line], isClosed=False, color=255, thickness=12)
    corners = ("left_shoulder", "right_shoulder", "right_hip", "left_hip")
    cv2.fillConvexPoly(image, landmarks[[INDEX[name] for name in corners]].round().astype(np.int32), 255)
    cv2.circle(image, (100, 25), 16, 255, -1)
    cv2.line(image, (100, 25), (100, 65), 255, 10)
    return image


def test_silhouettes_are_aligned_bit_for_bit(data):
    reference = np.load(data / "recognition" / "prep_silhouette.npz")
    found = [aligned_silhouette(mask) for mask in reference["raw"]]
    kept = np.stack([frame for frame in found if frame is not None])
    assert len(found) == len(kept) + 1
    np.testing.assert_array_equal(kept, reference["aligned64"])
    np.testing.assert_array_equal(kept[:, :, 10:54] / np.float32(255), reference["net_input"])


def test_skeleton_maps_are_drawn_bit_for_bit(data):
    reference = np.load(data / "recognition" / "prep_heatmap.npz")
    found = skeleton_maps(reference["keypoints"], Joints.COCO_17)
    np.testing.assert_array_equal(np.moveaxis(found, -1, 1), reference["heatmap64"])


def test_a_silhouette_fills_the_height_and_is_centred(mask):
    frame = aligned_silhouette(mask)
    assert frame.shape == (64, 64)
    rows, columns = frame.any(axis=1), frame.astype(int).sum(axis=0).cumsum()
    assert rows[[0, -1]].all()
    assert abs(int(np.argmax(columns > columns[-1] / 2)) - 32) <= 1
    np.testing.assert_array_equal(aligned_silhouette(np.roll(mask, 3, axis=0)), frame)
    aside = aligned_silhouette(np.roll(mask, -20, axis=1))
    assert np.mean((aside >= 128) != (frame >= 128)) < 0.05, "the same person within a pixel"


def test_what_cannot_be_aligned_is_none():
    assert aligned_silhouette(np.zeros((100, 50), np.uint8)) is None
    few = np.zeros((100, 50), np.uint8)
    few[:, 5][:39] = 255
    assert aligned_silhouette(few) is None
    first_column = np.zeros((100, 50), np.uint8)
    first_column[:, 0] = 255
    assert aligned_silhouette(first_column) is None
    with pytest.raises(InputError, match=r"\(height, width\)"):
        aligned_silhouette(np.ones((10, 10), np.float32))


def test_debris_goes_and_the_part_with_the_hips_stays(mask):
    whole, share = person_part(mask)
    assert share == 1.0
    littered = mask.copy()
    littered[5:235, 154:198] = 255  # a door, larger than the person
    hips = np.array([[100.0, 130.0], [100.0, 25.0]])
    part, share = person_part(littered, hips)
    np.testing.assert_array_equal(part, whole)
    assert share == pytest.approx((mask > 0).sum() / (littered > 0).sum())
    without_hips = np.array([[np.nan, np.nan], [100.0, 25.0]])
    np.testing.assert_array_equal(person_part(littered, without_hips)[0], whole)
    assert person_part(littered)[0][100, 180] == 255, "without landmarks, the largest part"
    assert person_part(np.zeros_like(mask))[1] == 0.0


def test_small_holes_close_and_the_space_between_the_legs_stays(mask):
    holed = mask.copy()
    holed[90:92, 100] = 0
    part, _ = person_part(holed)
    assert part[90, 100] == 255
    assert part[200, 100] == 0
    assert np.mean(part != mask) < 0.01


def test_the_format_of_joints_is_named_and_checked(landmarks):
    joints = np.concatenate([landmarks, np.ones((33, 1))], axis=1)[None]
    assert skeleton_maps(joints, Joints.MEDIAPIPE_33).shape == (1, 64, 64, 2)
    with pytest.raises(InputError, match=r"\(frames, 17, 3\) for coco_17"):
        skeleton_maps(joints, Joints.COCO_17)
    with pytest.raises(InputError, match="joint format"):
        skeleton_maps(joints, "coco_17")
    with pytest.raises(InputError, match="in px") as caught:
        skeleton_maps(joints / [200, 240, 1], Joints.MEDIAPIPE_33)
    assert "width" in caught.value.remedy
    with pytest.raises(InputError, match="Expected scores"):
        skeleton_maps(joints * [1, 1, 100], Joints.MEDIAPIPE_33)


def test_both_formats_of_one_body_give_the_same_maps(landmarks):
    joints = np.concatenate([landmarks, np.full((33, 1), 0.8)], axis=1)[None].repeat(2, axis=0)
    names = ["nose", "left_eye", "right_eye", "left_ear", "right_ear"]
    names += [
        f"{side}_{j}" for j in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle") for side in ("left", "right")
    ]
    coco = joints[:, [INDEX[name] for name in names]]
    maps = skeleton_maps(joints, Joints.MEDIAPIPE_33)
    np.testing.assert_array_equal(maps, skeleton_maps(coco, Joints.COCO_17))
    assert 202 <= maps.max() <= 204, "the score is the highest value"


def test_a_hidden_joint_is_filled_from_other_frames_and_not_drawn(landmarks):
    joints = np.concatenate([landmarks, np.ones((33, 1))], axis=1)[None].repeat(6, axis=0)
    joints[2, INDEX["left_wrist"], 2] = 0.1
    filled = filled_joints(coco_joints(joints, Joints.MEDIAPIPE_33))
    np.testing.assert_allclose(filled[2, 9], [140, 130, 0])
    never = joints.copy()
    never[:, INDEX["left_wrist"], 2] = 0.1
    filled = filled_joints(coco_joints(never, Joints.MEDIAPIPE_33))
    assert np.isnan(filled[:, 9, :2]).all()
    shown, hidden = skeleton_maps(joints, Joints.MEDIAPIPE_33), skeleton_maps(never, Joints.MEDIAPIPE_33)
    np.testing.assert_array_equal(hidden[0], shown[2])
    assert (hidden[0] < shown[0]).any()


def test_a_missing_joint_is_the_mean_of_similar_frames_by_inverse_distance(landmarks):
    joints = np.concatenate([landmarks, np.ones((33, 1))], axis=1)[None].repeat(3, axis=0)
    joints[1:, :, 0] += np.array([[1.0], [3.0]])
    joints[0, INDEX["left_wrist"], 2] = 0.0
    filled = filled_joints(coco_joints(joints, Joints.MEDIAPIPE_33))
    np.testing.assert_allclose(filled[0, 9], [140 + (1 / 1 + 3 / 3) / (1 / 1 + 1 / 3), 130, 0])


def test_a_frame_without_a_person_has_empty_maps(landmarks):
    joints = np.concatenate([landmarks, np.ones((33, 1))], axis=1)[None].repeat(3, axis=0)
    joints[1] = np.nan
    maps = skeleton_maps(joints, Joints.MEDIAPIPE_33)
    assert [bool(frame.any()) for frame in maps] == [True, False, True]
    assert not skeleton_maps(np.full((2, 17, 3), np.nan), Joints.COCO_17).any()


def test_parts_lie_where_the_body_says(mask, landmarks):
    labels = part_labels(mask, landmarks)
    np.testing.assert_array_equal(labels > 0, mask > 0)
    at = {
        "head": (100, 22), "torso": (100, 90), "left arm": (135, 95), "right arm": (65, 95), "left hand": (143, 142),
        "right hand": (57, 142), "left leg": (114, 175), "right leg": (86, 175), "left foot": (126, 224),
        "right foot": (74, 224),
    }  # fmt: skip
    assert {name: LABELS[labels[y, x]] for name, (x, y) in at.items()} == {name: name for name in at}
    assert labels.max() <= 10, "there is no dress"


def test_an_arm_in_front_of_the_trunk_is_seen(mask, landmarks):
    landmarks[INDEX["left_elbow"]] = (105, 95)
    assert LABELS[part_labels(mask, landmarks)[95, 105]] == "left arm"


def test_mirrored_body_has_mirrored_parts(mask, landmarks):
    from gait_core.pose.landmarks import MIRROR

    width = mask.shape[1]
    mirrored = landmarks[list(MIRROR)] * [-1, 1] + [width - 1, 0]
    found = part_labels(np.ascontiguousarray(mask[:, ::-1]), mirrored)[:, ::-1]
    swapped = np.array([0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9, 11], np.uint8)[part_labels(mask, landmarks)]
    assert np.mean(found != swapped) < 0.002


def test_labels_are_aligned_like_the_silhouette_and_not_interpolated(mask, landmarks):
    labels = aligned_labels(part_labels(mask, landmarks))
    assert set(np.unique(labels)) <= set(range(11))
    silhouette = aligned_silhouette(mask) >= 128
    assert np.mean((labels > 0) != silhouette) < 0.05, "they differ along the outline only"
    assert aligned_labels(np.zeros((9, 9), np.uint8)) is None


def test_parts_need_the_landmarks_of_mediapipe(mask, landmarks):
    with pytest.raises(InputError, match="33 landmarks"):
        part_labels(mask, landmarks[:17])
    landmarks[INDEX["left_hip"]] = np.nan
    assert part_labels(mask, landmarks) is None
