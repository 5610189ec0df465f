"""Every page: boots empty with its precondition, happy path, running, failed, cancelled and crashed job."""

from __future__ import annotations

import time
from collections.abc import Callable

import fake
import pytest
from reading import primary, text_of
from streamlit.testing.v1 import AppTest

from gait_core.jobs.store import JobStore
from gait_core.workspace import Workspace

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
Open = Callable[..., AppTest]


@pytest.mark.parametrize("page", PAGES)
def test_boots_empty(open_page: Open, page: str) -> None:
    test = open_page(page)
    assert test.title
    assert len(primary(test)) <= 1


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("overview", "Three steps"),
        ("analyse", "There is no baseline yet"),
        ("measure", "No walk has been measured yet"),
        ("thresholds", "There is no baseline yet"),
        ("compare_profiles", "Nothing has been compared yet"),
        ("performance", "No job has run yet"),
        ("library", "No subjects yet"),
    ],
)
def test_empty_page_names_its_precondition(open_page: Open, page: str, says: str) -> None:
    assert says in text_of(open_page(page))


@pytest.mark.parametrize("page", ["overview", "analyse", "thresholds", "library"])
def test_empty_page_leads_to_the_wizard(open_page: Open, page: str) -> None:
    test = open_page(page)
    assert primary(test) == ["Create a baseline"]
    next(button for button in test.button if button.proto.type == "primary").click().run()
    assert not test.exception
    assert test.title[0].value == "Baseline wizard"


@pytest.mark.parametrize("page", PAGES)
def test_full_workspace(open_page: Open, space: Workspace, page: str) -> None:
    baseline = fake.baseline(space)
    fake.analysis(space, baseline, "walk-1", level="normal", score=1.0, created_s=time.time() - 9000)
    fake.analysis(space, baseline, "walk-2")
    fake.job(space, "done", stage="thresholds", result=fake.baseline_result(baseline), epochs=5)
    test = open_page(page)
    assert len(primary(test)) <= 1
    if page == "overview":
        assert "P-017" in text_of(test)
        assert "Alert" in text_of(test)


@pytest.mark.parametrize("page", PAGES)
def test_strip_shows_the_running_job_on_every_page(open_page: Open, space: Workspace, page: str) -> None:
    job = fake.job(space, "running", title="Baseline of P-018")
    test = open_page(page)
    strip = "\n".join(str(item.proto) for item in test.sidebar.html)
    assert "Baseline of P-018" in strip
    assert "57 %" in strip
    assert "12 s left" in strip
    assert f"strip_cancel_{job}" in [button.key for button in test.sidebar.button]


def test_strip_says_nothing_without_a_job(open_page: Open) -> None:
    assert not open_page().sidebar.button


def test_strip_cancels(open_page: Open, space: Workspace) -> None:
    job = fake.job(space, "running")
    test = open_page()
    test.button(key=f"strip_cancel_{job}").click().run()
    assert JobStore(space).get(job).state == "cancelling"
    assert "Stopping" in "\n".join(str(item.proto) for item in test.sidebar.html)


@pytest.mark.parametrize(
    ("state", "says", "action"),
    [
        ("failed", "cannot be decoded", "Try again"),
        ("cancelled", "You cancelled this", "Start again"),
        ("crashed", "worker stopped unexpectedly", "Resume"),
    ],
)
@pytest.mark.parametrize(
    ("page", "params"), [("baseline_wizard", {"step": "run"}), ("analyse", {}), ("measure", {}), ("performance", {})]
)
def test_ended_job(
    open_page: Open, space: Workspace, state: str, says: str, action: str, page: str, params: dict[str, str]
) -> None:
    fake.baseline(space)
    error = {"kind": "VideoError", "message": "walk_3.mp4 cannot be decoded.", "remedy": "Export it again."}
    kind = page if page in ("analyse", "measure") else "baseline"
    job = fake.job(space, state, kind=kind, error=error if state == "failed" else None)
    test = open_page(page, job=job, **params)
    assert says in text_of(test)
    assert primary(test) == [action]
    if state == "failed":
        assert "Export it again." in text_of(test)
    assert not list(test.sidebar.button), "an ended job left the strip"


def test_crashed_job_can_be_resumed(open_page: Open, space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    spawned = []
    monkeypatch.setattr(JobStore, "_spawn", lambda _, folder: spawned.append(folder.name))
    job = fake.job(space, "crashed")
    test = open_page("baseline_wizard", step="run", job=job)
    test.button(key=f"resume_{job}").click().run()
    assert spawned == [job]
    assert JobStore(space).get(job).state == "queued"
    assert "Queued" in text_of(test)


def test_overview_points_to_a_failed_job_but_not_to_an_old_one(open_page: Open, space: Workspace) -> None:
    fake.job(
        space, "failed", created_s=time.time() - 500, error={"kind": "X", "message": "No room.", "remedy": "Free."}
    )
    assert "No room." in text_of(open_page())
    fake.job(space, "done", created_s=time.time() - 100)
    assert "No room." not in text_of(open_page())


def test_gone_job_and_analysis(open_page: Open, space: Workspace) -> None:
    fake.baseline(space)
    assert "This run is gone" in text_of(open_page("baseline_wizard", step="run", job="baseline-none"))
    assert "This analysis is gone" in text_of(open_page("analyse", analysis="walk-none"))
    assert "This run is gone" in text_of(open_page("measure", job="measure-none"))
    assert "This measurement is gone" in text_of(open_page("measure", measurement="walk-none"))


def test_bad_identifier_in_the_address_is_an_error_box(open_page: Open, space: Workspace) -> None:
    fake.baseline(space)
    test = open_page("analyse", analysis="../../etc")
    assert "Expected an identifier" in text_of(test)


def test_names_are_escaped(open_page: Open, space: Workspace) -> None:
    baseline = fake.baseline(space, subject="<script>alert(1)</script>")
    fake.analysis(space, baseline, name="<b>x</b>.mp4", subject="<script>alert(1)</script>")
    fake.job(space, "running", title="<img src=x>")
    fake.measurement(space, subject="<script>alert(1)</script>", name="<b>x</b>.mp4")
    for page in ("overview", "analyse", "measure", "library"):
        test = open_page(page)
        html = "\n".join(item.proto.body for item in test.html)
        assert "<script>alert" not in html
        assert "<img" not in html
        assert "<b>x" not in html
