"""The guard against the wrong person."""

import json
from functools import cache

import numpy as np
import pytest
from gait_walks import mirrored, moved, simulated

from gait_core.config import FeatureSettings
from gait_core.gait.identity import (
    PROPORTIONS,
    BodyProportions,
    IdentityVerdict,
    body_proportions,
    compare_people,
    one_person,
    people_doubt,
)
from gait_core.gait.kinematics import compute_kinematics
from gait_core.simulate.camera import sample_camera
from gait_core.simulate.noise import observe
from gait_core.simulate.walker import sample_person, walk

PEOPLE = range(300, 310)


def proportions_of(track):
    return body_proportions(compute_kinematics(track, FeatureSettings(rate_hz=100)))


@cache
def seen(person, number, impairment=None):
    """Return the proportions of a noisy walk before a camera of its own."""
    body = sample_person(person)
    camera = sample_camera(np.random.default_rng([person, number]), body.height_m)
    truth = walk(
        body, seed=number, duration_s=5.0, camera=camera, impairment=impairment, severity=0.7 if impairment else 0.0
    )
    return proportions_of(observe(truth, seed=number))


def test_proportions_are_those_of_the_body():
    _, track = simulated(seed=4)
    body = sample_person(4)
    found = proportions_of(track)
    leg = body.length_m("thigh") + body.length_m("shank")
    assert set(found.values) == set(PROPORTIONS)
    assert found.values["thigh_shank"].median == pytest.approx(
        body.length_m("thigh") / body.length_m("shank"), rel=0.03
    )
    assert found.values["upper_arm_leg"].median == pytest.approx(body.length_m("upper_arm") / leg, rel=0.06)
    assert all(one.n > 100 and one.spread < 0.1 for one in found.values.values())


def test_size_of_the_frame_and_a_mirror_change_nothing():
    _, track = simulated()
    known = proportions_of(track)
    half = moved(track, np.eye(2) * 0.5, size=(track.width_px // 2, track.height_px // 2))
    for other in (half, mirrored(track)):
        assert compare_people(proportions_of(other), [known]).distance < 0.1


def test_the_same_person_agrees_and_most_others_do_not():
    for count, least in ((1, 0.7), (4, 0.85)):
        known = {person: [seen(person, number) for number in range(1, 1 + count)] for person in PEOPLE}
        same = [compare_people(seen(person, 0), known[person]).same for person in PEOPLE]
        others = [
            compare_people(seen(other, 0), known[person]).same
            for person in PEOPLE
            for other in PEOPLE
            if other != person
        ]
        assert sum(same) >= len(same) - 1
        assert 1 - np.mean(others) > least


@pytest.mark.parametrize("impairment", ["antalgic", "stiff_knee", "shuffling", "asymmetric_step"])
def test_a_changed_gait_is_no_other_person(impairment):
    fits = [
        compare_people(seen(person, 9, impairment), [seen(person, 1), seen(person, 2)]).same
        for person in range(300, 304)
    ]
    assert sum(fits) >= 3


def test_the_verdict_names_what_differs():
    known = seen(300, 1)
    longer = {**known.values}
    one = longer["foot_leg"]
    longer["foot_leg"] = type(one)(median=one.median + 0.05, spread=one.spread, n=one.n)
    verdict = compare_people(BodyProportions(values=longer, side=known.side), [known])
    assert verdict.same is False
    assert verdict.distance > verdict.limit
    assert "foot to leg" in verdict.sentence
    assert "Check that this is the same person" in verdict.sentence


def test_too_little_to_tell():
    known = seen(300, 1)
    little = BodyProportions(values={"foot_leg": known.values["foot_leg"]}, side="left")
    for walk_, others in ((little, [known]), (known, [little]), (known, [])):
        verdict = compare_people(walk_, others)
        assert (verdict.same, verdict.distance) == (None, None)
        assert "cannot be determined" in verdict.sentence


def test_a_proportion_that_is_missing_is_left_out():
    known = seen(300, 1)
    fewer = BodyProportions(values={k: v for k, v in known.values.items() if "arm" not in k}, side=known.side)
    assert compare_people(fewer, [known]).distance == pytest.approx(0.0, abs=1e-9)


def test_json():
    known, other = seen(300, 1), seen(301, 1)
    assert BodyProportions.from_dict(json.loads(json.dumps(known.to_dict()))) == known
    verdict = compare_people(other, [known])
    assert IdentityVerdict.from_dict(json.loads(json.dumps(verdict.to_dict()))) == verdict


def test_a_group_of_people_is_told_from_one_person():
    one = [seen(300, number) for number in range(5)]
    many = [seen(person, 0) for person in range(300, 305)]
    assert one_person(one)
    assert not one_person(many)


def test_walks_that_seem_to_show_several_people_are_asked_about():
    names = [f"walk{number}.mp4" for number in range(5)]
    one = [seen(300, number) for number in range(5)]
    assert people_doubt(one, names) == ""
    intruder = people_doubt([*one[:4], seen(304, 0)], names)
    assert "walk4.mp4" in intruder
    assert "walk0.mp4" not in intruder
    many = people_doubt([seen(person, 0) for person in range(300, 305)], names)
    assert "a baseline of several people" in many
