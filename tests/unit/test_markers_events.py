import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marker_files import write_c3d

from gait_core.errors import InputError
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT
from gait_core.markers.event_dialects import meaning_of
from gait_core.markers.trial import read_trial
from gait_core.validation.reference import load_reference

pytest.importorskip("ezc3d")

ROWS = [
    (0.31, "left", FOOT_OFF),
    (0.72, "left", INITIAL_CONTACT),
    (0.90, "right", FOOT_OFF),
    (1.30, "right", INITIAL_CONTACT),
    (1.51, "left", FOOT_OFF),
    (1.92, "left", INITIAL_CONTACT),
]
TIMES = np.array([time_s for time_s, _, _ in ROWS])
PAIRS = np.stack([0 * TIMES, TIMES])
STILL = {"LHEE": np.ones((300, 3))}


def short(contact="HS", off="TO", form="{side}{kind}"):
    return [
        form.format(side=side[0].upper(), kind=contact if kind == INITIAL_CONTACT else off) for _, side, kind in ROWS
    ]


def sides():
    return [side.title() for _, side, _ in ROWS]


DIALECTS = {
    "Vicon": {
        "CONTEXTS": sides(),
        "LABELS": ["Foot Strike" if kind == INITIAL_CONTACT else "Foot Off" for *_, kind in ROWS],
    },
    "short labels": {"LABELS": short()},
    "short labels and General": {"LABELS": short(), "CONTEXTS": ["General"] * 6},
    "in the contexts": {"LABELS": [""] * 6, "CONTEXTS": short()},
    "in the descriptions": {"LABELS": ["Event"] * 6, "CONTEXTS": ["General"] * 6, "DESCRIPTIONS": short()},
    "Vicon's descriptions": {
        "CONTEXTS": sides(),
        "LABELS": [""] * 6,
        "DESCRIPTIONS": [
            "The instant the heel strikes the ground"
            if kind == INITIAL_CONTACT
            else "The instant the toe leaves the ground"
            for *_, kind in ROWS
        ],
    },
    "initial contact": {"LABELS": short("IC", "FO")},
    "foot strike": {"LABELS": short("FS", "FO", "{side}_{kind}")},
    "side behind": {"LABELS": short("HS", "TO", "{kind}_{side}")},
    "in words": {
        "LABELS": [
            f"{side.title()} {'Heel Strike' if kind == INITIAL_CONTACT else 'toe-off'}" for _, side, kind in ROWS
        ]
    },
    "plates alone": {"LABELS": short("ON", "OFF")},
}


def read(path):
    return [(round(event.time_s, 4), event.side, event.kind) for event in read_trial(path).events]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gives_the_same_events(tmp_path, dialect):
    path = write_c3d(tmp_path / "walk.c3d", STILL, events={"USED": [6], "TIMES": PAIRS, **DIALECTS[dialect]})
    assert read(path) == ROWS
    assert not read_trial(path).notes


@pytest.mark.parametrize(
    "times",
    [TIMES, PAIRS.T.ravel(), PAIRS.ravel(), TIMES[None]],
    ids=["seconds", "minutes and seconds in turn", "minutes, then seconds", "one row"],
)
@pytest.mark.parametrize("used", [[6], None])
def test_times_in_one_dimension(tmp_path, times, used):
    events = {"TIMES": times, "LABELS": short()} | ({"USED": used} if used else {})
    assert read(write_c3d(tmp_path / "walk.c3d", STILL, events=events)) == ROWS


def test_two_times_of_two_events_are_seconds_and_two_of_one_event_are_a_minute_and_seconds(tmp_path):
    two = {"USED": [2], "TIMES": np.array([0.5, 1.0]), "LABELS": ["LHS", "RHS"]}
    assert [time_s for time_s, *_ in read(write_c3d(tmp_path / "two.c3d", STILL, events=two))] == [0.5, 1.0]
    one = {"USED": [1], "TIMES": np.array([0.0, 1.0]), "LABELS": ["LHS"]}
    assert [time_s for time_s, *_ in read(write_c3d(tmp_path / "one.c3d", STILL, events=one))] == [1.0]


def test_times_after_a_minute(tmp_path):
    events = {"USED": [2], "TIMES": np.array([[0.0, 1.0], [59.5, 0.5]]), "LABELS": ["LHS", "LTO"]}
    path = write_c3d(tmp_path / "walk.c3d", {"LHEE": np.ones((6200, 3))}, events=events)
    assert [time_s for time_s, *_ in read(path)] == [59.5, 60.5]


def test_events_in_more_than_one_block(tmp_path):
    labels = short()
    events = {
        "USED": [6],
        "TIMES": PAIRS[:, :4],
        "LABELS": labels[:4],
        "TIMES2": PAIRS[:, 3:],
        "LABELS2": labels[3:],
    }
    assert read(write_c3d(tmp_path / "walk.c3d", STILL, events=events)) == ROWS


def test_events_outside_of_the_trial_are_dropped_and_counted(tmp_path):
    times = np.array([0.99, 0.5, 1.2, 3.99, 4.5])
    events = {"USED": [5], "TIMES": np.stack([0 * times, times]), "LABELS": ["LHS", "LTO", "RHS", "RTO", "LHS"]}
    path = write_c3d(tmp_path / "walk.c3d", STILL, first_frame=100, events=events)
    assert [time_s for time_s, *_ in read(path)] == [0.99, 1.2, 3.99]
    assert "2 events lie outside of the recorded frames, or without a time, and are left out." in read_trial(path).notes


def test_a_file_that_counts_from_its_own_first_frame(tmp_path):
    events = {"USED": [6], "TIMES": PAIRS, "LABELS": short()}
    path = write_c3d(tmp_path / "walk.c3d", STILL, first_frame=500, events=events)
    assert np.allclose([event.time_s for event in read_trial(path).events], TIMES + 5.0)
    assert "from its first frame" in read_trial(path).notes[0]


def test_a_file_that_counts_from_its_own_first_frame_though_some_events_fit_as_they_stand(tmp_path):
    events = {"USED": [6], "TIMES": PAIRS, "LABELS": short()}
    first = int(100 * (TIMES.min() + TIMES.max()) / 2)  # half of them lie before the first frame
    path = write_c3d(tmp_path / "walk.c3d", STILL, first_frame=first, events=events)
    assert np.allclose([event.time_s for event in read_trial(path).events], TIMES + first / 100)
    (note,) = [note for note in read_trial(path).notes if "from its first frame" in note]
    assert note.startswith("Only ") and f" of {len(TIMES)} events lie inside" in note


def test_what_is_not_understood_is_named_and_counted(tmp_path):
    events = {
        "USED": [5],
        "TIMES": PAIRS[:, :5],
        "LABELS": ["Event", "Event", "Foot Strike", "RHS", "RHS"],
        "CONTEXTS": ["General", "General", "General", "Right", "Left"],
    }
    trial = read_trial(write_c3d(tmp_path / "walk.c3d", STILL, events=events))
    assert [(event.side, event.kind) for event in trial.events] == [("right", INITIAL_CONTACT)]
    (note,) = trial.notes
    assert "General Event (2), General Foot Strike (1), Left RHS (1)" in note


def plates(marked, plate):
    times = np.array([*marked, *plate])
    return {
        "USED": [len(times)],
        "TIMES": np.stack([0 * times, times]),
        "LABELS": ["LHS"] * len(marked) + ["LON"] * len(plate),
    }


def test_marked_events_win_over_force_plates(tmp_path):
    path = write_c3d(tmp_path / "walk.c3d", STILL, events=plates([0.5, 1.5], [0.9, 2.1]))
    assert [time_s for time_s, *_ in read(path)] == [0.5, 1.5]
    assert "LON (2)" in read_trial(path).notes[0]


def test_a_plate_that_agrees_fills_what_was_not_marked(tmp_path):
    path = write_c3d(tmp_path / "walk.c3d", STILL, events=plates([0.5, 2.5], [0.51, 1.5, 2.49]))
    assert [time_s for time_s, *_ in read(path)] == [0.5, 1.5, 2.5]
    assert "at 1.50 s is only known from the force plate" in read_trial(path).notes[1]


def test_labels_without_times_and_times_that_are_no_numbers(tmp_path):
    assert not read(write_c3d(tmp_path / "none.c3d", STILL, events={"USED": [2], "LABELS": ["LHS", "RHS"]}))
    times = np.array([[0.0, 0.0], [np.nan, 1.0]])
    events = {"USED": [2], "LABELS": ["LHS", "RHS"], "TIMES": times}
    assert read(write_c3d(tmp_path / "nan.c3d", STILL, events=events)) == [(1.0, "right", INITIAL_CONTACT)]


def test_events_of_the_header_count_where_the_group_has_none(tmp_path):
    # C3D format, user guide: words 150 (key), 151 (number), 153 (times), 189 (flags), 199 (labels of four letters).
    path = write_c3d(tmp_path / "walk.c3d", STILL)
    content = bytearray(path.read_bytes())
    parts = {150: struct.pack("<2H", 12345, 2), 153: struct.pack("<2f", 0.5, 1.0), 189: b"\1\1", 199: b"RHS LTO "}
    for word, value in parts.items():
        content[2 * (word - 1) : 2 * (word - 1) + len(value)] = value
    path.write_bytes(bytes(content))
    assert read(path) == [(0.5, "right", INITIAL_CONTACT), (1.0, "left", FOOT_OFF)]


def test_times_that_are_texts_are_counted(tmp_path):
    events = {"USED": [2], "LABELS": ["LHS", "RHS"], "TIMES": ["early", "late"]}
    trial = read_trial(write_c3d(tmp_path / "walk.c3d", STILL, events=events))
    assert not trial.events
    assert "2 events" in trial.notes[0]


def test_a_file_without_markers_still_has_its_events(tmp_path):
    ezc3d = pytest.importorskip("ezc3d")
    content = ezc3d.c3d()
    content["data"]["points"] = np.zeros((4, 0, 10))
    content.add_parameter("EVENT", "TIMES", np.array([[0.0], [1.0]]))
    content.add_parameter("EVENT", "LABELS", ["LHS"])
    content.write(str(tmp_path / "walk.c3d"))
    assert read(tmp_path / "walk.c3d") == [(1.0, "left", INITIAL_CONTACT)]


def test_the_reference_of_a_file_is_the_trial(tmp_path):
    path = write_c3d(
        tmp_path / "walk.c3d", STILL, events={"USED": [6], "TIMES": TIMES, "LABELS": [*short()[:5], "Event"]}
    )
    reference = load_reference(path)
    assert reference.events == read_trial(path).events
    assert len(reference.events) == 5
    assert reference.notes == read_trial(path).notes
    assert not reference.same_clock


def test_a_file_of_which_no_event_is_understood_is_refused(tmp_path):
    path = write_c3d(tmp_path / "walk.c3d", STILL, events={"USED": [1], "TIMES": PAIRS[:, :1], "LABELS": ["Jump"]})
    with pytest.raises(InputError, match="none of them"):
        load_reference(path)


@given(text=st.text(max_size=12), context=st.sampled_from(["", "Left", "General", "RHS"]))
def test_any_text_is_understood_or_not_but_never_an_error(text, context):
    found = meaning_of(text, context, text)
    assert found is None or (found.side in ("left", "right") and found.kind in (INITIAL_CONTACT, FOOT_OFF))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    frames=st.lists(st.integers(min_value=0, max_value=299), min_size=1, max_size=9, unique=True),
    way=st.sampled_from(["rows", "seconds", "in turn"]),
)
def test_times_in_every_arrangement(tmp_path, frames, way):
    times = np.array(sorted(frames)) / 100.0
    pairs = np.stack([0 * times, times])
    values = {"rows": pairs, "seconds": times, "in turn": pairs.T.ravel()}[way]
    sides_of = ["LHS" if number % 2 else "RHS" for number in range(len(times))]
    events = {"USED": [len(times)], "TIMES": values, "LABELS": sides_of}
    trial = read_trial(write_c3d(tmp_path / "walk.c3d", STILL, events=events))
    kept = [time_s for number, time_s in enumerate(times) if number < 2 or time_s - times[number - 2] > 0.0101]
    assert np.allclose([event.time_s for event in trial.events], kept)


@pytest.mark.parametrize("name", ["figshare_pd_SUB01_off_walk_12b", "fukuchi_WBDS19walkT01"])
def test_real_files_give_the_events_that_another_reader_found(data, name):
    path = data / "c3d" / f"{name}.c3d"
    if not path.is_file():
        pytest.skip("the C3D files of other laboratories are not on this machine")
    with np.load(data / "mocap_slow" / f"{name}.npz", allow_pickle=False) as other:
        rows = [(float(time_s), side, kind) for side, kind, time_s in other["events"]]
    kinds = {INITIAL_CONTACT: "HS", FOOT_OFF: "TO"}
    trial = read_trial(path)
    found = [(event.time_s, event.side[0].upper(), kinds[event.kind]) for event in trial.events]
    assert [row[1:] for row in found] == [row[1:] for row in sorted(rows)]
    assert np.allclose([row[0] for row in found], [row[0] for row in sorted(rows)], atol=1.0 / trial.rate_hz)


def test_a_number_of_events_that_is_less_than_there_are_is_said(tmp_path):
    path = write_c3d(tmp_path / "walk.c3d", STILL, events={"USED": [2], "TIMES": PAIRS, "LABELS": short()})
    assert read(path) == ROWS
    assert "EVENT:USED states 2 events, but the file holds 6: all of them are read." in read_trial(path).notes
