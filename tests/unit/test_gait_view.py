import numpy as np
import pytest
from gait_walks import concatenated, followed, mirrored, moved, select, sideways, simulated, upside_down

from gait_core.errors import WalkRefused
from gait_core.gait.features import compute_features


def codes(features):
    return {warning.code for warning in features.warnings}


@pytest.mark.parametrize(("direction", "side"), [(1, "right"), (-1, "left")])
def test_direction_and_visible_side(direction, side):
    truth, track = simulated(direction=direction)
    features = compute_features(track)
    assert features.visible_side == side == truth.near_side
    assert [segment.direction for segment in features.segments] == [direction]
    assert not features.warnings


def test_the_whole_walk_is_found():
    _, track = simulated()
    features = compute_features(track)
    assert features.quality["walking_s"] > 0.9 * track.duration_s


def test_standing_at_both_ends_is_trimmed():
    _, track = simulated()
    frames = np.r_[np.zeros(60, dtype=int), np.arange(len(track)), np.full(60, len(track) - 1)]
    track = track.with_(
        position=track.position[frames],
        world=track.world[frames],
        confidence=track.confidence[frames],
        time_s=np.arange(len(frames)) / 30.0,
    )
    (segment,) = compute_features(track).segments
    assert segment.start_s == pytest.approx(2.0, abs=0.35)
    assert segment.end_s == pytest.approx(track.time_s[-1] - 2.0, abs=0.35)


def test_a_following_camera_is_recognised_by_the_swing_of_the_legs():
    _, track = simulated()
    features = compute_features(followed(track))
    assert features.quality["camera_moves"]
    assert features.quality["walking_s"] > 0.6 * track.duration_s
    assert features.visible_side == "right"


def test_passes_to_and_fro_keep_their_direction_and_one_side_is_used():
    _, there = simulated(direction=1)
    _, back = simulated(direction=-1, seed=2)
    track = concatenated(there, back, pause_s=1.0)
    features = compute_features(track)
    assert [segment.direction for segment in features.segments] == [1, -1]
    assert sum(segment.used for segment in features.segments) == 1
    assert "both_sides" in codes(features)
    for side in ("left", "right"):
        chosen = compute_features(track, side=side)
        assert chosen.visible_side == side
        assert all(segment.visible_side == side for segment in chosen.segments if segment.used)


def test_a_pose_that_passes_to_somebody_else_is_reported_and_blocks():
    _, there = simulated(direction=1)
    _, back = simulated(direction=-1, seed=2)
    track = concatenated(select(there, slice(0, 75)), select(back, slice(60, None)), pause_s=1 / 30)
    features = compute_features(track)
    assert "pose_jumps" in {warning.code for warning in features.blocking}


def test_people_share_of_the_engine_is_reported():
    _, track = simulated()
    features = compute_features(track.with_(info={"people_share": 0.4}))
    assert "several_people" in {warning.code for warning in features.blocking}


def test_upside_down_is_refused_with_a_remedy():
    with pytest.raises(WalkRefused, match="upside down") as refusal:
        compute_features(upside_down(simulated()[1]))
    assert "180" in refusal.value.remedy


@pytest.mark.parametrize("turns", [1, 3])
def test_sideways_is_refused_with_a_remedy(turns):
    track = sideways(simulated()[1])
    if turns == 3:
        track = upside_down(track)
    with pytest.raises(WalkRefused, match="sideways") as refusal:
        compute_features(track)
    assert "90" in refusal.value.remedy


def test_legs_cut_off_are_refused():
    _, track = simulated()
    knee = float(np.median(track.position[:, 26, 1]))
    with pytest.raises(WalkRefused, match="cut off"):
        compute_features(track.with_(height_px=int(knee)))


def test_legs_hidden_for_a_while_block_the_level():
    _, track = simulated()
    confidence = track.confidence.copy()
    confidence[: int(0.4 * len(track)), [28, 30, 32]] = 0.05
    features = compute_features(track.with_(confidence=confidence))
    assert "legs_out_of_frame" in {warning.code for warning in features.blocking}


def test_no_person_and_one_frame_are_refused():
    _, track = simulated()
    empty = track.with_(position=np.full_like(track.position, np.nan), confidence=np.zeros_like(track.confidence))
    with pytest.raises(WalkRefused, match="person"):
        compute_features(empty)
    with pytest.raises(WalkRefused, match="1 frame"):
        compute_features(select(track, slice(0, 1)))
    with pytest.raises(WalkRefused):
        compute_features(select(track, slice(0, 0)))


def test_less_than_a_second_of_walking_is_refused_with_the_reason():
    _, track = simulated()
    with pytest.raises(WalkRefused, match=r"at least 1 s of walking"):
        compute_features(select(track, slice(0, 27)))


def test_standing_is_refused():
    _, track = simulated()
    still = np.repeat(track.position[:1], len(track), axis=0)
    noise = np.random.default_rng(0).normal(0, 0.5, still.shape)
    with pytest.raises(WalkRefused, match="of walking"):
        compute_features(track.with_(position=(still + noise).astype(np.float32)))


def test_a_low_frame_rate_blocks_the_level():
    _, track = simulated(fps=15.0)
    assert "low_frame_rate" in {warning.code for warning in compute_features(track).blocking}


def test_an_oblique_view_blocks_the_level():
    _, track = simulated(yaw_deg=60.0)
    assert "not_side_view" in {warning.code for warning in compute_features(track).blocking}


def test_a_walk_towards_the_camera_is_refused():
    _, track = simulated(yaw_deg=90.0, distance_m=15.0, duration_s=4.0)
    with pytest.raises(WalkRefused, match="front"):
        compute_features(track)


def test_walking_backwards_blocks_the_level():
    _, track = simulated()
    backwards = track.with_(
        position=track.position[::-1].copy(), world=track.world[::-1].copy(), confidence=track.confidence[::-1].copy()
    )
    assert "walks_backwards" in {warning.code for warning in compute_features(backwards).blocking}


def test_a_walk_of_few_strides_is_reported():
    _, track = simulated()
    found = codes(compute_features(select(track, slice(20, 65))))
    assert found & {"few_strides", "no_rhythm"}


def test_left_and_right_named_the_wrong_way_round_blocks_the_level():
    _, track = simulated()
    wrong = moved(mirrored(track), [[-1, 0], [0, 1]], (track.width_px, 0))
    assert "side_uncertain" in {warning.code for warning in compute_features(wrong).blocking}


@pytest.mark.parametrize("angle_deg", [-8.0, 8.0])
@pytest.mark.parametrize("view", ["square", "oblique"])
def test_a_tilted_camera_is_told_of(angle_deg, view):
    _, track = simulated(yaw_deg=0.0 if view == "square" else 10.0)
    turn = np.radians(angle_deg)
    matrix = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    level, tilted = compute_features(track), compute_features(moved(track, matrix))
    assert "camera_tilted" not in codes(level)
    assert "camera_tilted" in codes(tilted)
    error_deg = tilted.quality["camera_tilt_deg"] - angle_deg
    assert abs(error_deg) < (0.3 if view == "square" else 2.5), "what may be perspective is taken off"


def test_a_walk_towards_the_camera_is_no_tilt_and_a_treadmill_has_no_path():
    assert compute_features(simulated(yaw_deg=25.0)[1]).quality["camera_tilt_deg"] == pytest.approx(0.0, abs=0.5)
    assert compute_features(followed(simulated()[1])).quality["camera_tilt_deg"] is None
