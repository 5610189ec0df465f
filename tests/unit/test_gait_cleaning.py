"""Cleaning: what is wrong is found and listed, what is right is left alone, every repair can be undone."""

import json

import numpy as np
import pytest
from gait_walks import select, simulated
from test_gait_swaps import exchanged

from gait_core.config import FeatureSettings
from gait_core.gait.artefacts import find_turned_feet
from gait_core.gait.body import leg_length_px
from gait_core.gait.cleaning import REPAIR_KINDS, Repair, clean
from gait_core.gait.kinematics import compute_kinematics
from gait_core.gait.swaps import repair_leg_swaps
from gait_core.pose.landmarks import INDEX
from gait_core.simulate.noise import NoiseModel, observe
from gait_core.simulate.walker import sample_person, walk

FINE = FeatureSettings(rate_hz=100)


def cleaned(track, undone=frozenset()):
    return clean(track, leg_length_px(track.position), undone)


def displaced(track, frames, name, shift_legs):
    position = track.position.copy()
    position[frames, INDEX[name]] += np.asarray(shift_legs, np.float32) * leg_length_px(track.position)
    return track.with_(position=position)


def lost(track, frames, names=None):
    position, confidence = track.position.copy(), track.confidence.copy()
    if names is None:
        position[frames] = np.nan
        confidence[frames] = 0
    else:
        confidence[np.ix_(frames, [INDEX[name] for name in names])] = 0.05
    return track.with_(position=position, confidence=confidence)


def everything_wrong():
    _, track = simulated(fps=30.0)
    track = exchanged(track, list(range(20, 27)))
    track = displaced(track, [40, 41], "right_foot_index", (0.1, -0.5))
    track = displaced(track, [52], "left_wrist", (0.6, 0.0))
    track = displaced(track, [64, 65, 66], "right_knee", (0.0, 0.45))
    return lost(lost(track, [80, 81]), [95], ["left_heel", "left_ankle"])


@pytest.mark.parametrize("fps", [15.0, 25.0, 30.0, 60.0, 120.0])
@pytest.mark.parametrize("impairment", [None, "antalgic", "shuffling", "stiff_knee"])
def test_a_right_track_is_left_alone(fps, impairment):
    _, track = simulated(fps=fps, impairment=impairment, severity=1.0 if impairment else 0.0)
    result = cleaned(track)
    assert result.repairs == ()
    assert result.track is track
    assert not result.unfilled.any()


def test_exchanged_legs_are_repaired_as_before_and_listed():
    _, track = simulated(fps=30.0)
    bad = exchanged(track, [40, 41, 42, 43, 44, 80, 81])
    result, before = cleaned(bad), repair_leg_swaps(bad, leg_length_px(bad.position))
    np.testing.assert_array_equal(result.track.position, before.track.position)
    np.testing.assert_array_equal(result.track.confidence, before.track.confidence)
    listed = [frame for repair in result.repairs if repair.kind == "swap" for frame in repair.frames]
    assert sorted(listed) == np.flatnonzero(before.swapped).tolist()
    assert {repair.place for repair in result.repairs} == {"legs"}


@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0])
@pytest.mark.parametrize("name", ["left_ankle", "right_heel", "left_foot_index", "right_wrist", "left_shoulder"])
@pytest.mark.parametrize("length", [1, 2])
def test_a_jump_is_left_out(fps, name, length):
    _, track = simulated(fps=fps)
    frames = list(range(80, 80 + length))
    bad = displaced(track, frames, name, (0.1, -0.5))
    (repair,) = [one for one in cleaned(bad).repairs if one.kind == "outlier"]
    assert repair.frames == tuple(frames)
    assert repair.landmarks == (name,)
    assert repair.side == (name.split("_")[0] if "shoulder" not in name else None)
    assert repair.start_s == pytest.approx(bad.time_s[80])
    one, other = compute_kinematics(bad, FINE), compute_kinematics(track, FINE)
    away = np.linalg.norm(one.points[name] - other.points[name], axis=1)[other.walking]
    assert np.nanmax(away) < 0.05
    assert np.isfinite(away).all()


@pytest.mark.parametrize(
    ("name", "shift"),
    [("right_knee", (0.0, 0.45)), ("left_ankle", (0.0, -0.35)), ("right_foot_index", (0.45, 0.0))],
)
def test_an_impossible_bone_is_left_out(name, shift):
    _, track = simulated(fps=60.0)
    frames = list(range(150, 156))
    repairs = cleaned(displaced(track, frames, name, shift)).repairs
    bones = [repair for repair in repairs if repair.kind == "bone_length"]
    assert {landmark for repair in bones for landmark in repair.landmarks} == {name}
    assert {frame for repair in bones for frame in repair.frames} >= set(frames[1:-1])


def collapsed_arm(track, frames, side):
    """Elbow beside the shoulder and the hand above it, as pose models have it when the trunk hides an arm."""
    position, leg_px = track.position.copy(), leg_length_px(track.position)
    shoulder = position[:, INDEX[f"{side}_shoulder"]]
    for name, shift in (("elbow", (-0.02, 0.05)), ("wrist", (0.15, -0.12))):
        position[frames, INDEX[f"{side}_{name}"]] = shoulder[frames] + np.asarray(shift, np.float32) * leg_px
    return track.with_(position=position)


@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0])
@pytest.mark.parametrize("side", ["left", "right"])
def test_an_arm_that_collapses_is_left_out_and_filled(fps, side):
    _, track = simulated(fps=fps)
    frames = list(range(80, 80 + round(0.17 * fps)))
    bad = collapsed_arm(track, frames, side)
    repairs = cleaned(bad).repairs
    assert {repair.place for repair in repairs} == {f"{side} arm"}
    assert {repair.kind for repair in repairs} <= {"bone_length", "outlier"}
    assert {frame for repair in repairs for frame in repair.frames} >= set(frames)
    found, right, unrepaired = (
        compute_kinematics(bad, FINE).angles[f"{side}_elbow"],
        compute_kinematics(track, FINE).angles[f"{side}_elbow"],
        compute_kinematics(bad, FINE, undone=frozenset(REPAIR_KINDS)).angles[f"{side}_elbow"],
    )
    assert np.isfinite(found[np.isfinite(right)]).all()
    assert np.nanmax(np.abs(found - right)) < 10.0
    assert np.nanmax(np.abs(unrepaired - right)) > 60.0


def test_a_frame_between_wrong_arms_is_not_trusted():
    _, track = simulated(fps=30.0)
    wrong = [80, 81, 83, 84]
    repairs = cleaned(collapsed_arm(track, wrong, "right")).repairs
    found = {frame for repair in repairs for frame in repair.frames}
    assert {80, 81, 82, 83, 84} <= found <= set(range(79, 86))


@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_foot_that_points_backwards_is_left_out_and_filled(fps, side):
    _, track = simulated(fps=fps)
    heel, toe = INDEX[f"{side}_heel"], INDEX[f"{side}_foot_index"]
    foot = track.position[:, toe] - track.position[:, heel]
    # On the ground, where it is long enough to be seen from the side; the toe then lies behind the heel.
    first = next(frame for frame in range(60, len(track)) if abs(foot[frame, 1]) < 0.2 * abs(foot[frame, 0]))
    frames = list(range(first, first + round(0.1 * fps)))
    position = track.position.copy()
    position[frames, toe] = position[frames, heel] - foot[frames]
    bad = track.with_(position=position)
    turned = find_turned_feet(bad.position.astype(np.float64), bad.time_s)
    assert np.flatnonzero(turned.any(axis=1)).tolist() == frames
    assert np.flatnonzero(turned.any(axis=0)).tolist() == sorted([INDEX[f"{side}_ankle"], heel, toe])
    assert not find_turned_feet(track.position.astype(np.float64), track.time_s).any()
    # As a jump, by its length or by its direction: it is found.
    assert {repair.place for repair in cleaned(bad).repairs} == {f"{side} leg"}
    found, right, unrepaired = (
        compute_kinematics(bad, FINE).angles[f"{side}_ankle"],
        compute_kinematics(track, FINE).angles[f"{side}_ankle"],
        compute_kinematics(bad, FINE, undone=frozenset(REPAIR_KINDS)).angles[f"{side}_ankle"],
    )
    assert np.nanmax(np.abs(found - right)) < 15.0
    assert np.nanmax(np.abs(unrepaired - right)) > 60.0


def test_an_arm_is_filled_over_longer_gaps_than_a_leg():
    _, track = simulated(fps=50.0)
    frames = list(range(100, 112))
    position, confidence = track.position.copy(), track.confidence.copy()
    for name in ("left_wrist", "left_ankle"):
        position[frames, INDEX[name]] = np.nan
        confidence[frames, INDEX[name]] = 0.0
    motion = compute_kinematics(track.with_(position=position, confidence=confidence), FINE)
    inside = (motion.time_s > track.time_s[100]) & (motion.time_s < track.time_s[111])
    assert np.isfinite(motion.points["left_wrist"][inside]).all()
    assert np.isnan(motion.points["left_ankle"][inside]).all()


def test_somebody_who_comes_nearer_has_no_impossible_bones():
    _, track = simulated(fps=30.0, yaw_deg=25.0, distance_m=3.0)
    assert not {repair.kind for repair in cleaned(track).repairs} - {"gap"}


def test_short_gaps_are_listed_and_long_ones_stay():
    _, track = simulated(fps=30.0)
    bad = lost(lost(track, [60, 61]), list(range(90, 102)))
    (repair,) = cleaned(bad).repairs
    assert (repair.kind, repair.frames, repair.side, repair.place) == ("gap", (60, 61), None, "body")
    (part,) = cleaned(lost(track, [60], ["left_heel", "left_ankle"])).repairs
    assert (part.side, part.landmarks) == ("left", ("left_ankle", "left_heel"))


def test_a_gap_that_is_undone_stays_open():
    _, track = simulated(fps=30.0)
    bad = lost(track, [60, 61, 62])
    filled, still_open = (compute_kinematics(bad, FINE, undone=frozenset(undone)) for undone in ((), ("gap",)))
    inside = (filled.time_s > track.time_s[60]) & (filled.time_s < track.time_s[62])
    assert np.isfinite(filled.angles["left_knee"][inside]).all()
    assert filled.filled["left"][inside].all()
    assert np.isnan(still_open.angles["left_knee"][inside]).all()


def test_all_kinds_are_found_in_one_walk():
    result = cleaned(everything_wrong())
    assert {repair.kind for repair in result.repairs} >= {"swap", "outlier", "bone_length", "gap"}
    assert [repair.start_s for repair in result.repairs] == sorted(repair.start_s for repair in result.repairs)


def test_each_repair_can_be_undone_by_itself():
    bad = everything_wrong()
    whole = cleaned(bad)
    names = [repair.id for repair in whole.repairs]
    assert len(set(names)) == len(names)
    for repair in whole.repairs:
        result = cleaned(bad, frozenset([repair.id]))
        assert result.repairs == whole.repairs
        assert result.undone == {repair.id}
        rows = [INDEX[name] for name in repair.landmarks]
        there = np.ix_(repair.frames, rows)
        if repair.kind == "gap":
            assert result.unfilled[there].any()
            continue
        changed = (result.track.confidence != whole.track.confidence) | (
            result.track.position != whole.track.position
        ).any(axis=2) & np.isfinite(whole.track.position).all(axis=2)
        assert changed[there].any()
        changed[there] = False
        assert not changed.any()


def test_undoing_everything_gives_back_what_was_found():
    bad = everything_wrong()
    names = frozenset(repair.id for repair in cleaned(bad).repairs)
    for undone in (names, frozenset(REPAIR_KINDS)):
        result = cleaned(bad, undone)
        assert result.undone == names
        np.testing.assert_array_equal(result.track.position, bad.position)
        np.testing.assert_array_equal(result.track.confidence, bad.confidence)


def test_an_unknown_name_undoes_nothing():
    bad = everything_wrong()
    assert cleaned(bad, frozenset(["swap:legs:9000-9001"])).undone == frozenset()


def test_switching_off_the_exchange_lists_none():
    _, track = simulated(fps=30.0)
    bad = exchanged(track, list(range(40, 47)))
    result = clean(bad, leg_length_px(bad.position), settings=FeatureSettings(repair_swaps=False))
    assert not {repair.kind for repair in result.repairs} & {"swap", "blend"}


def test_repairs_survive_json_and_speak_to_people():
    for repair in cleaned(everything_wrong()).repairs:
        stored = json.loads(json.dumps(repair.to_dict()))
        assert stored["id"] == repair.id
        assert Repair.from_dict(stored) == repair
        assert repair.sentence.endswith(".")
        assert "_" not in repair.sentence


def test_a_track_of_a_few_frames_is_no_trouble():
    _, track = simulated(fps=30.0)
    for frames in (2, 3, 5, 7):
        assert cleaned(select(track, slice(0, frames))).repairs == ()


def knee_rmse_deg(track, truth, undone=frozenset()):
    motion = compute_kinematics(track, FINE, undone=undone)
    away = []
    for number, side in enumerate(("left", "right")):
        known = np.interp(motion.time_s, truth.time_s, truth.angles_deg[:, number, 1])
        away.append((motion.angles[f"{side}_knee"] - known)[motion.walking])
    return float(np.sqrt(np.nanmean(np.square(away))))


def test_knee_angles_get_better_with_jumps_and_no_worse_without():
    generator = np.random.default_rng(5)
    rows = [INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle", "heel", "foot_index")]
    without = frozenset(["outlier", "bone_length"])
    plain, jumping = [], []
    for seed in range(8):
        truth = walk(sample_person(seed), seed=seed, fps=30.0, duration_s=6.0)
        track = observe(truth, seed=seed)
        plain.append((knee_rmse_deg(track, truth), knee_rmse_deg(track, truth, without)))
        track = observe(truth, seed=seed, noise=NoiseModel.none())
        position = track.position.copy()
        for _ in range(6):
            frame, angle = generator.integers(5, len(track) - 6), generator.uniform(0, 2 * np.pi)
            shift = generator.uniform(0.25, 0.8) * leg_length_px(track.position)
            position[frame, generator.choice(rows)] += (shift * np.cos(angle), shift * np.sin(angle))
        bad = track.with_(position=position)
        jumping.append((knee_rmse_deg(bad, truth), knee_rmse_deg(bad, truth, without)))
    with_repair, without_repair = np.mean(plain, axis=0)
    assert with_repair < 1.02 * without_repair
    with_repair, without_repair = np.mean(jumping, axis=0)
    assert with_repair < 0.6 * without_repair
