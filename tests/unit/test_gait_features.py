import json

import numpy as np
import pytest
from gait_walks import FINE_HZ, followed, mirrored, moved, select, simulated

from gait_core.cache import ArrayCache
from gait_core.config import FeatureSettings
from gait_core.errors import WalkRefused
from gait_core.gait.features import FEATURE_NAMES, JOINTS, compute_features, features_of, joint_label
from gait_core.gait.kinematics import compute_kinematics
from gait_core.gait.windows import windows_of
from gait_core.simulate.impairments import IMPAIRMENTS
from gait_core.simulate.noise import observe
from gait_core.simulate.walker import sample_person, walk

SETTINGS = FeatureSettings()
IS_ANGLE = np.array([name.endswith("_deg") for name in FEATURE_NAMES])
LIMIT = np.where(IS_ANGLE, 1.0, 0.01)
"""What two features of the same motion may differ by: degrees, leg lengths."""


def difference(first, second, trim=5):
    """Return the largest difference per channel, in units of `LIMIT`, where both walk, away from the ends."""
    shared = min(len(first.values), len(second.values))
    both = first.walking[:shared] & second.walking[:shared]
    places = np.flatnonzero(both)[trim:-trim]
    away = np.abs(first.values[places] - second.values[places])
    assert len(places) > 40
    return np.nanmax(away, axis=0) / LIMIT


def test_names_and_joints_cover_every_channel_once():
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES)
    assert sorted(index for channels in JOINTS.values() for index in channels) == list(range(len(FEATURE_NAMES)))
    assert all(name.endswith(("_deg", "_leg")) for name in FEATURE_NAMES)


def test_joint_labels_for_people():
    assert joint_label("near knee", "right") == "right knee"
    assert joint_label("far ankle and foot", "right") == "left ankle and foot"
    assert joint_label("trunk", "left") == "trunk"


def test_values_are_complete_while_walking_and_missing_elsewhere():
    features = compute_features(simulated()[1])
    assert features.values.dtype == np.float32
    assert features.values.shape == (len(features.time_s), len(FEATURE_NAMES))
    assert np.isfinite(features.values[features.walking]).all()
    assert np.isnan(features.values[~features.walking]).all()


def test_a_mirrored_walk_has_the_same_features_from_the_other_side():
    _, track = simulated()
    one, other = compute_features(track), compute_features(mirrored(track))
    assert (one.visible_side, other.visible_side) == ("right", "left")
    assert difference(one, other).max() < 0.05
    motions = [compute_kinematics(walk, SETTINGS) for walk in (track, mirrored(track))]
    np.testing.assert_allclose(motions[0].angles["left_knee"], motions[1].angles["right_knee"], atol=0.05)


@pytest.mark.parametrize("step", [5, 10, 12], ids=["60 fps", "30 fps", "25 fps"])
def test_the_frame_rate_does_not_change_features_nor_windows(step):
    _, fine = simulated(fps=FINE_HZ)
    reference, features = compute_features(fine), compute_features(select(fine, slice(None, None, step)))
    assert difference(reference, features).max() < 1.5
    assert np.median(difference(reference, features)) < 0.7
    assert abs(len(windows_of(reference, SETTINGS)) - len(windows_of(features, SETTINGS))) <= 2


@pytest.mark.parametrize(("scale", "shift"), [(0.5, (0, 0)), (2.0, (30, 10)), (1.0, (25, -20))])
def test_size_and_place_in_the_frame_do_not_change_features(scale, shift):
    _, track = simulated()
    size = (round(track.width_px * scale) + 100, round(track.height_px * scale) + 50)
    changed = compute_features(moved(track, np.eye(2) * scale, shift, size))
    reference = compute_features(track)
    # The middle of the frame moves, and with it the place from which parallax is counted: a constant.
    shared = min(len(reference.values), len(changed.values))
    away = changed.values[:shared] - reference.values[:shared]
    away = away[reference.walking[:shared] & changed.walking[:shared]]
    assert (away.std(axis=0) / LIMIT).max() < 0.35
    assert changed.leg_length_px / reference.leg_length_px == pytest.approx(scale, rel=0.01)


def test_a_person_who_comes_nearer_keeps_the_same_size():
    _, track = simulated()
    growth = np.linspace(0.85, 1.15, len(track))[:, None, None].astype(np.float32)
    feet = track.position[:, [29, 30, 31, 32]].mean(axis=1, keepdims=True)
    nearer = track.with_(position=feet + (track.position - feet) * growth)
    reference, features = compute_features(track), compute_features(nearer)
    names = [FEATURE_NAMES.index(name) for name in ("near_ankle_up_leg", "far_ankle_up_leg", "near_knee_deg")]
    assert difference(reference, features)[names].max() < 2.5


def test_parallax_is_taken_out():
    truth, track = simulated()
    _, straight = simulated()
    middle = track.position[:, [23, 24]].mean(axis=1)
    depth = np.zeros(33, dtype=np.float32)
    depth[[11, 12]] = 0.03
    slanted = track.position.copy()
    slanted[..., 0] += depth * (middle[:, :1] - track.width_px / 2)
    reference, features = compute_features(straight), compute_features(track.with_(position=slanted))
    assert difference(reference, features)[FEATURE_NAMES.index("trunk_deg")] < 0.3
    assert truth.near_side == features.visible_side


def test_a_short_gap_is_filled_and_marked_and_a_long_one_is_left_out():
    _, track = simulated()
    reference = compute_features(track)
    confidence = track.confidence.copy()
    confidence[70:73] = 0.0
    short = compute_features(track.with_(confidence=confidence))
    assert 1 <= short.filled.sum() <= 5
    # Three frames in the middle of a swing are guessed by a spline.
    assert difference(reference, short).max() < 8.0
    confidence[70:80, 26] = 0.0
    long = compute_features(track.with_(confidence=confidence))
    column = FEATURE_NAMES.index("near_knee_deg")
    assert np.isnan(long.values[long.walking, column]).any()
    windows = windows_of(long, SETTINGS)
    assert windows.dropped > 0
    assert np.isfinite(windows.stacked()).all()


def test_lost_poses_do_not_stop_the_walk():
    _, track = simulated()
    position, world, confidence = track.position.copy(), track.world.copy(), track.confidence.copy()
    position[50:52], world[50:52], confidence[50:52] = np.nan, np.nan, 0
    features = compute_features(track.with_(position=position, world=world, confidence=confidence))
    assert len(features.segments) == 1


def test_features_of_a_followed_walk_are_close_to_those_of_a_camera_at_rest():
    _, track = simulated()
    reference, features = compute_features(track), compute_features(followed(track))
    assert np.median(difference(reference, features)) < 5


def test_cadence_estimate():
    for seed in range(1, 6):
        truth, track = simulated(seed=seed)
        estimate = compute_features(track).quality["cadence_estimate_spm"]
        assert estimate == pytest.approx(truth.cadence_spm, rel=0.02)


@pytest.mark.parametrize("name", sorted(IMPAIRMENTS))
def test_impaired_walks_are_measured_in_one_piece(name):
    truth = walk(sample_person(3), seed=3, impairment=name, severity=1.0)
    features = compute_features(observe(truth, seed=3))
    assert len(features.segments) == 1
    assert not features.blocking


def test_cache_keeps_everything_and_depends_on_settings(workspace):
    cache = ArrayCache.of(workspace)
    _, track = simulated()
    first, cleaned = features_of(track, SETTINGS, cache=cache, address="a")
    assert cleaned is not None
    again, cleaned = features_of(track, SETTINGS, cache=cache, address="a")
    assert cleaned is None
    np.testing.assert_array_equal(first.values, again.values)
    np.testing.assert_array_equal(first.walking, again.walking)
    assert (first.segments, first.warnings, dict(first.quality)) == (
        again.segments,
        again.warnings,
        dict(again.quality),
    )
    for address, settings, side in (
        ("b", SETTINGS, None),
        ("a", SETTINGS.with_(cutoff_hz=5.0), None),
        ("a", SETTINGS, "right"),
    ):
        assert features_of(track, settings, cache=cache, address=address, side=side)[1] is not None
    assert features_of(track, SETTINGS, cache=None, address="a")[1] is not None


def test_a_refusal_is_not_cached(workspace):
    cache = ArrayCache.of(workspace)
    _, track = simulated()
    for _ in range(2):
        with pytest.raises(WalkRefused):
            features_of(select(track, slice(0, 1)), SETTINGS, cache=cache, address="short")
    assert cache.info().entries == 0


def test_an_unsure_arm_still_counts_because_the_trunk_hides_it_in_every_stride():
    _, track = simulated()
    confidence = track.confidence.copy()
    confidence[:, [13, 14, 15, 16]] = 0.05
    features = compute_features(track.with_(confidence=confidence))
    assert np.isfinite(features.values[features.walking]).all()


def test_an_arm_outside_the_frame_is_reported_by_name_and_its_windows_are_left_out():
    _, track = simulated()
    position = track.position.copy()
    position[: len(track) // 2, 16, 1] = 3.0 * track.height_px
    features = compute_features(track.with_(position=position))
    (warning,) = [found for found in features.warnings if found.code == "parts_hidden"]
    assert "right arm" in warning.message
    assert not warning.blocking
    assert 0.3 < features.quality["complete_share"] < 0.7


@pytest.mark.parametrize("seed", range(40))
def test_damaged_tracks_are_measured_or_refused_but_never_crash(seed):
    generator = np.random.default_rng(seed)
    _, track = simulated(seed=1 + seed % 4)
    start = int(generator.integers(0, len(track) - 1))
    track = select(track, slice(start, start + int(generator.integers(1, 200)), int(generator.integers(1, 5))))
    position, world, confidence = track.position.copy(), track.world.copy(), track.confidence.copy()
    lost = generator.random(len(track)) < generator.choice([0.0, 0.1, 0.5, 1.0])
    position[lost], world[lost], confidence[lost] = np.nan, np.nan, 0.0
    confidence[:, generator.integers(0, 33, int(generator.integers(0, 8)))] = 0.0
    position += generator.normal(0, generator.choice([0.0, 5.0, 50.0]), position.shape).astype(np.float32)
    try:
        features = compute_features(track.with_(position=position, world=world, confidence=confidence))
    except WalkRefused as refusal:
        assert refusal.remedy
    else:
        assert np.isfinite(windows_of(features, SETTINGS).stacked()).all()
        json.dumps(features.to_meta(), allow_nan=False)
