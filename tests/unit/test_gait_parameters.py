import json
from dataclasses import replace

import numpy as np
import pytest
from gait_truth import FEATURES, SETTINGS, exact, of_track, seen
from gait_walks import concatenated, followed, mirrored, simulated

from gait_core.errors import InputError
from gait_core.gait.events.gait_events import FOOT_OFF, EventSet
from gait_core.gait.kinematics import compute_kinematics
from gait_core.gait.parameters.lengths import find_steps, stride_lengths_leg
from gait_core.gait.parameters.parameter import Parameter
from gait_core.gait.parameters.reference import REFERENCES
from gait_core.gait.parameters.scale import Scale, ScaleInput, resolve_scale
from gait_core.gait.parameters.spatiotemporal import PARAMETERS, spatiotemporal
from gait_core.simulate.camera import Camera
from gait_core.simulate.walker import sample_person


def measured(walk, given=None):
    truth, motion, events, strides = walk
    given = ScaleInput(kind="height", value=truth.height_m) if given is None else given
    return spatiotemporal(
        motion, events, find_steps(motion, events), strides, resolve_scale(given, motion, strides), SETTINGS
    )


def true_steps(truth, steps):
    """Return the true length of each step, m, matched by the time of landing."""
    placed = sorted((start_s, side, ankle_m) for side, start_s, _, ankle_m in truth.foot_placements)
    found = []
    for step in steps:
        at = next(i for i, p in enumerate(placed) if p[1] == step.side and abs(p[0] - step.end_s) < 0.02)
        found.append(placed[at][2] - placed[at - 1][2])
    return np.array(found)


def true_metres_per_leg(truth, motion):
    height_px = np.interp(motion.time_s, truth.time_s, truth.height_px)
    return float(np.nanmedian((motion.leg_px / height_px)[motion.walking])) * truth.height_m


def square(person, distance_m=4.5, yaw_deg=0.0):
    height_m = sample_person(person).height_m
    return Camera(
        distance_m=distance_m,
        yaw_deg=yaw_deg,
        focal_px=0.58 * 540 * distance_m / height_m,
        pitch_deg=float(np.degrees(np.arctan2(1.1 - 0.5 * height_m, distance_m))),
    )


# Times


def test_times_are_those_of_the_events():
    truth, _, events, strides = walk = exact(duration_s=8.0)
    parameters = measured(walk)
    left = [s for s in strides if s.side == "left"]
    assert parameters["stride_time_s"].left.values == tuple(s.duration_s for s in left)
    assert parameters["stance_time_s"].left.mean == pytest.approx(np.mean([s.foot_off_s - s.start_s for s in left]))
    parts = {name: parameters[name].both.mean for name in parameters}
    assert parts["stance_pct"] + parts["swing_pct"] == pytest.approx(100.0)
    assert parts["stance_pct"] == pytest.approx(parts["single_support_pct"] + parts["double_support_pct"])
    assert parts["double_support_s"] == pytest.approx(
        parts["initial_double_support_s"] + parts["terminal_double_support_s"]
    )
    steps = [
        b - a
        for a, b in zip(
            *(sorted(e.time_s for e in events.events if e.kind != FOOT_OFF)[k:] for k in (0, 1)), strict=False
        )
    ]
    assert parts["cadence_spm"] == pytest.approx(60.0 / np.mean(steps))
    assert parts["cadence_spm"] == pytest.approx(truth.cadence_spm, rel=0.02)


def test_a_step_is_named_after_the_foot_that_lands():
    truth, motion, events, _ = exact(duration_s=8.0)
    steps = find_steps(motion, events)
    for side in ("left", "right"):
        known = truth.step_time_s[side]
        assert all(min(abs(step.duration_s - t) for t in known) < 1e-5 for step in steps if step.side == side)


def test_a_missing_event_costs_its_steps_and_nothing_else():
    _, motion, events, _ = exact(duration_s=8.0)
    whole = find_steps(motion, events)
    off = next(e for e in events.events if e.kind == FOOT_OFF and whole[1].start_s < e.time_s < whole[1].end_s)
    without = find_steps(motion, events.with_events([e for e in events.events if e != off]))
    assert without == (whole[0], *whole[2:])
    assert find_steps(motion, EventSet(events=())) == ()


def test_a_stride_without_the_other_foot_gives_no_support_times():
    _, motion, events, strides = exact()
    blind = tuple(replace(s, opposite_foot_off_s=None, opposite_contact_s=None) for s in strides)
    parameters = spatiotemporal(motion, events, find_steps(motion, events), blind, None, SETTINGS)
    assert "single_support_s" not in parameters and "double_support_pct" not in parameters
    assert parameters["stance_pct"].both.n == len(strides)


def test_without_strides_and_steps_there_is_nothing_and_no_error():
    _, motion, _, _ = exact()
    assert spatiotemporal(motion, EventSet(events=()), (), (), None, SETTINGS) == {}


# Lengths


@pytest.mark.parametrize("how", [{}, {"direction": -1}, {"yaw_deg": 10.0}, {"yaw_deg": -10.0}, {"distance_m": 3.5}])
def test_lengths_of_an_exact_walk(how):
    truth, motion, events, strides = exact(**how)
    metres = true_metres_per_leg(truth, motion)
    steps = find_steps(motion, events)
    away = np.array([step.length_leg for step in steps]) * metres - true_steps(truth, steps)
    assert np.abs(away).max() < 0.03
    assert abs(away.mean()) < 0.012
    assert np.mean(stride_lengths_leg(motion, strides)) * metres == pytest.approx(truth.stride_length_m, rel=0.03)


@pytest.mark.slow
def test_lengths_as_a_pose_model_sees_them():
    """Twenty people and cameras: mean error of a walk's step length below 1.2 cm, of a single step below 2 cm."""
    of_walk, of_step, of_scale = [], [], []
    for number in range(20):
        truth, motion, events, strides = walk = seen(100 + number, number, direction=1 if number % 2 else -1)
        scale = resolve_scale(ScaleInput(kind="height", value=truth.height_m), motion, strides)
        steps = find_steps(motion, events)
        known = true_steps(truth, steps)
        of_step += (np.array([step.length_leg for step in steps]) * scale.metres_per_leg - known).tolist()
        of_walk.append(measured(walk)["step_length_m"].both.mean - known.mean())
        of_scale.append(scale.metres_per_leg / true_metres_per_leg(truth, motion) - 1)
    assert np.abs(of_walk).mean() < 0.012 and np.abs(of_walk).max() < 0.03
    assert np.abs(of_step).mean() < 0.02
    assert abs(np.mean(of_scale)) < 0.01 and np.std(of_scale) < 0.02


@pytest.mark.slow
def test_an_oblique_path_makes_no_asymmetry():
    """At 10° the near steps would come out 4 to 5 cm longer or shorter than the far ones."""
    apart = []
    for number in range(8):
        camera = square(300 + number, yaw_deg=10.0 if number % 2 else -10.0)
        truth, motion, events, _ = seen(300 + number, number, direction=1 if number // 2 % 2 else -1, camera=camera)
        steps = find_steps(motion, events)
        away = np.array([s.length_leg for s in steps]) * true_metres_per_leg(truth, motion) - true_steps(truth, steps)
        near = np.array([s.side == motion.visible_side for s in steps])
        sign = np.sign(camera.yaw_deg) * truth.direction
        apart.append(sign * (away[near].mean() - away[~near].mean()))
    assert abs(np.mean(apart)) < 0.02


def test_an_affected_side_has_the_shorter_step():
    truth, motion, events, _ = exact(impairment="asymmetric_step", severity=0.8)
    steps = find_steps(motion, events)
    means = {side: np.mean([s.length_leg for s in steps if s.side == side]) for side in ("left", "right")}
    known = {side: np.mean(truth.step_length_m[side]) for side in means}
    assert abs(known["left"] - known["right"]) > 0.05
    assert (means["left"] < means["right"]) == (known["left"] < known["right"])


def test_a_camera_that_follows_gives_shorter_steps_and_says_so():
    truth, track = simulated(duration_s=6.0)
    walk = of_track(truth, followed(track))
    assert walk[1].view.camera_moves
    parameters = measured(walk)
    assert -0.05 < parameters["step_length_m"].both.mean - truth.stride_length_m / 2 < 0.0
    assert parameters["stride_length_m"].both.mean == pytest.approx(truth.stride_length_m, abs=0.08)
    assert any("treadmill" in note for note in parameters["walking_speed_mps"].notes)
    assert not any("treadmill" in note for note in parameters["step_time_s"].notes)


@pytest.mark.parametrize("pan_leg_per_s", [-0.5, 0.0, 0.5])
def test_a_camera_that_drifts_is_noticed(pan_leg_per_s):
    truth, track = simulated(duration_s=6.0)
    position = track.position.copy()
    position[..., 0] += (pan_leg_per_s * 135.0 * (track.time_s - track.time_s.mean()))[:, None]
    walk = of_track(truth, track.with_(position=position))
    assert not walk[1].view.camera_moves
    noted = any("camera may have moved" in note for note in measured(walk)["stride_length_leg"].notes)
    assert noted == (pan_leg_per_s != 0.0)


def test_a_mirrored_walk_exchanges_the_sides():
    truth, track = simulated()
    one, other = measured(of_track(truth, track)), measured(of_track(truth.mirrored(), mirrored(track)))
    for name, parameter in one.items():
        assert parameter.both.mean == pytest.approx(other[name].both.mean, rel=0.01)
        if parameter.left is not None:
            assert parameter.left.mean == pytest.approx(other[name].right.mean, rel=0.02)


def test_passes_to_and_fro_are_pooled():
    truth, track = simulated()
    back_truth, back = simulated(direction=-1)
    both = concatenated(track, back, pause_s=2.0)
    motion = compute_kinematics(both, FEATURES)
    shift_s = track.time_s[-1] + 2.0
    later = [replace(e, time_s=e.time_s + shift_s) for e in back_truth.events]
    events = EventSet(events=(*truth.events, *later))
    steps = find_steps(motion, events)
    assert {step.pass_number for step in steps} == {0, 1}
    lengths = [step.length_leg for step in steps]
    assert np.std(lengths) < 0.1 and min(lengths) > 0.5
    single = [s.length_leg for s in find_steps(exact()[1], exact()[2])]
    assert np.mean(lengths) == pytest.approx(np.mean(single), rel=0.05)


# Scale


def test_speed_and_distance_give_metres_too():
    truth, motion, _, strides = walk = exact()
    by_speed = measured(walk, ScaleInput(kind="speed", value=1.3))
    assert by_speed["walking_speed_mps"].both.mean == pytest.approx(1.3)
    pixels = 2.0 * truth.height_px.mean() / truth.height_m
    by_distance = measured(walk, ScaleInput(kind="distance", value=2.0, pixels=pixels))
    assert by_distance["step_length_m"].both.mean == pytest.approx(truth.stride_length_m / 2, rel=0.02)
    notes = {
        kind: resolve_scale(ScaleInput(kind=kind, value=1.7, pixels=99), motion, strides).note
        for kind in ("height", "speed", "distance")
    }
    assert "height" in notes["height"] and "speed" in notes["speed"] and "distance" in notes["distance"]


def test_bent_knees_do_not_change_the_scale():
    ratios = []
    for impairment in (None, "crouch", "shuffling"):
        truth, motion, _, strides = exact(impairment=impairment, severity=0.9 if impairment else 0.0)
        scale = resolve_scale(ScaleInput(kind="height", value=truth.height_m), motion, strides)
        ratios.append(scale.metres_per_leg / true_metres_per_leg(truth, motion))
    assert np.ptp(ratios) < 0.01


def test_without_a_scale_there_are_leg_lengths_only():
    parameters = measured(exact(), ScaleInput())
    assert not any("_m" in name.replace("_max", "") and "leg" not in name for name in parameters)
    assert {"step_length_leg", "stride_length_leg", "walking_speed_leg_per_s", "cadence_spm"} <= set(parameters)


def test_what_the_walk_does_not_show_gives_no_scale():
    _, motion, _, _ = exact()
    headless = replace(motion, points={**motion.points, "left_ear": np.full_like(motion.points["left_ear"], np.nan)})
    assert resolve_scale(ScaleInput(kind="height", value=1.7), headless, ()) is None
    assert resolve_scale(ScaleInput(kind="speed", value=1.2), motion, ()) is None
    legless = replace(motion, points={**motion.points, "left_knee": np.full_like(motion.points["left_knee"], np.nan)})
    one = resolve_scale(ScaleInput(kind="height", value=1.7), legless, ())
    assert "Only one leg" in one.note
    assert one.metres_per_leg == pytest.approx(
        resolve_scale(ScaleInput(kind="height", value=1.7), motion, ()).metres_per_leg, rel=0.03
    )


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"kind": "height"}, "height of the person"),
        ({"kind": "height", "value": 172.0}, "got 172"),
        ({"kind": "height", "value": float("nan")}, "got nan"),
        ({"kind": "speed", "value": 0.0}, "walking speed"),
        ({"kind": "distance", "value": 2.0}, "in px"),
        ({"kind": "distance", "value": 2.0, "pixels": float("nan")}, "in px"),
        ({"kind": "shoe", "value": 42.0}, "'shoe'"),
    ],
)
def test_a_wrong_size_is_refused_with_a_remedy(given, named):
    with pytest.raises(InputError, match=r"^Expected") as caught:
        ScaleInput(**given)
    assert named in caught.value.message and caught.value.remedy


def test_inputs_and_results_survive_json():
    for given in (ScaleInput(), ScaleInput(kind="distance", value=3.0, pixels=400.0)):
        assert ScaleInput.from_dict(json.loads(json.dumps(given.to_dict()))) == given
    scale = Scale(metres_per_leg=0.8, source="height", note="x")
    assert Scale.from_dict(json.loads(json.dumps(scale.to_dict()))) == scale
    for name, parameter in measured(exact()).items():
        assert Parameter.from_dict(name, json.loads(json.dumps(parameter.to_dict(), allow_nan=False))) == parameter


# Names


def test_every_parameter_has_its_unit_in_its_name():
    parameters = measured(exact())
    assert list(parameters) == [name for name in PARAMETERS if name in parameters]
    assert set(parameters) == set(PARAMETERS)
    for name, (_, unit) in PARAMETERS.items():
        ending = {"s": "_s", "%": "_pct", "m": "_m", "m/s": "_mps", "steps/min": "_spm", "leg lengths": "_leg"}
        assert name.endswith(ending.get(unit, name))
    assert parameters["cadence_spm"].left is None and parameters["walking_speed_mps"].right is None


def test_references_are_ranges_of_known_parameters():
    for name, reference in REFERENCES.items():
        assert name in PARAMETERS and reference.low < reference.high
        assert reference.source and reference.population
