"""Whether two recordings of a person are closer than those of different people."""

import numpy as np
import pytest

from gait_core.bench.accuracy_real import same_person


def test_people_who_stay_the_same_are_recognised():
    first = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    found = same_person(first, first + 0.1)
    assert found["within"] == pytest.approx(0.1)
    assert found["between"] == pytest.approx(2.0, rel=0.01)
    # No other way to hand the recordings out comes near: 1 of 5! ways.
    assert found["probability"] == pytest.approx(1 / 120)
    assert found["icc"] > 0.99


def test_people_who_change_places_are_not():
    first = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    found = same_person(first, first[::-1])
    assert found["within"] > found["between"]
    assert found["probability"] == 1.0
    assert found["icc"] < 0


def test_a_second_recording_by_chance_is_no_proof():
    generator = np.random.default_rng(0)
    chances = [same_person(*generator.normal(size=(2, 5)))["probability"] for _ in range(200)]
    assert 0.01 < np.mean(np.array(chances) <= 0.05) < 0.12
