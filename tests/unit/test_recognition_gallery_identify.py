"""Identification, its threshold, and the guard, on made-up people."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from gallery_people import MODEL, OTHER_MODEL, People, embedding_of

from gait_core.errors import InputError
from gait_core.recognition.gallery.gallery import Gallery
from gait_core.recognition.gallery.guard import other_person_warning
from gait_core.recognition.gallery.identify import identify
from gait_core.recognition.gallery.threshold import (
    Calibration,
    NotCalibrated,
    _Nearest,
    _threshold,
    calibrate_threshold,
)


@pytest.fixture
def people() -> People:
    return People()


@pytest.fixture
def enrolled(people):
    return people.entries(6, 3)


def copied(walk):
    """Return the embedding of an enrolled walk once more."""
    return embedding_of(walk.parts)


def test_a_known_person_is_accepted_and_a_stranger_rejected(people, enrolled):
    known = identify(enrolled, people.walk("P2"), "side", model=MODEL)
    assert (known.outcome, known.subject, known.matches[0].subject) == ("accepted", "P2", "P2")
    assert known.matches[0].best <= known.threshold < known.matches[1].best
    assert "fits P2" in known.sentence
    stranger = identify(enrolled, people.walk("X"), "side", model=MODEL)
    assert (stranger.outcome, stranger.subject) == ("rejected", None)
    assert stranger.matches[0].best > stranger.threshold
    assert "fits no enrolled" in stranger.sentence


@pytest.mark.parametrize("metric", ["euc", "cos"])
def test_ranking_is_by_the_nearest_walk_of_each_person(people, enrolled, metric):
    found = identify(enrolled, people.walk("P2"), "side", k=4, model=MODEL, metric=metric)
    best = [match.best for match in found.matches]
    assert len(best) == 4
    assert best == sorted(best)
    assert len({match.subject for match in found.matches}) == 4
    assert all(match.best <= match.mean and match.entries == 3 for match in found.matches)
    assert (found.compared, found.outcome) == (18, "accepted")


def test_the_order_of_the_gallery_changes_nothing(people, enrolled):
    walk = people.walk("P4")
    wanted = identify(enrolled, walk, "side", model=MODEL)
    guarded = other_person_warning(enrolled, "P4", walk, "side", model=MODEL)
    for seed in range(3):
        order = [enrolled[place] for place in np.random.default_rng(seed).permutation(len(enrolled))]
        found = identify(order, walk, "side", model=MODEL)
        assert [match.subject for match in found.matches] == [match.subject for match in wanted.matches]
        assert [match.best for match in found.matches] == pytest.approx([match.best for match in wanted.matches])
        assert found.threshold == pytest.approx(wanted.threshold)
        again = other_person_warning(order, "P4", walk, "side", model=MODEL)
        assert again.limit == pytest.approx(guarded.limit)
        assert again.outcome == guarded.outcome


def test_a_gallery_on_disk_answers_like_its_entries(people, workspace):
    gallery = Gallery.create(workspace, "Clinic")
    gallery.enrol(*(people.enrolment(f"P{number}") for number in range(3)))
    walk = people.walk("P1")
    assert identify(gallery, walk, "side", model=MODEL) == identify(gallery.entries(), walk, "side", model=MODEL)


def test_the_result_can_be_written_as_json(people, enrolled):
    assert (
        json.loads(json.dumps(identify(enrolled, people.walk("P1"), "side", model=MODEL).to_dict()))["subject"] == "P1"
    )
    guarded = other_person_warning(enrolled, "P1", people.walk("P1"), "side", model=MODEL)
    assert json.loads(json.dumps(guarded.to_dict()))["walks"] == 3


def test_too_few_people_give_distances_only(people):
    found = identify(people.entries(4, 2), people.walk("P1"), "side", model=MODEL)
    assert (found.outcome, found.subject, found.threshold) == ("not_calibrated", None, None)
    assert found.matches[0].subject == "P1"
    assert "5 people with 2 walks each" in found.sentence


def test_another_view_is_said_and_matches_nobody(people):
    found = identify(people.entries(6, 3, view="front"), people.walk("P1"), "side", model=MODEL)
    assert (found.outcome, found.subject, found.other_view) == ("other_view", None, 18)
    assert "from the side" in found.sentence
    assert "from the front" in found.sentence


def test_only_the_same_view_is_compared(people, enrolled):
    front = people.entries(2, 2, view="front")
    found = identify((*enrolled, *front), people.walk("P1"), "side", model=MODEL)
    assert (found.outcome, found.compared, found.other_view) == ("accepted", 18, 4)
    assert "4 from another or an unknown view" in found.sentence


@pytest.mark.parametrize("enrolled_view", ["side", "unknown"])
def test_an_unknown_view_matches_nothing(people, enrolled_view):
    found = identify(people.entries(6, 2, view=enrolled_view), people.walk("P1"), "unknown", model=MODEL)
    assert found.outcome == "other_view"


def test_embeddings_of_different_models_are_never_compared(people, enrolled):
    with pytest.raises(InputError, match=r"made-up \(01234567\).*another \(fedcba98\)"):
        identify(enrolled, people.walk("P1"), "side", model=OTHER_MODEL)
    both = (*enrolled, *people.entries(6, 2, model=OTHER_MODEL))
    found = identify(both, people.walk("P1"), "side", model=MODEL)
    assert (found.compared, found.other_model) == (18, 12)


def test_the_recording_itself_is_no_match(people, enrolled):
    found = identify(enrolled, copied(enrolled[0]), "side", model=MODEL)
    assert (found.same_recording, found.compared) == (1, 17)
    assert found.matches[0].best > 0.1
    alone = identify(enrolled[:1], copied(enrolled[0]), "side", model=MODEL)
    assert (alone.outcome, alone.matches) == ("only_itself", ())


def test_a_calibration_of_something_else_is_refused(people, enrolled):
    calibration = calibrate_threshold(enrolled, MODEL, "side", metric="cos")
    with pytest.raises(InputError, match=r"metric euc.*metric cos"):
        identify(enrolled, people.walk("P1"), "side", model=MODEL, calibration=calibration)


@pytest.mark.parametrize(("changes", "says"), [({"view": "back"}, "view"), ({"k": 0}, "k from 1"), ({"aim": 0}, "aim")])
def test_arguments_out_of_range_are_refused(people, enrolled, changes, says):
    arguments = {"view": "side", "model": MODEL} | changes
    with pytest.raises(InputError, match=says):
        identify(enrolled, people.walk("P1"), **arguments)
    with pytest.raises(InputError, match="empty"):
        identify((), people.walk("P1"), "side", model=MODEL)


def test_the_threshold_lies_between_own_walks_and_strangers(enrolled):
    found = calibrate_threshold(enrolled, MODEL, "side")
    assert isinstance(found, Calibration)
    assert (found.subjects, found.entries, found.aim) == (6, 18, 0.05)
    assert (found.false_accept.mean, found.missed.mean) == (0.0, 0.0)
    # No error among six people leaves nearly half possible.
    assert found.false_accept.ci_high == pytest.approx(1 - 0.025 ** (1 / 6))
    assert "up to 46 %" in found.sentence


def test_the_stated_rates_are_those_of_new_walks():
    wide = 1.3
    accepted, stated, missed, stated_missed = [], [], [], []
    for seed in range(6):
        people = People(seed, wide)
        enrolled = people.entries(12, 2)
        calibration = calibrate_threshold(enrolled, MODEL, "side", aim=0.2)
        assert isinstance(calibration, Calibration)
        stated.append(calibration.false_accept.mean)
        stated_missed.append(calibration.missed.mean)
        for number in range(8):
            stranger = identify(enrolled, people.walk(f"X{number}"), "side", model=MODEL, calibration=calibration)
            known = identify(enrolled, people.walk(f"P{number}"), "side", model=MODEL, calibration=calibration)
            accepted.append(stranger.outcome == "accepted")
            missed.append(known.subject != f"P{number}")
    assert np.mean(accepted) == pytest.approx(np.mean(stated), abs=0.15)
    assert np.mean(missed) <= np.mean(stated_missed) + 0.15
    assert 0.0 < np.mean(stated) < 0.35


def test_each_person_has_the_same_weight():
    # The eight walks of one person, whom strangers resemble, count as one of five people.
    person = np.array([0] * 8 + [1, 2, 3, 4])
    nearest = _Nearest(
        person=person,
        own=np.full(12, 2.0),
        other=np.where(person == 0, 1.0, 5.0),
        next_other=np.full(12, 5.0),
        who=np.where(person == 0, 1, 0),
    )
    assert _threshold(nearest, aim=0.25) == pytest.approx(3.5)
    assert _threshold(nearest, aim=0.15) < 1.0


@pytest.mark.parametrize(
    ("people_and_walks", "view", "spread", "reason"),
    [
        ((4, 9), "side", 0.3, "too_few_people"),
        ((9, 1), "side", 0.3, "too_few_people"),
        ((6, 3), "front", 0.3, "too_few_people"),
        ((6, 3), "unknown", 0.3, "unknown_view"),
        ((6, 3), "side", 50.0, "not_told_apart"),
    ],
)
def test_no_threshold_without_evidence(people_and_walks, view, spread, reason):
    found = calibrate_threshold(People(0, spread).entries(*people_and_walks), MODEL, view)
    assert isinstance(found, NotCalibrated)
    assert found.reason == reason
    assert "no limit" in found.sentence


@pytest.mark.parametrize(
    ("people_and_walks", "view", "counted"),
    [
        ((2, 1), "side", "2 people are enrolled so, 0 of them with 2 walks or more."),
        ((1, 2), "side", "1 person is enrolled so, 1 of them with 2 walks or more."),
        ((3, 2), "front", "0 people are enrolled so, and 3 only from another view or with another model."),
    ],
)
def test_too_few_people_are_counted_as_they_are_enrolled(people_and_walks, view, counted):
    found = calibrate_threshold(People(0).entries(*people_and_walks), MODEL, view)
    assert counted in found.sentence


def test_the_guard_knows_the_person_and_the_other(people, enrolled):
    same = other_person_warning(enrolled, "P1", people.walk("P1"), "side", model=MODEL)
    assert (same.outcome, same.reason, same.warning) == ("same", "fits", None)
    assert same.distance <= same.limit
    other = other_person_warning(enrolled, "P1", people.walk("P3"), "side", model=MODEL)
    assert (other.outcome, other.reason, other.nearer) == ("other", "too_far", "P3")
    assert other.distance > other.limit > other.usual
    assert other.warning.code == "seems_another_person"
    assert not other.warning.blocking
    assert "A gait that has changed" in other.sentence


def test_the_guard_seldom_warns_of_the_person_themselves():
    alarms = []
    for seed in range(60):
        people = People(seed, 0.8)
        own = people.entries(1, 4)
        alarms.append(other_person_warning(own, "P0", people.walk("P0"), "side", model=MODEL).outcome == "other")
    assert np.mean(alarms) <= 0.05


def test_the_guard_warns_with_nobody_else_enrolled_but_confirms_nothing(people):
    own = people.entries(1, 5)
    fits = other_person_warning(own, "P0", people.walk("P0"), "side", model=MODEL)
    assert (fits.outcome, fits.reason) == ("cannot_tell", "nobody_to_compare")
    assert other_person_warning(own, "P0", people.walk("X"), "side", model=MODEL).outcome == "other"


def test_the_guard_does_not_confirm_where_people_are_alike():
    people = People(0, 50.0)
    enrolled = people.entries(6, 4)
    found = {other_person_warning(enrolled, "P1", people.walk("P1"), "side", model=MODEL).reason for _ in range(5)}
    assert found <= {"others_fit_too", "another_is_nearer"}


@pytest.mark.parametrize(
    ("changes", "reason", "says"),
    [
        ({"subject": "X"}, "not_enrolled", "X is not enrolled"),
        ({"model": OTHER_MODEL}, "other_model", "another"),
        ({"view": "front"}, "other_view", "front"),
        ({"view": "unknown"}, "other_view", "unknown"),
    ],
)
def test_the_guard_says_why_it_cannot_tell(people, enrolled, changes, reason, says):
    arguments = {"subject": "P1", "view": "side", "model": MODEL} | changes
    found = other_person_warning(enrolled, embedding=people.walk("P1"), **arguments)
    assert (found.outcome, found.reason, found.distance) == ("cannot_tell", reason, None)
    assert says in found.sentence


def test_the_guard_leaves_out_the_recording_itself(people, enrolled):
    found = other_person_warning(enrolled, "P0", copied(enrolled[0]), "side", model=MODEL)
    assert (found.reason, found.walks) == ("too_few_walks", 2)


def test_an_embedding_that_is_no_number_is_refused(people, enrolled):
    broken = replace(people.walk("P1"), parts=np.full((24, 4), np.nan, np.float32))
    with pytest.raises(InputError, match="NaN"):
        identify(enrolled, broken, "side", model=MODEL)
    with pytest.raises(InputError, match="NaN"):
        other_person_warning(enrolled, "P1", broken, "side", model=MODEL)
