"""The performance page in a real browser: a job while it runs, its report afterwards, two jobs side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Studio, end_workers, settled

from gait_core.jobs.store import JobStore

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.slow
LONG_MS = 120_000
_WATCH = """() => {
  const drawn = node => node.complete && node.checkVisibility();
  const count = () => [...document.querySelectorAll("[data-testid=stImage] img")].filter(drawn).length;
  window.leastCharts = count();
  const look = () => { window.leastCharts = Math.min(window.leastCharts, count()); requestAnimationFrame(look); };
  requestAnimationFrame(look);
}"""


@pytest.fixture
def working(studio: Studio) -> Iterator[Studio]:
    yield studio
    end_workers(studio.space)


def test_a_job_is_seen_live_then_reported_on_then_compared(working: Studio, page: Any, tmp_path: Path) -> None:
    store = JobStore(working.space)
    page.goto(f"{working.url}/performance")
    settled(page, "Performance")
    expect(page.get_by_text("No job has run yet")).to_be_visible()
    job = store.submit("demo_walks", {"count": 5}, "Five demo walks")

    # The running job appears by itself, and its charts grow in place: the drawing is never taken away.
    expect(page.get_by_role("heading", name="Five demo walks")).to_be_visible()
    expect(page.get_by_text("Memory of this job:")).to_be_visible()
    chart = page.get_by_role("img", name="The whole computer now")
    expect(chart).to_have_count(1)
    before = chart.get_attribute("src") or ""
    page.evaluate(_WATCH)
    expect(chart).not_to_have_attribute("src", before)
    expect(chart).not_to_have_attribute("src", chart.get_attribute("src") or "")
    assert page.evaluate("window.leastCharts") >= 3, "a chart was taken away while it was drawn anew"
    expect(page.get_by_text("No job is running")).to_be_visible(timeout=LONG_MS)

    page.get_by_role("tab", name="Jobs", exact=True).click()
    expect(page.get_by_text("Done in")).to_be_visible()
    expect(page.locator(".st-key-job_waterfall .js-plotly-plot")).to_be_visible()
    expect(page.locator(".st-key-job_memory .js-plotly-plot")).to_be_visible()
    expect(page.get_by_role("heading", name="Recommendations")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (JSON)").click()
    saved = tmp_path / "report.json"
    download.value.save_as(saved)
    assert json.loads(saved.read_text())["job"]["id"] == job.id
    assert (
        json.loads((store.get(job.id).folder / "result" / "performance_report.json").read_text())["job"]["id"] == job.id
    )

    page.get_by_role("tab", name="Compare jobs").click()
    expect(page.get_by_text("Nothing to compare yet")).to_be_visible()
    assert "section=Compare" in page.url
    page.reload()
    settled(page, "Performance")
    expect(page.get_by_text("Nothing to compare yet")).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)
