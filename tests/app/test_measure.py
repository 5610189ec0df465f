"""Measure a walk: the form, the job, every tab of the result, and what happens when something is missing."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import fake
import numpy as np
import pytest
from reading import primary, text_of
from streamlit.testing.v1 import AppTest
from support.recorded_walks import recording

from app import charts_deviation, charts_gait
from app.views.measure_cleaning import repairs_sentence
from app.views.measure_deviations import beside
from app.views.measure_events import video_of
from app.views.measure_export import report_bytes, zip_bytes
from app.views.measure_summary import tile_of, value_table
from gait_core.cache import ArrayCache
from gait_core.gait.change import REAL
from gait_core.gait.curves import CURVES
from gait_core.gait.parameters.parameter import Summary
from gait_core.jobs.store import JobStore
from gait_core.progress import silent
from gait_core.report.write import comparison_of
from gait_core.walks.measurements import list_measurements, load_measurement
from gait_core.workflows.measure import MeasureRequest, measure_walks
from gait_core.workspace import Workspace, write_json

Open = Callable[..., AppTest]
TABS = ("Summary", "Curves", "Change", "Deviations", "Events", "Cleaning", "Quality", "Report")


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobStore, "_spawn", lambda *_: None)


def compared(space: Workspace) -> str:
    """Store a walk that was measured and analysed against a baseline of the same person."""
    baseline = fake.baseline(space)
    fake.norms(space, baseline)
    walk = fake.measurement(space)
    fake.analysis(space, baseline, measurement_id=walk.id)
    return walk.id


# --- the form and the job ---------------------------------------------------------------------------------------


def test_the_form_submits_a_job(open_page: Open, space: Workspace, tmp_path: Path) -> None:
    path = fake.videos(tmp_path, 1)[0]
    test = open_page("measure")
    assert test.button(key="measure_start").disabled
    test.text_area(key="measure_paths_0").set_value(path).run()
    assert test.button(key="measure_start").disabled, "a height is announced and missing"
    test.text_input(key="measure_height").set_value("172 cm").run()
    test.selectbox(key="measure_method").set_value("velocity").run()
    test.button(key="measure_start").click().run()
    assert not test.exception
    job = JobStore(space).list()[0]
    assert job.kind == "measure"
    assert job.spec["params"] == {
        "videos": [path],
        "subject": "",
        "profile": "balanced",
        "scale": {"kind": "height", "value": 1.72, "pixels": None},
        "settings": {"event_method": "velocity"},
        "fps": None,
        "side": None,
    }
    assert test.query_params["job"] == job.id


@pytest.mark.parametrize(
    ("kind", "values", "scale"),
    [
        ("none", {}, {"kind": "none", "value": None, "pixels": None}),
        ("speed", {"measure_speed": "1.3"}, {"kind": "speed", "value": 1.3, "pixels": None}),
        (
            "distance",
            {"measure_distance": "300 cm", "measure_pixels": "800"},
            {"kind": "distance", "value": 3.0, "pixels": 800.0},
        ),
    ],
)
def test_metres_may_come_from_elsewhere(
    open_page: Open, space: Workspace, tmp_path: Path, kind: str, values: dict[str, str], scale: dict[str, object]
) -> None:
    test = open_page("measure")
    test.text_area(key="measure_paths_0").set_value(fake.videos(tmp_path, 1)[0]).run()
    test.segmented_control(key="measure_kind").set_value(kind).run()
    for key, value in values.items():
        assert test.button(key="measure_start").disabled
        test.text_input(key=key).set_value(value).run()
    test.button(key="measure_start").click().run()
    assert JobStore(space).list()[0].spec["params"]["scale"] == scale


def test_a_walk_with_markers_needs_neither_metres_nor_a_profile(
    open_page: Open, space: Workspace, tmp_path: Path
) -> None:
    recording(tmp_path / "walk.npz")
    test = open_page("measure")
    test.text_area(key="measure_paths_0").set_value(str(tmp_path / "walk.npz")).run()
    assert "Walks with markers are recorded in metres." in text_of(test)
    assert not [one for one in test.segmented_control if one.key == "measure_side"]
    test.button(key="measure_start").click().run()
    params = JobStore(space).list()[0].spec["params"]
    assert not {"profile", "side", "fps"} & set(params)
    (walk,) = measure_walks(MeasureRequest.from_dict(params), space, silent())["walks"]
    assert "error" not in walk
    measured = load_measurement(space, walk["measurement_id"])
    assert video_of(measured) == (None, "The walk was recorded with markers, so there is no video.")
    for tab in TABS:
        shown = open_page("measure", measurement=measured.id, tab=tab)
        assert "Scale from the markers" in text_of(shown)


def test_a_number_that_cannot_be_used_is_named_and_nothing_can_be_started(open_page: Open, tmp_path: Path) -> None:
    test = open_page("measure")
    test.text_area(key="measure_paths_0").set_value(fake.videos(tmp_path, 1)[0]).run()
    test.text_input(key="measure_height").set_value("17").run()
    assert "Enter 0.8 to 2.5 m; 17.00 m is out of range." in text_of(test)
    assert test.button(key="measure_start").disabled
    test.text_input(key="measure_height").set_value("5 ft 8 in").run()
    assert "1.73 m" in text_of(test)
    assert not test.button(key="measure_start").disabled
    test.text_input(key="measure_fps").set_value("2").run()
    assert "Enter 5 to 1000 frames/s; 2.00 frames/s is out of range." in text_of(test)
    assert test.button(key="measure_start").disabled


def test_several_videos_and_a_bad_line(open_page: Open, space: Workspace, tmp_path: Path) -> None:
    paths = fake.videos(tmp_path, 2)
    test = open_page("measure")
    test.text_area(key="measure_paths_0").set_value("\n".join([*paths, str(tmp_path / "gone.mp4")])).run()
    test.segmented_control(key="measure_kind").set_value("none").run()
    assert "gone.mp4: No file here" in text_of(test)
    assert test.button(key="measure_start").label == "Measure 2 walks"
    test.button(key="measure_start").click().run()
    assert JobStore(space).list()[0].spec["params"]["videos"] == paths


def test_a_known_subject_is_offered(open_page: Open, space: Workspace) -> None:
    fake.measurement(space, subject="P-021")
    assert "P-021" in open_page("measure").selectbox(key="measure_subject").options


def test_running_and_cancel(open_page: Open, space: Workspace) -> None:
    job = fake.job(space, "running", kind="measure", title="Measurement of walk.mp4")
    test = open_page("measure")
    assert test.query_params["job"] == job, "coming back through the menu shows the running measurement"
    said = text_of(test)
    assert "Find the body in every frame" in said
    assert "Find the steps" in said
    test.button(key=f"cancel_{job}").click().run()
    assert JobStore(space).get(job).state == "cancelling"


def test_a_watched_job_leads_to_its_result(open_page: Open, space: Workspace) -> None:
    walk = fake.measurement(space)
    job = JobStore(space).get(fake.job(space, "running", kind="measure"))
    test = open_page("measure", job=job.id)
    write_json(job.folder / "status.json", dict(job.status, state="done"))
    result = {"walks": [{"name": walk.name, "measurement_id": walk.id}]}
    write_json(job.folder / "result" / "result.json", result)
    test.run()
    assert not test.exception
    assert test.query_params["measurement"] == walk.id


def test_a_done_job_lists_walks_and_failures(open_page: Open, space: Workspace) -> None:
    walk = fake.measurement(space)
    error = {"kind": "WalkRefused", "message": "No walking was found.", "remedy": "Film a walk."}
    result = {
        "walks": [
            {"name": walk.name, "measurement_id": walk.id},
            {"name": "bad.mp4", "measurement_id": None, "error": error},
        ]
    }
    job = fake.job(space, "done", kind="measure", result=result)
    test = open_page("measure", job=job)
    said = text_of(test)
    assert "bad.mp4 could not be measured" in said
    assert "Film a walk." in said
    test.button(key=f"open_{walk.id}").click().run()
    assert test.query_params["measurement"] == walk.id


# --- the result -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("with_baseline", [True, False])
def test_every_tab(open_page: Open, space: Workspace, tab: str, with_baseline: bool) -> None:
    walk_id = compared(space) if with_baseline else fake.measurement(space).id
    test = open_page("measure", measurement=walk_id, tab=tab)
    said = text_of(test)
    assert primary(test) == ["Measure another walk"]
    assert said.count("not a medical device") == 1
    assert "Scale from the body height" in said
    if not with_baseline and tab in ("Change", "Deviations"):
        assert "Not compared with a baseline yet" in said
        assert "change_wizard" in [button.key for button in test.button]


def test_summary(open_page: Open, space: Workspace) -> None:
    said = text_of(open_page("measure", measurement=fake.measurement(space).id))
    for words in ("Walking speed", "Cadence", "Step time", "Step length", "Stance", "Double support", "95 % interval"):
        assert words in said
    assert "reference 0.69–1.79" in said
    assert "Variability (SD, CV) is withheld" in said
    assert "was not compared with a baseline" in said


def test_tiles_say_what_is_withheld(space: Workspace) -> None:
    whole = fake.measurement(space).measurement
    tile = tile_of(whole, ("step_time_s",), "Step time")
    assert tile.value.endswith(" s")
    assert any("steps" in line for line in tile.lines)
    assert any(line.startswith("left ") and "right " in line for line in tile.lines)
    without = fake.measurement(space, metres=False).measurement
    tile = tile_of(without, ("walking_speed_mps", "walking_speed_leg_per_s"), "Walking speed")
    assert "leg lengths" in tile.value
    assert any("no metres" in line for line in tile.lines)
    assert tile_of(whole, ("none",), "Nothing").value == "withheld"


def test_the_table_leaves_out_what_is_known_of_no_value(space: Workspace) -> None:
    whole = fake.measurement(space).measurement
    columns, body = value_table(whole)
    assert [title for title, _ in columns] == ["Value", "Left", "Right", "Both", "n", "Measuring error"]
    assert [len(row) for row in body] == [6] * len(whole.parameters)
    spread = Summary(mean=0.53, sd=0.03, cv_pct=5.66, n=60, ci_low=0.52, ci_high=0.54)
    one = replace(whole.parameters["step_time_s"], both=spread)
    columns, body = value_table(replace(whole, parameters={"step_time_s": one}))
    assert [title for title, _ in columns] == ["Value", "Left", "Right", "Both", "n", "SD (CV)"]
    assert body[0][-1] == '0.03<br><span class="dim">(5.7 %)</span>'


def test_a_short_walk_says_what_is_missing(open_page: Open, space: Workspace) -> None:
    short = fake.measurement(space, duration_s=2.0)
    for tab in TABS:
        test = open_page("measure", measurement=short.id, tab=tab)
        assert not test.exception, tab


def test_metres_can_be_changed_afterwards(open_page: Open, space: Workspace) -> None:
    walk = fake.measurement(space)
    before = walk.measurement.parameters["walking_speed_mps"].both
    test = open_page("measure", measurement=walk.id)
    assert test.button(key="scale_use").disabled
    test.segmented_control(key=f"again_{walk.id}_kind").set_value("none").run()
    test.button(key="scale_use").click().run()
    assert "No metres" in text_of(test)
    assert "walking_speed_mps" not in load_measurement(space, walk.id).measurement.parameters
    test.segmented_control(key=f"again_{walk.id}_kind").set_value("speed").run()
    test.text_input(key=f"again_{walk.id}_speed").set_value("1.0").run()
    test.button(key="scale_use").click().run()
    again = load_measurement(space, walk.id).measurement
    assert again.parameters["walking_speed_mps"].both is not None
    assert before is not None
    assert again.parameters["walking_speed_mps"].both.mean == pytest.approx(1.0, abs=0.01)
    assert "Scale from the walking speed" in text_of(test)


def test_a_repair_is_undone_and_done_again(open_page: Open, space: Workspace) -> None:
    walk = fake.measurement(space)
    repair = walk.measurement.repairs[0]
    test = open_page("measure", measurement=walk.id, tab="Cleaning")
    assert repairs_sentence(walk.measurement.repairs, frozenset()) in text_of(test)
    test.toggle(key=f"repair_{walk.id}_{repair.id}_True_False").set_value(False).run()
    assert not test.exception
    assert load_measurement(space, walk.id).measurement.undone == (repair.id,)
    assert "1 of them is switched off" in text_of(test)
    test.toggle(key=f"repair_{walk.id}_{repair.id}_False_False").set_value(True).run()
    assert load_measurement(space, walk.id).measurement.undone == ()
    test.toggle(key=f"repair_{walk.id}_{repair.kind}_True_False").set_value(False).run()
    assert load_measurement(space, walk.id).measurement.undone == (repair.kind,)
    test.button(key="clean_all").click().run()
    assert load_measurement(space, walk.id).measurement.undone == ()


def test_cleared_landmarks_leave_the_values_and_offer_to_measure_again(
    open_page: Open, space: Workspace, tmp_path: Path
) -> None:
    path = fake.videos(tmp_path, 1)[0]
    walk = fake.measurement(space, landmarks=False, path=path)
    for tab in TABS:
        assert not open_page("measure", measurement=walk.id, tab=tab).exception, tab
    test = open_page("measure", measurement=walk.id, tab="Cleaning")
    assert "are no longer in the cache" in text_of(test)
    assert all(toggle.disabled for toggle in test.toggle)
    test.button(key="measure_again").click().run()
    params = JobStore(space).list()[0].spec["params"]
    assert params["videos"] == [path]
    assert params["scale"] == walk.measurement.scale_input.to_dict()


def test_a_change_that_fails_says_why_and_keeps_the_walk(open_page: Open, space: Workspace) -> None:
    walk = fake.measurement(space)
    repair = walk.measurement.repairs[0]
    test = open_page("measure", measurement=walk.id, tab="Cleaning")
    ArrayCache.of(space).clear()
    test.toggle(key=f"repair_{walk.id}_{repair.id}_True_False").set_value(False).run()
    assert "Nothing was changed" in text_of(test)
    assert load_measurement(space, walk.id).measurement.undone == ()


def test_change_against_the_baseline_and_an_earlier_visit(open_page: Open, space: Workspace) -> None:
    walk_id = compared(space)
    earlier = fake.measurement(
        space, "walk-earlier", name="visit_1.mp4", seed=3, content="1" * 64, created_s=time.time() - 9000
    )
    test = open_page("measure", measurement=walk_id, tab="Change")
    said = text_of(test)
    for words in ("MDC, own", "published", "Usual spread", "Lewek"):
        assert words in said
    test.selectbox(key="change_against").set_value(earlier.id).run()
    assert not test.exception
    assert "the visit visit_1" in text_of(test)
    test.toggle(key="change_all").set_value(True).run()
    assert not test.exception


def test_without_a_baseline_visits_are_judged_by_published_values(open_page: Open, space: Workspace) -> None:
    walk = fake.measurement(space)
    fake.measurement(space, "walk-earlier", name="visit_1.mp4", seed=3, content="1" * 64)
    said = text_of(open_page("measure", measurement=walk.id, tab="Change"))
    assert "Judged by published values alone" in said
    assert "the visit visit_1" in said


def test_not_compared_leads_to_the_analysis_of_the_same_person(open_page: Open, space: Workspace) -> None:
    baseline = fake.baseline(space)
    walk = fake.measurement(space)
    test = open_page("measure", measurement=walk.id, tab="Deviations")
    test.button(key="change_analyse").click().run()
    assert test.title[0].value == "Analyse a walk"
    assert test.query_params["baseline"] == baseline


def test_deviations(open_page: Open, space: Workspace) -> None:
    walk = load_measurement(space, compared(space))
    said = text_of(open_page("measure", measurement=walk.id, tab="Deviations"))
    for words in ("Body map", "Movement analysis profile", "When in the stride", "Three measures side by side"):
        assert words in said
    comparison = comparison_of(space, walk)
    assert comparison is not None
    assert len(beside(comparison)) == 2 * len(CURVES)
    assert {change.verdict for change in comparison.changes} & {REAL, "within the usual spread"}


def test_charts_say_what_they_show(space: Workspace) -> None:
    walk = load_measurement(space, compared(space))
    comparison = comparison_of(space, walk)
    assert comparison is not None
    for name in CURVES:
        figure, sentence = charts_gait.stride_chart(name, walk.measurement.curves, comparison.bands, ("left", "right"))
        assert figure.layout.xaxis.title.text == "Gait cycle (%)"
        assert "(°)" in figure.layout.yaxis.title.text
        assert "left" in sentence
        assert "right" in sentence
    profile = np.ones(101)
    profile[70] = 4.0
    assert "right knee, 4.0 times typical in initial swing" in charts_deviation.phase_map({"right knee": profile})[1]
    assert "2.0 SD less than usual" in charts_deviation.z_map({("knee", "left"): np.full(101, -2.0)})[1]
    assert "left knee, 3.0°" in charts_deviation.map_bars({("knee", "left"): 3.0})[1]
    for empty in (charts_deviation.phase_map({}), charts_deviation.z_map({}), charts_deviation.map_bars({})):
        assert empty[1]


def test_report_and_data_can_be_downloaded(space: Workspace, tmp_path: Path) -> None:
    walk_id = compared(space)
    html = report_bytes(space, walk_id, "html").decode()
    assert "P-017" in html
    assert report_bytes(space, walk_id, "pdf", blur_faces=False).startswith(b"%PDF")
    archive = zipfile.ZipFile(io.BytesIO(zip_bytes(space, walk_id, ("csv", "json", "trc", "mot"), "visit")))
    endings = {Path(name).suffix for name in archive.namelist()}
    assert {".csv", ".json", ".trc", ".mot"} <= endings
    assert json.loads(archive.read(next(name for name in archive.namelist() if name.endswith(".json"))))


def test_what_cannot_be_exported_is_told_in_the_archive(space: Workspace) -> None:
    walk = fake.measurement(space, landmarks=False)
    archive = zipfile.ZipFile(io.BytesIO(zip_bytes(space, walk.id, ("csv", "mot"), "visit")))
    assert "mot:" in archive.read("left_out.txt").decode()


# --- elsewhere --------------------------------------------------------------------------------------------------


def test_analysis_shows_phases_body_map_and_the_way_to_the_measurement(open_page: Open, space: Workspace) -> None:
    walk_id = compared(space)
    test = open_page("analyse", analysis="walk-20260102-000000-aaaaaa")
    said = text_of(test)
    assert "When in the stride" in said
    assert said.count("not a medical device") == 1
    test.button(key="result_measurement").click().run()
    assert test.title[0].value == "Measure a walk"
    assert test.query_params["measurement"] == walk_id


def test_analysis_without_a_measurement_says_so(open_page: Open, space: Workspace) -> None:
    baseline = fake.baseline(space)
    fake.analysis(space, baseline, "walk-1", measurement_id="walk-none")
    assert "The measurement of this walk was deleted" in text_of(open_page("analyse", analysis="walk-1"))
    fake.analysis(space, baseline, "walk-2")
    assert "no complete stride could be measured" in text_of(open_page("analyse", analysis="walk-2"))


def test_another_person_is_asked_about(open_page: Open, space: Workspace) -> None:
    baseline = fake.baseline(space)
    doubt = [{"code": "other_person", "message": "The proportions of the body do not fit.", "blocking": False}]
    fake.analysis(space, baseline, "walk-1", warnings=doubt)
    said = text_of(open_page("analyse", analysis="walk-1"))
    assert "Is this the same person?" in said
    assert "do not fit" in said


def test_library_deletes_a_measurement(open_page: Open, space: Workspace) -> None:
    walk = fake.measurement(space)
    test = open_page("library", shelf="measurements")
    test.button(key=f"delete_measurement_{walk.id}").click().run()
    assert list_measurements(space)
    test.button(key="delete_yes").click().run()
    assert not test.exception
    assert not list_measurements(space)


@pytest.mark.parametrize("with_baseline", [True, False])
def test_library_deletes_measurements_with_their_subject(
    open_page: Open, space: Workspace, with_baseline: bool
) -> None:
    key = fake.baseline(space) if with_baseline else fake.measurement(space).id
    fake.measurement(space)
    other = fake.measurement(space, "walk-other", subject="P-099", content="2" * 64)
    space.save_record("walks", {"id": "abc", "name": "walk.mp4", "subject": "P-017", "path": "/v/walk.mp4"})
    test = open_page("library", shelf="subjects")
    assert "1 measured walk" in text_of(test)
    test.button(key=f"delete_subject_{key}").click().run()
    test.button(key="delete_yes").click().run()
    assert not test.exception
    assert [facts["id"] for facts in list_measurements(space)] == [other.id]
    assert not space.records("walks")
