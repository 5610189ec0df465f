"""Loading Keras ahead: only where it will be needed, and quiet about what goes wrong."""

from __future__ import annotations

import logging

from gait_core.baseline.model_choice import needs_keras
from gait_core.baseline.run_settings import RunSettings
from gait_core.config import FeatureSettings, ThresholdSettings
from gait_core.errors import LibraryError
from gait_core.learn import backend
from gait_core.learn.autoencoder.settings import AutoencoderSettings


def settings(cell: str) -> RunSettings:
    return RunSettings(features=FeatureSettings(), learn=AutoencoderSettings(cell=cell), thresholds=ThresholdSettings())


def test_fine_tuning_the_shipped_model_needs_no_keras():
    assert not needs_keras(settings("gru"), from_scratch=False)
    assert needs_keras(settings("gru"), from_scratch=True)
    assert needs_keras(settings("lstm"), from_scratch=False)


def test_what_fails_ahead_is_left_to_the_place_that_needs_it(monkeypatch, caplog):
    def missing() -> None:
        raise LibraryError("Expected Keras to load, but it failed.", "Install it.")

    monkeypatch.setattr(backend, "load_keras", missing)
    with caplog.at_level(logging.INFO, logger="gait_core.learn.backend"):
        backend.preload().join(10.0)
    assert "loading ahead failed" in caplog.text
