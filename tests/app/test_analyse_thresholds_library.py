"""Analyse a walk, thresholds, library and performance in depth."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import fake
import numpy as np
import pytest
from reading import primary, text_of
from streamlit.testing.v1 import AppTest

from gait_core.baseline.analyses import list_analyses
from gait_core.baseline.store import list_baselines, load_baseline
from gait_core.jobs.store import JobStore
from gait_core.recognition.batching import Embedding
from gait_core.recognition.gallery.entries import Enrolment, ModelIdentity
from gait_core.recognition.gallery.gallery import Gallery
from gait_core.workspace import Workspace, name_id

Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobStore, "_spawn", lambda *_: None)


def test_analyse_submits_a_job(open_page: Open, space: Workspace, tmp_path: Path) -> None:
    baseline = fake.baseline(space)
    path = fake.videos(tmp_path, 1)[0]
    test = open_page("analyse")
    assert test.button(key="analyse_start").disabled
    test.text_input(key="walk_path_0").set_value(path).run()
    test.button(key="analyse_start").click().run()
    job = JobStore(space).list()[0]
    assert job.kind == "analyse"
    assert job.spec["params"] == {"videos": [path], "baseline_id": baseline, "profile": None, "overlay": True}
    assert test.query_params["job"] == job.id


def test_demo_later_walks_are_one_click_away(open_page: Open, space: Workspace) -> None:
    fake.baseline(space)
    fake.demo_walks(space)
    test = open_page("analyse")
    impaired = next(button for button in test.button if button.label == "Demo: impaired walk")
    impaired.click().run()
    assert not test.button(key="analyse_start").disabled


@pytest.mark.parametrize("level", ["normal", "watch", "alert"])
def test_result(open_page: Open, space: Workspace, level: str) -> None:
    baseline = fake.baseline(space)
    fake.analysis(space, baseline, "walk-1", level="normal", score=1.0, created_s=time.time() - 9000)
    fake.analysis(space, baseline, "walk-2", level=level)
    test = open_page("analyse", analysis="walk-2")
    said = text_of(test)
    assert level.capitalize() in said
    for words in ("2.31", "left knee", "62 %", "Over the limit", "Compared with earlier visits"):
        assert words in said
    assert said.count("not a medical device") == 1
    assert primary(test) == ["Analyse another walk"]


def test_withheld_level_says_why_and_shows_no_curve(open_page: Open, space: Workspace) -> None:
    baseline = fake.baseline(space)
    why = [{"code": "several_people", "message": "Two people are in the frame.", "blocking": True}]
    fake.analysis(space, baseline, "walk-1", level=None, score=1.0, warnings=why)
    said = text_of(open_page("analyse", analysis="walk-1"))
    assert "Withheld" in said
    assert "Two people are in the frame." in said
    assert "Which joint, and when" not in said


def test_thresholds_show_at_once_which_walks_change(open_page: Open, space: Workspace) -> None:
    baseline = fake.baseline(space)
    fake.analysis(space, baseline, "walk-1", level="watch", score=1.19)
    test = open_page("thresholds")
    assert "None of 6 stored walks changes" in text_of(test)
    test.slider(key=f"wk_{baseline}").set_value(0.5).run()
    said = text_of(test)
    assert "changes its level" in said or "change their level" in said
    assert "walk_4.mp4 from normal to watch" in said


def test_thresholds_contradiction_is_explained(open_page: Open, space: Workspace) -> None:
    baseline = fake.baseline(space)
    test = open_page("thresholds")
    test.slider(key=f"wk_{baseline}").set_value(5.0).run()
    assert "contradict each other" in text_of(test)


def test_variant_is_saved_once_and_never_overwritten(open_page: Open, space: Workspace) -> None:
    baseline = fake.baseline(space)
    before = load_baseline(space, baseline).thresholds
    test = open_page("thresholds")
    test.slider(key=f"ak_{baseline}").set_value(4.0)
    test.text_input(key=f"variant_name_{baseline}").set_value("Strict")
    save = next(button for button in test.button if button.label == "Save variant")
    save.click().run()
    assert list(load_baseline(space, baseline).variants()) == ["strict"]
    kept = load_baseline(space, baseline).variants()["strict"]
    test.slider(key=f"ak_{baseline}").set_value(6.0)
    test.text_input(key=f"variant_name_{baseline}").set_value("strict")
    next(button for button in test.button if button.label == "Save variant").click().run()
    assert "exists" in text_of(test)
    assert load_baseline(space, baseline).variants()["strict"].alert == kept.alert
    assert load_baseline(space, baseline).thresholds.alert == before.alert


@pytest.mark.parametrize("method", ["conformal", "percentile"])
def test_methods(open_page: Open, space: Workspace, method: str) -> None:
    baseline = fake.baseline(space)
    test = open_page("thresholds")
    test.radio(key=f"method_{baseline}").set_value(method).run()
    assert not test.exception


def test_library_deletes_only_after_the_question(open_page: Open, space: Workspace) -> None:
    baseline = fake.baseline(space)
    fake.analysis(space, baseline, "walk-1")
    test = open_page("library", shelf="baselines")
    test.button(key=f"delete_baseline_{baseline}").click().run()
    assert "cannot be undone" in text_of(test)
    assert list_baselines(space)
    test.button(key="delete_yes").click().run()
    assert not test.exception
    assert not list_baselines(space)
    assert not list_analyses(space)


def test_library_shows_and_deletes_a_person_who_is_only_enrolled(open_page: Open, space: Workspace) -> None:
    parts = np.eye(8, 4, dtype=np.float32)
    gallery = Gallery.create(space, "Clinic")
    gallery.enrol(
        Enrolment(
            subject="Patient 17",
            source="a.mp4",
            view="side",
            model=ModelIdentity(name="made-up", digest="0123456789abcdef"),
            embedding=Embedding(index=0, n_frames=30, parts=parts, vector=parts.ravel() / 2, logits=None),
            consent="agreed in writing",
            quality=0.9,
        )
    )
    test = open_page("library")
    assert "Patient 17" in text_of(test)
    test.button(key=f"delete_subject_{name_id('Patient 17')}").click().run()
    test.button(key="delete_yes").click().run()
    assert not test.exception
    assert gallery.list() == ()
    assert "Patient 17" not in text_of(open_page("library"))


def test_library_keep_it(open_page: Open, space: Workspace) -> None:
    baseline = fake.baseline(space)
    test = open_page("library", shelf="baselines")
    test.button(key=f"delete_baseline_{baseline}").click().run()
    test.button(key="delete_no").click().run()
    assert list_baselines(space)


def test_library_refuses_to_delete_a_running_job(open_page: Open, space: Workspace) -> None:
    job = fake.job(space, "running")
    test = open_page("library", shelf="jobs")
    test.button(key=f"delete_job_{job}").click().run()
    test.button(key="delete_yes").click().run()
    assert "Cancel it first" in text_of(test)
    assert JobStore(space).get(job)


@pytest.mark.parametrize("shelf", ["subjects", "walks", "baselines", "analyses", "measurements", "jobs", "cache"])
def test_library_shelves(open_page: Open, space: Workspace, shelf: str) -> None:
    baseline = fake.baseline(space)
    fake.analysis(space, baseline, "walk-1")
    fake.job(space, "done")
    fake.measurement(space)
    space.save_record("walks", {"id": "abc", "name": "walk.mp4", "subject": "P-017", "path": "/v/walk.mp4"})
    open_page("library", shelf=shelf)


def test_performance_shows_stage_times_and_memory(open_page: Open, space: Workspace) -> None:
    job = fake.job(space, "done", stage="thresholds", epochs=5)
    said = text_of(open_page("performance", job=job))
    assert "812 MB" in said
    assert "Done in" in said
    live = text_of(open_page("performance"))
    assert "Memory in use" in live
    assert "look" in live
