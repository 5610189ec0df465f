"""The dashboard in a real browser, with folders written in the documented format."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fake
import pytest

sync_api = pytest.importorskip("playwright.sync_api")

from browsing import Studio, open_page, serving, settled, switch_cpu_s  # noqa: E402

from app.theme import DARK, LIGHT  # noqa: E402

expect = sync_api.expect
pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = {
    "": "Overview",
    "baseline?step=import": "Baseline wizard",
    "analyse": "Analyse a walk",
    "measure": "Measure a walk",
    "thresholds": "Thresholds",
    "profiles": "Compare profiles",
    "training": "Training lab",
    "recognition": "Recognition",
    "performance": "Performance",
    "library": "Library",
}
_FITS = """width => innerWidth === width
    && document.documentElement.scrollWidth <= document.documentElement.clientWidth"""
_GROUND_IS = """colour => {
    const sample = document.createElement("i");
    sample.style.color = colour;
    return getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor === sample.style.color;
}"""
TABS = ("Summary", "Curves", "Change", "Deviations", "Events", "Cleaning", "Quality", "Report")


def change(space: Any, job: str, **values: Any) -> None:
    path = space.jobs / job / "status.json"
    status = json.loads(path.read_text())
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(dict(status, **values)))
    temporary.replace(path)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Studio, str]]:
    """Return a dashboard that has something to show on each page, and the measurement in it."""
    folder = tmp_path_factory.mktemp("furnished")
    with serving(folder / "workspace", folder / "streamlit.log", spare=False) as studio:
        baseline = fake.baseline(studio.space)
        fake.analysis(studio.space, baseline, "walk-1", created_s=time.time() - 9000, level="normal", score=1.0)
        fake.norms(studio.space, baseline)
        walk = fake.measurement(studio.space)
        fake.analysis(studio.space, baseline, "walk-2", measurement_id=walk.id)
        yield studio, walk.id


def test_every_page_is_whole_in_both_themes_and_asks_nothing_of_the_internet(
    furnished: tuple[Studio, str], chromium: Any
) -> None:
    studio, walk = furnished
    outside: list[str] = []
    themes = [DARK, LIGHT]
    measured = {f"measure?measurement={walk}&tab={tab}": "Measure a walk" for tab in TABS}
    with open_page(chromium) as page:
        page.on(
            "request", lambda request: outside.append(request.url) if _is_outside(request.url, studio.url) else None
        )
        for path, title in {**PAGES, "analyse?analysis=walk-2": "Analyse a walk", **measured}.items():
            page.set_viewport_size({"width": 1440, "height": 900})
            page.goto(f"{studio.url}/{path}")
            settled(page, title)
            themes.reverse()  # begins with the one that the page before ended in: changing it redraws everything
            for colours in themes:
                page.emulate_media(color_scheme=colours.name)
                page.wait_for_function(_GROUND_IS, arg=colours.background)
                settled(page, title)
                expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
                expect(page.locator("[data-testid=stException]")).to_have_count(0)
                for width in (1440, 1024):
                    page.set_viewport_size({"width": width, "height": 900})
                    try:
                        page.wait_for_function(_FITS, arg=width, timeout=10_000)
                    except sync_api.TimeoutError:
                        pytest.fail(f"{path} scrolls sideways at {width} px, {colours.name}")
    assert outside == []


def test_the_keyboard_walks_along_the_tabs_of_a_measured_walk(studio: Any, page: Any) -> None:
    walk = fake.measurement(studio.space)
    page.goto(f"{studio.url}/measure?measurement={walk.id}")
    settled(page, "Measure a walk")
    page.get_by_role("tab", name="Summary").focus()
    for tab in ("Curves", "Change", "Deviations"):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        settled(page, "Measure a walk")
        expect(page.get_by_role("tab", name=tab)).to_be_focused()


def test_a_tab_that_is_open_on_one_page_is_not_opened_on_another(studio: Any, page: Any) -> None:
    page.goto(f"{studio.url}/training?tab=Compare")
    settled(page, "Training lab")
    expect(page.get_by_role("tab", name="Compare")).to_have_attribute("aria-selected", "true")
    for title, first, other in (
        ("Compare profiles", "Compare", "Your profiles"),
        ("Training lab", "New run", "Compare"),
    ):
        page.get_by_role("link", name=title, exact=True).click()
        settled(page, title)
        expect(page.get_by_role("tab", name=first, exact=True)).to_have_attribute("aria-selected", "true")
        expect(page.get_by_role("tab", name=other, exact=True)).to_have_attribute("aria-selected", "false")


def test_arrow_keys_that_come_faster_than_the_page_reruns_all_count(studio: Any, page: Any) -> None:
    walk = fake.measurement(studio.space)
    page.goto(f"{studio.url}/measure?measurement={walk.id}")
    settled(page, "Measure a walk")
    # A slow machine: the keys arrive while the page still draws the tab before.
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.get_by_role("tab", name="Summary").focus()
    for keys, tab in (("ArrowRight " * 4, "Events"), ("ArrowLeft " * 2, "Change"), ("End ArrowRight", "Summary")):
        for key in keys.split():
            page.keyboard.press(key, delay=100)
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        expect(page.get_by_role("tab", name=tab)).to_be_focused()
        settled(page, "Measure a walk")
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")


def _is_outside(address: str, own: str) -> bool:
    return address.startswith(("http:", "https:")) and not address.startswith(own)


def test_progress_survives_page_switch_and_reload_and_is_fresh(studio: Any, page: Any) -> None:
    job = fake.job(studio.space, "running", title="Baseline of P-018")
    page.goto(studio.url)
    strip = page.get_by_role("region", name="Running job")
    expect(strip).to_contain_text("57 %")
    begun_s = time.monotonic()
    change(studio.space, job, done=684.0)
    expect(strip).to_contain_text("90 %", timeout=2500)
    assert time.monotonic() - begun_s < 2.5
    page.get_by_role("link", name="Library").click()
    expect(strip).to_contain_text("90 %")
    page.get_by_role("link", name="Baseline wizard").click()
    expect(page.get_by_text("684 of 760 frames")).to_be_visible()
    page.reload()
    expect(page.get_by_text("684 of 760 frames")).to_be_visible()
    expect(strip).to_contain_text("Baseline of P-018")


def test_the_strip_opens_its_job_from_every_page_again_and_again(studio: Any, page: Any) -> None:
    fake.job(studio.space, "running", title="Baseline of P-018")
    page.goto(studio.url)
    for title in ("Overview", "Library", "Analyse a walk", "Measure a walk", "Training lab") * 2:
        page.get_by_role("link", name=title, exact=True).click()
        settled(page, title)
        page.get_by_test_id("stSidebarUserContent").get_by_role("button", name="Open").click()
        settled(page, "Baseline wizard")
        expect(page.get_by_text("433 of 760 frames")).to_be_visible()


def test_a_watched_baseline_ends_in_its_results(studio: Any, page: Any) -> None:
    baseline = fake.baseline(studio.space)
    job = fake.job(studio.space, "running", result=fake.baseline_result(baseline))
    page.goto(f"{studio.url}/baseline?step=run&job={job}")
    expect(page.get_by_text("433 of 760 frames")).to_be_visible()
    change(studio.space, job, state="done", ended_s=time.time())
    expect(page.get_by_text("is ready. Next, analyse a walk")).to_be_visible()
    expect(page.get_by_role("region", name="Running job")).to_have_count(0)
    assert "step=results" in page.url


def test_cancel_never_looks_like_an_error_or_goes_on_for_ever(studio: Any, page: Any) -> None:
    job = fake.job(studio.space, "running")
    page.goto(f"{studio.url}/baseline?step=run&job={job}")
    page.get_by_role("button", name="Cancel and discard").click()
    for place in ("stSidebarUserContent", "stMainBlockContainer"):  # strip and page have one source
        expect(page.get_by_test_id(place).get_by_text("Stopping…")).to_be_visible()
    change(studio.space, job, state="cancelled", ended_s=time.time())
    expect(page.get_by_text("You cancelled this")).to_be_visible()
    expect(page.get_by_role("button", name="Start again")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("region", name="Running job")).to_have_count(0)


def test_killed_worker_is_seen_while_watching(studio: Any, page: Any) -> None:
    job = fake.job(studio.space, "running")
    page.goto(f"{studio.url}/baseline?step=run&job={job}")
    expect(page.get_by_text("433 of 760 frames")).to_be_visible()
    change(studio.space, job, pid=1, pid_started_s=0.0)
    expect(page.get_by_text("The worker stopped unexpectedly")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()


def test_wizard_by_keyboard_with_upload(studio: Any, page: Any, tmp_path: Path) -> None:
    files = fake.videos(tmp_path / "mine")
    page.goto(f"{studio.url}/baseline?step=import")
    page.get_by_role("button", name="Upload files").click()
    page.locator("input[type=file]").set_input_files(files)
    expect(page.get_by_text("5 walks ready")).to_be_visible()
    assert len(list(studio.space.uploads.iterdir())) == 5
    page.reload()
    expect(page.get_by_text("5 walks ready")).to_be_visible()
    onwards = page.get_by_role("button", name="Continue")
    expect(onwards).to_be_enabled()
    onwards.press("Control+Enter")
    name = page.get_by_role("textbox", name="Who is it?")
    name.fill("P-021")
    name.press("Enter")
    expect(page.get_by_role("button", name="Create the baseline")).to_be_enabled()


def test_track_moves_the_video_by_keyboard(studio: Any, page: Any) -> None:
    fake.analysis(studio.space, fake.baseline(studio.space), "walk-2")
    page.goto(f"{studio.url}/analyse?analysis=walk-2")
    track = page.get_by_role("slider", name="Score along the walk")
    track.focus()
    track.press("PageUp")
    track.press("ArrowRight")
    expect(track).to_have_attribute("aria-valuenow", "1.1")


def test_page_switch_is_cheap_and_the_process_small(studio: Any, page: Any) -> None:
    baseline = fake.baseline(studio.space)
    for i in range(12):
        fake.analysis(studio.space, baseline, f"walk-{i}", created_s=time.time() - 1000 * i)
        fake.job(studio.space, "done", job_id=f"baseline-{i}", created_s=time.time() - 1000 * i)
    page.goto(studio.url)
    settled(page, "Overview")
    pages = ("Thresholds", "Performance", "Library", "Analyse a walk", "Measure a walk", "Overview")
    assert switch_cpu_s(studio, page, pages, rounds=1) < 1.0
    assert studio.process.memory_info().rss < 400e6
