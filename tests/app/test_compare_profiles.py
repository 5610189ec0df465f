"""The page 'Compare profiles': all states of a comparison, and the editor of profiles."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import fake
import pytest
from compared import comparison_of_walk, store_comparison
from reading import primary, text_of
from streamlit.testing.v1 import AppTest

from gait_core.compare.comparison_store import list_comparisons, load_comparison
from gait_core.compare.export import as_html, tables, zip_bytes
from gait_core.compare.profile_store import save_profile
from gait_core.config import load_profiles, profile_named
from gait_core.config.profiles import MIB
from gait_core.jobs.store import JobStore
from gait_core.workspace import Workspace

Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobStore, "_spawn", lambda *_: None)


# --- the form and the job ---------------------------------------------------------------------------------------


def test_the_form_needs_a_video_and_two_profiles(open_page: Open, space: Workspace, tmp_path: Path) -> None:
    save_profile(space, "evening", {"description": "After work"})
    path = fake.videos(tmp_path, 1)[0]
    test = open_page("compare_profiles")
    assert "Nothing has been compared yet" in text_of(test)
    assert test.button(key="compare_start").disabled
    test.text_input(key="compare_path_0").set_value(path).run()
    assert not test.button(key="compare_start").disabled
    for name in ("fast", "balanced"):
        test.checkbox(key=f"compare_use_{name}").uncheck()
    test.run()
    assert test.button(key="compare_start").disabled
    assert "at least two profiles" in text_of(test)
    test.checkbox(key="compare_use_evening").check().run()
    test.button(key="compare_start").click().run()
    assert not test.exception
    job = JobStore(space).list()[0]
    assert job.kind == "compare_profiles"
    assert job.spec["params"] == {"video": path, "profiles": ["accurate", "evening"], "overlay": True}
    assert test.query_params["job"] == job.id


def test_a_demo_walk_is_made_first_where_there_is_none(open_page: Open, space: Workspace) -> None:
    test = open_page("compare_profiles")
    test.button(key="compare_demo").click().run()
    assert JobStore(space).list()[0].kind == "demo_walks"


@pytest.mark.parametrize("state", ["queued", "running", "cancelling", "cancelled", "failed", "crashed", "done"])
def test_every_state_of_the_job(open_page: Open, space: Workspace, state: str) -> None:
    error = {"kind": "InputError", "message": "Expected a walk.", "remedy": "Film one."} if state == "failed" else None
    made = store_comparison(space).id
    result = {"comparison_id": made} if state == "done" else None
    job = fake.job(space, state, kind="compare_profiles", stage="extract", error=error, result=result)
    test = open_page("compare_profiles", job=job)
    said = text_of(test)
    expected = {
        "queued": "Queued",
        "cancelling": "Stopping",
        "cancelled": "You cancelled this",
        "failed": "Expected a walk.",
        "crashed": "The worker stopped unexpectedly",
        "done": "Done",
    }
    assert expected.get(state, "Run the profiles one by one") in said
    if state == "done":
        test.button(key="compare_open").click().run()
        assert test.query_params["comparison"] == made


def test_a_running_comparison_is_shown_on_return(open_page: Open, space: Workspace) -> None:
    job = fake.job(space, "running", kind="compare_profiles")
    test = open_page("compare_profiles")
    test.run()
    assert test.query_params["job"] == job


# --- the result -------------------------------------------------------------------------------------------------


def test_the_result_says_what_differs(open_page: Open, space: Workspace) -> None:
    made = store_comparison(space)
    test = open_page("compare_profiles", comparison=made.id)
    said = text_of(test)
    assert "fast took 0.4 times as long as accurate" in said
    assert "cadence" in said
    for part in ("Time and memory", "Landmarks", "Gait values", "Joint angles", "450 of 1,024 MB", "OpenVINO, f32"):
        assert part in said, part
    assert said.count("not a medical device") == 1
    assert len(test.get("plotly_chart")) == 6
    test.segmented_control(key="compare_leg").set_value("far").run()
    assert not test.exception
    assert "Knee flexion, far leg" in text_of(test)


def test_a_profile_that_failed_is_told_and_the_others_are_shown(open_page: Open, space: Workspace) -> None:
    made = store_comparison(space, comparison_of_walk(failed="fast"))
    said = text_of(open_page("compare_profiles", comparison=made.id))
    assert "fast did not work on this video." in said
    assert "Install it." in said
    assert "balanced took" in said


def test_gone_and_broken_comparisons(open_page: Open, space: Workspace) -> None:
    assert "This comparison is gone" in text_of(open_page("compare_profiles", comparison="none"))
    assert "This run is gone" in text_of(open_page("compare_profiles", job="none"))
    made = store_comparison(space)
    (space.root / "comparisons" / made.id / "comparison.json").write_text('{"id": "x"}')
    assert "cannot be read" in text_of(open_page("compare_profiles", comparison=made.id))
    assert list_comparisons(space) == []


def test_it_is_listed_opened_and_deleted(open_page: Open, space: Workspace) -> None:
    made = store_comparison(space)
    test = open_page("compare_profiles")
    test.button(key=f"earlier_{made.id}").click().run()
    assert test.query_params["comparison"] == made.id
    test.button(key="compare_delete").click().run()
    assert not test.exception
    assert list_comparisons(space) == []


def test_the_archive_holds_sheet_tables_and_videos(space: Workspace) -> None:
    made = store_comparison(space, video=b"video")
    loaded = load_comparison(space, made.id)
    videos = [space.root / "comparisons" / made.id / f"overlay_{number}.mp4" for number in range(4)]
    archive = zipfile.ZipFile(io.BytesIO(zip_bytes(loaded, videos)))
    names = set(archive.namelist())
    assert {"comparison.json", "comparison.html", "profiles.csv", "values.csv", "landmarks.csv", "curves.csv"} <= names
    assert {f"overlay_{number}.mp4" for number in range(3)} <= names
    assert json.loads(archive.read("comparison.json"))["summary"].startswith("fast took")
    rows = list(csv.DictReader(io.StringIO(archive.read("profiles.csv").decode())))
    assert [row["profile"] for row in rows] == ["fast", "balanced", "accurate"]
    assert float(rows[0]["landmarks_median_pct"]) == loaded.runs[0].agreement["median_pct"]
    assert rows[2]["reference"] == "True"
    assert len(tables(loaded)["curves"]) > 3 * 6 * 100


def test_the_sheet_escapes_names() -> None:
    made = comparison_of_walk()
    html = as_html(type(made)(**{**vars(made), "name": "<b>walk.mp4"}))
    assert "<b>walk" not in html
    assert "&lt;b&gt;walk" in html


# --- the user's own profiles ------------------------------------------------------------------------------------


def editor(open_page: Open) -> AppTest:
    return open_page("compare_profiles", tab="Your profiles")


def test_duplicate_edit_and_save(open_page: Open, space: Workspace) -> None:
    test = editor(open_page)
    assert "No profile of your own yet" in text_of(test)
    test.button(key="profile_copy_fast").click().run()
    test.text_input(key="profile_name_1").set_value("Evening").run()
    test.number_input(key="profile_memory_1").set_value(1536).run()
    test.number_input(key="profile_max_side_px_1").set_value(None).run()
    test.button(key="profile_save").click().run()
    assert not test.exception
    made = profile_named("Evening", space.profiles)
    assert (made.memory_limit_bytes, made.max_side_px, made.base, made.model_complexity) == (
        1536 * MIB,
        None,
        "fast",
        0,
    )
    assert "Evening" in text_of(test)
    test.button(key="profile_edit_Evening").click().run()
    test.number_input(key="profile_max_workers_2").set_value(2).run()
    test.button(key="profile_save").click().run()
    assert profile_named("Evening", space.profiles).max_workers == 2


def test_the_message_stands_beside_its_field(open_page: Open, space: Workspace) -> None:
    test = editor(open_page)
    test.button(key="profile_copy_accurate").click().run()
    test.text_input(key="profile_name_1").set_value("accurate").run()
    assert "is a built-in profile" in text_of(test)
    assert test.button(key="profile_save").disabled
    test.text_input(key="profile_name_1").set_value("mine")
    test.number_input(key="profile_memory_1").set_value(200).run()
    assert "max_memory_mb of at least" in text_of(test)
    assert test.button(key="profile_save").disabled
    test.button(key="profile_cancel").click().run()
    assert list(load_profiles(space.profiles)) == ["fast", "balanced", "accurate"]
    assert "Built-in profiles" in text_of(test)


def test_delete_and_undo(open_page: Open, space: Workspace) -> None:
    save_profile(space, "Evening", {"max_memory_mb": 900})
    test = editor(open_page)
    test.button(key="profile_delete_Evening").click().run()
    assert "Evening" not in load_profiles(space.profiles)
    assert "was deleted" in text_of(test)
    test.button(key="profile_undo").click().run()
    assert profile_named("Evening", space.profiles).memory_limit_bytes == 900 * MIB
    assert "was deleted" not in text_of(test)


def test_a_broken_file_is_told(open_page: Open, space: Workspace) -> None:
    space.profiles.mkdir(parents=True)
    (space.profiles / "bad.json").write_text('{"performance_profiles": {"a": {"enginee": 1}}}')
    said = text_of(editor(open_page))
    assert "bad.json cannot be used in full" in said
    assert "Did you mean" in said


# --- elsewhere --------------------------------------------------------------------------------------------------


def test_own_profiles_can_be_chosen_everywhere(open_page: Open, space: Workspace, tmp_path: Path) -> None:
    save_profile(space, "Evening", {})
    fake.baseline(space)
    assert "Evening" in open_page("measure").selectbox(key="measure_profile").options
    assert "Evening" in open_page("analyse").selectbox(key="analyse_profile").options
    assert primary(open_page("analyse"))


def test_deleting_a_person_deletes_the_comparisons_of_their_walks(open_page: Open, space: Workspace) -> None:
    own = store_comparison(space)
    other = store_comparison(space, comparison_of_walk("other-20260103-000000-dddddd"))
    path = space.root / "comparisons" / other.id / "comparison.json"
    path.write_text(path.read_text().replace("0" * 64, "9" * 64))
    key = fake.measurement(space).id
    test = open_page("library", shelf="subjects")
    test.button(key=f"delete_subject_{key}").click().run()
    test.button(key="delete_yes").click().run()
    assert not test.exception
    assert [entry["id"] for entry in list_comparisons(space)] == [other.id]
    assert own.id != other.id
