import math

import numpy as np
import pytest

from gait_core.errors import InputError
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, GaitEvent
from gait_core.validation.agreement import bland_altman, icc, mae, rmse
from gait_core.validation.event_agreement import match_events, summarise_events
from gait_core.validation.limits import GENERAL_LIMITS, MOCAP_LIMITS, check_limits, limits_from
from gait_core.validation.reference_model import strides_of
from gait_core.validation.stride_agreement import agree_angle, pair_strides, stride_values

# The worked example of Shrout & Fleiss 1979, tables 2 to 4: six targets, four judges.
SHROUT = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float)


@pytest.mark.parametrize(("form", "value", "low", "high"), [("2,1", 0.29, 0.02, 0.76), ("3,1", 0.71, 0.34, 0.95)])
def test_icc_of_the_published_example(form, value, low, high):
    found = icc(SHROUT, form)
    assert (round(found.value, 2), round(found.low, 2), round(found.high, 2)) == (value, low, high)
    assert found.n == 6


def test_icc_knows_a_constant_bias():
    first = np.array([1.0, 2.0, 3.0, 5.0])
    shifted = np.stack([first, first + 0.5], axis=1)
    assert icc(shifted, "3,1").value == pytest.approx(1.0)
    absolute = icc(shifted, "2,1")
    assert absolute.low < absolute.value < 0.97
    assert absolute.value < absolute.high <= 1.0
    same = icc(np.stack([first, first], axis=1), "2,1")
    assert (same.value, same.low, same.high) == pytest.approx((1.0, 1.0, 1.0))


def test_icc_needs_rows_that_differ():
    assert icc(np.ones((5, 2))) is None
    assert icc(SHROUT[:2]) is None
    assert icc(np.array([[1.0, np.nan], [1, 2], [2, 3]])) is None
    with pytest.raises(InputError, match="'2,1' or '3,1'"):
        icc(SHROUT, "1,1")


def test_bland_altman_by_hand():
    reference = np.array([1.0, 2.0, 3.0, 4.0])
    found = bland_altman(reference + np.array([0.1, 0.3, 0.1, 0.3]), reference)
    sd = math.sqrt(0.04 / 3)
    assert (found.n, found.bias, found.sd) == (4, pytest.approx(0.2), pytest.approx(sd))
    assert found.upper == pytest.approx(0.2 + 1.96 * sd, abs=1e-4)
    # t(0.975, 3) = 3.182
    assert found.bias_high == pytest.approx(0.2 + 3.182 * sd / 2, abs=1e-3)
    assert found.upper_high == pytest.approx(found.upper + 3.182 * sd * math.sqrt(1 / 4 + 1.96**2 / 6), abs=1e-3)
    assert bland_altman(reference[:2], reference[:2]) is None
    assert bland_altman(np.array([1.0, np.nan, 2, 3]), reference) is not None


def test_limits_of_agreement_cover_what_they_promise():
    generator = np.random.default_rng(1)
    kept = bias_kept = 0
    for _ in range(300):
        found = bland_altman(0.5 + generator.normal(size=20), np.zeros(20))
        bias_kept += found.bias_low <= 0.5 <= found.bias_high
        kept += found.upper_low <= 0.5 + 1.96 <= found.upper_high
    assert bias_kept / 300 > 0.91
    assert kept / 300 > 0.90


def test_rmse_with_and_without_offset():
    reference = np.sin(np.linspace(0, 6, 50))
    assert rmse(reference + 3.0, reference) == pytest.approx(3.0)
    assert rmse(reference + 3.0, reference, without_offset=True) == pytest.approx(0.0, abs=1e-12)
    assert mae(np.array([1.0, np.nan, -1.0]), np.zeros(3)) == 1.0
    assert math.isnan(rmse(np.array([np.nan]), np.zeros(1)))
    with pytest.raises(InputError, match="as many"):
        mae(np.zeros(3), np.zeros(2))


def event(time_s, side="left", kind=INITIAL_CONTACT):
    return GaitEvent(time_s=time_s, side=side, kind=kind)


def test_each_event_has_one_partner():
    reference = [event(1.0), event(2.0), event(3.0)]
    matching = match_events([event(1.03), event(1.05), event(2.99), event(3.5)], reference)
    assert [round(error, 2) for error in matching.errors_s] == [0.03, -0.01]
    assert [e.time_s for e in matching.missed] == [2.0]
    # 1.05 is a second contact within the marked part; 3.5 lies behind the last event that the reference marks.
    assert [e.time_s for e in matching.extra] == [1.05]
    assert matching.outside == 1
    assert matching.f1 == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))


def test_sides_and_kinds_are_never_mixed():
    matching = match_events([event(1.0, "right"), event(2.0, kind=FOOT_OFF)], [event(1.0), event(2.0)])
    assert not matching.pairs
    assert math.isnan(summarise_events(matching, FOOT_OFF).bias_ms)


def test_what_the_video_could_not_see_is_not_missed():
    reference = [event(0.1), event(1.0), event(9.0)]
    assert match_events([event(1.0)], reference, spans_s=[(0.5, 5.0)]).f1 == 1.0
    assert match_events([event(1.0)], reference).f1 < 1.0


def test_errors_are_summed_up_in_milliseconds():
    matching = match_events([event(1.01), event(2.02), event(3.08)], [event(1.0), event(2.0), event(3.0)])
    found = summarise_events(matching, INITIAL_CONTACT)
    assert (found.median_error_ms, found.bias_ms) == (pytest.approx(20), pytest.approx(110 / 3))
    assert found.within_40ms_pct == pytest.approx(200 / 3)
    assert found.bland_altman.bias == pytest.approx(110 / 3)
    assert summarise_events(matching, INITIAL_CONTACT, "right").matched == 0


def gait(step_s=0.5, steps=8, start_s=1.0):
    sides = ("left", "right")
    events = []
    for number in range(steps):
        here = start_s + step_s * number
        events += [event(here, sides[number % 2]), event(here + 0.12, sides[1 - number % 2], FOOT_OFF)]
    return tuple(events)


def test_strides_of_a_reference_have_the_known_times():
    strides = strides_of(gait(), shift_s=2.0)
    assert len(strides) == 6
    assert strides[0].start_s == 3.0
    values = stride_values(strides[0])
    assert values["stride_time_s"] == pytest.approx(1.0)
    assert values["stance_time_s"] == pytest.approx(0.62)
    assert values["step_time_s"] == pytest.approx(0.5)
    assert values["single_support_s"] == pytest.approx(0.38)
    assert values["double_support_s"] == pytest.approx(0.24)
    assert values["cadence_spm"] == pytest.approx(120.0)


def test_a_cycle_without_its_foot_off_is_no_stride():
    events = gait()
    off = next(e for e in events if e.kind == FOOT_OFF and e.side == "left" and e.time_s > 1.2)
    assert len(strides_of(tuple(e for e in events if e is not off))) == 5
    assert strides_of(()) == ()


def test_strides_are_paired_by_time_and_side():
    strides = strides_of(gait())
    pairs = pair_strides(strides[1:], strides_of(gait(), shift_s=0.05))
    assert len(pairs) == 5
    assert all(a.side == b.side and abs(a.start_s - b.start_s) < 0.06 for a, b in pairs)
    assert pair_strides(strides, strides_of(gait(), shift_s=0.3)) == []


def test_angles_with_an_offset_and_a_gap():
    curve = 30 + 30 * np.sin(np.linspace(0, 2 * np.pi, 101))
    measured = np.stack([curve + 4.0, curve + 4.0, np.full(101, np.nan)])
    found = agree_angle("knee", "left", measured, np.stack([curve] * 3))
    assert (found.n, found.offset_deg) == (2, pytest.approx(4.0))
    assert found.rmse_deg == pytest.approx(4.0)
    assert found.rmse_without_offset_deg == pytest.approx(0.0, abs=1e-9)
    assert found.correlation == pytest.approx(1.0)
    assert np.allclose(found.measured - found.reference, 4.0)
    assert agree_angle("knee", "left", measured[2:], curve[None]) is None


def test_limits():
    checks = check_limits({"contact_error_ms": 12.0, "contact_bias_ms": -7.0, "event_f1": 1.0}, MOCAP_LIMITS)
    assert {check.limit.figure: check.passed for check in checks} == {
        "contact_error_ms": True,
        "contact_bias_ms": False,
        "event_f1": True,
    }
    assert "outside the limit (between -5 and 5)" in checks[1].sentence
    assert check_limits({"contact_error_ms": math.nan}, MOCAP_LIMITS) == ()
    mine = limits_from({"contact_bias_ms": 10.0, "event_f1": 0.9, "off_error_ms": 20.0}, MOCAP_LIMITS)
    bounds = {limit.figure: (limit.low, limit.high) for limit in mine}
    assert bounds["contact_bias_ms"] == (-10.0, 10.0)
    assert bounds["event_f1"] == (0.9, None)
    assert bounds["off_error_ms"] == (None, 20.0)
    with pytest.raises(InputError, match="shoe_size"):
        limits_from({"shoe_size": 42.0}, GENERAL_LIMITS)
