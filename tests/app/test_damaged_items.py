"""One damaged item of each kind: every page works, the Library lists what is damaged and deletes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fake
import pytest
from reading import text_of
from streamlit.testing.v1 import AppTest

from gait_core.jobs.store import JobStore
from gait_core.workflows.damaged_items import damaged_items, delete_damaged
from gait_core.workspace import Workspace, write_json

Open = Callable[..., AppTest]

PAGES = (
    "overview",
    "baseline_wizard",
    "analyse",
    "measure",
    "thresholds",
    "compare_profiles",
    "training_lab",
    "recognition",
    "performance",
    "library",
)
DEEP = b"[" * 30_000


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JobStore, "_spawn", lambda *_: None)


def in_its_place(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir(parents=True)


@pytest.fixture
def damaged(space: Workspace) -> Workspace:
    """Fill the workspace with one whole and one damaged item of each kind."""
    fake.baseline(space, "whole")
    fake.analysis(space, "whole", "whole")
    fake.job(space, "done", job_id="whole", title="Whole job")
    write_json(space.baseline_folder(fake.baseline(space, "broken")) / "calibration.json", [])
    in_its_place(space.analysis_folder(fake.analysis(space, "whole", "broken")) / "analysis.json")
    for number, content in enumerate((b"[]", DEEP, b'{"state": NaN}')):
        (space.jobs / fake.job(space, "done", job_id=f"status-{number}") / "status.json").write_bytes(content)
        (space.jobs / fake.job(space, "done", job_id=f"spec-{number}") / "spec.json").write_bytes(content)
    (space.jobs / fake.job(space, "failed", job_id="log") / "events.jsonl").write_bytes(DEEP + b"\n[]\n")
    for place, content in (("result/performance_report.json", {"stages": 5}), ("samples.json", {"series": [1]})):
        write_json(space.jobs / "log" / place, content)
    for place in (
        "measurements/broken/facts.json",
        "comparisons/broken/comparison.json",
        "embeddings/broken/manifest.json",
        "galleries/broken/gallery.json",
        "runs/broken/run.json",
        "models/broken/promoted.json",
        "models/other/recognition.json",
        "walks/broken.json",
        "subjects/broken.json",
        "validations/broken.json",
        "profiles/broken.json",
        "drafts/broken.json",
    ):
        write_json(space.root / place, [])
    return space


@pytest.mark.parametrize("page", PAGES)
def test_every_page_works_with_one_damaged_item_of_each_kind(open_page: Open, damaged: Workspace, page: str) -> None:
    test = open_page(page)
    assert not test.error


@pytest.mark.parametrize("shelf", ["subjects", "walks", "baselines", "analyses", "measurements", "jobs", "cache"])
def test_every_shelf_of_the_library_works(open_page: Open, damaged: Workspace, shelf: str) -> None:
    said = text_of(open_page("library", shelf=shelf))
    assert "Damaged baseline broken" in said
    assert "Damaged gallery broken" in said


def test_the_performance_of_a_job_with_damaged_figures_can_be_opened(open_page: Open, damaged: Workspace) -> None:
    for job in ("log", "status-0", "spec-0"):
        assert not open_page("performance", job=job).error


def test_pages_mention_what_they_do_not_list(open_page: Open, damaged: Workspace) -> None:
    for page, words in (("analyse", "1 baseline cannot be read"), ("measure", "1 measurement cannot be read")):
        assert words in text_of(open_page(page))


def test_a_damaged_item_is_deleted_in_the_library(open_page: Open, damaged: Workspace) -> None:
    test = open_page("library", shelf="baselines")
    test.button(key="delete_damaged_baselines_broken").click().run()
    test.button(key="delete_yes").click().run()
    assert not damaged.baseline_folder("broken").exists()
    assert damaged.baseline_folder("whole").is_dir()
    assert "Damaged baseline" not in text_of(test)


def test_a_damaged_job_can_run_again_from_its_page(open_page: Open, damaged: Workspace) -> None:
    for number in range(3):
        test = open_page("analyse", job=f"status-{number}")
        assert "What is stored of this job is damaged" in text_of(test)
        test.button(key=f"resume_status-{number}").click().run()
        assert JobStore(damaged).get(f"status-{number}").state == "queued"
    assert "resume_spec-0" not in {button.key for button in open_page("analyse", job="spec-0").button}


def test_everything_damaged_is_known_and_can_be_deleted(damaged: Workspace) -> None:
    found = damaged_items(damaged)
    places = {f"{one.collection}/{one.id}" for one in found}
    kinds = ("baselines", "analyses", "measurements", "comparisons", "embeddings", "galleries")
    kinds += ("walks", "subjects", "validations")
    assert places == {*(f"{kind}/broken" for kind in kinds), "models/other"}
    assert all(one.message and one.remedy for one in found)
    for one in found:
        delete_damaged(damaged, one.collection, one.id)
    assert damaged_items(damaged) == []
