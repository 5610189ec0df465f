import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from gait_truth import SETTINGS, exact, of_track, seen
from gait_walks import mirrored, simulated
from scipy.interpolate import PchipInterpolator

from gait_core.gait.angles import SIDES
from gait_core.gait.curves import CURVES, POINTS, Curves, key_values, stride_curves
from gait_core.gait.deviation import (
    PHASES,
    Band,
    band_of,
    gait_variable_scores,
    phase_profile,
    z_curves,
)

CYCLE = np.linspace(0.0, 1.0, POINTS)


def curves_of(walk):
    _, motion, _, strides = walk
    return stride_curves(motion, strides)


def made(values, foot_off_pct=60.0):
    """Return curves with the same strides for every name and side."""
    values = np.atleast_2d(values)
    return Curves(
        values={(name, side): values for name in CURVES for side in SIDES},
        foot_off_pct={side: np.full(len(values), foot_off_pct) for side in SIDES},
    )


def test_curves_follow_the_true_angles():
    truth, _, _, strides = walk = exact()
    curves = curves_of(walk)
    for side in SIDES:
        own = [s for s in strides if s.side == side]
        assert curves.count(side) == len(own)
        for name, limit_deg in (("hip", 1.5), ("knee", 2.5), ("ankle", 4.0)):
            for stride, curve in zip(own, curves.values[name, side], strict=True):
                known = np.interp(stride.start_s + CYCLE * stride.duration_s, truth.time_s, truth.angle_deg(side, name))
                away = curve - known
                assert np.sqrt(np.mean((away - away.mean()) ** 2)) < limit_deg
        lean = np.interp(own[0].start_s + CYCLE * own[0].duration_s, truth.time_s, truth.trunk_lean_deg)
        assert np.abs(curves.values["trunk", side][0] - lean).max() < 1.5
        assert curves.foot_off_pct[side] == pytest.approx([s.foot_off_pct for s in own])


@pytest.mark.slow
def test_curves_of_the_near_leg_as_a_pose_model_sees_them():
    away = {name: [] for name in ("hip", "knee", "ankle")}
    for number in range(16):
        truth, motion, _, strides = walk = seen(100 + number, number, direction=1 if number % 2 else -1)
        curves, side = curves_of(walk), motion.visible_side
        own = [s for s in strides if s.side == side]
        for name, found in away.items():
            for stride, curve in zip(own, curves.values[name, side], strict=True):
                known = np.interp(stride.start_s + CYCLE * stride.duration_s, truth.time_s, truth.angle_deg(side, name))
                found.append(np.std(curve - known))
    assert np.mean(away["hip"]) < 5.0 and np.mean(away["knee"]) < 6.0 and np.mean(away["ankle"]) < 7.0


def test_a_mirrored_walk_exchanges_the_sides():
    truth, track = simulated()
    one, other = curves_of(of_track(truth, track)), curves_of(of_track(truth.mirrored(), mirrored(track)))
    np.testing.assert_allclose(one.values["knee", "left"], other.values["knee", "right"], atol=0.1)


def test_mean_and_sd_leave_missing_samples_out():
    values = np.stack([np.zeros(POINTS), np.full(POINTS, 2.0), np.full(POINTS, 4.0)])
    values[0, :10] = np.nan
    values[:, 100] = np.nan
    curves = made(values)
    assert curves.mean("knee", "left")[[0, 50]].tolist() == [3.0, 2.0]
    assert curves.sd("knee", "left")[[0, 50]] == pytest.approx([np.sqrt(2), 2.0])
    assert np.isnan(curves.mean("knee", "left")[100]) and np.isnan(curves.sd("knee", "left")[100])


def test_no_strides_give_empty_curves_and_no_values():
    _, motion, _, _ = exact()
    curves = stride_curves(motion, ())
    assert curves.values["knee", "left"].shape == (0, POINTS)
    assert np.isnan(curves.mean("knee", "left")).all()
    assert key_values(curves) == {} and band_of([curves]) == {} and band_of([]) == {}


def test_a_gap_stays_a_gap():
    _, motion, _, strides = exact()
    knee = motion.angles["right_knee"].copy()
    at = np.searchsorted(motion.time_s, strides[0].start_s + 0.3)
    knee[at : at + 20] = np.nan
    gappy = stride_curves(replace(motion, angles={**motion.angles, "right_knee": knee}), strides)
    missing = np.isnan(gappy.values["knee", "right"])
    assert missing.any() and not missing.all()
    assert not np.isnan(gappy.values["hip", "right"]).any()


def test_curves_survive_the_disk():
    curves = curves_of(exact())
    again = Curves.from_arrays(curves.to_arrays())
    for key, values in curves.values.items():
        np.testing.assert_array_equal(again.values[key], values)
    np.testing.assert_array_equal(again.foot_off_pct["left"], curves.foot_off_pct["left"])


def test_key_values_by_hand():
    curve = np.where(CYCLE < 0.6, 10 * np.sin(np.pi * CYCLE / 0.6), 60 * np.sin(np.pi * (CYCLE - 0.6) / 0.4))
    table = key_values(made(np.stack([curve] * 4)), SETTINGS)
    read = {name.removeprefix("knee_"): table[name].left.mean for name in table if name.startswith("knee_")}
    assert read["rom_deg"] == pytest.approx(60.0)
    assert read["contact_deg"] == pytest.approx(0.0)
    assert (read["max_stance_deg"], read["max_stance_pct"]) == (pytest.approx(10.0), pytest.approx(30.0))
    assert (read["max_swing_deg"], read["max_swing_pct"]) == (pytest.approx(60.0), pytest.approx(80.0))
    assert table["knee_rom_deg"].unit == "deg" and table["knee_max_swing_pct"].unit == "%"
    assert table["knee_rom_deg"].both.n == 8
    assert all(name.endswith(("_deg", "_pct")) for name in table)


def test_an_angle_has_a_difference_but_no_ratio():
    table = key_values(made(np.tile(CYCLE, (12, 1))), SETTINGS)
    assert set(table["hip_contact_deg"].asymmetry) == {"difference"}
    assert "ratio" in table["hip_rom_deg"].asymmetry


# Deviation from a baseline


def test_a_walk_like_the_baseline_has_no_deviation():
    base = [made(np.tile(20 * np.sin(2 * np.pi * CYCLE) + offset, (3, 1))) for offset in (-2.0, 0.0, 2.0)]
    bands = band_of(base)
    assert bands["knee", "left"].n_walks == 3
    assert bands["knee", "left"].sd == pytest.approx(np.full(POINTS, 2.0))
    same, shifted = base[1], made(20 * np.sin(2 * np.pi * CYCLE) + 6.0)
    assert gait_variable_scores(same, bands)["knee", "left"] == pytest.approx(0.0, abs=1e-9)
    assert gait_variable_scores(shifted, bands)["knee", "left"] == pytest.approx(6.0)
    assert z_curves(shifted, bands)["knee", "left"] == pytest.approx(np.full(POINTS, 3.0))


def test_a_small_spread_does_not_blow_up_z_scores():
    bands = band_of([made(CYCLE), made(CYCLE + 1e-6)])
    assert np.abs(z_curves(made(CYCLE + 0.5), bands)["hip", "right"]).max() < 0.6
    assert z_curves(made(CYCLE), band_of([made(CYCLE)])) == {}


def test_walks_count_the_same_however_many_strides_they_have():
    bands = band_of([made(np.zeros((9, POINTS))), made(np.ones((1, POINTS)))])
    assert bands["ankle", "left"].mean == pytest.approx(np.full(POINTS, 0.5))


def test_a_stiff_knee_shows_in_the_knee_of_its_side():
    base = band_of([curves_of(exact(seed=1)), curves_of(exact(seed=1, distance_m=5.0))])
    _, motion, _, strides = exact(seed=1, impairment="stiff_knee", severity=0.9)
    scores = gait_variable_scores(stride_curves(motion, strides), base)
    assert max(scores, key=lambda key: scores[key]) == ("knee", "left")
    assert scores["knee", "left"] > 3 * scores["knee", "right"]


def test_a_band_survives_json_with_and_without_an_sd():
    for walks in ([made(CYCLE)], [made(CYCLE), made(CYCLE + 1)]):
        band = band_of(walks)["hip", "left"]
        again = Band.from_dict(json.loads(json.dumps(band.to_dict(), allow_nan=False)))
        np.testing.assert_allclose(again.mean, band.mean)
        np.testing.assert_allclose(again.sd, band.sd)


def test_phases_cover_the_cycle_once():
    assert PHASES[0].start_pct == 0.0 and PHASES[-1].end_pct == 100.0
    assert all(a.end_pct == b.start_pct for a, b in pairwise(PHASES))


def test_a_time_series_is_averaged_over_the_cycles_of_a_side():
    truth, motion, _, strides = exact()
    phase = np.interp(motion.time_s, truth.time_s, np.unwrap(truth.phase[:, 0] * 2 * np.pi))
    values = np.stack([np.cos(phase), np.full_like(phase, 3.0)], axis=1)
    profile = phase_profile(motion.time_s, values, strides, "left")
    assert profile.shape == (POINTS, 2)
    assert np.abs(profile[:, 0] - np.cos(2 * np.pi * CYCLE)).max() < 0.1
    assert profile[:, 1] == pytest.approx(np.full(POINTS, 3.0))
    assert phase_profile(motion.time_s, values[:, 0], strides, "left").shape == (POINTS,)
    assert np.isnan(phase_profile(motion.time_s, values, (), "left")).all()


def test_extremes_in_stance_leave_out_the_slopes_towards_foot_off_and_from_contact():
    # A knee: 5° at contact, 20° in loading, 4° in late stance, 40° at foot off (62 % of the cycle), 60° in swing.
    knots = ([0.0, 0.15, 0.40, 0.62, 0.72, 0.97, 1.0], [5.0, 20.0, 4.0, 40.0, 60.0, 4.5, 5.0])
    curve = PchipInterpolator(*knots)(CYCLE)
    table = key_values(made(np.stack([curve] * 4), foot_off_pct=62.0), SETTINGS)
    read = {name: table[f"knee_{name}"].left.mean for name in ("max_stance_deg", "max_stance_pct", "min_stance_deg")}
    assert read == {"max_stance_deg": 20.0, "max_stance_pct": 15.0, "min_stance_deg": 4.0}
    assert table["knee_min_stance_pct"].left.mean == 40.0
    assert table["knee_max_swing_deg"].left.mean == pytest.approx(60.0)
