"""Several people, and the same people twice, on real clips through the pose model."""

import numpy as np
import pytest

from gait_core.config import FeatureSettings, PoseSettings
from gait_core.errors import ModelError
from gait_core.gait.features import compute_features
from gait_core.gait.gate import quality_gate
from gait_core.gait.identity import body_proportions, compare_people
from gait_core.gait.kinematics import compute_kinematics
from gait_core.pose.extract import extract_track

pytestmark = pytest.mark.slow


def extracted(path, workspace, **settings):
    try:
        return extract_track(path, PoseSettings(**settings), workspace=workspace)
    except ModelError as missing:
        pytest.skip(f"the pose model is not on this machine: {missing}")


@pytest.mark.parametrize(("person", "direction", "side"), [("leftmost", 1, "right"), ("rightmost", -1, "left")])
def test_the_chosen_one_of_two_who_cross_is_followed(data, workspace, person, direction, side):
    walk = extracted(data / "hostile" / "two_people_crossing.mp4", workspace, person=person)
    hips = walk.track.position[walk.track.detected][:, [23, 24], 0].mean(axis=1) / walk.track.width_px
    assert (np.diff(hips) * direction > -0.01).all()
    assert abs(hips[-1] - hips[0]) > 0.4
    assert walk.track.detection_rate > 0.75
    features = compute_features(walk.track)
    assert features.visible_side == side
    assert all(segment.direction == direction for segment in features.segments)
    # The person is seen for two seconds, too short for a rhythm; nothing else forbids a score.
    assert {warning.code for warning in features.blocking} <= {"no_rhythm"}
    assert [warning.code for warning in walk.warnings if "person" in warning.code] == ["person_followed"]
    assert person in walk.warnings[0].message
    checks = {check.name: check.state for check in quality_gate(walk.track, None, walk.warnings)}
    assert checks["people"] == "poor"


def test_the_quality_of_a_real_walk_is_measured_and_good(data, seen):
    walk = extracted(data / "walks" / "p1s1.mp4", seen)
    motion = compute_kinematics(walk.track, FeatureSettings())
    checks = quality_gate(walk.track, motion, walk.warnings)
    assert {check.state for check in checks if check.name != "footwear_clothing"} == {"good"}


def test_the_same_person_twice_agrees_and_others_do_not(data, seen):
    proportions = {
        name: body_proportions(
            compute_kinematics(extracted(data / "walks" / f"{name}.mp4", seen).track, FeatureSettings(rate_hz=100))
        )
        for name in ("p1s1", "p1s3", "p14s1", "p14s3")
    }
    for person in ("p1", "p14"):
        assert compare_people(proportions[f"{person}s3"], [proportions[f"{person}s1"]]).same
    assert compare_people(proportions["p1s3"], [proportions["p14s1"]]).same is False
    assert compare_people(proportions["p14s3"], [proportions["p1s1"]]).same is False
