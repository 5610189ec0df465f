"""A long hole between two frames ends the part of a video that is used; memory follows the frames that exist."""

import numpy as np
import pytest
from gait_walks import simulated

from gait_core.gait.measurement import motion_of
from gait_core.gait.stretch import longest_stretch


def with_hole(seconds, at=30):
    _, track = simulated()
    time_s = track.time_s.copy()
    time_s[at:] += seconds
    return track.with_(time_s=time_s)


def test_a_track_without_a_hole_is_returned_itself():
    _, track = simulated()
    assert longest_stretch(track) == (track, None)
    short = with_hole(0.5)
    assert longest_stretch(short) == (short, None)


@pytest.mark.parametrize(("seconds", "said"), [(3.0, "3.0 s"), (600.0, "10 minutes"), (86_400.0, "24.0 hours")])
def test_the_longest_part_is_kept_on_its_own_clock(seconds, said):
    track = with_hole(seconds)
    kept, warning = longest_stretch(track)
    assert warning is not None
    assert said in warning.message
    assert len(kept) == len(track) - 30
    assert np.array_equal(kept.time_s, track.time_s[30:])
    assert np.array_equal(kept.position, track.position[30:])
    assert len(motion_of(kept).time_s) < 600


def test_several_holes_are_counted():
    track = with_hole(3.0)
    time_s = track.time_s.copy()
    time_s[90:] += 5.0
    kept, warning = longest_stretch(track.with_(time_s=time_s))
    assert len(kept) == 60
    assert warning is not None
    assert "(and 1 more)" in warning.message
