import pytest
from gait_walks import simulated

from gait_core.config import FeatureSettings, MeasureSettings
from gait_core.errors import InputError
from gait_core.gait.events.detect import detect_events
from gait_core.gait.events.edits import Edit, apply_edits, count_changed, edits_from_json, edits_to_json
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT
from gait_core.gait.kinematics import compute_kinematics
from gait_core.gait.measurement import measure
from gait_core.gait.strides import build_strides


@pytest.fixture(scope="module")
def measured():
    motion = compute_kinematics(simulated(seed=1)[1], FeatureSettings(rate_hz=100.0))
    return motion, detect_events(motion, MeasureSettings())


def event_of(events, side, kind, number=0):
    return [event for event in events.events if event.side == side and event.kind == kind][number]


def edit(action, event, new_time_s=None):
    return Edit(action=action, side=event.side, kind=event.kind, time_s=event.time_s, new_time_s=new_time_s)


def test_a_moved_event_changes_what_follows_and_not_the_automatic_result(measured):
    motion, events = measured
    old = event_of(events, "left", INITIAL_CONTACT, 1)
    changed = apply_edits(events, [edit("move", old, old.time_s + 0.03)])
    new = event_of(changed, "left", INITIAL_CONTACT, 1)
    assert new.source == "manual" and new.confidence == 1.0
    assert new.time_s == pytest.approx(old.time_s + 0.03)
    assert old in events.events
    before, after = build_strides(events, motion), build_strides(changed, motion)
    assert any(a.start_s == new.time_s or a.end_s == new.time_s for a in after)
    assert len(before) == len(after)


def test_undo_is_to_leave_out_the_last_edit(measured):
    _, events = measured
    edits = [
        edit("delete", event_of(events, "left", FOOT_OFF, 1)),
        edit("delete", event_of(events, "right", INITIAL_CONTACT, 0)),
    ]
    assert apply_edits(events, edits[:-1]).events == apply_edits(events, edits[:1]).events
    assert apply_edits(events, []).events == events.events


def test_a_deleted_event_can_be_added_again(measured):
    _, events = measured
    gone = event_of(events, "right", FOOT_OFF)
    again = Edit(action="add", side="right", kind=FOOT_OFF, time_s=gone.time_s)
    changed = apply_edits(events, [edit("delete", gone), again])
    assert [event.time_s for event in changed.events] == [event.time_s for event in events.events]


@pytest.mark.parametrize("time_s", [float("nan"), float("inf"), "0.5", True, None])
def test_the_time_of_an_edit_is_a_number(time_s):
    with pytest.raises(InputError, match="time"):
        Edit(action="add", side="left", kind=FOOT_OFF, time_s=time_s)
    if time_s is not None:
        with pytest.raises(InputError, match="time"):
            Edit(action="move", side="left", kind=FOOT_OFF, time_s=0.5, new_time_s=time_s)


def test_an_event_outside_of_the_walk_is_refused(measured):
    motion, events = measured
    first = event_of(events, "left", INITIAL_CONTACT)
    for time_s in (-50.0, 1e9):
        with pytest.raises(InputError, match="where the walk lies"):
            measure(motion, events=events, edits=[edit("move", first, time_s)])


@pytest.mark.parametrize("text", ["[" * 100_000, '{"edits": [{"action": "add", "time_s": NaN}]}'])
def test_edits_that_no_measurement_wrote_are_refused(text):
    with pytest.raises(InputError, match="cannot be read"):
        edits_from_json(text)


def test_events_are_counted_that_a_person_changed_and_not_the_edits(measured):
    _, events = measured
    first, last = event_of(events, "left", INITIAL_CONTACT, 1), event_of(events, "right", FOOT_OFF, -1)
    nudged = []
    for _ in range(5):
        now = apply_edits(events, nudged).times_s("left", INITIAL_CONTACT)[1]
        moved = Edit(action="move", side="left", kind=INITIAL_CONTACT, time_s=now, new_time_s=now + 0.01)
        nudged.append(moved)
    assert count_changed(events, []) == 0
    assert count_changed(events, nudged) == 1
    assert count_changed(events, [*nudged, edit("delete", last)]) == 2
    back = Edit(
        action="move",
        side="left",
        kind=INITIAL_CONTACT,
        time_s=nudged[-1].new_time_s,
        new_time_s=first.time_s,
    )
    assert count_changed(events, [*nudged, back]) == 0
    again = Edit(action="add", side="right", kind=FOOT_OFF, time_s=last.time_s)
    assert count_changed(events, [edit("delete", last), again]) == 0
    elsewhere = Edit(action="add", side="right", kind=FOOT_OFF, time_s=last.time_s - 0.02)
    assert count_changed(events, [edit("delete", last), elsewhere]) == 2


def test_an_edit_of_an_edited_event(measured):
    _, events = measured
    old = event_of(events, "left", INITIAL_CONTACT)
    first = edit("move", old, old.time_s + 0.02)
    second = Edit(action="move", side=old.side, kind=old.kind, time_s=old.time_s + 0.02, new_time_s=old.time_s - 0.02)
    changed = apply_edits(events, [first, second])
    assert event_of(changed, "left", INITIAL_CONTACT).time_s == pytest.approx(old.time_s - 0.02)


def test_an_event_moved_over_its_neighbour_is_refused_and_the_neighbours_named(measured):
    _, events = measured
    number = 3
    event, after = events.events[number], events.events[number + 1]
    with pytest.raises(InputError, match=f"{after.side} .* at {after.time_s:.2f} s") as caught:
        apply_edits(events, [edit("move", event, after.time_s + 0.01)])
    assert caught.value.remedy


def test_a_second_contact_between_two_events_is_refused(measured):
    _, events = measured
    contact = event_of(events, "left", INITIAL_CONTACT, 1)
    with pytest.raises(InputError, match="does not fit beside"):
        apply_edits(events, [Edit(action="add", side="left", kind=INITIAL_CONTACT, time_s=contact.time_s + 0.05)])


def test_an_event_that_is_not_there_cannot_be_changed(measured):
    _, events = measured
    with pytest.raises(InputError, match="there is none"):
        apply_edits(events, [Edit(action="delete", side="left", kind=FOOT_OFF, time_s=99.0)])


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "turn"},
        {"side": "both"},
        {"kind": "jump"},
        {"action": "move"},
        {"new_time_s": 1.0},
    ],
)
def test_an_edit_is_checked(fields):
    with pytest.raises(InputError, match="Expected"):
        Edit(**{"action": "add", "side": "left", "kind": FOOT_OFF, "time_s": 1.0, **fields})


def test_edits_go_through_json_and_back():
    edits = (
        Edit(action="move", side="left", kind=FOOT_OFF, time_s=1.25, new_time_s=1.3),
        Edit(action="delete", side="right", kind=INITIAL_CONTACT, time_s=2.0),
    )
    assert edits_from_json(edits_to_json(edits)) == edits
    assert edits_from_json(edits_to_json(())) == ()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"edits": [{"action": "add"}]}', '{"edits": 3}'])
def test_edits_that_cannot_be_read(text):
    with pytest.raises(InputError, match="Expected edits"):
        edits_from_json(text)
