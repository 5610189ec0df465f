"""Changes of a walk that must not change its parameters, on simulated landmarks."""

import numpy as np
import pytest
from gait_walks import moved, simulated

from gait_core.bench.metamorphic import (
    COMPARED,
    FEET,
    compare,
    mirrored_track,
    with_gap,
    with_legs_exchanged,
)
from gait_core.config import MeasureSettings
from gait_core.gait.events.gait_events import KINDS
from gait_core.gait.measurement import measure, motion_of

SETTINGS = MeasureSettings()
WALK = {"duration_s": 8.0, "distance_m": 8.0}
PLACES = (0.3, 0.5, 0.7)


def walked(seed=1, **changes):
    return simulated(seed=seed, **(WALK | changes))[1]


def moment(track, share):
    segment = motion_of(track).used[0]
    return segment.start_s + share * segment.duration_s


def largest_pct(comparison, side="both"):
    changes = [abs(value) for (name, where), value in comparison.all_pct.items() if name in COMPARED and where == side]
    assert len(changes) >= 7
    return max(changes)


@pytest.mark.parametrize("direction", [-1, 1])
def test_a_mirrored_walk_has_the_same_parameters_with_the_sides_exchanged(direction):
    track = walked(direction=direction)
    found = compare(track, mirrored_track(track), SETTINGS, sides_exchanged=True)
    assert found.lost == found.added == 0
    assert max(abs(value) for value in found.all_pct.values()) < 0.01


def test_the_sides_have_to_be_exchanged_with_a_mirror():
    track = walked(seed=2)
    wrong = compare(track, mirrored_track(track), SETTINGS, sides_exchanged=False)
    assert wrong.lost > 5


def test_mirroring_twice_gives_the_walk_back():
    track = walked()
    twice = mirrored_track(mirrored_track(track))
    np.testing.assert_allclose(twice.position, track.position, atol=1e-3)
    np.testing.assert_array_equal(twice.confidence, track.confidence)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_the_size_of_the_frame_does_not_matter(factor):
    track = walked()
    size = (round(track.width_px * factor), round(track.height_px * factor))
    scaled = moved(track, [[factor, 0], [0, factor]], size=size)
    found = compare(track, scaled, SETTINGS, sides_exchanged=False)
    assert found.lost == found.added == 0
    assert max(abs(value) for value in found.all_pct.values()) < 0.1


def test_the_time_at_which_the_clock_starts_does_not_matter():
    track = walked()
    late = track.with_(time_s=track.time_s + 100.0)
    first, second = (measure(motion_of(one)) for one in (track, late))
    assert [round(stride.start_s - 100.0, 6) for stride in second.strides] == [
        round(stride.start_s, 6) for stride in first.strides
    ]
    for name, parameter in first.parameters.items():
        assert second.parameters[name].both.mean == pytest.approx(parameter.both.mean, rel=1e-6)


@pytest.mark.parametrize("fps", [25.0, 60.0, 120.0])
@pytest.mark.parametrize("seed", [1, 4])
def test_the_frame_rate_does_not_matter(seed, fps):
    found = compare(walked(seed), walked(seed, fps=fps), SETTINGS, sides_exchanged=False)
    assert largest_pct(found) < 2.0
    assert 1000 * np.median(np.abs(found.event_shifts_s)) < 5


@pytest.mark.parametrize("share", PLACES)
@pytest.mark.parametrize("length_s", [0.1, 0.3])
def test_exchanged_legs_are_put_right(share, length_s):
    track = walked()
    start_s = moment(track, share)
    exchanged = with_legs_exchanged(track, start_s, start_s + length_s)
    assert not np.array_equal(exchanged.position, track.position)
    found = compare(track, exchanged, SETTINGS, sides_exchanged=False)
    assert found.lost == found.added == 0
    assert largest_pct(found) < 2.0


@pytest.mark.parametrize("share", PLACES)
def test_a_gap_of_a_tenth_of_a_second_is_bridged(share):
    track = walked()
    start_s = moment(track, share)
    empty = with_gap(track, start_s, start_s + 0.1)
    assert 2 <= (~empty.detected).sum() <= 4
    found = compare(track, empty, SETTINGS, sides_exchanged=False)
    assert found.lost == found.added == 0
    assert largest_pct(found) < 2.0


def test_what_is_lost_is_counted_and_the_rest_compared():
    track = walked()
    start_s = moment(track, 0.5)
    found = compare(track, with_gap(track, start_s, start_s + 1.0), SETTINGS, sides_exchanged=False)
    assert found.lost > 0
    assert found.strides_common < found.strides
    assert found.common_pct["step_time_s", "both"] == pytest.approx(0.0, abs=2.0)


def test_events_are_told_apart_by_foot():
    track = walked()
    found = compare(track, track, SETTINGS, sides_exchanged=False)
    assert set(found.shifts_s) == {(foot, kind) for foot in FEET for kind in KINDS}
    assert all(shifts and not any(shifts) for shifts in found.shifts_s.values())
