"""One walk measured: complete, stored and read back, reversible, and honest where something is missing."""

import json
from dataclasses import replace

import numpy as np
import pytest
from gait_walks import concatenated, mirrored, select, simulated
from measured_walks import measured

from gait_core.config import EVENT_METHODS, MeasureSettings
from gait_core.errors import InputError
from gait_core.gait.events.edits import Edit
from gait_core.gait.events.gait_events import INITIAL_CONTACT
from gait_core.gait.measurement import OWN_WARNINGS, Measurement, measure, motion_of
from gait_core.gait.parameters.length_doubts import lengths_withheld
from gait_core.gait.parameters.lengths import find_steps
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.pose.landmarks import INDEX


def codes(measurement):
    return {warning.code for warning in measurement.warnings}


def test_it_comes_back_from_json_and_arrays():
    _, _, measurement = measured()
    values = json.loads(json.dumps(measurement.to_dict(), allow_nan=False))
    again = Measurement.from_dict(values, measurement.to_arrays())
    assert json.dumps(again.to_dict()) == json.dumps(measurement.to_dict())
    assert again.strides == measurement.strides
    np.testing.assert_array_equal(again.curves.values["knee", "left"], measurement.curves.values["knee", "left"])


@pytest.mark.parametrize("method", EVENT_METHODS)
def test_every_method_finds_the_cadence(method):
    truth, motion, _ = measured()
    found = measure(motion, MeasureSettings(event_method=method))
    assert found.parameters["cadence_spm"].both.mean == pytest.approx(truth.cadence_spm, rel=0.02)
    assert found.events.method == method


def test_mirroring_exchanges_the_sides_and_nothing_else():
    _, track = simulated(seed=3)
    one, other = (measure(motion_of(walk)) for walk in (track, mirrored(track)))
    assert {one.visible_side, other.visible_side} == {"left", "right"}
    for name, parameter in one.parameters.items():
        swapped = other.parameters[name]
        if parameter.left and parameter.right:
            assert parameter.left.mean == pytest.approx(swapped.right.mean, rel=0.02), name
            assert parameter.right.mean == pytest.approx(swapped.left.mean, rel=0.02), name


def test_passes_to_and_fro_are_pooled():
    _, there = simulated(seed=4)
    _, back = simulated(seed=4, direction=-1)
    both = measure(motion_of(concatenated(there, back, 1.0)))
    alone = measure(motion_of(there))
    assert len(both.segments) == 2
    assert len(both.strides) > len(alone.strides)
    assert {stride.pass_number for stride in both.strides} == {0, 1}


def test_a_walk_too_short_for_a_stride_says_so_and_the_rest_stays():
    _, track = simulated(seed=1)
    short = measure(motion_of(select(track, slice(60, 98))))
    assert not short.strides
    assert "no_stride" in codes(short)
    assert short.checks
    assert short.proportions.values


def test_a_leg_that_is_never_seen_is_named():
    _, track = simulated(seed=1)
    motion = motion_of(track)
    far = "left" if motion.visible_side == "right" else "right"
    rows = [INDEX[f"{far}_{name}"] for name in ("knee", "ankle", "heel", "foot_index")]
    confidence = track.confidence.copy()
    confidence[:, rows] = 0.0
    found = measure(motion_of(track.with_(confidence=confidence)))
    assert f"no_{far}_stride" in codes(found) or "no_stride" in codes(found)
    assert "trunk_rom_deg" in found.key_values or not found.strides


def test_without_height_there_are_no_metres_and_it_is_said():
    _, motion, _ = measured()
    found = measure(motion)
    assert "no_scale" in codes(found)
    assert not any(name.endswith(("_m", "_mps")) for name in found.parameters)
    assert "step_length_leg" in found.parameters


def test_an_edit_out_of_order_is_refused():
    _, motion, measurement = measured()
    left, right = (measurement.events.times_s(side, INITIAL_CONTACT) for side in ("left", "right"))
    wrong = Edit(action="move", side="left", kind=INITIAL_CONTACT, time_s=left[1], new_time_s=float(right[1]) + 0.02)
    with pytest.raises(InputError):
        measure(motion, edits=[wrong])


def test_an_undone_repair_is_not_carried_out():
    _, track = simulated(seed=2)
    jumped = track.position.copy()
    jumped[70, INDEX["right_knee"]] += 120.0
    bad = track.with_(position=jumped)
    repaired = measure(motion_of(bad))
    (repair,) = [one for one in repaired.repairs if 70 in one.frames]
    undone = frozenset({repair.id})
    raw = measure(motion_of(bad, undone=undone), undone=undone)
    assert raw.undone == (repair.id,)
    assert repair in raw.repairs
    assert motion_of(bad, undone=undone).track.confidence[70, INDEX["right_knee"]] > 0
    assert motion_of(bad).track.confidence[70, INDEX["right_knee"]] == 0


def test_metres_follow_the_height():
    _, motion, measurement = measured()
    taller = measure(motion, scale=ScaleInput(kind="height", value=measurement.scale_input.value * 1.1))
    for name in ("step_length_m", "walking_speed_mps"):
        ratio = taller.parameters[name].both.mean / measurement.parameters[name].both.mean
        assert ratio == pytest.approx(1.1, rel=1e-6)


def test_a_second_measurement_does_not_repeat_its_own_warnings():
    _, track = simulated(seed=1)
    for frames, scale in ((slice(60, 105), None), (slice(None), None)):
        given = measure(motion_of(select(track, frames)), scale=scale).warnings
        assert {warning.code for warning in given} <= OWN_WARNINGS


def test_feet_that_slide_are_laid_to_the_camera_only_where_the_steps_have_a_rhythm():
    _, motion, measurement = measured()
    steps = find_steps(motion, measurement.current_events)
    sliding = [replace(step, reach_leg=2.0 * step.reach_leg) for step in steps]
    assert lengths_withheld(motion, steps) is None
    assert lengths_withheld(motion, sliding).code == "camera_moved"
    missed = lengths_withheld(motion, sliding, rhythm=False)
    assert missed.code == "steps_missed"
    assert "camera" not in missed.message
