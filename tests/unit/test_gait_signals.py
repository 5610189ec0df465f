import numpy as np
import pytest
from gait_walks import FINE_HZ, select, simulated

from gait_core.config import FeatureSettings
from gait_core.gait.gaps import fill_gaps, runs, trusted
from gait_core.gait.lowpass import lowpass, zero_lag_corner
from gait_core.gait.signals import smooth, time_grid

SETTINGS = FeatureSettings()
LEG = [23, 24, 25, 26, 27, 28]


def condition(track, rows, settings):
    return smooth(track, rows, settings).at(settings.rate_hz)


@pytest.mark.parametrize("rate_hz", [25.0, 30.0, 100.0])
def test_both_passes_together_have_their_corner_where_asked(rate_hz):
    time_s = np.arange(0, 20, 1 / rate_hz)
    wave = np.sin(2 * np.pi * 6.0 * time_s)
    middle = slice(len(wave) // 4, -len(wave) // 4)
    gain = np.std(lowpass(wave, rate_hz, 6.0)[middle]) / np.std(wave[middle])
    assert gain == pytest.approx(np.sqrt(0.5), abs=0.02)
    assert zero_lag_corner(6.0, rate_hz) > 6.0


def test_the_filter_has_no_lag_and_keeps_slow_motion():
    time_s = np.arange(0, 8, 0.01)
    wave = np.sin(2 * np.pi * 1.0 * time_s)
    assert np.abs(lowpass(wave, 100.0, 6.0) - wave)[100:-100].max() < 0.01


def test_highpass_keeps_what_lowpass_removes():
    time_s = np.arange(0, 20, 0.01)
    slow, fast = np.sin(2 * np.pi * 0.1 * time_s), np.sin(2 * np.pi * 3.0 * time_s)
    kept = lowpass(slow + fast, 100.0, 0.7, kind="highpass")
    assert np.abs(kept - fast)[300:-300].max() < 0.05


@pytest.mark.parametrize("count", [1, 2, 3, 5, 30])
def test_short_pieces_pass_through_the_filter(count):
    assert np.isfinite(lowpass(np.linspace(0, 1, count), 25.0, 6.0)).all()


def test_runs():
    assert runs(np.array([1, 1, 0, 1, 0, 0, 1], dtype=bool)) == [(0, 2), (3, 4), (6, 7)]
    assert runs(np.zeros(3, dtype=bool)) == []


@pytest.mark.parametrize(("missing", "is_filled"), [(1, True), (3, True), (4, False), (8, False)])
def test_gaps_up_to_the_limit_are_filled_and_marked(missing, is_filled):
    time_s = np.arange(40) / 25.0
    wave = np.stack([np.sin(4 * time_s), np.cos(4 * time_s)], axis=1)
    valid = np.ones(40, dtype=bool)
    valid[15 : 15 + missing] = False
    filled, marks = fill_gaps(wave, valid, time_s, 0.12)
    assert marks.sum() == (missing if is_filled else 0)
    assert np.isfinite(filled[15 : 15 + missing]).all() == is_filled
    if is_filled:
        assert np.abs(filled - wave).max() < 0.01


def test_nothing_is_extrapolated():
    time_s = np.arange(20) / 25.0
    valid = np.ones(20, dtype=bool)
    valid[[0, 1, 18, 19]] = False
    filled, marks = fill_gaps(np.ones((20, 2)), valid, time_s, 0.12)
    assert not marks.any()
    assert np.isnan(filled[[0, 1, 18, 19]]).all()


def test_uncertain_and_outside_landmarks_are_not_trusted():
    _, track = simulated()
    confidence, position = track.confidence.copy(), track.position.copy()
    confidence[3, 27] = 0.1
    position[4, 27, 1] = track.height_px * 1.2
    seen = trusted(track.with_(confidence=confidence, position=position), 0.3)
    assert not seen[3, 27]
    assert not seen[4, 27]
    assert seen[5, 27]


@pytest.mark.parametrize("step", [5, 10, 12], ids=["60 fps", "30 fps", "25 fps"])
def test_the_frame_rate_does_not_change_the_signals(step):
    _, fine = simulated(fps=FINE_HZ)
    reference = condition(fine, LEG, SETTINGS)
    signals = condition(select(fine, slice(None, None, step)), LEG, SETTINGS)
    shared = min(len(signals.time_s), len(reference.time_s))
    height = np.ptp(fine.position[0, :, 1])
    away = np.abs(signals.position[:shared] - reference.position[:shared])[5:-5]
    assert np.nanmax(away) / height < 0.004


def test_variable_time_stamps_give_the_same_signals():
    _, fine = simulated(fps=FINE_HZ)
    steps = np.random.default_rng(0).integers(4, 17, size=len(fine))
    frames = np.cumsum(np.concatenate([[0], steps]))
    signals = condition(select(fine, frames[frames < len(fine)]), LEG, SETTINGS)
    reference = condition(fine, LEG, SETTINGS)
    shared = min(len(signals.time_s), len(reference.time_s))
    away = np.abs(signals.position[:shared] - reference.position[:shared])[5:-5]
    assert np.nanmax(away) / np.ptp(fine.position[0, :, 1]) < 0.01


def test_a_long_gap_stays_missing_and_the_rest_is_unharmed():
    _, track = simulated()
    confidence = track.confidence.copy()
    confidence[60:72, 27] = 0.0
    reference = condition(track, LEG, SETTINGS)
    signals = condition(track.with_(confidence=confidence), LEG, SETTINGS)
    gone = np.isnan(signals.position[:, 4, 0])
    assert 9 <= gone.sum() <= 13
    assert np.isfinite(np.delete(signals.position, 4, axis=1)).all()
    far = np.abs(signals.time_s - track.time_s[66]) > 0.45
    assert np.abs(signals.position - reference.position)[far].max() < 0.5


def test_what_is_filled_over_a_longer_gap_stays_between_its_ends():
    time_s = np.arange(60) / 30.0
    jerky = np.where(np.arange(60) % 2, 12.0, -12.0)[:, None] + 40.0 * np.sin(time_s)[:, None]
    valid = np.ones(60, dtype=bool)
    valid[26:33] = False
    filled, marks = fill_gaps(jerky, valid, time_s, 0.3)
    assert marks.sum() == 7
    ends = sorted([float(jerky[25, 0]), float(jerky[33, 0])])
    assert ends[0] - 1e-9 <= filled[marks].min() <= filled[marks].max() <= ends[1] + 1e-9


def test_a_hole_in_the_time_stamps_is_a_gap():
    _, track = simulated()
    frames = np.r_[0:60, 75 : len(track)]
    signals = condition(select(track, frames), LEG, SETTINGS)
    assert np.isnan(signals.position[:, 0, 0]).sum() >= 10


def test_the_grid_covers_the_walk_and_no_more():
    grid = time_grid(np.array([0.1, 0.5, 1.1]), 25.0)
    assert len(grid) == 26
    assert grid[-1] == pytest.approx(1.1)
