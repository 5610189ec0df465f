"""The wizard from the first click to the results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fake
import pytest
from reading import primary, text_of
from streamlit.testing.v1 import AppTest

from gait_core.jobs.store import JobStore
from gait_core.workspace import Workspace, write_json

Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobStore, "_spawn", lambda *_: None)


def fill(test: AppTest, paths: list[str]) -> AppTest:
    for i, path in enumerate(paths):
        test.text_input(key=f"path_0_{i}").set_value(path)
    return test.run()


def test_paths_to_a_submitted_job(open_page: Open, space: Workspace, tmp_path: Path) -> None:
    paths = fake.videos(tmp_path / "videos")
    test = fill(open_page("baseline_wizard"), paths)
    assert "5 walks ready" in text_of(test)
    test.button(key="import_next").click().run()
    assert test.query_params["step"] == "configure"
    assert test.button(key="configure_start").disabled
    test.text_input(key="subject").set_value("P-017")
    test.text_input(key="height").set_value("1.72")
    test.radio(key="profile").set_value("fast")
    test.number_input(key="watch_rate").set_value(10.0)
    test.run()
    test.button(key="configure_start").click().run()
    assert not test.exception
    job = JobStore(space).list()[0]
    assert job.kind == "baseline"
    assert job.spec["params"]["videos"] == paths
    assert job.spec["params"]["subject"] == "P-017"
    assert job.spec["params"]["profile"] == "fast"
    assert job.spec["params"]["height_m"] == 1.72
    assert job.spec["params"]["thresholds"]["watch_rate"] == pytest.approx(0.1)
    assert test.query_params["step"] == "run"
    assert test.query_params["job"] == job.id


def test_a_height_that_cannot_be_used_is_named_and_blocks_the_start(open_page: Open, tmp_path: Path) -> None:
    test = fill(open_page("baseline_wizard"), fake.videos(tmp_path / "videos"))
    test.button(key="import_next").click().run()
    test.text_input(key="subject").set_value("P-017")
    test.text_input(key="height").set_value("17").run()
    assert "Enter 0.8 to 2.5 m; 17.00 m is out of range." in text_of(test)
    assert test.button(key="configure_start").disabled
    test.text_input(key="height").set_value("170").run()
    assert "1.70 m" in text_of(test)
    assert not test.button(key="configure_start").disabled


def test_a_reload_keeps_the_draft(open_page: Open, tmp_path: Path) -> None:
    paths = fake.videos(tmp_path / "videos")
    test = fill(open_page("baseline_wizard"), paths)
    again = open_page("baseline_wizard", step="import", draft=str(test.query_params["draft"]))
    assert [again.text_input(key=f"path_0_{i}").value for i in range(5)] == paths


def test_three_walks_are_allowed_with_their_price_and_two_are_not(open_page: Open, tmp_path: Path) -> None:
    paths = fake.videos(tmp_path / "videos")
    test = fill(open_page("baseline_wizard"), paths[:3])
    assert "five are recommended" in text_of(test)
    assert not test.button(key="import_next").disabled
    test = fill(open_page("baseline_wizard"), paths[:2])
    assert "at least 3 are needed" in text_of(test)
    assert test.button(key="import_next").disabled


def test_missing_empty_folder_and_duplicate_are_flagged(open_page: Open, tmp_path: Path) -> None:
    paths = fake.videos(tmp_path / "videos")
    (tmp_path / "empty.mp4").touch()
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(Path(paths[0]).read_bytes())
    rows = [paths[0], str(copy), str(tmp_path / "gone.mp4"), str(tmp_path / "empty.mp4"), str(tmp_path)]
    said = text_of(fill(open_page("baseline_wizard"), rows))
    for words in ("Same video as walk 1", "No file here", "The file is empty", "This is a folder"):
        assert words in said


def test_demo_walks_in_one_click_when_made(open_page: Open, space: Workspace) -> None:
    fake.demo_walks(space)
    test = open_page("baseline_wizard")
    test.button(key="demo_use").click().run()
    assert not test.exception
    assert "5 walks ready" in text_of(test)
    assert len(JobStore(space).list()) == 1


def test_demo_walks_are_made_first_and_then_fill_the_rows(open_page: Open, space: Workspace) -> None:
    test = open_page("baseline_wizard")
    test.button(key="demo_use").click().run()
    job = JobStore(space).list()[0]
    assert job.kind == "demo_walks"
    assert "Making five demo walks" in text_of(test)
    made = fake.videos(space.root / "demo")
    write_json(job.folder / "status.json", dict(job.status, state="done"))
    write_json(job.folder / "result" / "result.json", {"videos": made, "later": []})
    test.run()
    assert not test.exception
    assert "5 walks ready" in text_of(test)


def test_running_shows_stages_videos_rates_and_both_ways_to_stop(open_page: Open, space: Workspace) -> None:
    job = fake.job(space, "running")
    test = open_page("baseline_wizard", step="run", job=job)
    said = text_of(test)
    for words in ("Find the body in every frame", "18 frames/s", "from the cache", "waiting", "433 of 760 frames"):
        assert words in said
    keys = [button.key for button in test.button]
    assert f"cancel_{job}" in keys
    assert f"early_{job}" not in keys, "stop early belongs to training alone"
    training = fake.job(space, "running", stage="train", epochs=3, job_id="baseline-training")
    test = open_page("baseline_wizard", step="run", job=training)
    test.button(key=f"early_{training}").click().run()
    assert (JobStore(space).get(training).folder / "stop_early").exists()
    assert JobStore(space).get(training).state == "running"


def test_queued_names_the_job_ahead(open_page: Open, space: Workspace) -> None:
    fake.job(space, "running", title="Baseline of A")
    waiting = fake.job(space, "queued", title="Baseline of B")
    assert "“Baseline of A” runs first" in text_of(open_page("baseline_wizard", step="run", job=waiting))


def test_opening_the_wizard_while_a_baseline_runs_lands_on_it(open_page: Open, space: Workspace) -> None:
    job = fake.job(space, "running")
    test = open_page("baseline_wizard")
    assert test.query_params["job"] == job
    assert "frames/s" in text_of(test)


def test_results(open_page: Open, space: Workspace) -> None:
    baseline = fake.baseline(space)
    job = fake.job(space, "done", stage="thresholds", result=fake.baseline_result(baseline))
    test = open_page("baseline_wizard", step="results", job=job)
    said = text_of(test)
    assert "Watch from" in said
    assert said.count("not a medical device") == 1
    assert primary(test) == ["Analyse a walk"]
    assert "Fine-tuned for 5 epochs" in said
    test.button(key="results_next").click().run()
    assert test.title[0].value == "Analyse a walk"


def test_results_say_when_fine_tuning_ended_worse(open_page: Open, space: Workspace) -> None:
    baseline = fake.baseline(space, kept="pre-trained")
    job = fake.job(space, "done", stage="thresholds", result=fake.baseline_result(baseline))
    assert "Fine-tuning did not help" in text_of(open_page("baseline_wizard", step="results", job=job))


def test_results_of_a_deleted_baseline(open_page: Open, space: Workspace) -> None:
    job = fake.job(space, "done", stage="thresholds", result=fake.baseline_result("p-none"))
    assert "No results here" in text_of(open_page("baseline_wizard", step="results", job=job))


def test_done_offers_the_results(open_page: Open, space: Workspace) -> None:
    baseline = fake.baseline(space)
    job = fake.job(space, "done", stage="thresholds", result=fake.baseline_result(baseline))
    test = open_page("baseline_wizard", step="run", job=job)
    test.button(key="run_results").click().run()
    assert test.query_params["step"] == "results"
