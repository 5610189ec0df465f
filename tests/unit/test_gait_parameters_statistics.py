import math

import numpy as np
import pytest

from gait_core.config import MeasureSettings
from gait_core.gait.parameters.lengths import Step
from gait_core.gait.parameters.spatiotemporal import _cadence, sided_parameter
from gait_core.gait.parameters.statistics import interval, summarise, withheld
from gait_core.gait.parameters.symmetry import FORMULAS, asymmetry

SETTINGS = MeasureSettings()


def test_mean_spread_and_interval():
    values = np.random.default_rng(0).normal(1.1, 0.05, 60)
    summary = summarise(values, SETTINGS)
    assert summary.n == 60 and summary.values == tuple(values)
    assert summary.mean == pytest.approx(values.mean())
    assert summary.sd == pytest.approx(values.std(ddof=1))
    assert summary.cv_pct == pytest.approx(100 * summary.sd / summary.mean)
    half = 1.96 * summary.sd / math.sqrt(60)
    assert summary.ci_low == pytest.approx(summary.mean - half, abs=0.3 * half)
    assert summary.ci_high == pytest.approx(summary.mean + half, abs=0.3 * half)


def test_what_too_few_values_do_not_allow_is_withheld():
    assert summarise([], SETTINGS) is None
    assert summarise([math.nan], SETTINGS) is None
    two = summarise([1.0, math.nan, 1.2], SETTINGS)
    assert (two.n, two.mean, two.sd, two.ci_low) == (2, pytest.approx(1.1), None, None)
    three = summarise([1.0, 1.1, 1.2], SETTINGS)
    assert three.ci_low < 1.1 < three.ci_high and three.sd is None and three.cv_pct is None
    notes = withheld(5, SETTINGS, left=3, right=2)
    assert len(notes) == 2 and "3 left and 2 right" in notes[0] and "50" in notes[1]
    assert withheld(60, SETTINGS, left=30, right=30) == []
    assert len(withheld(2, SETTINGS)) == 2


def test_the_same_seed_gives_the_same_interval_and_another_one_another():
    values = np.random.default_rng(1).normal(size=8)
    assert interval(values, SETTINGS) == interval(values, SETTINGS)
    assert interval(values, SETTINGS) != interval(values, SETTINGS.with_(seed=1))


def test_a_higher_level_widens_the_interval():
    values = np.random.default_rng(1).normal(size=8)
    widths = [np.diff(interval(values, SETTINGS.with_(confidence_level=level)))[0] for level in (0.8, 0.95, 0.99)]
    assert widths == sorted(widths)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_the_interval_covers_the_mean_as_often_as_it_says(n):
    generator = np.random.default_rng(5)
    settings = SETTINGS.with_(resamples=500)
    limits = np.array([interval(generator.normal(size=n), settings) for _ in range(600)])
    assert 0.92 < np.mean((limits[:, 0] <= 0) & (limits[:, 1] >= 0)) < 0.98


def test_legs_that_differ_do_not_widen_the_interval_of_both():
    left, right = [66.0, 68.0, 67.0], [25.0, 24.0, 26.0]
    legs = [0] * 3 + [1] * 3
    pooled, both = summarise([*left, *right], SETTINGS), summarise([*left, *right], SETTINGS, legs=legs)
    assert both.mean == pooled.mean == pytest.approx(46.0)
    assert both.ci_low < 46.0 < both.ci_high
    assert both.ci_high - both.ci_low < 4.0 < 0.1 * (pooled.ci_high - pooled.ci_low)


def test_one_stride_of_a_leg_says_nothing_of_its_spread():
    values = [66.0, 68.0, 67.0, 25.0]
    assert summarise(values, SETTINGS, legs=[0, 0, 0, 1]) == summarise(values, SETTINGS)


@pytest.mark.parametrize("n", [2, 3, 6])
def test_the_interval_of_both_legs_covers_their_mean_as_often_as_it_says(n):
    generator = np.random.default_rng(n)
    settings = MeasureSettings(resamples=400)
    values = generator.normal([[60.0], [25.0]], 3.0, size=(600, 2, n)).reshape(600, -1)
    legs = np.repeat([0, 1], n)
    covered = [low < 42.5 < high for low, high in (interval(one, settings, legs=legs) for one in values)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.03)


def test_equal_values_have_an_interval_of_no_width():
    assert interval(np.full(5, 1.2), SETTINGS) == (pytest.approx(1.2), pytest.approx(1.2))


def test_symmetry_by_hand():
    found = asymmetry(0.6, 0.5)
    assert set(found) == set(FORMULAS)
    assert found["difference"] == pytest.approx(0.1)
    assert found["robinson_pct"] == pytest.approx(100 * 0.1 / 0.55)
    assert found["ratio"] == pytest.approx(1.2)
    assert found["log_ratio_pct"] == pytest.approx(100 * math.log(1.2))
    assert asymmetry(0.5, 0.6)["log_ratio_pct"] == pytest.approx(found["log_ratio_pct"])
    equal = asymmetry(1.1, 1.1)
    assert (equal["robinson_pct"], equal["ratio"], equal["log_ratio_pct"]) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize(("left", "right"), [(0.0, 0.1), (-0.1, 0.2), (0.1, 0.0)])
def test_ratios_of_values_that_are_not_positive_are_left_out(left, right):
    assert set(asymmetry(left, right)) == {"difference"}


def test_asymmetry_waits_for_enough_strides_of_both_sides():
    def parameter(left, right):
        values = {"left": [1.0] * left, "right": [1.1] * right}
        return sided_parameter("step_time_s", "Step time", "s", values, SETTINGS)

    assert parameter(10, 9).asymmetry is None
    assert parameter(10, 10).asymmetry["ratio"] == pytest.approx(1 / 1.1)
    empty = parameter(4, 0)
    assert empty.right is None and empty.both.n == 4


@pytest.mark.parametrize(
    ("name", "unit", "left", "right", "limits"),
    [
        ("knee_rom_deg", "deg", [70.0, 65.0], [20.0], (0.0, math.inf)),
        ("initial_double_support_s", "s", [0.1, 0.1], [0.02], (0.0, math.inf)),
        ("knee_max_swing_pct", "%", [99.0, 60.0], [98.0], (0.0, 100.0)),
        ("step_length_m", "m", [0.6, 0.55], [0.1], (0.0, math.inf)),
    ],
)
def test_no_interval_over_both_sides_leaves_what_is_possible(name, unit, left, right, limits):
    plain = summarise([*left, *right], SETTINGS)
    assert plain.ci_low < limits[0] or plain.ci_high > limits[1]
    parameter = sided_parameter(name, "", unit, {"left": left, "right": right}, SETTINGS)
    both = parameter.both
    assert (both.ci_low, both.ci_high) == (max(plain.ci_low, limits[0]), min(plain.ci_high, limits[1]))
    assert both.ci_low <= both.mean <= both.ci_high
    assert (both.mean, both.values) == (plain.mean, plain.values)
    (note,) = (note for note in parameter.notes if "cut at" in note)
    assert ("0 % to 100 %" in note) == (unit == "%")


@pytest.mark.parametrize(
    ("name", "unit", "values"),
    [
        ("ankle_min_swing_deg", "deg", [1.0, -9.0, -32.0]),
        ("step_length_m", "m", [0.3, -0.1, 0.05]),
        ("hip_max_stance_pct", "%", [0.0, 0.0, 0.0]),
        ("stride_time_s", "s", [1.0, 1.1, 1.2]),
    ],
)
def test_an_interval_of_possible_values_stays_as_it_is(name, unit, values):
    parameter = sided_parameter(name, "", unit, {"left": values, "right": []}, SETTINGS)
    assert (parameter.left.ci_low, parameter.left.ci_high) == interval(np.array(values), SETTINGS)
    assert not any("cut at" in note for note in parameter.notes)


@pytest.mark.parametrize(("durations_s", "has_interval"), [([0.5, 0.52, 0.54], True), ([0.1, 1.4, 0.2], False)])
def test_cadence_has_both_ends_of_its_interval_or_neither(durations_s, has_interval):
    steps = [
        Step(side="left", pass_number=0, start_s=0.0, end_s=end_s, length_leg=1.0, reach_leg=1.0)
        for end_s in durations_s
    ]
    cadence = _cadence(steps, lambda *_: 0.01, SETTINGS)
    assert (summarise(durations_s, SETTINGS).ci_low > 0.0) == has_interval
    if has_interval:
        assert cadence.both.ci_low < cadence.both.mean < cadence.both.ci_high
    else:
        assert (cadence.both.ci_low, cadence.both.ci_high) == (None, None)
    assert any("no upper limit" in note for note in cadence.notes) != has_interval
