"""Curves that no body can have are in no mean, and the measurement says why."""

from __future__ import annotations

import numpy as np
import pytest
from gait_walks import simulated

from gait_core.gait.curves import CURVES, stride_curves
from gait_core.gait.events.detect import detect_events
from gait_core.gait.impossible import ANGLE_LIMITS_DEG, RANGE_LIMITS_DEG, without_impossible
from gait_core.gait.measurement import measure, motion_of
from gait_core.gait.strides import build_strides


@pytest.fixture(scope="module")
def curves():
    motion = motion_of(simulated(seed=1)[1])
    return stride_curves(motion, build_strides(detect_events(motion, measure(motion).settings), motion))


def test_every_curve_has_limits():
    assert set(ANGLE_LIMITS_DEG) == set(RANGE_LIMITS_DEG) == set(CURVES)


def test_a_walk_as_it_is_loses_nothing(curves):
    kept, warnings = without_impossible(curves)
    assert kept is curves and warnings == []


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("knee", lambda curve: 2.8 * curve),
        ("hip", lambda curve: curve + 150.0),
        ("trunk", lambda curve: curve + np.linspace(0.0, 70.0, len(curve))),
    ],
)
def test_an_impossible_stride_is_left_out_alone(curves, name, changed):
    spoilt = curves.values[name, "left"].copy()
    spoilt[0] = changed(spoilt[0])
    kept, warnings = without_impossible(
        type(curves)(values={**curves.values, (name, "left"): spoilt}, foot_off_pct=curves.foot_off_pct)
    )
    assert np.isnan(kept.values[name, "left"][0]).all()
    np.testing.assert_array_equal(kept.values[name, "left"][1:], curves.values[name, "left"][1:])
    np.testing.assert_array_equal(kept.values[name, "right"], curves.values[name, "right"])
    (warning,) = warnings
    assert warning.code == "impossible_values" and not warning.blocking
    assert f"1 of {len(spoilt)} strides" in warning.message and "left" in warning.message
