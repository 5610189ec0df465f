"""Real events against labels, and real ranges measured twice."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from gait_core.bench.accuracy_labels import LABELS, label_figures, labelled_events
from gait_core.bench.accuracy_retest import retest_figures
from gait_core.errors import InputError
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, GaitEvent

TRACK = SimpleNamespace(time_s=0.2 + 0.04 * np.arange(100))


def label(foot, kind, frame):
    return {"foot": foot, "kind": kind, "frame": frame, "unsure": False}


A = [label("near", "contact", 20), label("far", "off", 24), label("far", "contact", 35), label("near", "contact", 48)]
B = [label("near", "contact", 21), label("far", "off", 24), label("far", "contact", 35)]


def written(tmp_path, **passes):
    path = tmp_path / "labels.json"
    path.write_text(json.dumps({"clips": {"walk": {"near_side": "right", "passes": passes}}}))
    return path


def test_a_label_lies_between_its_frame_and_the_one_before():
    found = labelled_events({"near_side": "right", "passes": {"a": A}}, TRACK, "a")
    assert [(e.side, e.kind) for e in found] == [
        ("right", INITIAL_CONTACT), ("left", FOOT_OFF), ("left", INITIAL_CONTACT), ("right", INITIAL_CONTACT),
    ]  # fmt: skip
    assert found[0].time_s == pytest.approx(0.2 + 0.04 * 19.5)


def test_bias_error_and_agreement(tmp_path):
    exact = labelled_events({"near_side": "right", "passes": {"a": A}}, TRACK, "a")
    late = [GaitEvent(time_s=e.time_s + 0.03, side=e.side, kind=e.kind) for e in exact[:3]]
    figures, table = label_figures([("walk", TRACK, late)], written(tmp_path, a=A, b=B))
    # Passes differ by one frame in the first contact: its truth lies half a frame later than pass A.
    assert figures["real_contact_bias_ms"] == pytest.approx(1000 * np.median([0.03 - 0.02, 0.03]))
    assert figures["real_off_bias_ms"] == pytest.approx(30.0)
    assert figures["real_contact_f1"] == pytest.approx(2 * 2 / (2 + 3)), "the last contact was not found"
    assert figures["label_contact_agreement_ms"] == pytest.approx(20.0)
    assert figures["label_contact_f1"] == pytest.approx(2 * 2 / (3 + 2))
    assert figures["real_labelled_events"] == 4
    assert [row[2] for row in table.rows] == [3, 1]


def test_events_beyond_the_labels_do_not_count(tmp_path):
    exact = list(labelled_events({"near_side": "right", "passes": {"a": A}}, TRACK, "a"))
    before = GaitEvent(time_s=0.3, side="left", kind=INITIAL_CONTACT)
    figures, _ = label_figures([("walk", TRACK, [before, *exact])], written(tmp_path, a=A, b=A))
    assert figures["real_contact_f1"] == 1.0


def test_a_clip_without_labels_is_named(tmp_path):
    with pytest.raises(InputError, match="labels of other"):
        label_figures([("other", TRACK, [])], written(tmp_path, a=A, b=B))


def test_the_labels_of_the_real_walks_are_whole():
    stored = json.loads(LABELS.read_text())
    assert len(stored["clips"]) == 10
    for clip in stored["clips"].values():
        for events in clip["passes"].values():
            assert len(events) >= 10
            assert all(one["foot"] in ("near", "far") and one["kind"] in ("contact", "off") for one in events)
            assert [one["frame"] for one in events] == sorted(one["frame"] for one in events)


def walk_with(near_deg, far_deg):
    ranges = {
        f"{joint}_rom_deg": SimpleNamespace(
            right=SimpleNamespace(mean=near_deg), left=None if far_deg is None else SimpleNamespace(mean=far_deg)
        )
        for joint in ("hip", "knee", "ankle")
    }
    return SimpleNamespace(visible_side="right", key_values=ranges)


def test_ranges_of_two_recordings():
    walks = [walk_with(60.0, 50.0), walk_with(62.0, None), walk_with(58.0, 50.0), walk_with(52.0, 55.0)]
    figures, table = retest_figures(walks)
    assert figures["retest_knee_within_deg"] == pytest.approx(4.0)
    assert figures["retest_far_knee_within_deg"] == pytest.approx(5.0), "a missing range counts neither way"
    assert len(table.rows) == 6
