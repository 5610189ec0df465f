"""The quality gate: every check says what was found, and what to do better."""

import json

import numpy as np
import pytest
from gait_walks import concatenated, followed, mirrored, moved, select, simulated

from gait_core.config import FeatureSettings
from gait_core.errors import WalkWarning
from gait_core.gait.gate import Check, frame_warnings, quality_gate
from gait_core.gait.kinematics import compute_kinematics

GOOD = {
    "frames": 20,
    "picture_brightness": 150.0,
    "brightness": 120.0,
    "contrast": 60.0,
    "dark_share": 0.05,
    "bright_share": 0.05,
    "sharpness": 0.03,
    "leg_sharpness": 0.03,
    "camera_speed": 0.0005,
    "camera_shake": 0.0005,
}
NAMES = [
    "view_angle",
    "lighting",
    "frame_rate",
    "motion_blur",
    "body_in_frame",
    "people",
    "camera_motion",
    "person_size",
    "walk_length",
    "footwear_clothing",
]


def checks(track, warnings=(), walked=True, **changed):
    track = track.with_(info={"people_max_share": 0.0, "frame_quality": GOOD | changed, **track.info})
    motion = compute_kinematics(track, FeatureSettings()) if walked else None
    return {check.name: check for check in quality_gate(track, motion, warnings)}


def test_a_good_walk_passes_every_check_in_order():
    _, track = simulated()
    found = checks(track)
    assert list(found) == NAMES
    assert {check.state for name, check in found.items() if name != "footwear_clothing"} == {"good"}
    assert all(check.figure is not None for name, check in found.items() if name != "footwear_clothing")
    assert not any(check.advice for name, check in found.items() if name != "footwear_clothing")


def test_footwear_and_clothing_are_not_judged():
    _, track = simulated()
    check = checks(track)["footwear_clothing"]
    assert check.state == "not_measured"
    assert "not judged" in check.sentence


@pytest.mark.parametrize(
    ("name", "changed", "state"),
    [
        ("lighting", {"brightness": 40.0}, "poor"),
        ("lighting", {"brightness": 15.0}, "unusable"),
        ("lighting", {"contrast": 20.0}, "poor"),
        ("lighting", {"contrast": 8.0}, "unusable"),
        ("lighting", {"bright_share": 0.6}, "poor"),
        ("motion_blur", {"leg_sharpness": 0.004}, "poor"),
        ("motion_blur", {"sharpness": 0.0004}, "unusable"),
        ("motion_blur", {"sharpness": None}, "good"),
        ("camera_motion", {"camera_speed": 0.2}, "poor"),
        ("camera_motion", {"camera_shake": 0.05}, "poor"),
        ("camera_motion", {"camera_speed": None, "camera_shake": None}, "not_measured"),
    ],
)
def test_figures_of_the_frames(name, changed, state):
    _, track = simulated()
    check = checks(track, **changed)[name]
    assert check.state == state
    assert bool(check.advice) == (state in ("poor", "unusable"))


def test_landmarks_of_an_earlier_version_say_that_light_was_not_measured():
    _, track = simulated()
    found = {check.name: check for check in quality_gate(track, compute_kinematics(track, FeatureSettings()))}
    for name in ("lighting", "motion_blur", "camera_motion", "people"):
        assert found[name].state == "not_measured"
        assert "Not measured" in found[name].sentence
    assert found["view_angle"].state == "good"


@pytest.mark.parametrize(("yaw_deg", "state"), [(0.0, "good"), (30.0, "poor")])
def test_the_view_angle(yaw_deg, state):
    _, track = simulated(yaw_deg=yaw_deg)
    assert checks(track)["view_angle"].state == state


def test_few_frames_a_second():
    _, track = simulated(fps=30.0)
    assert checks(select(track, slice(0, None, 2)))["frame_rate"].state == "unusable"
    # Half of the frames missing, in runs: the usual distance hides it.
    holes = select(track, np.flatnonzero(np.arange(len(track)) % 4 < 3))
    assert checks(holes)["frame_rate"].figure == pytest.approx(22.5, abs=0.5)


def test_a_body_cut_off_by_the_frame():
    _, track = simulated()
    lower = np.nanmax(track.position[:, 31:, 1])
    cut = track.with_(height_px=int(lower - 0.2 * np.ptp(track.position[0, :, 1])))
    assert checks(cut, walked=False)["body_in_frame"].state == "unusable"


def test_what_cleaning_left_out_is_still_in_the_frame():
    _, track = simulated()
    confidence = track.confidence.copy()
    confidence[20:60, 25:33] = 0.0
    motion = compute_kinematics(track, FeatureSettings())
    check = quality_gate(track.with_(confidence=confidence), motion)[4]
    assert (check.name, check.state) == ("body_in_frame", "good")
    confidence[20:60, 25:33] = 0.1
    assert quality_gate(track.with_(confidence=confidence), motion)[4].state == "unusable"


def test_a_small_person():
    _, track = simulated()
    tiny = moved(track, np.eye(2) * 0.2, size=(track.width_px, track.height_px))
    assert checks(tiny, walked=False)["person_size"].state == "unusable"
    # The frame was made smaller before the pose model saw it.
    large = moved(track, np.eye(2) * 4, size=(track.width_px * 4, track.height_px * 4))
    large = large.with_(info={"settings": {"max_side_px": 480}})
    assert checks(large)["person_size"].figure == pytest.approx(checks(track)["person_size"].figure / 2, rel=0.01)


def test_other_people():
    _, track = simulated()
    assert checks(track.with_(info={"people_max_share": 0.1}))["people"].state == "poor"
    assert checks(track.with_(info={"people_max_share": 0.5}))["people"].state == "unusable"
    chosen = checks(track.with_(info={"person": "leftmost", "others_share": 0.9}))["people"]
    assert chosen.state == "poor"
    assert "leftmost" in chosen.sentence


def test_a_pose_that_passes_to_somebody_else_is_unusable():
    _, track = simulated(direction=1)
    assert checks(concatenated(track, mirrored(track), 0.05))["people"].state == "unusable"


def test_a_camera_that_follows_is_seen_without_figures_of_the_frames():
    _, track = simulated()
    track = followed(track)
    check = quality_gate(track, compute_kinematics(track, FeatureSettings()))[6]
    assert (check.name, check.state) == ("camera_motion", "poor")


def test_a_short_walk():
    truth, track = simulated()
    stride = next(b - a for a, b in zip(*[iter(truth.event_times_s("left", "initial_contact"))] * 2, strict=False))
    short = select(track, slice(0, round(1.7 * stride * track.frame_rate_hz)))
    assert checks(short)["walk_length"].state in ("poor", "unusable")
    assert checks(track, walked=False)["walk_length"].state == "unusable"


def test_a_check_is_never_better_than_its_warning():
    _, track = simulated()
    doubt = WalkWarning(code="variable_frame_rate", message="The frame rate varies.")
    stop = WalkWarning(code="several_people", message="Another person.", blocking=True)
    found = checks(track, [doubt, stop, WalkWarning(code="unknown", message="?")])
    assert (found["frame_rate"].state, found["frame_rate"].sentence) == ("poor", "The frame rate varies.")
    assert (found["people"].state, found["people"].sentence) == ("unusable", "Another person.")
    assert found["lighting"].state == "good"


def test_checks_survive_json():
    _, track = simulated()
    for check in checks(track, brightness=10.0).values():
        assert Check.from_dict(json.loads(json.dumps(check.to_dict()))) == check
        assert check.sentence.endswith(".")


SKIN = {"face_red_over_blue": 40.0, "hand_red_over_blue": 50.0, "frame_red_over_blue": 5.0}
NEGATIVE = {name: -value for name, value in SKIN.items()}


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({}, set()),
        (SKIN, set()),
        (NEGATIVE, {"colours_inverted"}),
        (NEGATIVE | {"face_red_over_blue": -7.0}, set()),
        (NEGATIVE | {"hand_red_over_blue": 50.0}, set()),  # a mask
        (NEGATIVE | {"face_red_over_blue": 40.0}, set()),  # gloves
        (NEGATIVE | {"frame_red_over_blue": -41.0}, set()),  # bluish light
        (NEGATIVE | {"hand_red_over_blue": None}, set()),
        (dict.fromkeys(SKIN, 0.0), set()),  # grey
        ({"brightness": 15.0}, {"unusable_lighting"}),
        ({"sharpness": 0.0004, "contrast": 8.0}, {"unusable_lighting", "unusable_motion_blur"}),
    ],
)
def test_a_frame_that_cannot_be_used_forbids_a_score(changed, codes):
    _, track = simulated()
    found = frame_warnings(track.with_(info={**track.info, "frame_quality": GOOD | changed}))
    assert {warning.code for warning in found} == codes
    assert all(warning.blocking for warning in found)
    assert not frame_warnings(track)


def test_a_negative_makes_the_lighting_unusable():
    _, track = simulated()
    track = track.with_(info={**track.info, "frame_quality": GOOD | NEGATIVE})
    (warning,) = frame_warnings(track)
    assert "40 and a hand 50 of 255 less" in warning.message
    check = checks(track, [warning])["lighting"]
    assert check.state == "unusable"
    assert check.sentence == warning.message
