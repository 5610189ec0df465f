"""The time of a stride from the distance between the ankles."""

import numpy as np
import pytest

from gait_core.gait.rhythm import stride_time_s

RATE_HZ = 100.0


def separation(stride_s, seconds=6.0):
    time_s = np.arange(0.0, seconds, 1 / RATE_HZ)
    return 0.4 * np.sin(2 * np.pi * time_s / stride_s) + 0.05 * np.sin(4 * np.pi * time_s / stride_s)


@pytest.mark.parametrize("stride_s", [0.45, 0.57, 0.8, 1.1, 1.6, 2.2])
def test_strides_of_every_pace_are_timed(stride_s):
    assert stride_time_s(separation(stride_s), RATE_HZ) == pytest.approx(stride_s, abs=0.01)


def test_exchanged_legs_do_not_make_a_stride_of_each_step():
    assert stride_time_s(np.abs(separation(1.1)), RATE_HZ) == pytest.approx(1.1, abs=0.01)


@pytest.mark.parametrize("stride_s", [0.3, 6.0])
def test_what_nobody_does_has_no_rhythm_of_its_own(stride_s):
    found = stride_time_s(separation(stride_s), RATE_HZ)
    assert found is None or found >= 0.4


def test_nothing_and_noise_have_no_rhythm():
    assert stride_time_s(np.full(300, np.nan), RATE_HZ) is None
    assert stride_time_s(np.random.default_rng(1).normal(size=600), RATE_HZ) is None
