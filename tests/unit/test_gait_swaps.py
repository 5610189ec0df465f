import numpy as np
import pytest
from gait_walks import simulated

from gait_core.config import FeatureSettings
from gait_core.gait.body import leg_length_px
from gait_core.gait.features import FEATURE_NAMES, compute_features
from gait_core.gait.swaps import LEG_ROWS, repair_leg_swaps
from gait_core.pose.landmarks import MIRROR

ROWS = [*LEG_ROWS, *(MIRROR[row] for row in LEG_ROWS)]
TWINS = [MIRROR[row] for row in ROWS]


def exchanged(track, frames):
    position = track.position.copy()
    position[np.ix_(frames, ROWS)] = track.position[np.ix_(frames, TWINS)]
    return track.with_(position=position)


def apart(track):
    """Return the frames in which the ankles are clearly apart."""
    return np.abs(track.position[:, 27, 0] - track.position[:, 28, 0]) > 0.2 * leg_length_px(track.position)


@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0])
@pytest.mark.parametrize("direction", [1, -1])
def test_exchanged_legs_are_found_and_put_right(fps, direction):
    _, track = simulated(fps=fps, direction=direction)
    clear = apart(track)
    frames = [
        frame
        for start_s, length_s in ((1.0, 0.2), (2.0, 0.08), (2.7, 0.3))
        for frame in range(round(start_s * fps), round((start_s + length_s) * fps))
    ]
    repair = repair_leg_swaps(exchanged(track, frames), leg_length_px(track.position))
    wanted = np.zeros(len(track), dtype=bool)
    wanted[frames] = True
    assert (repair.swapped == wanted)[clear & ~repair.blended].all()
    assert repair.blended.sum() <= 4
    good = ~repair.blended & clear
    np.testing.assert_array_equal(repair.track.position[good], track.position[good])


def test_frames_that_flicker_are_put_right():
    _, track = simulated(fps=25.0)
    clear = apart(track)
    frames = [50, 52, 53, 55, 57, 58]
    repair = repair_leg_swaps(exchanged(track, frames), leg_length_px(track.position))
    good = ~repair.blended & clear
    np.testing.assert_array_equal(repair.track.position[good], track.position[good])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("impairment", [None, "antalgic", "shuffling", "asymmetric_step", "stiff_knee"])
def test_right_labels_are_left_alone(seed, impairment):
    _, track = simulated(seed=seed, impairment=impairment, severity=1.0 if impairment else 0.0)
    repair = repair_leg_swaps(track, leg_length_px(track.position))
    assert not repair.swapped.any()
    assert not repair.blended.any()
    assert repair.track is track


def test_repair_can_be_undone_by_the_setting():
    _, track = simulated()
    bad = exchanged(track, list(range(60, 70)))
    settings = FeatureSettings()
    repaired, raw = compute_features(bad, settings), compute_features(bad, settings.with_(repair_swaps=False))
    assert repaired.quality["swapped_frames"]
    assert raw.quality["swapped_frames"] == []
    reference = compute_features(track, settings)
    shared = reference.walking & repaired.walking & raw.walking
    knee = FEATURE_NAMES.index("near_knee_deg")
    off = [np.nanmax(np.abs(walk.values - reference.values)[shared, knee]) for walk in (repaired, raw)]
    assert off[0] < 6 < 15 < off[1]
