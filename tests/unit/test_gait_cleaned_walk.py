"""A walk is cleaned and smoothed once, and gives to the bit what it gave when every rate began from the landmarks."""

from dataclasses import fields

import numpy as np
import pytest
from gait_walks import FINE_HZ, select, simulated

from gait_core.config import FeatureSettings
from gait_core.gait.cleaned_walk import clean_walk, repaired_landmarks
from gait_core.gait.features import compute_features
from gait_core.gait.kinematics import Kinematics, compute_kinematics
from gait_core.simulate.noise import observe

SLOW = FeatureSettings()
FAST = FeatureSettings(rate_hz=100.0)


def noisy(fps=30.0):
    """Return a walk with noise, a gap, a jump and a spell of exchanged legs."""
    truth, _ = simulated(fps=fps)
    track = observe(truth, seed=4)
    position, confidence = track.position.copy(), track.confidence.copy()
    confidence[30:33] = 0.0
    position[45, 27] += 200.0
    position[60:62] = position[60:62][:, [*range(25), 26, 25, 28, 27, 30, 29, 32, 31]]
    return track.with_(position=position, confidence=confidence)


def test_legs_that_the_model_exchanged_are_drawn_on_their_own_side():
    truth, _ = simulated(fps=30.0)
    track = observe(truth, seed=4)
    mirrored = [*range(25), 26, 25, 28, 27, 30, 29, 32, 31]
    position = track.position.copy()
    position[40:70] = position[40:70][:, mirrored]
    repaired = repaired_landmarks(track.with_(position=position))
    shown = repaired.confidence[40:70, 25:33] >= 0.3
    away = np.linalg.norm(repaired.position[40:70, 25:33] - track.position[40:70, 25:33], axis=2)
    assert shown.mean() > 0.8
    assert np.mean(away[shown] < 1.0) > 0.95  # as the model saw them, apart from the exchange
    kept = repaired_landmarks(track.with_(position=position), undone=frozenset({"swap"}))
    np.testing.assert_array_equal(kept.position[40:70, 25:33], position[40:70, 25:33])


def test_landmarks_without_a_person_are_drawn_as_they_are():
    _, track = simulated(fps=30.0)
    empty = track.with_(position=np.full_like(track.position, np.nan), confidence=np.zeros_like(track.confidence))
    assert repaired_landmarks(empty) is empty


def uneven():
    """Return a walk whose time stamps are those of a phone: neither even nor starting at 0."""
    _, fine = simulated(fps=FINE_HZ)
    steps = np.random.default_rng(0).integers(6, 14, size=len(fine))
    frames = np.cumsum(steps)
    return select(fine, frames[frames < len(fine)])


def assert_same(one: Kinematics, other: Kinematics) -> None:
    for field in fields(Kinematics):
        first, second = getattr(one, field.name), getattr(other, field.name)
        if field.name in ("points", "angles", "filled", "confidence"):
            assert first.keys() == second.keys()
            for name, values in first.items():
                np.testing.assert_array_equal(values, second[name])
        elif isinstance(first, np.ndarray):
            np.testing.assert_array_equal(first, second)
        elif field.name in ("rate_hz", "segments", "visible_side"):
            assert first == second
    assert one.cleaned.repairs == other.cleaned.repairs
    np.testing.assert_array_equal(one.track.position, other.track.position)


@pytest.mark.parametrize(
    "track", [noisy(), noisy(fps=25.0), noisy(fps=59.94), uneven()], ids=["30 fps", "25 fps", "59.94 fps", "uneven"]
)
def test_a_walk_cleaned_for_one_rate_gives_the_same_motion_at_the_other(track):
    for cleaned_for, wanted in ((SLOW, FAST), (FAST, SLOW)):
        walk = clean_walk(track, cleaned_for)
        assert clean_walk(walk, wanted) is walk
        assert_same(compute_kinematics(walk, wanted), compute_kinematics(track, wanted))


@pytest.mark.parametrize(
    "settings",
    [
        FAST.with_(cutoff_hz=8.0),
        FAST.with_(rate_hz=120.0),
        FAST.with_(max_gap_s=0.05),
        FAST.with_(min_confidence=0.6),
        FAST.with_(repair_swaps=False),
    ],
    ids=["corner", "grid", "gaps", "confidence", "swaps"],
)
def test_what_other_settings_change_is_done_again(settings):
    track = noisy()
    walk = clean_walk(track, SLOW)
    found = compute_kinematics(walk, settings)
    assert_same(found, compute_kinematics(track, settings))
    assert (found.cleaned is walk.cleaned) == (settings.with_(rate_hz=25.0, cutoff_hz=6.0) == SLOW)


def test_a_repair_that_is_undone_is_undone_in_a_cleaned_walk_too():
    track = noisy()
    undone = frozenset({"swap"})
    found = compute_kinematics(clean_walk(track, SLOW), FAST, undone=undone)
    assert found.cleaned.undone
    assert_same(found, compute_kinematics(track, FAST, undone=undone))
    assert_same(compute_kinematics(clean_walk(track, SLOW, undone=undone), FAST), compute_kinematics(track, FAST))


def test_features_of_a_cleaned_walk_are_those_of_its_landmarks():
    track = noisy()
    plain, again = compute_features(track), compute_features(clean_walk(track, FAST))
    np.testing.assert_array_equal(plain.values, again.values)
    assert (plain.segments, plain.warnings, plain.quality) == (again.segments, again.warnings, again.quality)


def test_a_rate_with_another_fine_grid_cannot_be_taken_from_the_smoothed_one():
    smoothed = clean_walk(noisy(), SLOW).smoothed
    assert smoothed.at(50.0).rate_hz == 50.0
    with pytest.raises(ValueError, match="100 Hz, but got 30 Hz"):
        smoothed.at(30.0)
