"""Settings: JSON round trip, digests, ranges with messages that say what to do."""

from __future__ import annotations

import pytest

from gait_core.baseline.run_settings import RunSettings
from gait_core.config import (
    PROFILES,
    FeatureSettings,
    PoseSettings,
    ThresholdSettings,
    digest_of,
    profile_named,
)
from gait_core.errors import InputError, SettingsError
from gait_core.learn.autoencoder.settings import AutoencoderSettings
from gait_core.workflows.create_baseline import BaselineRequest

ALL = [PoseSettings, FeatureSettings, AutoencoderSettings, ThresholdSettings, RunSettings]


@pytest.mark.parametrize("kind", ALL)
def test_settings_survive_json_and_keep_their_digest(kind):
    settings = kind()
    again = kind.from_dict(settings.to_dict())
    assert again == settings
    assert again.digest() == settings.digest()


def test_digests_are_stable_between_releases():
    assert digest_of({"b": 1, "a": [1.5, "x"]}) == digest_of({"a": [1.5, "x"], "b": 1})
    assert PoseSettings(variant="lite").digest() != PoseSettings().digest()


def test_an_unknown_key_is_named():
    with pytest.raises(SettingsError, match="speeed"):
        PoseSettings.from_dict({"speeed": 1})


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (PoseSettings, {"detection_confidence": 1.5}),
        (PoseSettings, {"variant": "giant"}),
        (PoseSettings, {"target_fps": 0}),
        (FeatureSettings, {"window_s": float("nan")}),
        (ThresholdSettings, {"method": "guess"}),
        (ThresholdSettings, {"watch_rate": 0.01, "alert_rate": 0.05}),
        (ThresholdSettings, {"watch_k": 3.0, "alert_k": 2.0}),
        (AutoencoderSettings, {"cell": "rnn"}),
    ],
)
def test_a_value_out_of_range_says_what_was_expected(kind, values):
    with pytest.raises(SettingsError, match=r"Expected .* but got"):
        kind(**values)


def test_the_profiles_are_those_of_the_documentation():
    assert [
        (p.model_complexity, p.confidence, p.memory_limit_bytes // 1024**3, p.batch_size) for p in PROFILES.values()
    ] == [
        (0, 0.3, 1, 64),
        (1, 0.5, 2, 32),
        (2, 0.7, 4, 16),
    ]
    assert profile_named("accurate").pose_settings().variant == "heavy"
    with pytest.raises(SettingsError, match="fast, balanced, accurate"):
        profile_named("turbo")


FIVE = [f"{n}.mp4" for n in range(5)]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"videos": FIVE, "subject": "a", "fps": 0.0}, SettingsError),
        ({"videos": FIVE, "subject": "a", "speed_mps": -1.0}, SettingsError),
        ({"videos": FIVE, "subject": "  "}, SettingsError),
        ({"videos": FIVE[:2], "subject": "a"}, InputError),
        ({"videos": FIVE, "subject": "a", "cell": "transformer"}, SettingsError),
    ],
    ids=["fps 0", "speed -1", "no subject", "two videos", "cell"],
)
def test_a_request_that_makes_no_sense_is_refused_before_any_work(values, error):
    with pytest.raises(error, match=r"Expected .* but got"):
        BaselineRequest(**values)
