"""An image that stands still is told from a walk, however slow, and from frames that are shown twice."""

import numpy as np
import pytest
from gait_walks import simulated

from gait_core.gait.features import compute_features
from gait_core.gait.frozen import frozen_image
from gait_core.simulate.noise import observe
from gait_core.simulate.person import sample_person
from gait_core.simulate.walker import walk


def frozen(track, frames):
    """Repeat one frame for that many frames, and go on at the true time."""
    position = track.position.copy()
    middle = len(track) // 2
    position[middle : middle + frames] = position[middle]
    return track.with_(position=position)


def codes(track):
    return {warning.code for warning in compute_features(track).warnings}


@pytest.fixture(scope="module")
def seen():
    return observe(simulated(fps=30.0)[0], seed=4)


def test_a_standing_image_in_a_walk_withholds_the_level(seen):
    assert "image_frozen" not in codes(seen)
    found = compute_features(frozen(seen, 12))
    (warning,) = [one for one in found.warnings if one.code == "image_frozen"]
    assert warning.blocking and "stands still for about 0.4 s" in warning.message


def test_a_frame_that_is_shown_twice_is_none(seen):
    assert "image_frozen" not in codes(frozen(seen, 2))


def test_a_slow_walker_is_none():
    track = observe(
        walk(sample_person(3), seed=3, fps=60.0, duration_s=6.0, impairment="shuffling", severity=1.0), seed=3
    )
    assert "image_frozen" not in codes(track)


def test_standing_before_and_after_the_walk_is_no_part_of_it(seen):
    assert frozen_image(frozen(seen, 12), ()) is None
    assert frozen_image(seen.with_(confidence=np.zeros_like(seen.confidence)), ()) is None
