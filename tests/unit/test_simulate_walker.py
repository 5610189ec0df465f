"""The kinematic model: is its truth consistent, and is it human?"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from gait_core.errors import SettingsError
from gait_core.pose.landmarks import INDEX
from gait_core.simulate.camera import Camera
from gait_core.simulate.truth import SIDES, WalkTruth
from gait_core.simulate.walker import sample_person, walk

PEOPLE = range(8)


@pytest.fixture(scope="module")
def walks() -> list[WalkTruth]:
    return [walk(sample_person(seed), seed=seed, fps=60.0, stay_in_view=False) for seed in PEOPLE]


def flexion_deg(truth: WalkTruth, side: str) -> np.ndarray:
    hip, knee, ankle = (truth.room_m[:, INDEX[f"{side}_{part}"]] for part in ("hip", "knee", "ankle"))
    thigh, shank = hip - knee, ankle - knee
    cosine = np.sum(thigh * shank, axis=1) / np.linalg.norm(thigh, axis=1) / np.linalg.norm(shank, axis=1)
    return 180.0 - np.degrees(np.arccos(cosine))


def test_the_standing_foot_neither_slides_nor_leaves_the_floor(walks: list[WalkTruth]) -> None:
    for truth in walks:
        for side, start_s, end_s, _ in truth.foot_placements:
            heel, tip = (truth.room_m[:, INDEX[f"{side}_{part}"]] for part in ("heel", "foot_index"))
            # The toes peel off over the last tenth; both ends of a stance cut off by the walk count too.
            standing = (truth.time_s >= start_s) & (truth.time_s <= start_s + 0.86 * (end_s - start_s))
            if standing.sum() < 5:
                continue
            lowest = np.minimum(heel[standing, 1], tip[standing, 1])
            assert np.abs(lowest).max() < 0.025
            for point in (heel[standing], tip[standing]):
                down = point[point[:, 1] < 0.004]
                if len(down) > 1:
                    assert np.ptp(down[:, 0]) < 0.02


def test_the_swinging_foot_stays_above_the_floor(walks: list[WalkTruth]) -> None:
    for truth in walks:
        lowest = truth.room_m[:, [INDEX[f"{s}_{p}"] for s in SIDES for p in ("heel", "foot_index")], 1].min()
        assert lowest > -0.02


def test_cadence_step_times_and_lengths_agree(walks: list[WalkTruth]) -> None:
    for truth in walks:
        steps_s = [*truth.step_time_s["left"], *truth.step_time_s["right"]]
        steps_m = [*truth.step_length_m["left"], *truth.step_length_m["right"]]
        assert truth.cadence_spm * np.mean(steps_s) == pytest.approx(60.0)
        assert truth.speed_mps == pytest.approx(np.mean(steps_m) / np.mean(steps_s))
        middle = truth.room_m[:, 23:25, 0].mean(axis=1)
        average = (middle[-1] - middle[0]) / truth.time_s[-1]
        assert truth.speed_mps == pytest.approx(average, rel=0.06)


def test_events_come_in_the_order_of_walking(walks: list[WalkTruth]) -> None:
    follows = {
        ("left", "initial_contact"): ("right", "foot_off"),
        ("right", "foot_off"): ("right", "initial_contact"),
        ("right", "initial_contact"): ("left", "foot_off"),
        ("left", "foot_off"): ("left", "initial_contact"),
    }
    for truth in walks:
        assert len(truth.events) > 10
        for before, after in pairwise(truth.events):
            assert follows[before.side, before.kind] == (after.side, after.kind)
            assert before.time_s < after.time_s


def test_step_length_is_the_distance_of_the_feet_at_contact(walks: list[WalkTruth]) -> None:
    for truth in walks:
        placed = sorted(truth.foot_placements, key=lambda placement: placement[1])
        for (_, _, _, from_m), (side, start_s, _, to_m) in pairwise(placed):
            if 0 < start_s < truth.time_s[-1]:
                heel = np.interp(start_s, truth.time_s, truth.room_m[:, INDEX[f"{side}_heel"], 0])
                assert heel == pytest.approx(to_m - 0.026 * truth.height_m, abs=0.025)
                assert 0.3 < (to_m - from_m) / truth.height_m < 0.55


def test_knee_angle_of_the_landmarks_is_the_true_one(walks: list[WalkTruth]) -> None:
    for truth in walks:
        for side in SIDES:
            assert flexion_deg(truth, side) == pytest.approx(truth.angle_deg(side, "knee"), abs=0.3)


def test_hip_and_ankle_angles_of_the_landmarks_are_the_true_ones(walks: list[WalkTruth]) -> None:
    for truth in walks:
        trunk = truth.room_m[:, 11:13].mean(axis=1) - truth.room_m[:, 23:25].mean(axis=1)
        for side in SIDES:
            hip, knee, ankle, heel, tip = (
                truth.room_m[:, INDEX[f"{side}_{part}"], :2] for part in ("hip", "knee", "ankle", "heel", "foot_index")
            )
            thigh, shank, sole = knee - hip, ankle - knee, tip - heel
            lean = np.degrees(np.arctan2(trunk[:, 0], trunk[:, 1]))
            raised = np.degrees(np.arctan2(thigh[:, 0], -thigh[:, 1]))
            assert raised + lean == pytest.approx(truth.angle_deg(side, "hip"), abs=0.6)
            turn = np.degrees(np.arctan2(sole[:, 1], sole[:, 0]) - np.arctan2(shank[:, 1], shank[:, 0]))
            assert (turn - 90.0 + 180.0) % 360.0 - 180.0 == pytest.approx(truth.angle_deg(side, "ankle"), abs=0.6)


def test_ranges_are_those_of_healthy_adults() -> None:
    """Means within published values (Winter 1991; Hollman 2011), with room for the spread between people."""
    people = [sample_person(seed) for seed in range(60)]
    truths = [walk(person, seed=0, stay_in_view=False) for person in people]
    assert all(1.50 <= person.height_m <= 1.95 for person in people)
    assert all(88 <= truth.cadence_spm <= 132 for truth in truths)
    assert 1.15 < np.mean([truth.speed_mps for truth in truths]) < 1.45
    knee = [truth.angle_deg("left", "knee") for truth in truths]
    assert np.mean([k.max() for k in knee]) == pytest.approx(64, abs=5)
    assert 2.0 < np.std([k.max() for k in knee]) < 7.0
    hip = [truth.angle_deg("left", "hip") for truth in truths]
    assert np.mean([np.ptp(h) for h in hip]) == pytest.approx(44, abs=5)
    ankle = [truth.angle_deg("left", "ankle") for truth in truths]
    assert np.mean([np.ptp(a) for a in ankle]) == pytest.approx(34, abs=8)
    stance = [
        end_s - start_s
        for truth in truths
        for _, start_s, end_s, _ in truth.foot_placements
        if start_s > 0 and end_s < truth.time_s[-1]
    ]
    assert np.mean(stance) * 112 / 120 == pytest.approx(0.61, abs=0.04)


def test_walks_of_one_person_differ_less_than_people() -> None:
    def features(truth: WalkTruth) -> list[float]:
        knee, hip = truth.angle_deg("left", "knee"), truth.angle_deg("left", "hip")
        return [truth.cadence_spm, truth.speed_mps, float(knee.max()), float(np.ptp(hip)), truth.trunk_lean_deg.mean()]

    values = np.array(
        [[features(walk(sample_person(p), seed=s, stay_in_view=False)) for s in range(5)] for p in range(10)]
    )
    within = values.std(axis=1).mean(axis=0)
    between = values.mean(axis=1).std(axis=0)
    assert (within < 0.8 * between).all()
    assert within[0] == pytest.approx(2.3, abs=1.5)


def test_the_same_seeds_give_the_same_walk() -> None:
    first, again = (walk(sample_person(5), seed=9, impairment="crouch", severity=0.3) for _ in range(2))
    assert first.position_px.tobytes() == again.position_px.tobytes()
    assert first.events == again.events
    other = walk(sample_person(5), seed=10, impairment="crouch", severity=0.3)
    assert first.camera != other.camera


def test_frame_rate_does_not_change_the_motion() -> None:
    slow, fast = (walk(sample_person(2), seed=1, fps=fps, stay_in_view=False) for fps in (30.0, 120.0))
    assert fast.room_m[::4] == pytest.approx(slow.room_m, abs=1e-9)
    assert slow.events == fast.events


def test_direction_mirrors_the_frame() -> None:
    camera = Camera()
    right = walk(sample_person(3), seed=1, camera=camera, stay_in_view=False)
    left = walk(sample_person(3), seed=1, camera=camera, direction=-1, stay_in_view=False)
    assert right.angles_deg == pytest.approx(left.angles_deg)
    assert right.near_side == "right"
    assert left.near_side == "left"
    assert np.diff(right.position_px[:, 23, 0]).mean() > 0 > np.diff(left.position_px[:, 23, 0]).mean()
    nose, ear = (right.position_px[:, INDEX[name], 0] for name in ("nose", "right_ear"))
    assert (nose > ear).all()


def test_mirrored_truth_is_its_own_projection() -> None:
    truth = walk(sample_person(3), seed=2, impairment="antalgic", severity=0.5)
    mirror = truth.mirrored()
    assert mirror.camera.project(mirror.room_m, mirror.direction) == pytest.approx(mirror.position_px)
    assert mirror.affected_side == "right"
    assert mirror.angle_deg("right", "knee") == pytest.approx(truth.angle_deg("left", "knee"))
    assert mirror.mirrored().position_px == pytest.approx(truth.position_px)


def test_a_walk_stays_in_the_frame() -> None:
    for seed in PEOPLE:
        truth = walk(sample_person(seed), seed=seed, direction=(-1) ** seed)
        assert len(truth) >= 60
        assert truth.position_px[..., 0].min() >= 0
        assert truth.position_px[..., 0].max() <= truth.camera.width_px
        assert truth.position_px[..., 1].min() >= 0
        assert truth.position_px[..., 1].max() <= truth.camera.height_px
        tall = np.ptp(truth.position_px[..., 1], axis=1) / truth.camera.height_px
        assert 0.42 < tall.mean() < 0.75


@pytest.mark.parametrize(
    "wrong", [{"affected_side": "both"}, {"direction": 0}, {"fps": 1.0}, {"duration_s": 0.1}, {"severity": 1.5}]
)
def test_wrong_parameters_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="Expected"):
        walk(sample_person(0), seed=0, **({"impairment": "crouch"} | wrong))
