"""Limits: each method does what it says, stated rates hold, small samples say how little they know."""

from __future__ import annotations

import json

import numpy as np
import pytest

from gait_core.baseline.pretrained import load_pretrained
from gait_core.baseline.thresholds import (
    Reference,
    Thresholds,
    compute_thresholds,
    level_of,
    small_sample_factor,
)
from gait_core.config import ThresholdSettings
from gait_core.errors import InputError

OWN = np.array([0.9, 1.0, 1.05, 0.95, 1.1])


def reference(people: int = 199, seed: int = 0) -> Reference:
    generator = np.random.default_rng(seed)
    return Reference(deviations=generator.normal(size=(people, 3)), prior_sd=0.1, prior_weight=6.0, source="simulated")


def test_mean_and_sd():
    found = compute_thresholds(OWN, ThresholdSettings(method="mean_sd", watch_k=2, alert_k=3))
    assert found.watch == pytest.approx(OWN.mean() + 2 * OWN.std(ddof=1))
    assert found.alert == pytest.approx(OWN.mean() + 3 * OWN.std(ddof=1))
    assert found.stated_watch_rate is None


def test_percentile():
    found = compute_thresholds(OWN, ThresholdSettings(method="percentile", watch_percentile=50, alert_percentile=100))
    assert (found.watch, found.alert) == (pytest.approx(1.0), pytest.approx(1.1))


def test_own_walks_alone_cannot_state_a_small_rate():
    found = compute_thresholds(OWN, ThresholdSettings(watch_rate=0.05, alert_rate=0.01))
    assert found.stated_watch_rate == pytest.approx(1 / 6)
    assert found.smallest_rate == pytest.approx(1 / 6)
    assert found.watch == OWN.max()
    assert "16.7 %" in found.note


def test_a_reference_makes_small_rates_reachable():
    found = compute_thresholds(OWN, ThresholdSettings(watch_rate=0.05, alert_rate=0.01), reference())
    assert (found.stated_watch_rate, found.stated_alert_rate) == (0.05, 0.01)
    assert found.smallest_rate == pytest.approx(1 / 200)
    assert 1.0 < found.watch < found.alert


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.2])
def test_the_stated_rate_holds_for_people_like_those_of_the_reference(rate):
    generator = np.random.default_rng(5)

    def person():
        centre, sd = generator.normal(), 0.1 * np.sqrt(6 / generator.chisquare(6))
        return np.exp(centre + sd * generator.normal(size=8))

    walks = [person() for _ in range(199)]
    start = Reference(deviations=np.empty((0, 0)), prior_sd=0.12, prior_weight=6.0, source="")
    deviations = np.array([(np.log(w[5:]) - np.log(w[:5]).mean()) / start.spread(np.log(w[:5])) for w in walks])
    known = Reference(deviations=deviations, prior_sd=0.12, prior_weight=6.0, source="test")
    alarms = []
    for _ in range(800):
        walk = person()
        limits = compute_thresholds(walk[:5], ThresholdSettings(watch_rate=rate, alert_rate=0.01), known)
        alarms.extend(walk[5:] >= limits.watch)
    assert np.mean(alarms) == pytest.approx(rate, abs=0.03)


def test_a_person_who_varies_more_gets_wider_limits():
    steady, varied = np.array([1.0, 1.01, 0.99, 1.0, 1.0]), np.array([0.6, 1.5, 0.8, 1.3, 1.0])
    settings = ThresholdSettings()
    narrow = compute_thresholds(steady, settings, reference())
    wide = compute_thresholds(varied, settings, reference())
    assert narrow.watch < wide.watch


def test_a_stricter_rate_never_lowers_a_limit():
    limits = [
        compute_thresholds(OWN, ThresholdSettings(watch_rate=rate, alert_rate=0.005), reference()).watch
        for rate in (0.4, 0.2, 0.1, 0.05, 0.02)
    ]
    assert limits == sorted(limits)


def test_levels():
    limits = compute_thresholds(OWN, ThresholdSettings(), reference())
    assert level_of(0.9, limits) == "normal"
    assert level_of(limits.watch, limits) == "normal"
    assert level_of(limits.watch * 1.001, limits) == "watch"
    assert level_of(limits.alert * 1.001, limits) == "alert"


def test_limits_survive_json():
    limits = compute_thresholds(OWN, ThresholdSettings(), reference())
    assert Thresholds.from_dict(limits.to_dict()) == limits
    known = reference()
    known.deviations[3, 1] = np.nan  # a walk that could not be used
    again = Reference.from_dict(json.loads(json.dumps(known.to_dict(), allow_nan=False)))
    np.testing.assert_allclose(again.deviations, known.deviations, atol=1e-4)


def test_one_walk_is_not_enough():
    with pytest.raises(InputError, match="at least two"):
        compute_thresholds(np.array([1.0]), ThresholdSettings())


def test_limits_from_few_walks_are_wider():
    assert small_sample_factor(5) == small_sample_factor(9) == 1.0
    # Two-sided tables of t: 2.353 for three degrees of freedom, 2.015 for five.
    assert small_sample_factor(3) == pytest.approx(2.353 * np.sqrt(1 + 1 / 3) / (2.015 * np.sqrt(1.2)), rel=1e-3)
    assert small_sample_factor(3) > small_sample_factor(4) > 1.0


def test_three_walks_make_wider_limits_than_five_of_the_same_person():
    pretrained, generator = load_pretrained("gru"), np.random.default_rng(3)
    settings = ThresholdSettings()
    narrower = 0
    for _ in range(100):
        walks = np.exp(0.1 * generator.normal(size=5))
        five = compute_thresholds(walks / np.exp(np.log(walks).mean()), settings, pretrained.reference_for(5))
        few = walks[:3]
        three = compute_thresholds(few / np.exp(np.log(few).mean()), settings, pretrained.reference_for(3))
        narrower += three.watch < five.watch
        assert "Widened" in three.note
        assert "Widened" not in five.note
    # Only where the two walks left out stand far off from the three that happen to be alike.
    assert narrower <= 5
