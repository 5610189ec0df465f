"""Values are withheld where the steps contradict each other, or the scale contradicts the body."""

import pytest
from gait_walks import simulated

from gait_core.config import FeatureSettings
from gait_core.errors import WalkWarning
from gait_core.gait.events.edits import Edit
from gait_core.gait.events.gait_events import INITIAL_CONTACT
from gait_core.gait.kinematics import compute_kinematics
from gait_core.gait.measurement import measure
from gait_core.gait.parameters.length_doubts import lengths_withheld
from gait_core.gait.parameters.lengths import Step
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.gait.walk_warnings import BROKEN_TIME


def motion(duration_s=4.0):
    """Return the motion of a walk that stays in view for so long."""
    track = simulated(seed=1, duration_s=duration_s, distance_m=4.5 if duration_s < 5.0 else 12.0)[1]
    return compute_kinematics(track, FeatureSettings(rate_hz=100.0))


def moved(found, by_s):
    """Return an edit that moves a contact in the middle of the walk, between its neighbours."""
    events = [event for event in found.events.events if event.kind == INITIAL_CONTACT]
    middle = events[len(events) // 2]
    return Edit(
        action="move",
        side=middle.side,
        kind=INITIAL_CONTACT,
        time_s=middle.time_s,
        new_time_s=middle.time_s + by_s,
    )


def codes(measurement):
    return {warning.code for warning in measurement.warnings}


def test_few_steps_that_contradict_each_other_give_no_mean():
    walk = motion()
    found = measure(walk)
    assert found.parameters and not codes(found) & {"steps_withheld", "steps_disagree"}
    wrong = measure(walk, events=found.events, edits=[moved(found, -0.2)])
    (warning,) = [one for one in wrong.warnings if one.code == "steps_withheld"]
    assert not wrong.parameters and wrong.strides and wrong.key_values
    assert "last from" in warning.message and "withheld" in warning.message


def test_one_wrong_event_among_many_is_said_and_the_means_stay():
    walk = motion(12.0)
    found = measure(walk)
    wrong = measure(walk, events=found.events, edits=[moved(found, -0.2)])
    assert "steps_disagree" in codes(wrong) and wrong.parameters


def test_without_a_rhythm_one_step_makes_no_cadence():
    walk = motion(2.5)
    doubt = WalkWarning(code="no_rhythm", message="No regular rhythm of steps was found.", blocking=True)
    assert measure(walk).parameters and not measure(walk, warnings=[doubt]).parameters


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (ScaleInput(kind="distance", value=50.0, pixels=100.0), "the distance that was given"),
        (ScaleInput(kind="distance", value=0.1, pixels=900.0), "the distance that was given"),
        (ScaleInput(kind="speed", value=4.0), "the speed that was given"),
        (ScaleInput(kind="speed", value=0.1), "the speed that was given"),
    ],
)
def test_a_scale_with_which_no_body_has_such_legs_gives_no_metres(scale, words):
    found = measure(motion(), scale=scale)
    (warning,) = [one for one in found.warnings if one.code == "scale_impossible"]
    assert words in warning.message and "0.3 to 1.4 m" in warning.message
    assert found.scale is None and "walking_speed_mps" not in found.parameters
    assert "walking_speed_leg_per_s" in found.parameters


@pytest.mark.parametrize(("shortest", "count", "told"), [(0.2, 2, True), (0.5, 2, False), (0.2, 6, False)])
def test_few_step_lengths_that_contradict_each_other_are_withheld(shortest, count, told):
    lengths = [0.75, shortest] + [0.75] * (count - 2)
    steps = [
        Step(side=side, pass_number=0, start_s=0.0, end_s=0.5, length_leg=length, reach_leg=length)
        for side in ("left", "right")
        for length in lengths
    ]
    found = lengths_withheld(motion(), steps)
    assert (found is not None and found.code == "lengths_disagree") == told
    if told:
        assert "The steps of the left foot are from 0.20 to 0.75 leg lengths long" in found.message


@pytest.mark.parametrize("code", sorted(BROKEN_TIME))
def test_where_time_is_broken_no_time_or_length_is_told(code):
    doubt = WalkWarning(code=code, message="Time is broken.", blocking=True)
    found = measure(motion(), warnings=[doubt])
    assert not found.parameters and found.strides and found.key_values
