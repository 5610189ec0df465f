import json

import numpy as np
import pytest
from scipy.stats import t as student

from gait_core.config import MeasureSettings
from gait_core.gait.change import CANNOT_TELL, REAL, USUAL, Change, changes, own_mdc, published_mdc, shown_difference
from gait_core.gait.parameters.spatiotemporal import PARAMETERS, sided_parameter

SETTINGS = MeasureSettings()


def walk(left, right=None, name="swing_time_s"):
    label, unit = PARAMETERS.get(name, ("Knee flexion, range", "deg"))
    values = {"left": [left] * 3, "right": [left if right is None else right] * 3}
    return {name: sided_parameter(name, label, unit, values, SETTINGS)}


def only(visit, baseline, **how):
    (change,) = changes(visit, baseline, **how)
    return change


BASE = [walk(value) for value in (0.40, 0.41, 0.42, 0.40, 0.42)]


def test_the_own_spread_decides_where_nothing_is_published():
    known = [0.40, 0.41, 0.42, 0.40, 0.42]
    limit = student.ppf(0.975, 4) * np.std(known, ddof=1) * np.sqrt(1.2)
    assert own_mdc(known) == pytest.approx(limit)
    small, large = only(walk(0.43), BASE), only(walk(0.46), BASE)
    assert (small.verdict, large.verdict) == (USUAL, REAL)
    assert large.mdc == pytest.approx(limit) and large.mdc_source == "own" and large.published is None
    assert large.difference == pytest.approx(0.05) and large.n_walks == 5
    assert "0.46 s" in large.sentence and "Real change" in large.sentence and "+0.05 s" in large.sentence


def test_an_unchanged_person_is_rarely_called_changed():
    generator = np.random.default_rng(3)
    verdicts = []
    for _ in range(400):
        values = generator.normal(0.4, 0.01, 6)
        verdicts.append(only(walk(values[0]), [walk(value) for value in values[1:]]).verdict)
    assert 0.02 < verdicts.count(REAL) / len(verdicts) < 0.08


def test_too_few_walks_tell_no_spread():
    change = only(walk(0.6), BASE[:2])
    assert change.verdict == CANNOT_TELL and change.mdc is None and "2 baseline walks" in change.sentence
    nothing = only(walk(0.6), [])
    assert nothing.verdict == CANNOT_TELL and nothing.difference is None and "cannot be compared" in nothing.sentence


def test_the_larger_limit_decides_and_both_are_shown():
    steady = [walk(value, name="step_time_s") for value in (0.500, 0.501, 0.502)]
    change = only(walk(0.56, name="step_time_s"), steady)
    assert change.verdict == USUAL and change.mdc_source == "published" and change.mdc == 0.12
    assert change.own_mdc < 0.01
    assert "more than this person's own spread" in change.sentence
    assert "no more than the published" in change.sentence
    restless = [walk(value, name="step_time_s") for value in (0.4, 0.5, 0.6)]
    assert only(walk(0.65, name="step_time_s"), restless).mdc_source == "own"


def test_a_published_value_alone_is_used_and_said_so():
    change = only(walk(0.7, name="step_time_s"), [walk(0.5, name="step_time_s")])
    assert change.verdict == REAL and change.own_mdc is None
    assert "give no spread for this person" in change.sentence


@pytest.mark.parametrize(("speed", "limit"), [(0.3, 0.10), (0.5, 0.15), (1.3, 0.18)])
def test_the_change_in_speed_depends_on_the_speed(speed, limit):
    base = [walk(speed + away, name="walking_speed_mps") for away in (-0.001, 0.0, 0.001)]
    change = only(walk(speed + 0.17, name="walking_speed_mps"), base)
    assert change.mdc == limit and "Lewek" in change.sentence
    assert change.verdict == (REAL if limit < 0.17 else USUAL)
    assert published_mdc("walking_speed_mps", None) is None


def test_angles_of_the_legs_have_a_published_limit_and_their_timing_has_none():
    assert published_mdc("knee_max_swing_deg", 60.0).value == 5.0
    assert published_mdc("knee_max_swing_pct", 70.0) is None
    assert published_mdc("trunk_rom_deg", 5.0) is None


def test_against_an_earlier_visit_the_baseline_gives_only_the_spread():
    change = only(walk(0.46), BASE, earlier=walk(0.45))
    assert change.difference == pytest.approx(0.01) and change.verdict == USUAL
    assert change.own_mdc == pytest.approx(own_mdc([0.40, 0.41, 0.42, 0.40, 0.42], single=True))
    assert "earlier visit" in change.sentence
    assert only(walk(0.46), BASE, earlier={}).verdict == CANNOT_TELL


def test_sides_are_compared_on_their_own():
    base = [walk(a, b) for a, b in ((0.40, 0.41), (0.41, 0.40), (0.40, 0.40), (0.41, 0.41))]
    found = {c.side: c for c in changes(walk(0.40, 0.50), base, sides=("left", "right"))}
    assert (found["left"].verdict, found["right"].verdict) == (USUAL, REAL)
    assert found["right"].sentence.startswith("Swing time, right:")


def test_a_change_survives_json():
    for change in (only(walk(0.46), BASE), only(walk(0.6, name="step_time_s"), []), only(walk(0.5), [])):
        assert Change.from_dict(json.loads(json.dumps(change.to_dict(), allow_nan=False))) == change


@pytest.mark.parametrize(
    ("now", "before", "digits", "shown"), [(33.4, 66.6, 0, -34.0), (0.504, 0.4951, 2, 0.0), (1.0, 1.0, 2, 0.0)]
)
def test_a_shown_difference_is_that_of_the_shown_values(now, before, digits, shown):
    assert shown_difference(now, before, digits) == shown


def test_the_sentence_shows_a_difference_that_whoever_subtracts_finds():
    change = only(walk(0.6049), [walk(0.4151)] * 3)  # 0.1898 apart, which alone would be shown as 0.19
    assert "0.60 s against 0.42 s" in change.sentence and "(+0.18 s)" in change.sentence
