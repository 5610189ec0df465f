import numpy as np
import pytest
from gait_walks import select, simulated

from gait_core.config import FeatureSettings
from gait_core.gait.features import FEATURE_NAMES, compute_features
from gait_core.gait.windows import windows_of

SETTINGS = FeatureSettings()


def test_windows_are_views_not_copies():
    features = compute_features(simulated()[1])
    windows = windows_of(features, SETTINGS)
    assert windows.pieces
    for piece in windows.pieces:
        assert np.shares_memory(piece, features.values)
        assert not piece.flags.writeable


def test_shape_times_and_content():
    features = compute_features(simulated()[1])
    windows = windows_of(features, SETTINGS)
    stacked = windows.stacked()
    assert stacked.shape == (len(windows), SETTINGS.window_frames, len(FEATURE_NAMES))
    assert windows.dropped == 0
    np.testing.assert_allclose(np.diff(windows.start_s), SETTINGS.hop_frames / SETTINGS.rate_hz)
    np.testing.assert_allclose(windows.end_s - windows.start_s, (SETTINGS.window_frames - 1) / SETTINGS.rate_hz)
    for number in (0, len(windows) - 1):
        start = int(np.argmin(np.abs(features.time_s - windows.start_s[number])))
        np.testing.assert_array_equal(stacked[number], features.values[start : start + SETTINGS.window_frames])
    assert windows.middle_s[0] == pytest.approx((windows.start_s[0] + windows.end_s[0]) / 2)


@pytest.mark.parametrize(("window_s", "hop_s"), [(0.8, 0.04), (1.28, 0.2), (2.0, 0.08)])
def test_length_and_hop_are_in_seconds(window_s, hop_s):
    settings = SETTINGS.with_(window_s=window_s, hop_s=hop_s)
    windows = windows_of(compute_features(simulated()[1], settings), settings)
    assert windows.stacked().shape[1] == round(window_s * settings.rate_hz)


def test_a_walk_shorter_than_a_window_gives_none():
    settings = SETTINGS.with_(window_s=5.0)
    windows = windows_of(compute_features(select(simulated()[1], slice(0, 60)), settings), settings)
    assert len(windows) == 0
    assert windows.stacked().shape == (0, settings.window_frames, len(FEATURE_NAMES))


def test_windows_never_cross_a_missing_value():
    _, track = simulated()
    confidence = track.confidence.copy()
    confidence[75:84, 25] = 0.0
    settings = SETTINGS.with_(window_s=0.8)
    windows = windows_of(compute_features(track.with_(confidence=confidence), settings), settings)
    assert len(windows.pieces) == 2
    assert windows.dropped > 0
    assert np.isfinite(windows.stacked()).all()


def test_features_on_another_grid_are_refused():
    features = compute_features(simulated()[1])
    with pytest.raises(ValueError, match="30 Hz"):
        windows_of(features, SETTINGS.with_(rate_hz=30.0))
