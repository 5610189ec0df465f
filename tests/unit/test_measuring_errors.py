"""What measuring adds to the error of a value is stated beside it."""

from dataclasses import replace
from math import hypot, isnan, sqrt

import numpy as np
import pytest
from support.recorded_walks import recording

from gait_core.gait.angle_errors import angle_sd_deg
from gait_core.gait.angles import SIDES, joint_angles
from gait_core.gait.channels import ROWS
from gait_core.gait.curves import curve_errors, key_values, stride_curves
from gait_core.gait.events.edits import Edit
from gait_core.gait.measurement import Measurement, measure, motion_of
from gait_core.gait.parameters.measuring_errors import error_of_mean, event_errors, stride_errors_s
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.gait.position_errors import CONFIDENCES, PARTS, position_sd_leg, position_sd_px, repeating_share
from gait_core.markers.mocap_walk import MocapWalk
from gait_core.markers.projection import jitter
from gait_core.markers.side_view import side_view
from gait_core.pose.landmarks import INDEX
from gait_core.simulate.noise import NoiseModel, observe
from gait_core.simulate.position_error_fit import fit_position_errors
from gait_core.simulate.walker import sample_person, walk


@pytest.fixture(scope="module")
def seen():
    truth = walk(sample_person(4_700_001), seed=3)
    motion = motion_of(observe(truth, seed=5))
    return truth, motion, measure(motion, scale=ScaleInput(kind="height", value=truth.height_m))


def test_the_error_of_a_mean():
    assert error_of_mean([0.03, 0.04], repeating=1.0) == pytest.approx(sqrt((0.0009 + 0.0016) / 2))
    assert error_of_mean([0.02] * 4, repeating=0.0) == pytest.approx(0.01)
    assert error_of_mean([0.02] * 4, repeating=0.5) == pytest.approx(0.02 * sqrt(0.5 + 0.125))
    assert error_of_mean([0.02, float("nan")], repeating=0.0) is None
    assert error_of_mean([], repeating=0.0) is None


def test_angles_vary_by_what_is_stated_when_landmarks_do(seen):
    _, motion, _ = seen
    stated = angle_sd_deg(motion)
    at = int(np.flatnonzero(motion.walking)[len(np.flatnonzero(motion.walking)) // 2])
    frame = int(np.abs(motion.track.time_s - motion.time_s[at]).argmin())
    sd_leg = position_sd_leg(motion.track)[frame]
    generator = np.random.default_rng(0)
    draws = 4000
    moved = {name: motion.points[name][at] + generator.normal(0.0, sd_leg[INDEX[name]], (draws, 2)) for name in ROWS}
    for name, values in joint_angles(moved).items():
        if name in stated:
            assert stated[name][at] == pytest.approx(float(values.std()), rel=0.1), name
    assert len(stated) == 9


def test_times_take_their_errors_from_the_events_at_their_ends(seen):
    _, _, measurement = seen
    stride = next(one for one in measurement.strides if one.opposite_contact_s and one.opposite_foot_off_s)
    by_place = {(event.side, event.kind, event.time_s): event.time_sd_s for event in measurement.events.events}
    start = by_place[stride.side, "initial_contact", stride.start_s]
    off = by_place[stride.side, "foot_off", stride.foot_off_s]
    found = stride_errors_s(stride, event_errors(measurement.events))
    assert found["stance"] == pytest.approx(hypot(start, off))
    assert found["double_support"] > found["initial_double_support"] > 0
    assert measurement.parameters["stance_time_s"].both.error_sd > measurement.parameters["stride_time_s"].both.error_sd


def test_an_event_set_by_hand_is_exact_and_an_unknown_one_is_not(seen):
    _, motion, measurement = seen
    step_times = [event.time_s for event in measurement.events.events if event.kind == "initial_contact"]
    first = next(event for event in measurement.events.events if event.kind == "initial_contact")
    edit = Edit(action="move", time_s=first.time_s, side=first.side, kind=first.kind, new_time_s=first.time_s + 0.004)
    changed = measure(motion, edits=[edit]).current_events
    sd_s = event_errors(changed)
    assert sd_s(first.side, "initial_contact", first.time_s + 0.004) == 0.0
    assert isnan(sd_s(first.side, "initial_contact", -1.0))
    assert all(sd_s(event.side, event.kind, event.time_s) >= 0.0 for event in changed.events)
    assert step_times


@pytest.mark.parametrize("name", ["stride_time_s", "stance_time_s", "single_support_s", "walking_speed_mps"])
def test_every_parameter_states_its_error_and_keeps_it_in_json(seen, name):
    _, _, measurement = seen
    stated = measurement.parameters[name].both.error_sd
    assert stated is not None and stated > 0
    again = Measurement.from_dict(measurement.to_dict(), measurement.to_arrays())
    assert again.parameters[name].both.error_sd == stated
    assert measurement.parameters[name].to_dict()["error_sd"] == stated


def test_a_measurement_from_before_has_none(seen):
    _, _, measurement = seen
    values = measurement.to_dict()
    for parameter in values["parameters"].values():
        parameter.pop("error_sd")
        for side in parameter["sides"].values():
            if side:
                side.pop("error_sd")
    again = Measurement.from_dict(values, measurement.to_arrays())
    assert again.parameters["stance_pct"].both.error_sd is None


def test_angles_state_their_errors(seen):
    _, motion, measurement = seen
    for side in SIDES:
        errors = curve_errors(motion, measurement.strides)["knee", side]
        assert errors.shape == measurement.curves.values["knee", side].shape
        assert (errors > 0.5).all() and (errors < 20.0).all()
    values = measurement.key_values
    assert 1.0 < values["knee_rom_deg"].both.error_sd < 12.0
    assert values["knee_max_swing_pct"].both.error_sd is None, "it is no angle"
    bare = key_values(stride_curves(motion, measurement.strides))
    assert bare["knee_rom_deg"].both.mean == values["knee_rom_deg"].both.mean
    assert bare["knee_rom_deg"].both.error_sd is None


def test_the_stated_error_covers_the_real_one():
    inside = []
    for number in range(6):
        truth = walk(sample_person(4_700_010 + number), seed=number, direction=1 if number % 2 else -1)
        found = measure(motion_of(observe(truth, seed=number + 50)))
        contacts = {
            side: np.array([e.time_s for e in truth.events if e.side == side and e.kind == "initial_contact"])
            for side in SIDES
        }
        for side in SIDES:
            summary = getattr(found.parameters["stride_time_s"], side)
            true = float(np.diff(contacts[side]).mean())
            inside.append(abs(summary.mean - true) < 2.0 * summary.error_sd + 0.01)
    assert np.mean(inside) > 0.9


def test_unsure_landmarks_have_larger_errors_and_missing_ones_none(seen):
    _, motion, _ = seen
    track = motion.track
    unsure = track.with_(confidence=np.full_like(track.confidence, 0.3))
    sure = track.with_(confidence=np.ones_like(track.confidence))
    ankle = INDEX["left_ankle"]
    known = np.isfinite(track.position[:, ankle, 0])
    assert (position_sd_leg(unsure)[known, ankle] > position_sd_leg(sure)[known, ankle]).all()
    gone = track.position.copy()
    gone[10] = np.nan
    assert np.isnan(position_sd_px(track.with_(position=gone))[10]).all()
    empty = track.with_(position=np.full_like(track.position, np.nan))
    assert np.isnan(position_sd_px(empty)).all()


def test_markers_add_no_error_that_we_could_state(tmp_path):
    recording(tmp_path / "walk.npz")
    found = measure(motion_of(side_view(MocapWalk.load(tmp_path / "walk.npz"))))
    assert found.key_values["knee_rom_deg"].both.error_sd == 0.0
    assert found.parameters["stance_time_s"].both.error_sd > 0.0, "events are detected all the same"


def _pairs(noise, count=6):
    truths = [walk(sample_person(4_700_100 + n), seed=n, direction=1 if n % 2 else -1) for n in range(count)]
    return [(truth, observe(truth, seed=n, noise=noise)) for n, truth in enumerate(truths)]


def test_the_fit_finds_the_error_that_was_put_in():
    found = fit_position_errors(_pairs(jitter(0.012)))
    # 12 mm of a body of 1.7 m; a leg is about half of it.
    for part in ("knee", "ankle", "shoulder"):
        assert found["sd_leg"][part][-1] == pytest.approx(0.012 / 0.83, rel=0.15)
    assert found["repeating_share"] < 0.1
    assert set(found["sd_leg"]) == set(PARTS) and found["walks"] == 6
    assert all(len(sizes) == len(CONFIDENCES) for sizes in found["sd_leg"].values())


def test_an_error_that_returns_with_every_stride_is_known_as_one():
    plain = NoiseModel.none()
    phase_bias = plain.phase_bias.copy()
    phase_bias[:, :, 0] = 0.01
    found = fit_position_errors(_pairs(replace(plain, phase_bias=phase_bias)))
    assert found["repeating_share"] > 0.9


def test_the_shipped_table_is_one():
    assert 0.0 < repeating_share() < 1.0
