"""The legs of a walk solved from all places where the pose model sees them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gait_walks import simulated

from gait_core.config import FeatureSettings
from gait_core.gait.body import leg_length_px
from gait_core.gait.cleaning import clean
from gait_core.gait.legs import solver
from gait_core.gait.legs.crossings import settle_crossings
from gait_core.gait.legs.smoothing import smooth_path
from gait_core.gait.legs.solver import ROWS, solve_legs
from gait_core.pose.candidates import CANDIDATES_SHAPE, JOINTS
from gait_core.pose.track import Track

SETTINGS = FeatureSettings()


def seen(fps: float = 30.0, direction: int = 1, swapped: tuple[tuple[float, float], ...] = ()) -> tuple[Track, Track]:
    """Return a walk as it is, and as a pose model sees it that takes the legs for each other at times."""
    _, right = simulated(fps=fps, direction=direction)
    candidates = np.full((len(right), *CANDIDATES_SHAPE), np.nan, np.float32)
    wrong = np.zeros(len(right), bool)
    for start_s, end_s in swapped:
        wrong |= (right.time_s >= start_s) & (right.time_s < end_s)
    strength = np.where(wrong[:, None], [0.05, 0.85], [0.85, 0.05])
    for side in range(2):
        candidates[:, :, side, :2] = right.position[:, ROWS[side]]
        candidates[:, :, side, 2:4] = strength[:, None, :: 1 - 2 * side]
        candidates[:, :, side, 4] = 2.0
    position = right.position.copy()
    position[np.ix_(wrong, ROWS.ravel())] = right.position[np.ix_(wrong, ROWS[::-1].ravel())]
    return right, right.with_(position=position, candidates=candidates)


def off_leg(track: Track, truth: Track) -> np.ndarray:
    """Return how far the joints of the legs lie from the truth, leg lengths, shape (n, 2, 4)."""
    apart = np.linalg.norm(track.position[:, ROWS] - truth.position[:, ROWS], axis=3)
    return apart / leg_length_px(truth.position)


@pytest.mark.parametrize(("fps", "direction"), [(25.0, 1), (30.0, -1), (60.0, 1)])
def test_exchanged_legs_are_put_right_by_their_motion(fps: float, direction: int) -> None:
    truth, found = seen(fps, direction, swapped=((0.9, 1.2), (1.9, 2.0), (2.6, 3.3)))
    solution = solve_legs(found, leg_length_px(found.position), SETTINGS)
    assert off_leg(found, truth).max() > 0.5
    assert off_leg(solution.track, truth).max() < 0.06
    assert solution.swapped.any()
    assert not solution.lost.any()


def test_a_right_walk_keeps_its_sides() -> None:
    truth, found = seen()
    solution = solve_legs(found, leg_length_px(found.position), SETTINGS)
    assert not solution.swapped.any()
    assert not solution.moved.any()
    assert off_leg(solution.track, truth).max() < 0.04


def test_windows_give_the_same_as_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    _, found = seen(swapped=((0.9, 1.2), (2.6, 3.3)))
    whole = solve_legs(found, leg_length_px(found.position), SETTINGS)
    monkeypatch.setattr(solver, "WINDOW_FRAMES", 70)
    monkeypatch.setattr(solver, "LOOK_AHEAD_FRAMES", 20)
    pieces = solve_legs(found, leg_length_px(found.position), SETTINGS)
    np.testing.assert_allclose(pieces.track.position, whole.track.position, atol=1.0)


def test_a_stray_joint_is_moved_listed_and_can_be_undone() -> None:
    truth, found = seen()
    leg_px = leg_length_px(found.position)
    row, frame = int(ROWS[0, JOINTS.index("heel")]), 60
    position, candidates = found.position.copy(), found.candidates.copy()
    position[frame, row, 0] += 0.3 * leg_px
    candidates[frame, JOINTS.index("heel"), 0] = np.nan
    found = found.with_(position=position, candidates=candidates)
    cleaned = clean(found, leg_px)
    (repair,) = (one for one in cleaned.repairs if one.kind == "joint")
    assert repair.frames == (frame,)
    assert "left_heel" in repair.landmarks
    assert off_leg(cleaned.track, truth)[frame].max() < 0.06
    undone = clean(found, leg_px, frozenset({repair.id}))
    np.testing.assert_array_equal(undone.track.position[frame, row], position[frame, row])


def test_an_exchange_that_is_undone_gives_back_what_was_found() -> None:
    _, found = seen(swapped=((1.9, 2.2),))
    cleaned = clean(found, leg_length_px(found.position))
    frames = np.flatnonzero(cleaned.swap.swapped)
    assert len(frames)
    undone = clean(found, leg_length_px(found.position), frozenset({"swap"}))
    np.testing.assert_array_equal(undone.track.position[frames][:, ROWS], found.position[frames][:, ROWS])


def test_switched_off_the_legs_stay_as_they_were_found() -> None:
    _, found = seen(swapped=((1.9, 2.2),))
    cleaned = clean(found, leg_length_px(found.position), settings=replace(SETTINGS, repair_swaps=False))
    np.testing.assert_array_equal(cleaned.swap.track.position, found.position)


def test_a_leg_that_no_peak_supports_is_missing() -> None:
    _, found = seen()
    candidates = found.candidates.copy()
    candidates[60:75, JOINTS.index("ankle")] = np.nan
    position = found.position.copy()
    position[60:75, ROWS[:, JOINTS.index("ankle")]] += np.random.default_rng(1).normal(0.0, 60.0, (15, 2, 2))
    track = found.with_(candidates=candidates, position=position)
    solution = solve_legs(track, leg_length_px(found.position), SETTINGS)
    assert solution.lost[62:73, ROWS[:, JOINTS.index("ankle")]].all()
    assert (solution.track.confidence[solution.lost] == 0.0).all()


def passing(kink: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return two points that pass each other on straight lines, or rebound, and their times."""
    time_s = np.arange(30) / 30.0
    way = 2.0 * (time_s - time_s[15])
    ways = np.stack([-np.abs(way), np.abs(way)] if kink else [way, -way], axis=1)
    return time_s, np.stack([ways, np.zeros_like(ways)], axis=2)[:, :, None]


@pytest.mark.parametrize("kink", [False, True])
def test_paths_that_meet_go_straight_on(kink: bool) -> None:
    time_s, place = passing(kink)
    labels = np.where(time_s[:, None] < 0.2, [0.0, 1.0], 0.0)  # the sides are known at the start
    exchanged = settle_crossings(time_s, place, labels)
    assert exchanged[20:].all() == kink
    assert not exchanged[:10].any()


def test_a_smooth_path_lets_go_of_strays_and_does_not_lag() -> None:
    time_s = np.arange(60) / 30.0
    true = np.stack([np.sin(2 * np.pi * 1.5 * time_s), 0.2 * time_s], axis=1)
    point = true.copy()
    point[[20, 21, 40]] += 0.5
    path, weight = smooth_path(time_s, point, np.full(60, 0.01), 6.0)
    assert np.abs(path - true).max() < 0.02
    assert (weight[[20, 21, 40]] < 0.01).all()


def test_a_smooth_path_halves_what_swings_at_its_corner() -> None:
    time_s = np.arange(400) / 60.0
    point = np.stack([np.sin(2 * np.pi * 6.0 * time_s), np.zeros(400)], axis=1)
    path, _ = smooth_path(time_s, point, np.full(400, 100.0), 6.0)
    assert np.abs(path[100:300, 0]).max() == pytest.approx(0.5, abs=0.05)
