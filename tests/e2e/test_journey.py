"""The whole way, with the real worker and the real models: five videos, a baseline, what changed later."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

sync_api = pytest.importorskip("playwright.sync_api")

from browsing import Studio, end_workers, open_page, screenshot, serving, settled, switch_cpu_s  # noqa: E402
from support.once import demo_folder  # noqa: E402

from gait_core.baseline.analyses import list_analyses  # noqa: E402
from gait_core.baseline.store import list_baselines, load_baseline  # noqa: E402
from gait_core.jobs.store import JobStore  # noqa: E402

expect = sync_api.expect
pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = ("Thresholds", "Performance", "Library", "Analyse a walk", "Overview", "Baseline wizard")
FRAMES = re.compile(r"\d+ of \d+ frames")
EPOCHS = re.compile(r"epoch \d+ of \d+")
LONG_MS = 300_000
"""How long a job may take on a busy machine of two cores."""
READY = "The baseline of Demo person is ready."


@dataclass(frozen=True)
class Journey:
    """One dashboard, one browser window, and where its frames go."""

    studio: Studio
    page: Any
    screenshots: Path
    log: Path

    def screenshot(self, name: str) -> None:
        screenshot(self.page, self.screenshots / name)

    @property
    def jobs(self) -> JobStore:
        return JobStore(self.studio.space)

    @property
    def strip(self) -> Any:
        return self.page.get_by_role("region", name="Running job")

    def open(self, title: str) -> None:
        self.page.get_by_role("link", name=title, exact=True).click()
        settled(self.page, title)

    def param(self, name: str) -> str:
        return parse_qs(urlparse(self.page.url).query)[name][0]


@pytest.fixture(scope="module")
def journey(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    folder = tmp_path_factory.mktemp("journey")
    screenshots = Path(os.environ.get("GAIT_PICTURES") or folder / "screenshots")
    log = folder / "streamlit.log"
    shutil.copytree(demo_folder(tmp_path_factory), folder / "workspace" / "demo")
    with serving(folder / "workspace", log) as studio, open_page(chromium) as page:
        yield Journey(studio, page, screenshots, log)
        end_workers(studio.space)


@pytest.fixture(scope="module")
def baseline_id(journey: Journey) -> str:
    """Make the baseline once, as a clinician does, and look at everything on the way."""
    page = journey.page
    page.goto(journey.studio.url)
    expect(page.get_by_role("heading", name="Three steps, no measuring equipment")).to_be_visible()
    page.get_by_role("button", name="Create a baseline").click()
    _fill_with_demo_walks(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("textbox", name="Who is it?")).to_have_value("Demo person")
    page.get_by_role("button", name="Create the baseline").click()
    _watch_extraction_and_reload(journey)
    # Who was there when it ended is led on; who came later is offered the results.
    results = page.get_by_role("button", name="See the results")
    expect(page.get_by_text(READY).or_(results).first).to_be_visible(timeout=LONG_MS)
    if not page.get_by_text(READY).is_visible():
        with suppress(sync_api.Error):
            results.click(timeout=5_000)
    expect(page.get_by_text(READY)).to_be_visible(timeout=LONG_MS)
    expect(_step(page, "Results")).to_have_attribute("aria-current", "step")
    expect(journey.strip).to_have_count(0)
    made = list_baselines(journey.studio.space)
    assert [item.subject for item in made] == ["Demo person"]
    assert made[0].n_walks == 5
    return made[0].id


def _step(page: Any, name: str) -> Any:
    return page.get_by_role("list", name="Steps of the wizard").get_by_role("listitem").filter(has_text=name)


def _fill_with_demo_walks(page: Any) -> None:
    page.get_by_role("button", name="Use five demo walks").click()
    expect(page.get_by_text("5 walks ready")).to_be_visible(timeout=LONG_MS)
    for number in range(1, 6):
        expect(page.get_by_role("textbox", name=f"Walk {number}")).to_have_value(re.compile(rf"walk_{number}\.mp4$"))


def _watch_extraction_and_reload(journey: Journey) -> None:
    """Progress moves and is at most two seconds old; a reload comes back to the same step and job.

    All of it takes a fast machine a few seconds, so the job may end on the way.
    """
    page = journey.page
    progress = page.get_by_text(FRAMES)
    expect(progress).to_have_text(re.compile(r"frames/s|left"), timeout=LONG_MS)
    seen = progress.inner_text()
    expect(progress).not_to_have_text(seen)
    job_id = journey.param("job")
    before = journey.jobs.get(job_id)
    page.reload()
    settled(page, "Baseline wizard")
    assert journey.param("job") == job_id
    ended = page.get_by_role("status").filter(has_text="Done in").or_(page.get_by_text(READY))
    expect(journey.strip.or_(ended).first).to_be_visible()
    if journey.jobs.get(job_id).state == "running":
        expect(_step(page, "Run")).to_have_attribute("aria-current", "step")
        expect(journey.strip.filter(has_text="Baseline of Demo person").or_(ended).first).to_be_visible()
        _assert_status_is_fresh(journey, job_id, for_s=3.0)
    first = page.get_by_role("row", name="demo_walk_1.mp4").get_by_text("done", exact=True)
    expect(first.or_(page.get_by_text(READY)).first).to_be_visible(timeout=LONG_MS)
    journey.screenshot("wizard.png")
    assert journey.jobs.get(job_id).status["pid"] == before.status["pid"]
    expect(page.get_by_role("alert")).to_have_count(0)


def _assert_status_is_fresh(journey: Journey, job_id: str, for_s: float) -> None:
    path = journey.studio.space.jobs / job_id / "status.json"
    until_s = time.monotonic() + for_s
    while time.monotonic() < until_s:
        status = json.loads(path.read_text())
        if status["state"] != "running":
            return
        assert time.time() - status["heartbeat_s"] <= 2.0
        journey.page.wait_for_timeout(100)


def test_five_walks_become_a_baseline_with_limits(journey: Journey, baseline_id: str) -> None:
    page = journey.page
    limits = load_baseline(journey.studio.space, baseline_id).thresholds
    assert limits.watch < limits.alert
    expect(page.get_by_text(f"{limits.watch:.2f}", exact=True)).to_be_visible()
    expect(page.get_by_text(f"{limits.alert:.2f}", exact=True)).to_be_visible()
    page.get_by_role("button", name="Inspect the thresholds").click()
    settled(page, "Thresholds")
    expect(page.get_by_role("combobox", name="Baseline of")).to_have_value(re.compile("Demo person"))
    expect(page.get_by_text(f"in use: {limits.watch:.2f}")).to_be_visible()
    expect(page.get_by_text(f"in use: {limits.alert:.2f}")).to_be_visible()
    assert journey.param("baseline") == baseline_id
    expect(page.get_by_role("row", name=re.compile("demo_walk_"))).to_have_count(5)
    expect(page.get_by_role("img").first).to_be_visible()
    journey.screenshot("thresholds.png")


def test_impaired_walk_stands_out_and_a_normal_one_does_not(journey: Journey, baseline_id: str, chromium: Any) -> None:
    page = journey.page
    journey.open("Analyse a walk")
    level = _analyse(journey, "impaired")
    expect(level).to_contain_text(re.compile("Watch|Alert"))
    expect(level).not_to_contain_text("Normal")
    expect(page.get_by_text(re.compile(r"Most different: .*right knee"))).to_be_visible()
    _assert_video_plays(page)
    _show_middle(page)
    journey.screenshot("analyse.png")
    with open_page(chromium, theme="dark") as dark:
        dark.goto(page.url)
        settled(dark, "Analyse a walk")
        _show_middle(dark)
        screenshot(dark, journey.screenshots / "analyse_dark.png")

    page.get_by_role("button", name="Analyse another walk").click()
    level = _analyse(journey, "normal")
    expect(level).to_contain_text("Normal")
    _assert_video_plays(page)
    found = list_analyses(journey.studio.space, baseline_id)
    assert found[0].level == "normal"
    assert found[1].level in ("watch", "alert")
    journey.open("Overview")
    expect(page.get_by_text("Demo person").first).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("demo_later_"))).to_have_count(2)
    journey.screenshot("overview.png")


def _analyse(journey: Journey, label: str) -> Any:
    """Analyse the demo walk of that label and return where its level stands."""
    page = journey.page
    page.get_by_role("button", name=f"Demo: {label} walk").click()
    box = page.get_by_role("textbox", name="Video of the new walk")
    expect(box).to_have_value(re.compile(f"demo_later_{label}.mp4$"))
    page.get_by_role("button", name="Analyse this walk").click()
    expect(journey.strip).to_contain_text(f"demo_later_{label}.mp4")
    level = page.get_by_role("status").filter(has_text=f"demo_later_{label}.mp4 · Demo person")
    expect(level).to_be_visible(timeout=LONG_MS)
    settled(page, "Analyse a walk")
    return level


def _assert_video_plays(page: Any) -> None:
    page.wait_for_function(
        "() => { const v = document.querySelector('video'); return v && v.readyState >= 2 && v.duration > 0 }"
    )
    length_s = page.evaluate("() => document.querySelector('video').duration")
    track = page.get_by_role("slider", name="Score along the walk")
    expect(track).to_have_attribute("aria-valuemax", f"{length_s:.1f}")
    page.evaluate("() => document.querySelector('video').play()")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.3")
    page.evaluate("() => document.querySelector('video').pause()")


def _show_middle(page: Any) -> None:
    """Show the frame in the middle of the video."""
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 1")
    page.evaluate(
        """() => new Promise(done => {
            const video = document.querySelector('video');
            video.addEventListener('seeked', done, {once: true});
            video.currentTime = video.duration / 2;
        })"""
    )


def test_a_cancelled_baseline_ends_cancelled_and_leaves_nothing(journey: Journey, baseline_id: str) -> None:
    job_id = _start_from_scratch(journey, "P-018")
    page = journey.page
    expect(page.get_by_text(EPOCHS)).to_be_visible(timeout=LONG_MS)
    journey.open("Library")
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(journey.strip).to_have_count(0)
    assert journey.jobs.get(job_id).state == "cancelled"
    journey.open("Baseline wizard")
    expect(page.get_by_text("You cancelled this")).to_be_visible()
    expect(page.get_by_role("button", name="Start again")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert journey.jobs.get(job_id).error is None
    assert [item.id for item in list_baselines(journey.studio.space)] == [baseline_id]
    assert not list(journey.studio.space.root.glob("baselines/.*")), "something half made was kept"


def _wait_for_end(journey: Journey, job_id: str) -> None:
    deadline_s = time.monotonic() + LONG_MS / 1000
    while journey.jobs.get(job_id).active:
        assert time.monotonic() < deadline_s, "the job did not end"
        time.sleep(0.2)


def _start_from_scratch(journey: Journey, subject: str) -> str:
    """Start a baseline that lasts, from the demo walks; return its job."""
    page = journey.page
    journey.open("Overview")
    page.get_by_role("button", name="New baseline").click()
    _fill_with_demo_walks(page)
    page.get_by_role("button", name="Continue").click()
    name = page.get_by_role("textbox", name="Who is it?")
    name.fill(subject)
    name.press("Enter")
    page.get_by_text("More settings").click()
    scratch = page.get_by_role("switch", name="Learn from these walks alone")
    scratch.press("Space")  # a click might miss while the box unfolds
    expect(scratch).to_be_checked()
    page.get_by_role("button", name="Create the baseline").click()
    expect(journey.strip).to_contain_text(f"Baseline of {subject}")
    return journey.param("job")


def test_pages_switch_cheaply_and_the_dashboard_stays_small(journey: Journey, baseline_id: str) -> None:
    assert not [job for job in journey.jobs.list() if job.active]
    assert switch_cpu_s(journey.studio, journey.page, PAGES, rounds=2) < 1.0
    assert journey.studio.process.memory_info().rss < 400e6


def test_a_job_outlives_the_dashboard_that_started_it(
    journey: Journey, baseline_id: str, chromium: Any, tmp_path: Path
) -> None:
    with serving(journey.studio.space.root, tmp_path / "first.log") as first, open_page(chromium) as page:
        page.goto(first.url)
        here = Journey(first, page, journey.screenshots, tmp_path / "first.log")
        job_id = _start_from_scratch(here, "P-019")
        expect(page.get_by_text(EPOCHS)).to_be_visible(timeout=LONG_MS)
        worker = here.jobs.get(job_id).status["pid"]
        first.process.kill()
        first.process.wait(10)
    with serving(journey.studio.space.root, tmp_path / "second.log") as second, open_page(chromium) as page:
        job = journey.jobs.get(job_id)
        assert job.state == "running"
        assert job.status["pid"] == worker
        page.goto(second.url)
        strip = page.get_by_role("region", name="Running job")
        expect(strip).to_contain_text("Baseline of P-019")
        page.get_by_role("button", name="Open", exact=True).first.click()
        expect(page.get_by_text(EPOCHS)).to_be_visible()
        try:
            page.get_by_role("button", name="Stop early, keep the best").click(timeout=10_000)
        except sync_api.Error:
            assert journey.jobs.get(job_id).state == "done", "it ran, and could not be stopped"
        _wait_for_end(journey, job_id)
        ready = page.get_by_text("The baseline of P-019 is ready.")
        try:
            expect(ready).to_be_visible(timeout=30_000)
        except AssertionError:
            # Seen now and then: the page misses the end of a job that it did not start. Its address finds the result.
            (tmp_path / "stayed_behind.txt").write_text(f"{page.url}\n{page.inner_text('body')}", encoding="utf-8")
            page.goto(f"{second.url}/baseline?step=results&job={job_id}")
            expect(ready).to_be_visible()
        expect(strip).to_have_count(0)
        assert journey.jobs.get(job_id).state == "done"
        assert "P-019" in {item.subject for item in list_baselines(journey.studio.space)}


def test_two_dashboards_show_one_job_and_either_cancels_it(chromium: Any, tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    with (
        serving(root, tmp_path / "one.log") as one,
        serving(root, tmp_path / "two.log") as two,
        open_page(chromium) as left,
        open_page(chromium) as right,
    ):
        right.goto(two.url)
        settled(right, "Overview")
        strips = [window.get_by_role("region", name="Running job") for window in (left, right)]
        expect(strips[1]).to_have_count(0)
        # Twenty walks, so that the job lasts on a fast machine too.
        job = JobStore(one.space).submit("demo_walks", {"count": 20}, "Twenty demo walks")
        try:
            left.goto(f"{one.url}/performance?job={job.id}")
            for strip in strips:
                expect(strip).to_contain_text("Twenty demo walks")
            left.get_by_role("button", name="Cancel and discard").click()
            expect(strips[1]).to_have_count(0)
            expect(left.get_by_text("You cancelled this")).to_be_visible()
            right.goto(f"{two.url}/performance?job={job.id}")
            expect(right.get_by_text("You cancelled this")).to_be_visible()
            expect(right.get_by_role("alert")).to_have_count(0)
            assert JobStore(two.space).get(job.id).state == "cancelled"
        finally:
            end_workers(one.space)
