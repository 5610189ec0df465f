"""The event editor: what the browser gets, what it may ask for, and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import fake
import numpy as np
import pytest
import streamlit as st
from reading import text_of
from streamlit.testing.v1 import AppTest

from app.event_editor import changed_edits, editor_data, moved_events
from app.views import measure_events
from app.views.measure_events import figures_of, handle, numbers_of, video_of
from gait_core.errors import InputError
from gait_core.gait.events.edits import Edit
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, GaitEvent, Rejection
from gait_core.video.probe import content_sha256
from gait_core.walks.measurements import MeasuredWalk, load_measurement
from gait_core.workspace import Workspace

Open = Callable[..., AppTest]
KEY = "events_test"


@pytest.fixture
def session(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what the session remembers while no page runs."""
    state: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", state)
    return state


def data_of(walk: MeasuredWalk, space: Workspace, **more: Any) -> dict[str, Any]:
    return editor_data(walk, walk.motion(space), video_url=None, **more)


def moved(event: GaitEvent, by_s: float, number: int = 1) -> dict[str, Any]:
    return {
        "action": "move",
        "side": event.side,
        "kind": event.kind,
        "time_s": event.time_s,
        "new_time_s": event.time_s + by_s,
        "number": number,
    }


def test_the_browser_gets_everything_to_draw(space: Workspace) -> None:
    walk = fake.measurement(space)
    piece = Rejection(start_s=1.0, end_s=2.0, side="left", code="order", reason="Out of <order>.")
    walk = replace(walk, measurement=replace(walk.measurement, rejections=(piece,)))
    data = data_of(walk, space)
    json.dumps(data, allow_nan=False)
    assert len(data["events"]) == len(walk.measurement.events.events)
    assert data["editable"]
    assert data["ghosts"] == []
    assert data["rejections"] == [{"side": "left", "start": 1.0, "end": 2.0, "reason": "Out of <order>."}]
    assert len(data["passes"]) == len(walk.measurement.segments)
    assert len(data["frames"]) == len(data["figure"]["left"]) == len(data["figure"]["right"])
    assert data["video"]["url"] == ""


def test_heel_is_farthest_forward_near_contact(space: Workspace) -> None:
    walk = fake.measurement(space)
    data = data_of(walk, space)
    curves = data["curves"]
    near = round(0.3 / curves["step"])
    for side in ("left", "right"):
        heel = np.array([np.nan if value is None else value for value in curves[side]["heel_forward"]])
        for time_s in walk.measurement.events.times_s(side, INITIAL_CONTACT):
            at = round((time_s - curves["start"]) / curves["step"])
            around = heel[max(0, at - near) : at + near]
            assert heel[at] > np.nanmin(around) + 0.75 * np.ptp(around[np.isfinite(around)])


def test_without_landmarks_nothing_can_be_edited(space: Workspace) -> None:
    data = editor_data(fake.measurement(space), None, video_url=None, video_note="gone")
    assert not data["editable"]
    assert "landmarks" in data["locked"]
    assert data["curves"] is None
    assert data["end"] > data["events"][-1]["t"]


def test_moved_and_deleted_events_are_shown_where_they_were(space: Workspace) -> None:
    found = fake.measurement(space).measurement.events
    current = found.with_events(found.events[1:])
    assert moved_events(found, current) == (found.events[0],)
    shifted = replace(found.events[0], time_s=found.events[0].time_s + 0.02, source="manual")
    assert moved_events(found, found.with_events([shifted, *found.events[1:]])) == (found.events[0],)


def test_changes_become_edits() -> None:
    before = (Edit(action="delete", side="left", kind=FOOT_OFF, time_s=1.0),)
    added = changed_edits({"action": "add", "side": "right", "kind": INITIAL_CONTACT, "time_s": 2}, before, 8.0)
    assert added == (*before, Edit(action="add", side="right", kind=INITIAL_CONTACT, time_s=2.0))
    assert changed_edits({"action": "undo"}, added, 8.0) == before
    assert changed_edits({"action": "reset"}, added, 8.0) == ()
    assert changed_edits({"action": "undo"}, (), 8.0) == ()


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"action": "explode"},
        {"action": "add", "side": "left", "kind": FOOT_OFF, "time_s": float("nan")},
        {"action": "add", "side": "left", "kind": FOOT_OFF, "time_s": 99.0},
        {"action": "add", "side": "left", "kind": FOOT_OFF, "time_s": -0.1},
        {"action": "add", "side": "left", "kind": FOOT_OFF, "time_s": "1"},
        {"action": "add", "side": "middle", "kind": FOOT_OFF, "time_s": 1.0},
        {"action": "move", "side": "left", "kind": FOOT_OFF, "time_s": 1.0},
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        changed_edits(change, (), 8.0)


def test_a_moved_contact_changes_the_numbers_and_undo_brings_them_back(
    space: Workspace, session: dict[str, Any]
) -> None:
    walk = fake.measurement(space)
    stride = walk.measurement.strides[1]
    contact = next(event for event in walk.measurement.events.events if event.time_s == stride.start_s)
    handle(walk.id, moved(contact, -0.03), KEY)
    assert session[f"gs_{KEY}_said"] == {"answer": 1, "refusal": ""}
    after = load_measurement(space, walk.id)
    assert [edit.action for edit in after.measurement.edits] == ["move"]
    assert after.measurement.events == walk.measurement.events
    changed = numbers_of(figures_of(after.measurement), session[f"gs_{KEY}_step"]["before"])
    side = f"Stance, {contact.side}"
    assert next(item for item in changed if item["label"] == side)["before"] is not None
    handle(walk.id, {"action": "undo", "number": 2}, KEY)
    again = load_measurement(space, walk.id)
    assert again.measurement.edits == ()
    assert figures_of(again.measurement) == figures_of(walk.measurement)


def test_an_edit_out_of_order_changes_nothing(space: Workspace, session: dict[str, Any]) -> None:
    walk = fake.measurement(space)
    contact = next(event for event in walk.measurement.events.events[3:] if event.kind == INITIAL_CONTACT)
    handle(walk.id, moved(contact, 0.4, number=7), KEY)
    said = session[f"gs_{KEY}_said"]
    assert said["answer"] == 7
    assert "Nothing was changed" in said["refusal"]
    assert "does not fit beside" in said["refusal"]
    assert load_measurement(space, walk.id).measurement.edits == ()


def test_a_measurement_that_is_gone_is_said_not_raised(space: Workspace, session: dict[str, Any]) -> None:
    handle("none", {"action": "undo", "number": 3}, KEY)
    assert "no" in session[f"gs_{KEY}_said"]["refusal"]


def test_why_there_is_no_video(space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure_events, "measured_url", lambda _: "http://here")
    path = Path(fake.videos(tmp_path, 1)[0])
    walk = fake.measurement(space, path=str(path), content=content_sha256(path))
    assert video_of(walk)[0] == "http://here"
    path.unlink()
    url, reason = video_of(walk)
    assert url is None
    assert str(path) in reason


def test_the_tab_is_drawn(open_page: Open, space: Workspace) -> None:
    walk = fake.measurement(space)
    test = open_page("measure", measurement=walk.id, tab="Events")
    assert not test.exception
    assert not test.error


def test_the_tab_says_that_the_landmarks_are_gone(open_page: Open, space: Workspace) -> None:
    walk = fake.measurement(space, landmarks=False)
    assert "landmarks of this walk are no longer" in text_of(open_page("measure", measurement=walk.id, tab="Events"))
