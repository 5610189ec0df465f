"""Inputs on which Gait Studio once went wrong, each at its right value or behaviour; see the table beside them."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys

import pytest
from support.derived_videos import encoded_again

from gait_core.cli.main import main
from gait_core.jobs.run import run_folder
from gait_core.jobs.store import JobStore
from gait_core.workspace import Workspace, read_json

FAST = ("--profile", "fast", "--height-m", "1.858")


@pytest.fixture(scope="module")
def troubles(data):
    return data / "troubles"


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    return tmp_path_factory.mktemp("troubles")


def run(room, *arguments):
    """Run one command and return its exit code; its JSON goes to a file, so that nothing has to be captured."""
    return main([*map(str, arguments), "--workspace", str(room / "ws"), "--quiet"])


@pytest.fixture
def answer(room, capsys):
    """Return a function that runs a command and returns its exit code and its JSON."""

    def ask(*arguments):
        capsys.readouterr()
        code = run(room, *arguments, "--json")
        return code, json.loads(capsys.readouterr().out)

    return ask


@pytest.fixture
def measured(answer, troubles):
    """Return a function that measures one of the clips and returns its entry."""

    def of(name, *options):
        code, result = answer("measure", troubles / name, *FAST, *options)
        assert code == 0
        return result["walks"][0]

    return of


def mean(walk, name):
    return walk["parameters"][name]["mean"]


def codes(walk):
    return {warning["code"] for warning in walk["warnings"]}


def message(walk, code):
    return next(warning["message"] for warning in walk["warnings"] if warning["code"] == code)


def check(walk, name):
    return next(one for one in walk["checks"] if one["name"] == name)


def test_what_an_edit_list_cuts_off_is_not_missing(measured):
    walk = measured("trimmed_losslessly_by_edit_list.mp4")
    assert mean(walk, "cadence_spm") == pytest.approx(105.8, abs=2.0)
    left_s = [e["time_s"] for e in walk["events"] if (e["kind"], e["side"]) == ("initial_contact", "left")]
    assert left_s[0] == pytest.approx(0.91, abs=0.05)
    assert "broken_frames" not in codes(walk)


def test_the_walk_is_taken_and_not_its_thumbnail(measured):
    walk = measured("thumbnail_is_first_video_stream.mov")
    assert mean(walk, "cadence_spm") == pytest.approx(105.8, abs=2.0)


def test_both_directions_count_and_the_message_says_so(measured):
    walk = measured("there_and_back_both_directions.mp4")
    assert len(walk["strides"]) >= 6
    assert {stride["pass_number"] for stride in walk["strides"]} == {0, 1}
    assert "come from all passes" in message(walk, "both_sides")
    assert "left out" not in message(walk, "both_sides")
    other = measured("there_and_back_both_directions.mp4", "--side", "left")
    assert len(other["strides"]) == len(walk["strides"])
    assert "seen from the left only" in message(other, "both_sides")


def test_a_child_before_the_walker_is_noticed(measured):
    walk = measured("child_walks_in_front_of_therapist.mp4")
    assert "several_people" in codes(walk)
    assert check(walk, "people")["state"] == "unusable"


def test_choosing_a_person_is_no_way_out_of_two_close_together(measured):
    walk = measured("child_walks_in_front_of_therapist.mp4", "--person", "largest")
    assert "person_followed" in codes(walk)
    assert check(walk, "people")["state"] == "poor"


def test_lengths_are_withheld_when_the_camera_zooms(measured):
    walk = measured("camera_zooms_and_pans.mp4")
    assert not [name for name in walk["parameters"] if "length" in name or "speed" in name or "ratio" in name]
    assert mean(walk, "cadence_spm") == pytest.approx(105.8, abs=2.0)
    assert "the camera zooms or moves" in message(walk, "camera_moved")
    assert check(walk, "camera_motion")["state"] == "poor"


def test_steps_twice_as_fast_as_anybody_walks_are_counted_and_not_called_hidden(measured, answer, troubles):
    for walk in (measured("cadence_211_both_legs_visible.mp4"), measured("walk_a.mp4", "--fps", "60")):
        assert walk["parameters"]["cadence_spm"]["mean"] == pytest.approx(211.5, rel=0.015)
        assert not {"legs_out_of_frame", "no_rhythm", "few_strides"} & codes(walk)
    code, result = answer("measure", troubles / "walk_a.mp4", *FAST, "--fps", "240")
    assert code == 1
    assert "With the frame rate given, the whole video lasts 0.5 s" in result["walks"][0]["error"]["message"]


def test_a_speed_of_playing_that_changes_is_said(measured):
    walk = measured("phone_slow_motion_speed_ramp.mp4")
    assert "the playback speed changes" in message(walk, "playing_speed")
    assert "walk farther" not in " ".join(warning["message"] for warning in walk["warnings"])


def test_a_side_that_is_not_seen_is_said_to_have_no_effect(measured):
    assert "which was measured" in message(measured("walk_a.mp4", "--side", "left"), "side_unseen")
    assert "side_unseen" not in codes(measured("walk_a.mp4", "--side", "right"))


@pytest.fixture
def validated(answer, troubles):
    def of(reference, *options):
        return answer(
            "validate", "--reference", troubles / reference, "--video", troubles / "walk_a.mp4", *FAST, *options
        )

    return of


def test_a_table_of_two_walks_is_read_for_the_walk_of_the_video(validated):
    code, result = validated("reference_table_of_two_walks.csv")
    assert code == 0
    assert result["passed"] is True
    assert result["figures"]["step_length_mae_m"] < 0.03


def test_a_table_of_which_nothing_is_known_is_refused_with_the_names_that_are(validated):
    code, result = validated("reference_names_of_a_walkway.csv")
    assert code == 1
    assert "nothing could be compared" in result["error"]["message"]
    assert "cadence_spm" in result["error"]["remedy"]


def test_empty_rows_of_a_spreadsheet_are_skipped(validated):
    code, result = validated("reference_excel_trailing_empty_rows.csv")
    assert code == 0
    assert "14 events" in result["reference"]


def test_exchanged_sides_are_no_clean_pass(validated):
    code, result = validated("reference_left_right_exchanged.csv")
    assert code == 0
    assert result["passed"] is None
    assert result["alignment"]["exchanged"]
    assert "left and right exchanged" in result["alignment"]["sentence"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--height-m", "nan"), "--height-m"),
        (("--fps", "inf"), "--fps"),
        (("--format", "csv,c3d"), "--export"),
        (("--distance-px", "200"), "--distance-m"),
    ],
)
def test_numbers_that_are_none_and_options_without_effect_are_refused(answer, troubles, options, said):
    code, result = answer("measure", troubles / "walk_a.mp4", *options)
    assert code == 1
    assert said in result["error"]["message"]


@pytest.fixture(scope="module")
def baseline(room, troubles):
    """Make a baseline of four files that hold three recordings; return what was printed and its identifier."""
    names = (
        "same_recording_original.mp4",
        "same_recording_remuxed.mp4",
        "trimmed_losslessly_by_edit_list.mp4",
        "walk_b_other_person.mp4",
    )
    printed = io.StringIO()
    before, sys.stdout = sys.stdout, printed
    try:
        videos = [troubles / name for name in names]
        assert run(room, "baseline", "create", *videos, "--subject", "P1", "--profile", "fast") == 0
    finally:
        sys.stdout = before
    return printed.getvalue(), next(iter((room / "ws" / "baselines").iterdir())).name


def test_a_copy_of_a_recording_counts_once(baseline, room):
    text, baseline_id = baseline
    assert "from 3 walks (4 were given)" in text
    manifest = read_json(room / "ws" / "baselines" / baseline_id / "manifest.json")
    (left_out,) = manifest["left_out"]
    assert left_out["warnings"][0]["code"] == "same_recording"
    assert "same_recording_original.mp4" in left_out["warnings"][0]["message"]
    thresholds = read_json(room / "ws" / "baselines" / baseline_id / "thresholds.json")
    assert "fewer than 5 walks" in thresholds["note"]


def test_copies_and_doubts_stand_beside_the_verdict(baseline, room, troubles, answer):
    _, baseline_id = baseline
    slow, hole = room / "slow.mp4", room / "hole.mp4"
    encoded_again(troubles / "walk_a.mp4", slow, time_s=lambda t: 4.0 * t)
    encoded_again(troubles / "walk_a.mp4", hole, time_s=lambda t: t + (3.0 if t > 2.0 else 0.0))
    copy, child = troubles / "same_recording_remuxed.mp4", troubles / "child_walks_in_front_of_therapist.mp4"
    _, result = answer("analyse", slow, hole, child, "--baseline", baseline_id)
    slowed, holed, with_child = result["walks"]
    _, result = answer("analyse", copy, "--baseline", baseline_id, "--report", room / "report.html")
    (copied,) = result["walks"]
    assert "one of those that the baseline was made from" in message(copied, "in_baseline")
    assert slowed["level"] is None
    assert "slow motion" in message(slowed, "no_rhythm")
    assert not any("camera" in warning["message"] for warning in slowed["warnings"])
    assert "no frame for 3.0 s" in message(holed, "time_gap")
    assert with_child["level"] is None
    assert "several_people" in codes(with_child)
    assert all(walk["checks"] for walk in (copied, slowed, holed, with_child))
    report = (room / "report.html").read_text(encoding="utf-8")
    assert "made from this very recording" in report


def test_a_resumed_run_stores_the_visit_once(baseline, room, troubles, answer):
    _, baseline_id = baseline
    workspace = Workspace(room / "ws")
    for command, collection in ((("analyse", "--baseline", baseline_id), "analyses"), (("measure",), "measurements")):
        known = {job.id for job in JobStore(workspace).list()}
        answer(command[0], troubles / "same_recording_original.mp4", *command[1:])
        (job,) = [job for job in JobStore(workspace).list() if job.id not in known]
        stored = sorted(path.name for path in (workspace.root / collection).iterdir())
        JobStore(workspace).reopen(job.id)
        run_folder(job.folder, workspace)
        assert sorted(path.name for path in (workspace.root / collection).iterdir()) == stored


def test_a_file_name_that_is_not_in_utf8_stops_nothing(room, troubles, answer):
    folder = room / "clips"
    folder.mkdir()
    shutil.copy(troubles / "walk_a.mp4", folder / "walk.mp4")
    bad = os.fsdecode(os.fsencode(folder) + b"/J\xfcrgen.mp4")
    try:
        shutil.copy(troubles / "walk_a.mp4", bad)
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    code, result = answer("measure", folder, *FAST)
    assert code == 0
    assert len(result["walks"]) == 2
    assert all(mean(walk, "cadence_spm") == pytest.approx(105.8, abs=3.0) for walk in result["walks"])


def test_a_name_that_the_output_cannot_show_comes_with_replacements(room, troubles, monkeypatch):
    clip = room / "步行.mp4"
    shutil.copy(troubles / "walk_a.mp4", clip)
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="cp1252"))
    code = run(room, "measure", clip, *FAST)
    sys.stdout.flush()
    assert code == 0
    assert b"??.mp4: 5 strides" in written.getvalue()


def test_a_day_between_two_frames_takes_no_memory(room, troubles, answer):
    clip = encoded_again(troubles / "walk_a.mp4", room / "day.mkv", time_s=lambda t: t + (86_400.0 if t > 3.2 else 0.0))
    code, result = answer("measure", clip, *FAST)
    assert code == 0
    walk = result["walks"][0]
    assert "24.0 hours" in message(walk, "time_gap")
    assert mean(walk, "cadence_spm") == pytest.approx(105.8, abs=3.0)
    stored = read_json(Workspace(room / "ws").measurement_folder(walk["measurement_id"]) / "measurement.json")
    assert stored["duration_s"] < 4.0
